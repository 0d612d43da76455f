# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of attributes: aliases, OIDs, options, subtypes, and names that the schema of a server does not define."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.faults import Fault
from tests.integration.support.info_runs import problem_causes, run_info
from tests.integration.support.ldap_groups import temporary_attributes
from tests.integration.support.ldap_messages import SEARCH_REQUEST, parse_operation_tag
from tests.integration.support.ldap_proxy import ldap_proxy
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.lab.openldap import openldap

if TYPE_CHECKING:
    from tests.integration.support.modules import ModuleResult
    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library

SERVERS = ("active_directory", "open_ldap", "ds_389")
# In Active Directory, the only alias of a name is its OID.
ALIASES = {
    "active_directory": ["2.5.4.4", "all['2.5.4.4'] | first"],
    "open_ldap": ["surname", "2.5.4.4", "all['SurName'] | first"],
    "ds_389": ["surname", "2.5.4.4", "all['SurName'] | first"],
}


@pytest.fixture(params=SERVERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def directory(request: pytest.FixtureRequest, name: str) -> RunningDirectory:
    running: RunningDirectory = request.getfixturevalue(name)
    return running


def tromso(directory: RunningDirectory, **options: Any) -> dict[str, Any]:
    """Return a source for the people in Tromsø."""
    site = directory.company.site("tromso")
    return {"location": "tromso", "search_base": directory.company.site_dn(site), **options}


def columns_of(*values: str) -> list[dict[str, Any]]:
    columns = [{"header": f"C{number}", "value": value} for number, value in enumerate(values)]
    return [*columns, {"header": "Location", "value": "location"}]


def export(
    directory: RunningDirectory, workspace: Workspace, *values: str, **overrides: Any
) -> ModuleResult:
    """Export the people in Tromsø, with one column for each value."""
    options = {"sources": [tromso(directory)], "columns": columns_of(*values), **overrides}
    options = export_options(directory, workspace, **options)
    return run_module(workspace, "ad_contacts_export", options)


def read_rows(workspace: Workspace) -> list[list[str]]:
    return list(csv.reader(workspace.dest.read_text("utf-8").splitlines()))[1:]


def test_each_name_of_an_attribute_yields_its_value(
    directory: RunningDirectory, name: str, workspace: Workspace
) -> None:
    """Servers return an attribute only once, even if several of its names are requested."""
    expected = [[person, "tromso"] for person in sorted_last_names(directory)]
    for alias in ("sn", *ALIASES[name]):
        result = export(directory, workspace, alias, page_size=7)
        assert (result.warnings, sorted(read_rows(workspace))) == ([], expected)
    for aliases in (["sn", *ALIASES[name]], [*ALIASES[name], "sn"]):
        result = export(directory, workspace, *aliases)
        assert result.warnings == []
        assert sorted(read_rows(workspace)) == [
            [row[0]] * len(aliases) + row[1:] for row in expected
        ]
        info = run_info(
            directory, workspace, sources=[tromso(directory)], columns=columns_of(*aliases)
        )
        assert problem_causes(info) == []


def sorted_last_names(directory: RunningDirectory) -> list[str]:
    company = directory.company
    return sorted(each.last_name for each in company.at(company.site("tromso")) if each.active)


def test_an_alias_is_resolved_although_only_the_last_page_contains_the_attribute(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    person = open_ldap.company.at(open_ldap.company.site("tromso"))[-1]
    with temporary_attributes(open_ldap, person, pager=["17"]):
        result = export(open_ldap, workspace, "sn", "pagerTelephoneNumber", page_size=5)
    assert result.warnings == []
    assert [row[0] for row in read_rows(workspace) if row[1] == "17"] == [person.last_name]
    assert result["counts"]["contacts"] == len(sorted_last_names(open_ldap))


def test_locations_start_dates_and_referenced_entries_can_use_oids(
    directory: RunningDirectory, name: str, workspace: Workspace
) -> None:
    company = directory.company
    one, other, manager = company.at(company.site("tromso"))[:3]
    employee_number = (
        "1.2.840.113556.1.2.610" if name == "active_directory" else "2.16.840.1.113730.3.1.3"
    )
    location = "all['2.5.4.19'] | first | map_value({'Tromsø': 'tromso'})"
    source = tromso(directory, location=None, location_value=location, locations=["tromso"])
    with (
        temporary_attributes(directory, one, employeeNumber=["2199-01-01"]),
        temporary_attributes(directory, other, manager=[company.person_dn(manager)]),
    ):
        # In this run, only start_attribute requires the schema.
        plain = export(directory, workspace, "sn", start_attribute=employee_number)
        result = export(
            directory,
            workspace,
            "sn",
            "manager | of_entry('2.5.4.4')",
            sources=[{key: value for key, value in source.items() if value is not None}],
            start_attribute=employee_number,
        )
    assert plain["counts"]["excluded"] == 1
    assert result.warnings == []
    assert result["counts"]["excluded"] == 1
    rows = read_rows(workspace)
    assert [row for row in rows if row[1]] == [[other.last_name, manager.last_name, "tromso"]]
    assert one.last_name not in [row[0] for row in rows]


@pytest.mark.parametrize("name", ["open_ldap", "ds_389"], indirect=True)
def test_an_attribute_with_an_option_can_be_a_column(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    """A name without an option does not match values with one, but a warning suggests the name with the option."""
    company = directory.company
    person = company.at(company.site("tromso"))[0]
    values = ("sn;lang-EL", "all['sn;lang-el'] | first | upper", "pager or 'none'", "sn")
    names = {"sn;lang-el": ["Παπαδοπούλου"], "pager;lang-el": ["17"]}
    directory.modify(person, names)
    try:
        result = export(directory, workspace, *values)
        alias = export(directory, workspace, "surname;lang-el", "2.5.4.4;lang-el")
    finally:
        directory.modify(person, {key: [] for key in names})
    (warning,) = result.warnings
    assert warning == (
        "No entry has the attribute pager, which the column C2 uses, but entries have pager;lang-el."
        " Use this name."
    )
    assert alias.warnings == []
    assert ["Παπαδοπούλου", "Παπαδοπούλου", "tromso"] in read_rows(workspace)
    export(directory, workspace, *values)
    assert all(row[:2] == ["", ""] and row[2] == "none" for row in read_rows(workspace))


def test_a_name_that_the_schema_does_not_define_is_reported_with_a_suggestion(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    columns = ("sn", "firstName or givenNam", "manager | of_entry('displayNam')", "audio")
    result = export(directory, workspace, *columns)
    unknown = f"The schema of {directory.uri_ldaps} has no attribute"
    used = "which the column C1 uses. Correct the name, for example to givenName."
    assert result.warnings[1:3] == [
        f"{unknown} firstname, {used}",
        f"{unknown} givennam, {used}",
    ]
    assert result.warnings[0].startswith("No entry has the attribute audio, which the column C3 ")
    assert result.warnings[3].startswith("No entry has the attribute manager, which the column C2")
    assert result.warnings[4].startswith(
        f"{unknown} displaynam, which is read with of_entry. Correct the name, for example to displayName"
    )
    info = run_info(directory, workspace, sources=[tromso(directory)], columns=columns_of(*columns))
    assert [cause.partition(",")[0] for cause in problem_causes(info)] == [
        "no entry has the attribute audio",
        f"the schema of {directory.uri_ldaps} has no attribute firstname",
        f"the schema of {directory.uri_ldaps} has no attribute givennam",
        "no entry has the attribute manager",
        f"the schema of {directory.uri_ldaps} has no attribute displaynam",
    ]


def test_a_supertype_does_not_yield_the_values_of_its_subtypes(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    """If the attribute `name` is requested, a server also returns its subtypes, such as cn (RFC 4511, 4.5.1.8)."""
    result = export(open_ldap, workspace, "sn", "name")
    (warning,) = result.warnings
    assert warning == (
        "No entry has the attribute name, which the column C1 uses, but entries have cn, givenName and title."
        " Use one of these names."
    )
    assert {row[1] for row in read_rows(workspace)} == {""}


def test_a_start_attribute_that_no_entry_has_is_reported(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    """If the schema defines the attribute, only ad_contacts_info reports it, because only new people might have it."""
    options: dict[str, Any] = {"sources": [tromso(directory)], "columns": columns_of("sn")}
    assert export(directory, workspace, "sn", start_attribute="audio").warnings == []
    (cause,) = problem_causes(run_info(directory, workspace, start_attribute="audio", **options))
    assert cause.startswith("no entry has the attribute audio, which start_attribute uses: ")
    unknown = export(directory, workspace, "sn", start_attribute="employeeNumer")
    assert unknown.message == (
        f"source 1 (location 'tromso'): Cannot read the start dates on {directory.uri_ldaps}: the schema of the server"
        " has no attribute employeenumer. Correct start_attribute, for example to employeeNumber."
    )


class _RequestCounter(Fault):
    """A fault that counts the search requests and leaves all messages unchanged."""

    def __init__(self) -> None:
        self.searches = 0

    def transform_request(self, request: bytes) -> bytes:
        self.searches += parse_operation_tag(request) == SEARCH_REQUEST
        return request


@pytest.mark.parametrize(
    ("name", "search_filter", "searches"),
    [
        ("mail", None, 2),
        ("mail", "(objectClass=inetOrgPerson)", 2),
        ("mail", "(sn=*)", 3),
        ("audio", None, 3),
    ],
)
def test_the_schema_is_only_read_if_an_attribute_is_missing_or_in_a_filter(
    open_ldap: RunningDirectory,
    ca: Authority,
    workspace: Workspace,
    *,
    name: str,
    search_filter: str | None,
    searches: int,
) -> None:
    """Apart from the schema, the module reads the root DSE and a single page of people.

    A filter that uses only objectClass does not require the schema.
    """
    counter = _RequestCounter()
    certificate = ca.issue("localhost")
    with ldap_proxy(open_ldap, fault=counter, certificate=certificate) as uri:
        options = {"server_uri": [uri], "filter": search_filter}
        assert export(open_ldap, workspace, "sn", name, **options)["counts"]["contacts"]
    assert counter.searches == searches


def test_other_names_are_reported_if_the_schema_cannot_be_read(
    company: Company, ca: Authority, workspace: Workspace
) -> None:
    person = company.at(company.site("tromso"))[0]
    hidden = """\
        access to dn.base="cn=Subschema" by * none
        access to * by * read
        """
    with openldap(company, ca, global_conf=hidden) as directory:
        result = export(directory, workspace, "cn", "surname")
        (warning,) = result.warnings
        assert warning == (
            "No entry has the attribute surname, which the column C1 uses, but the server returned sn,"
            " which was not requested and might contain its values. Use the name under which the server"
            " returns the attribute, or allow the bind account to read the subschema of the server."
        )
        directory.modify(person, {"pager": ["2199-01-01"]})
        failed = export(directory, workspace, "cn", start_attribute="pagerTelephoneNumber")
    assert failed.message == (
        f"source 1 (location 'tromso'): Cannot read the start dates on {directory.uri_ldaps}: the server finds people"
        " by the attribute pagertelephonenumber, but does not return its values. Allow the bind account to read the"
        " attribute, or set start_attribute to the name under which the server returns it."
    )


def test_an_unknown_attribute_in_a_filter_is_reported(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    unknown = f"the schema of {directory.uri_ldaps} has no attribute deparment, which"
    result = export(directory, workspace, "cn", exclude_filter="(deparment=robot)")
    assert result.warnings == [
        f"T{unknown[1:]} exclude_filter uses. Correct the name, for example to department."
    ]
    sources = [tromso(directory, filter="(deparment=staff)")]
    message = export(directory, workspace, "cn", sources=sources).message
    own_filter = "filter of source 1 (location 'tromso')"
    assert f"{unknown} {own_filter} uses. Correct the name, for example to department." in message
    info = run_info(directory, workspace, sources=sources, columns=columns_of("cn"))
    assert f"{unknown} {own_filter} uses" in problem_causes(info)
