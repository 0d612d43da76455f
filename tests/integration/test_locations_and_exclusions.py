# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locations from attributes, exclusions, object types, and attributes of referenced entries."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.export_runs import run_failing_export
from tests.integration.support.ldap_groups import temporary_attributes, temporary_group
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options

if TYPE_CHECKING:
    from tests.integration.support.modules import ModuleResult
    from tests.integration.support.workspace import Workspace
    from tests.lab.directory import RunningDirectory

OFFICES = {"Oslo HQ": "oslo-hq", "Bergen": "bergen", "Tromsø": "tromso"}
NAME_AND_LOCATION = [
    {"header": "Name", "value": "givenName ~ ' ' ~ sn"},
    {"header": "Location", "value": "location"},
]


@pytest.fixture(params=["active_directory", "open_ldap", "ds_389"])
def directory(request: pytest.FixtureRequest) -> RunningDirectory:
    running: RunningDirectory = request.getfixturevalue(request.param)
    return running


def export(directory: RunningDirectory, workspace: Workspace, **options: Any) -> ModuleResult:
    result = run_module(
        workspace, "ad_contacts_export", export_options(directory, workspace, **options)
    )
    assert not result.failed, result.data
    return result


def read_rows(workspace: Workspace) -> list[list[str]]:
    return list(csv.reader(workspace.dest.read_text("utf-8").splitlines()))[1:]


def staff_source(directory: RunningDirectory, **overrides: Any) -> dict[str, Any]:
    return {"location": "fjord", "search_base": directory.staff_dn, **overrides}


def test_locations_can_come_from_an_attribute(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    company = directory.company
    active = [person for person in company.people if person.active]
    with temporary_attributes(
        directory, company.canary_person, physicalDeliveryOfficeName=["Zanzibar"]
    ):
        by_office = {
            "location_value": f"physicalDeliveryOfficeName | map_value({OFFICES}, 'elsewhere')",
            "locations": [*OFFICES.values(), "empty"],
            "search_base": directory.staff_dn,
        }
        result = export(directory, workspace, sources=[by_office], columns=NAME_AND_LOCATION)
    directory.modify(
        company.canary_person, {"physicalDeliveryOfficeName": [company.canary_person.office]}
    )
    counts = {
        location: sum(person.office == office for person in active)
        for office, location in OFFICES.items()
    }
    counts["oslo-hq"] -= 1
    assert result["counts"]["by_location"] == {**counts, "empty": 0}
    assert result["left_out"] == [
        {
            "identity": str(company.canary_person.identity),
            "location": "",
            "cause": "has a location that the source does not list",
        }
    ]
    two_site_person = company.two_site_person
    assert [f"{two_site_person.given_name} {two_site_person.last_name}", "tromso"] in read_rows(
        workspace
    )
    assert "Zanzibar" not in result.output


def test_excluded_people_are_counted_but_are_not_contacts(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    company = directory.company
    active = [person for person in company.people if person.active]
    harbour = company.ou_dn("Bergen, Sales and Harbour", "Harbour")
    # Two members are also below Harbour, but each source counts an excluded person only once.
    members = [
        company.person_dn(person) for person in (*company.colleagues, company.two_site_person)
    ]
    in_harbour = {person.account for person in active if "Harbour" in person.ou}
    with (
        temporary_group(directory, "Sailors", *members) as sailors_group,
        temporary_group(directory, "Away", sailors_group) as outer_group,
    ):
        result = export(
            directory,
            workspace,
            sources=[
                staff_source(directory, exclude_filter="(title=Controller)"),
                staff_source(directory),
            ],
            exclude_ous=harbour.upper(),
            exclude_groups=[outer_group],
            columns=NAME_AND_LOCATION,
        )
    controllers = {person.account for person in active if person.title == "Controller"}
    excluded = in_harbour | {company.two_site_person.account}
    assert len(in_harbour) > 20
    assert result["counts"] == {
        "entries": 2 * len(active),
        "contacts": len(active) - len(excluded),
        "left_out": 0,
        "excluded": 2 * len(excluded) + len(controllers),
        "by_location": {"fjord": len(active) - len(excluded)},
    }


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        (
            "exclude_ous",
            "OU=None,DC=fjord,DC=test",
            "but not OU=None. Correct exclude_ous",
        ),
        (
            "exclude_groups",
            "CN=None,DC=fjord,DC=test",
            "but not CN=None. Correct member_of or exclude_groups",
        ),
    ],
)
def test_an_excluded_ou_or_group_must_exist(
    directory: RunningDirectory, workspace: Workspace, option: str, value: str, expected: str
) -> None:
    options = export_options(directory, workspace, **{option: value})
    assert expected in run_module(workspace, "ad_contacts_export", options).message


def test_skip_hidden_works_without_the_exchange_attribute(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    """The servers' schemas do not define the attribute, so a negated condition on it would match no entries."""
    result = export(directory, workspace, skip_hidden=True)
    assert result["counts"]["excluded"] == 0
    assert result["counts"]["contacts"] > 150


def test_people_who_have_not_started_yet_are_excluded(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    company = directory.company
    with (
        temporary_attributes(directory, company.canary_person, employeeNumber=["2199-01-01"]),
        temporary_attributes(
            directory, company.person_with_comma, employeeNumber=["19990101000000.0Z"]
        ),
        temporary_attributes(directory, company.two_site_person, employeeNumber=["soon"]),
    ):
        result = export(directory, workspace, start_attribute="employeeNumber")
    assert result["counts"]["excluded"] == 1
    assert company.canary_person.last_name not in workspace.dest.read_text("utf-8")
    assert company.person_with_comma.last_name in workspace.dest.read_text("utf-8")
    assert result.warnings == [
        (
            "Cannot read the start date of 1 person, so it is ignored: the attribute in start_attribute is not a date."
            " Correct the values in the directory, or start_attribute."
        )
    ]


def test_contact_objects_are_included_if_object_types_lists_them(
    active_directory: RunningDirectory, workspace: Workspace
) -> None:
    oslo = {"search_base": active_directory.company.ou_dn("Oslo HQ"), "location": "oslo-hq"}
    users = export(active_directory, workspace, sources=[oslo], columns=NAME_AND_LOCATION)
    for types, count in ((["user", "contact"], users["counts"]["contacts"] + 1), (["contact"], 1)):
        result = export(
            active_directory,
            workspace,
            sources=[oslo],
            columns=NAME_AND_LOCATION,
            object_types=types,
        )
        assert result["counts"]["contacts"] == count
    assert read_rows(workspace) == [["Vaktmester", "oslo-hq"]]


def test_of_entry_reads_an_attribute_of_the_referenced_entry(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    company = directory.company
    person_with_comma = company.person_with_comma
    columns = [
        {"header": "Name", "value": "sn"},
        {"header": "Manager", "value": "manager | of_entry('mail')"},
        {"header": "Secretary", "value": "secretary | of_entry('displayName') or 'nobody'"},
        {"header": "Pager", "value": "manager | of_entry('pager')"},
        {"header": "Location", "value": "location"},
    ]
    with (
        temporary_attributes(
            directory, company.canary_person, manager=[company.person_dn(person_with_comma)]
        ),
        temporary_attributes(
            directory, company.two_site_person, secretary=[company.person_dn(company.unreachable)]
        ),
        temporary_attributes(
            directory, company.unreachable, manager=[company.person_dn(company.unreachable)]
        ),
    ):
        result = export(directory, workspace, sources=[staff_source(directory)], columns=columns)
    (warning,) = result.warnings
    assert warning.startswith("No entry has the attribute pager, which is read with of_entry: ")
    related_values = {row[0]: row[1:3] for row in read_rows(workspace)}
    assert related_values[company.canary_person.last_name] == [person_with_comma.mail, "nobody"]
    assert related_values[company.two_site_person.last_name] == [
        "",
        company.unreachable.display_name,
    ]
    assert related_values[company.unreachable.last_name] == ["", "nobody"]
    assert sum(1 for manager, _secretary in related_values.values() if manager) == 1


def test_of_entry_finds_an_entry_with_a_decomposed_name(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    """Samba compares names by code point, so a search must use exactly the code points of the stored name."""
    company = directory.company
    boss, assistant = company.person_with_comma, company.canary_person
    name = "CN=A\u030ase Kru\u0308ger"
    columns = [
        {"header": "Name", "value": "sn"},
        {"header": "Manager", "value": "manager | of_entry('mail')"},
        {"header": "Location", "value": "location"},
    ]
    try:
        with directory.session() as session:
            session.modify_dn(directory.find_dn(boss), name)
        with temporary_attributes(directory, assistant, manager=[directory.find_dn(boss)]):
            result = export(
                directory, workspace, sources=[staff_source(directory)], columns=columns
            )
    finally:
        directory.restore_person(boss)
    assert result.warnings == []
    managers = {row[0]: row[1] for row in read_rows(workspace)}
    assert managers[assistant.last_name] == boss.mail


def test_whitespace_around_distinguished_names_is_ignored(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    company = directory.company
    harbour = company.ou_dn("Bergen, Sales and Harbour", "Harbour")
    plain = export(
        directory,
        workspace,
        sources=[staff_source(directory, exclude_ous=harbour)],
        columns=NAME_AND_LOCATION,
    )
    rows = read_rows(workspace)
    block_scalars = staff_source(
        directory,
        search_base=f"\n {directory.staff_dn} \n",
        exclude_ous=[f"\t{harbour}\n", "\n"],
    )
    padded = export(
        directory,
        workspace,
        sources=[block_scalars],
        columns=NAME_AND_LOCATION,
        bind_dn=f" {directory.bind_dn}\n",
    )
    assert padded["counts"] == plain["counts"]
    assert plain["counts"]["excluded"] > 0
    assert read_rows(workspace) == rows


def test_primary_address_selects_the_primary_smtp_address(
    active_directory: RunningDirectory, workspace: Workspace
) -> None:
    company = active_directory.company
    addresses = [
        "smtp:alias@fjord.test",
        "X500:/o=Fjord",
        "SMTP:primary@fjord.test",
        "SIP:z@fjord.test",
    ]
    columns = [
        {"header": "Primary", "value": "all.proxyAddresses | primary_address"},
        {"header": "All", "value": "all.proxyAddresses | join(' ')"},
        {"header": "Location", "value": "location"},
    ]
    with temporary_attributes(active_directory, company.canary_person, proxyAddresses=addresses):
        source = staff_source(active_directory, filter=f"(sn={company.canary_person.last_name})")
        export(active_directory, workspace, sources=[source], columns=columns)
    assert read_rows(workspace) == [["primary@fjord.test", " ".join(sorted(addresses)), "fjord"]]


@pytest.mark.parametrize("name", ["open_ldap", "ds_389"])
def test_aliases_are_not_followed(
    request: pytest.FixtureRequest, name: str, workspace: Workspace
) -> None:
    """The company's people have their own entries; an alias elsewhere neither excludes nor adds a person."""
    directory: RunningDirectory = request.getfixturevalue(name)
    company = directory.company
    base = f"ou=Aliases,{directory.base_dn}"
    person = company.person_dn(company.canary_person)
    aliases = {f"cn=person,{base}": person, f"ou=unit,{base}": directory.staff_dn}
    with directory.session() as session:
        session.add(base, "organizationalUnit")
        for dn, target in aliases.items():
            session.add(dn, ["alias", "extensibleObject"], {"aliasedObjectName": target})
    try:
        plain = export(directory, workspace, sources=[staff_source(directory)])
        excluding = export(
            directory, workspace, sources=[staff_source(directory, exclude_ous=base)]
        )
        added = export(
            directory, workspace, sources=[staff_source(directory, search_base=base, minimum=0)]
        )
        refused = run_failing_export(
            directory, workspace, sources=[staff_source(directory, exclude_ous=f"ou=unit,{base}")]
        )
    finally:
        with directory.session() as session:
            for dn in (*aliases, base):
                session.delete(dn)
    assert excluding["counts"] == plain["counts"]
    assert added["counts"]["entries"] == 0
    assert "it is an alias, and aliases are not followed. Set exclude_ous of source 1 " in refused


def test_the_error_about_a_minimum_names_the_cause(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    staff, people = directory.staff_dn, len(directory.company.people)
    bergen = directory.company.site_dn(directory.company.site("bergen"))
    name = [{"header": "First", "value": "firstName", "required": True}, NAME_AND_LOCATION[-1]]
    source = staff_source(directory)
    by_attribute = {key: value for key, value in source.items() if key != "location"}
    by_attribute |= {"location_value": "audio", "locations": ["oslo"]}
    overrides: list[dict[str, Any]] = [
        {"columns": name},
        {"sources": [by_attribute]},
        {"exclude_ous": staff},
        {"exclude_filter": "(sn=*)", "skip_hidden": True, "exclude_ous": bergen},
    ]
    messages = []
    for changed in overrides:
        options = {"sources": [source], "columns": NAME_AND_LOCATION, **changed}
        message = run_failing_export(directory, workspace, **options)
        messages.append(message.partition("; people found: ")[2])
    unknown, unset, below, filtered = messages
    assert unknown.endswith(
        "has no attribute firstname, which the column First uses. Correct the name, for example to givenName."
    )
    assert "has no location: " in unset
    assert "no entry has the attribute audio, which location_value of source 1 uses: it" in unset
    assert re.fullmatch(
        r"(\d+); excluded by exclude_ous: \1\. Correct exclude_ous, or set minimum: 0 .*", below
    )
    assert re.fullmatch(
        r"\d+; excluded by exclude_filter or skip_hidden: \d+; exclude_ous: \d+\. Correct exclude_ous and"
        r" exclude_filter or skip_hidden, or set minimum: 0 .*",
        filtered,
    )
    assert all(int(message.partition(";")[0]) <= people + 1 for message in messages)
