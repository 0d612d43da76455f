# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the statistics and problems that are reported for sources on directory servers on the loopback interface."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.probe_report import Problem
from ansible_collections.frontdesk.contacts.tests.unit.support.info_runs import (
    PeopleDirectory,
    person,
    run_info,
    serve_directories,
    source_in,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    SEARCH,
    Message,
    page_end,
    reference,
    result,
)


def test_other_sources_are_read_if_one_fails(tmp_path: Path) -> None:
    class WithoutB(PeopleDirectory):
        def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
            if request == SEARCH and b"ou=b,dc=x" in content:
                return [result(SEARCH, 32)]  # noSuchObject
            return super().__call__(request, content)

    with serve_directories(tmp_path, WithoutB(a=[person(1)], c=[person(2)])) as options:
        report = run_info(source_in("a"), source_in("b"), source_in("c"), **options)
    assert [source["name"] for source in report.servers[0]["sources"]] == ["source 1", "source 3"]
    (problem,) = report.problems
    assert problem.where == options["server_uri"][0]
    assert problem.cause.startswith("source 2: Cannot search ou=b,dc=x on ")


def test_no_more_sources_are_read_after_the_connection_is_lost(tmp_path: Path) -> None:
    directory = PeopleDirectory(a=[person(1)], b=None, c=[person(2)])
    with serve_directories(tmp_path, directory) as options:
        report = run_info(source_in("a"), source_in("b"), source_in("c"), **options)
    assert [source["name"] for source in report.servers[0]["sources"]] == ["source 1"]
    (problem,) = report.problems
    assert problem.cause.startswith("source 2: ")


class _WithOtherEntries(PeopleDirectory):
    """A directory with entries in ``ou=a,dc=x`` that are found only by a search for any entry, not for people.

    :param entries: the entries.
    """

    def __init__(self, entries: Sequence[Message], **people: Sequence[Message] | None) -> None:
        super().__init__(**people)
        self.entries = entries

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        # The filter of the search for any entry contains objectClass; the filter of the search for people does not.
        if request == SEARCH and b"ou=a,dc=x" in content and b"objectClass" in content:
            return [*self.entries, result(SEARCH)]
        return super().__call__(request, content)


@pytest.mark.parametrize(
    ("entries", "cause"),
    [
        ([person(1)], "although the bind account sees other entries there"),
        ([], "it is empty, or the account is not allowed to read it"),
    ],
)
def test_a_source_without_people_is_reported_with_the_cause(
    tmp_path: Path, entries: list[Message], cause: str
) -> None:
    directory = _WithOtherEntries(entries, a=[], b=[person(1)])
    with serve_directories(tmp_path, directory) as options:
        report = run_info(source_in("a"), source_in("b"), **options)
    (problem,) = report.problems
    assert problem.where == f"source 1 on {options['server_uri'][0]}"
    assert problem.cause.endswith(cause)


def test_the_cause_is_determined_before_a_later_source_can_end_the_session(tmp_path: Path) -> None:
    directory = _WithOtherEntries([person(1)], a=[], b=None)
    with serve_directories(tmp_path, directory) as options:
        report = run_info(source_in("a"), source_in("b"), **options)
    connection_lost, no_people = report.problems
    assert connection_lost.cause.startswith("source 2: ")
    assert no_people.cause.endswith("although the bind account sees other entries there")


def test_excluded_people_are_counted(tmp_path: Path) -> None:
    class WithHiddenPerson(PeopleDirectory):
        def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
            if request == SEARCH and b"ou=a,dc=x" in content and b"hidden" in content:
                return [person(2), page_end(b"")]
            return super().__call__(request, content)

    with serve_directories(tmp_path, WithHiddenPerson(a=[person(1), person(2)])) as options:
        report = run_info(source_in("a", exclude_filter="(hidden=*)"), **options)
    (statistics,) = report.servers[0]["sources"]
    assert (statistics["entries"], statistics["excluded"]) == (1, 1)


def test_references_that_might_lead_to_people_are_problems(tmp_path: Path) -> None:
    references = [
        reference("ldap://b.x/ou=c,ou=a,dc=x??sub"),
        reference("ldap://x/CN=Configuration,DC=x"),
    ]
    with serve_directories(tmp_path, PeopleDirectory(a=[person(1), *references])) as options:
        report = run_info(source_in("a"), **options)
    (problem,) = report.problems
    assert problem.where == options["server_uri"][0]
    assert "it returned a referral to ldap://b.x/ou=c,ou=a,dc=x??sub for part" in problem.cause


def test_different_numbers_of_people_on_two_servers_are_a_problem(tmp_path: Path) -> None:
    directories = PeopleDirectory(a=[person(1)]), PeopleDirectory(a=[person(1), person(2)])
    with serve_directories(tmp_path, *directories) as options:
        report = run_info(source_in("a", location="oslo"), **options)
    first, second = options["server_uri"]
    (problem,) = report.problems
    assert problem.where == "source 1 (location 'oslo')"
    assert problem.cause.endswith(f"different numbers of people: 1 on {first}, 2 on {second}")


def test_the_location_of_people_can_depend_on_an_attribute(tmp_path: Path) -> None:
    people = [person(1, l=[b"oslo"]), person(2, l=[b"nowhere"])]
    with serve_directories(tmp_path, PeopleDirectory(a=people)) as options:
        report = run_info(source_in("a", location_value="l", locations=["oslo"]), **options)
    (statistics,) = report.servers[0]["sources"]
    assert (statistics["entries"], statistics["contacts"]) == (2, 1)
    assert (statistics["location"], statistics["locations"]) == ("", ["oslo"])


def test_contested_values_are_problems_of_their_location(tmp_path: Path) -> None:
    phone = [b"+4790000001"]
    directory = PeopleDirectory(
        a=[person(1), person(2, mobile=phone), person(3, mobile=phone, mail=[])],
        b=[person(4, mobile=phone)],
    )
    with serve_directories(tmp_path, directory) as options:
        report = run_info(
            source_in("a", location="oslo"), source_in("b", location="bergen"), **options
        )
    (uri,) = options["server_uri"]
    first, second, third = (uuid.UUID(int=number) for number in (1, 2, 3))
    assert report.problems == [
        Problem(
            f"oslo on {uri}",
            "in the unique column 'SMS Phone', 2 people have the same value as another person, who keeps it:"
            f" {first} (kept by {third}), {second} (kept by {third})",
            "Correct the entries of the people who do not own the value",
        )
    ]


def test_people_at_two_locations_are_counted_but_are_not_a_problem(tmp_path: Path) -> None:
    directory = PeopleDirectory(a=[person(1), person(2)], b=[person(2)])
    with serve_directories(tmp_path, directory) as options:
        report = run_info(
            source_in("a", location="oslo"), source_in("b", location="sales"), **options
        )
    assert report.problems == []
    assert report.servers[0]["overlaps"] == [{"locations": ["oslo", "sales"], "count": 1}]
    (note,) = report.notes
    assert (note.where, note.cause) == (
        options["server_uri"][0],
        "1 person is at both oslo and sales",
    )


def test_a_repeated_source_is_a_problem(tmp_path: Path) -> None:
    with serve_directories(tmp_path, PeopleDirectory(a=[person(1)])) as options:
        report = run_info(
            source_in("a", location="oslo"), source_in("a", location="oslo"), **options
        )
    assert [problem.where for problem in report.problems] == ["source 2 (location 'oslo')"]
