# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""People by group: nested groups, primary groups, and every way in which groups list their members."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import ldap3
import pytest

from tests.integration.support.faulty_line import faulty_line
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.integration.support.place import Place
from tests.integration.support.society import add_to, facts, group
from tests.integration.support.value_ranges import MAX_VALUES, ValueRanges

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.support.modules import Answer
    from tests.lab.authority import Authority
    from tests.lab.directory import RunningDirectory

SERVERS = ("active_directory", "open_ldap", "ds_389")


@pytest.fixture(params=SERVERS)
def directory(request: pytest.FixtureRequest) -> RunningDirectory:
    running: RunningDirectory = request.getfixturevalue(request.param)
    return running


def export(directory: RunningDirectory, place: Place, *sources: dict[str, Any]) -> Answer:
    options = export_options(directory, place, sources=list(sources))
    return run_module(place, "ad_contacts_export", options)


def accounts(directory: RunningDirectory, place: Place) -> list[str]:
    """The accounts of those who are in the roster."""
    head, *lines = place.dest.with_name("contacts.csv.ids").read_text("utf-8").splitlines()
    listed = set(map(json.loads, lines[: json.loads(head)["rows"]]))
    people = directory.company.people
    return sorted(person.account for person in people if str(person.identity) in listed)


@contextmanager
def nested_groups(directory: RunningDirectory) -> Iterator[str]:
    """A group with somebody of Oslo, in which a group is in which another one is, with somebody of Bergen.

    The first one is in the second one, too.
    """
    company = directory.company
    traveller, skipper = (
        company.person_dn(company.two_site_person),
        company.person_dn(company.person_with_comma),
    )
    (disabled, *_others) = (person for person in company.people if person.disabled)
    with (
        group(directory, "Innermost", skipper) as innermost,
        group(directory, "Night, shift (inner)", innermost) as inner,
        group(directory, "Night shift", traveller, inner, company.person_dn(disabled)) as outer,
    ):
        add_to(directory, inner, outer)
        yield outer


def test_the_same_people_of_nested_groups_from_every_directory(
    request: pytest.FixtureRequest, tmp_path: Path, place: Place
) -> None:
    places = [Place.make(tmp_path / name, place.collections) for name in SERVERS]
    for name, here in zip(SERVERS, places, strict=True):
        directory: RunningDirectory = request.getfixturevalue(name)
        with nested_groups(directory) as night:
            # A text, however many commas are in it; and a group twice, in another spelling.
            for named in (night, [night, night.upper().replace(",", " , ")]):
                answer = export(directory, here, {"location": "night", "member_of": named})
                assert answer["counts"] == {
                    "entries": 2,
                    "contacts": 2,
                    "left_out": 0,
                    "excluded": 0,
                    "by_location": {"night": 2},
                }
        assert accounts(directory, here) == ["plunde", "ttidemand"]
    assert len({here.dest.read_bytes() for here in places}) == 1


def test_group_and_base_must_both_hold(directory: RunningDirectory, place: Place) -> None:
    bergen = directory.company.ou_dn("Bergen, Sales and Harbour")
    with nested_groups(directory) as night:
        source = {"location": "night", "member_of": [night], "search_base": bergen}
        assert not export(directory, place, source).failed
        assert accounts(directory, place) == ["plunde"]
        harbour = directory.company.ou_dn("Bergen, Sales and Harbour", "Harbour")
        for scope, base, count in (
            ("one_level", harbour, 1),
            ("one_level", bergen, 0),
            ("base", harbour, 0),
        ):
            narrow = {**source, "search_base": base, "search_scope": scope, "minimum": 0}
            assert export(directory, place, narrow)["counts"]["contacts"] == count


def test_a_group_with_nobody_is_a_matter_of_minimum(
    directory: RunningDirectory, place: Place
) -> None:
    disabled = next(person for person in directory.company.people if person.disabled)
    with group(directory, "Nobody", directory.company.person_dn(disabled)) as nobody:
        source = {"location": "night", "member_of": nobody}
        assert export(directory, place, {**source, "minimum": 0})["counts"]["contacts"] == 0
        assert export(directory, place, source).message == (
            f"source 1 (location 'night'): only 0 contacts in the group {nobody} on"
            f" {directory.uri_ldaps}: minimum is 1; the directory returned 0 entries. Check the group, the"
            " filter and the permissions of the bind account; minimum: 0 allows an empty source."
        )


def test_what_is_no_group_is_told(directory: RunningDirectory, place: Place) -> None:
    company = directory.company
    no_such = f"CN=None,OU=Groups,{directory.base_dn}"
    answer = export(directory, place, {"location": "night", "member_of": no_such})
    assert answer.message == (
        f"source 1 (location 'night'): Cannot read the group {no_such} on {directory.uri_ldaps}:"
        " the group does not exist. Correct the name, or allow the bind account to read the group."
    )
    person = company.person_dn(company.two_site_person)
    answer = export(directory, place, {"location": "night", "member_of": person})
    assert (
        f"Cannot read the group {person} on {directory.uri_ldaps}: it is not a group"
        in answer.message
    )
    assert "Use an entry of one of the object classes group, groupOfNames" in answer.message
    assert not place.dest.exists()


def test_primary_group(active_directory: RunningDirectory, place: Place) -> None:
    """Whose primary group it is, is in neither member nor memberOf."""
    company = active_directory.company
    traveller = company.two_site_person
    with (
        group(
            active_directory, "First", company.person_dn(traveller), sAMAccountName="First"
        ) as first,
        group(active_directory, "Around it", first) as around,
        ExitStack() as undo,
    ):
        with active_directory.session() as session:
            session.search(first, "(objectClass=group)", ldap3.BASE, attributes=["objectSid"])
            sid = session.response[0]["raw_attributes"]["objectSid"][0]
        active_directory.modify(
            traveller, {"primaryGroupID": [str(int.from_bytes(sid[-4:], "little"))]}
        )
        undo.callback(active_directory.modify, traveller, {"primaryGroupID": ["513"]})
        with active_directory.session() as session:
            session.search(first, "(member=*)", ldap3.BASE)
            assert not [found for found in session.response if "dn" in found]
        for named in (first, around):
            assert not export(active_directory, place, {"member_of": named}).failed
            assert accounts(active_directory, place) == ["ttidemand"]


def test_groups_of_unique_names_and_of_accounts(open_ldap: RunningDirectory, place: Place) -> None:
    company = open_ldap.company
    traveller, skipper, marked = (
        company.two_site_person,
        company.person_with_comma,
        company.canary_person,
    )
    unique = f"{company.person_dn(traveller)}#'0101'B"
    with (
        facts(open_ldap, skipper, uid=["skipper (1)"]),
        group(
            open_ldap, "Unique", unique, kind="groupOfUniqueNames", list_in="uniqueMember"
        ) as one,
        group(
            open_ldap,
            "Posix",
            "skipper (1)",
            kind="posixGroup",
            list_in="memberUid",
            gidNumber="77",
        ) as two,
        group(open_ldap, "Both", one, two, company.person_dn(marked)) as both,
    ):
        assert export(open_ldap, place, {"member_of": both})["counts"]["entries"] == 3
        assert accounts(open_ldap, place) == ["plunde", "ttidemand", "zquarrelstone"]
        assert not export(open_ldap, place, {"member_of": [two]}).failed
        assert accounts(open_ldap, place) == ["plunde"]


def test_a_group_whose_members_come_in_ranges(
    open_ldap: RunningDirectory, issuer: Authority, place: Place
) -> None:
    company = open_ldap.company
    traveller, skipper, marked = (
        company.two_site_person,
        company.person_with_comma,
        company.canary_person,
    )
    gone = [f"CN=Gone {number},{open_ldap.staff_dn}" for number in range(2 * MAX_VALUES)]
    listed = [*gone, company.person_dn(marked)]
    listed.insert(MAX_VALUES - 1, company.person_dn(traveller))
    listed.insert(MAX_VALUES, company.person_dn(skipper))
    ranges, certificate = ValueRanges(), issuer.issue("localhost")
    with (
        group(open_ldap, "Very many", *listed) as many,
        faulty_line(open_ldap, fault=ranges, certificate=certificate) as uri,
    ):
        options = export_options(
            open_ldap, place, server_uri=[uri], sources=[{"member_of": many, "minimum": 3}]
        )
        answer = run_module(place, "ad_contacts_export", options)
    assert answer["counts"]["entries"] == 3
    assert accounts(open_ldap, place) == ["plunde", "ttidemand", "zquarrelstone"]
    assert ranges.said == ["member;range=0-1499", "member;range=1500-2999", "member;range=3000-*"]


def test_a_group_of_many(directory: RunningDirectory, place: Place) -> None:
    """More than are looked for at a time."""
    people = directory.company.people
    members = [directory.company.person_dn(person) for person in people]
    with group(directory, "Everybody", *members) as everybody:
        answer = export(directory, place, {"member_of": everybody})
    active = sum(person.active for person in people)
    assert answer["counts"]["entries"] == active > 180
