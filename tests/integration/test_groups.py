# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources with member_of: nested groups, primary groups and the member attributes of groups."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import ldap3
import pytest

from tests.integration.support.info_runs import run_info
from tests.integration.support.ldap_groups import add_members, temporary_attributes, temporary_group
from tests.integration.support.ldap_proxy import ldap_proxy
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.integration.support.range_retrieval import MAX_VALUES, RangeRetrieval
from tests.integration.support.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.support.modules import ModuleResult
    from tests.lab.authority import Authority
    from tests.lab.directory import RunningDirectory

SERVERS = ("active_directory", "open_ldap", "ds_389")


@pytest.fixture(params=SERVERS)
def directory(request: pytest.FixtureRequest) -> RunningDirectory:
    running: RunningDirectory = request.getfixturevalue(request.param)
    return running


def export(
    directory: RunningDirectory, workspace: Workspace, *sources: dict[str, Any]
) -> ModuleResult:
    options = export_options(directory, workspace, sources=list(sources))
    return run_module(workspace, "ad_contacts_export", options)


def exported_accounts(directory: RunningDirectory, workspace: Workspace) -> list[str]:
    """Return the sorted account names of the people in the roster."""
    head, *lines = workspace.dest.with_name("contacts.csv.ids").read_text("utf-8").splitlines()
    identities = set(map(json.loads, lines[: json.loads(head)["rows"]]))
    people = directory.company.people
    return sorted(person.account for person in people if str(person.identity) in identities)


@contextmanager
def nested_groups(directory: RunningDirectory) -> Iterator[str]:
    """Create three nested groups with a cycle, and yield the DN of the outer group.

    The outer group contains a person from Oslo, a disabled person and the middle group. The middle group contains
    the inner group and the outer group, which creates the cycle. The inner group contains a person from Bergen.
    """
    company = directory.company
    two_site_person, person_with_comma = (
        company.person_dn(company.two_site_person),
        company.person_dn(company.person_with_comma),
    )
    (disabled, *_others) = (person for person in company.people if person.disabled)
    with (
        temporary_group(directory, "Inner", person_with_comma) as inner,
        temporary_group(directory, "Night, shift (middle)", inner) as middle,
        temporary_group(
            directory, "Night shift", two_site_person, middle, company.person_dn(disabled)
        ) as outer,
    ):
        add_members(directory, middle, outer)
        yield outer


def test_nested_groups_yield_the_same_people_from_every_directory(
    request: pytest.FixtureRequest, tmp_path: Path, workspace: Workspace
) -> None:
    workspaces = [Workspace.create(tmp_path / name, workspace.collections_path) for name in SERVERS]
    for name, current in zip(SERVERS, workspaces, strict=True):
        directory: RunningDirectory = request.getfixturevalue(name)
        with nested_groups(directory) as night_shift:
            # First a single DN, which contains commas, then two spellings of the DN in a list.
            for member_of in (night_shift, [night_shift, night_shift.upper().replace(",", " , ")]):
                result = export(directory, current, {"location": "night", "member_of": member_of})
                assert result["counts"] == {
                    "entries": 2,
                    "contacts": 2,
                    "left_out": 0,
                    "excluded": 0,
                    "by_location": {"night": 2},
                }
        assert exported_accounts(directory, current) == ["plunde", "ttidemand"]
    assert len({current.dest.read_bytes() for current in workspaces}) == 1


def test_people_must_match_both_the_group_and_the_search_base(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    bergen = directory.company.ou_dn("Bergen, Sales and Harbour")
    with nested_groups(directory) as night_shift:
        source = {"location": "night", "member_of": [night_shift], "search_base": bergen}
        assert not export(directory, workspace, source).failed
        assert exported_accounts(directory, workspace) == ["plunde"]
        harbour = directory.company.ou_dn("Bergen, Sales and Harbour", "Harbour")
        for scope, base, count in (
            ("one_level", harbour, 1),
            ("one_level", bergen, 0),
            ("base", harbour, 0),
        ):
            narrow = {**source, "search_base": base, "search_scope": scope, "minimum": 0}
            assert export(directory, workspace, narrow)["counts"]["contacts"] == count


def test_a_group_without_active_people_is_an_error_unless_minimum_is_0(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    disabled = next(person for person in directory.company.people if person.disabled)
    with temporary_group(
        directory, "Disabled only", directory.company.person_dn(disabled)
    ) as empty_group:
        source = {"location": "night", "member_of": empty_group}
        assert export(directory, workspace, {**source, "minimum": 0})["counts"]["contacts"] == 0
        assert export(directory, workspace, source).message == (
            f"Cannot export source 1 (location 'night') from {directory.uri_ldaps}: too few contacts in"
            f" the group {empty_group}: 0, but minimum is 1; people found: 0. Check the group,"
            " the filter and the permissions of the bind account, or set minimum: 0 if an empty source is"
            " correct."
        )


def test_member_of_must_name_an_existing_group(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    company = directory.company
    missing = f"CN=None,OU=Groups,{directory.base_dn}"
    result = export(directory, workspace, {"location": "night", "member_of": missing})
    assert result.message.startswith(
        f"source 1 (location 'night'): Cannot read the group {missing} on {directory.uri_ldaps}:"
        f" the group does not exist: below OU=Groups,{directory.base_dn}, the bind account sees "
    )
    assert result.message.endswith(
        ", but not CN=None. Correct member_of or exclude_groups, or allow the bind account to read the group."
    )
    person = company.person_dn(company.two_site_person)
    result = export(directory, workspace, {"location": "night", "member_of": person})
    assert (
        f"Cannot read the group {person} on {directory.uri_ldaps}: it is not a group"
        in result.message
    )
    assert "Use an entry of one of the object classes group, groupOfNames" in result.message
    assert not workspace.dest.exists()


def test_people_whose_primary_group_matches_are_included(
    active_directory: RunningDirectory, workspace: Workspace
) -> None:
    """In Active Directory, neither member nor memberOf includes a primary group membership."""
    company = active_directory.company
    two_site_person = company.two_site_person
    with (
        temporary_group(
            active_directory, "First", company.person_dn(two_site_person), sAMAccountName="First"
        ) as first,
        temporary_group(active_directory, "Outer", first) as outer,
        ExitStack() as cleanup,
    ):
        with active_directory.session() as session:
            session.search(first, "(objectClass=group)", ldap3.BASE, attributes=["objectSid"])
            sid = session.response[0]["raw_attributes"]["objectSid"][0]
        active_directory.modify(
            two_site_person, {"primaryGroupID": [str(int.from_bytes(sid[-4:], "little"))]}
        )
        cleanup.callback(active_directory.modify, two_site_person, {"primaryGroupID": ["513"]})
        with active_directory.session() as session:
            session.search(first, "(member=*)", ldap3.BASE)
            assert not [entry for entry in session.response if "dn" in entry]
        for member_of in (first, outer):
            assert not export(active_directory, workspace, {"member_of": member_of}).failed
            assert exported_accounts(active_directory, workspace) == ["ttidemand"]


def test_unique_member_and_member_uid_are_supported(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    company = open_ldap.company
    two_site_person, person_with_comma, canary = (
        company.two_site_person,
        company.person_with_comma,
        company.canary_person,
    )
    unique = f"{company.person_dn(two_site_person)}#'0101'B"
    with (
        temporary_attributes(open_ldap, person_with_comma, uid=["skipper (1)"]),
        temporary_group(
            open_ldap,
            "Unique",
            unique,
            object_class="groupOfUniqueNames",
            member_attribute="uniqueMember",
        ) as unique_group,
        temporary_group(
            open_ldap,
            "Posix",
            "skipper (1)",
            object_class="posixGroup",
            member_attribute="memberUid",
            gidNumber="77",
        ) as posix_group,
        temporary_group(
            open_ldap, "Both", unique_group, posix_group, company.person_dn(canary)
        ) as both,
    ):
        assert export(open_ldap, workspace, {"member_of": both})["counts"]["entries"] == 3
        assert exported_accounts(open_ldap, workspace) == ["plunde", "ttidemand", "zquarrelstone"]
        assert not export(open_ldap, workspace, {"member_of": [posix_group]}).failed
        assert exported_accounts(open_ldap, workspace) == ["plunde"]


def test_all_ranges_of_a_member_attribute_are_read(
    open_ldap: RunningDirectory, ca: Authority, workspace: Workspace
) -> None:
    company = open_ldap.company
    two_site_person, person_with_comma, canary = (
        company.two_site_person,
        company.person_with_comma,
        company.canary_person,
    )
    deleted = [f"CN=Gone {number},{open_ldap.staff_dn}" for number in range(2 * MAX_VALUES)]
    members = [*deleted, company.person_dn(canary)]
    members.insert(MAX_VALUES - 1, company.person_dn(two_site_person))
    members.insert(MAX_VALUES, company.person_dn(person_with_comma))
    ranges, certificate = RangeRetrieval(), ca.issue("localhost")
    with (
        temporary_group(open_ldap, "Large", *members) as large_group,
        ldap_proxy(open_ldap, fault=ranges, certificate=certificate) as uri,
    ):
        options = export_options(
            open_ldap,
            workspace,
            server_uri=[uri],
            sources=[{"member_of": large_group, "minimum": 3}],
        )
        result = run_module(workspace, "ad_contacts_export", options)
    assert result["counts"]["entries"] == 3
    assert exported_accounts(open_ldap, workspace) == ["plunde", "ttidemand", "zquarrelstone"]
    assert ranges.returned_names == [
        "member;range=0-1499",
        "member;range=1500-2999",
        "member;range=3000-*",
    ]


def test_a_group_of_all_people_yields_the_active_people(
    directory: RunningDirectory, workspace: Workspace
) -> None:
    """The members are all people of the company, including people whose accounts are disabled or have expired."""
    people = directory.company.people
    members = [directory.company.person_dn(person) for person in people]
    with temporary_group(directory, "Everybody", *members) as everybody:
        result = export(directory, workspace, {"member_of": everybody})
    active = sum(person.active for person in people)
    assert result["counts"]["entries"] == active > 180


def test_members_of_other_domains_are_reported(
    active_directory: RunningDirectory, workspace: Workspace
) -> None:
    """Samba creates a foreign security principal for an unknown SID."""
    person = active_directory.company.person_dn(active_directory.company.two_site_person)
    sid = "S-1-5-21-1111111111-2222222222-3333333333-1105"
    principal = f"CN={sid},CN=ForeignSecurityPrincipals,{active_directory.base_dn}"
    with temporary_group(active_directory, "Foreign", person, f"<SID={sid}>") as inner:
        try:
            with temporary_group(active_directory, "Outer", inner) as outer:
                result = export(active_directory, workspace, {"member_of": outer})
                info = run_info(active_directory, workspace, sources=[{"member_of": outer}])
                excluding = {"member_of": inner, "exclude_groups": outer, "minimum": 0}
                excluded = export(active_directory, workspace, excluding)
        finally:
            with active_directory.session() as session:
                session.delete(principal)
    expected = f"1 member of the group {outer}, or of nested groups, is in another domain and therefore missing"
    remedy = "Read the people of each domain from a server of that domain, in a separate sync"
    assert result.warnings == [f"{expected}. {remedy}."]
    assert result["counts"]["contacts"] == 1
    assert [tuple(each.values()) for each in info["problems"]] == [
        (active_directory.uri_ldaps, expected, remedy)
    ]
    assert (excluded["counts"]["entries"], excluded["counts"]["excluded"]) == (1, 1)


@pytest.mark.parametrize("name", ["open_ldap", "ds_389"])
def test_members_outside_of_the_naming_contexts_are_reported(
    request: pytest.FixtureRequest, name: str, workspace: Workspace
) -> None:
    directory: RunningDirectory = request.getfixturevalue(name)
    person = directory.company.person_dn(directory.company.two_site_person)
    others = ["cn=a,dc=elsewhere,dc=test", "cn=b,dc=elsewhere,dc=test"]
    with temporary_group(directory, "Foreign", person, *others) as group:
        (warning,) = export(directory, workspace, {"member_of": group}).warnings
    assert warning.startswith(f"2 members of the group {group}, or of nested groups, are in ")
