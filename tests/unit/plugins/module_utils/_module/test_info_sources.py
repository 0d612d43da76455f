# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of the people of each source, and of sources that give none; servers are on loopback."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    SEARCH,
    Message,
    page_end,
    reference,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.looks import (
    SourceReader,
    base,
    listening,
    look,
    person,
)


def test_a_source_that_fails_leaves_the_others_to_be_read(tmp_path: Path) -> None:
    directory = SourceReader(a=[person(1)], c=[person(2)])
    # No such object.
    directory.people[b"ou=b,dc=x"] = None
    say = directory.__call__

    class Lacking(SourceReader):
        def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
            if request == SEARCH and b"ou=b,dc=x" in content:
                return [result(SEARCH, 32)]
            return say(request, content)

    with listening(tmp_path, Lacking()) as options:
        found = look(base("a"), base("b"), base("c"), **options)
    assert [each["name"] for each in found.servers[0]["sources"]] == ["source 1", "source 3"]
    (problem,) = found.problems
    assert problem.where == options["server_uri"][0]
    assert problem.cause.startswith("source 2: Cannot search ou=b,dc=x on ")


def test_of_a_server_that_is_gone_nothing_more_is_asked(tmp_path: Path) -> None:
    directory = SourceReader(a=[person(1)], b=None, c=[person(2)])
    with listening(tmp_path, directory) as options:
        found = look(base("a"), base("b"), base("c"), **options)
    assert [each["name"] for each in found.servers[0]["sources"]] == ["source 1"]
    (problem,) = found.problems
    assert problem.cause.startswith("source 2: ")


@pytest.mark.parametrize(
    ("shown", "cause"),
    [
        ([person(1)], "although the bind account sees other entries there"),
        ([], "it is empty, or the account may not read it"),
    ],
)
def test_why_nobody_is_found(tmp_path: Path, shown: list[Message], cause: str) -> None:
    directory = SourceReader(a=[], b=[person(1)])

    class Showing(SourceReader):
        def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
            # What is there at all is asked for without a page.
            if request == SEARCH and b"ou=a,dc=x" in content and b"objectClass" in content:
                return [*shown, result(SEARCH)]
            return directory(request, content)

    with listening(tmp_path, Showing()) as options:
        found = look(base("a"), base("b"), **options)
    (problem,) = found.problems
    assert problem.where == f"source 1 on {options['server_uri'][0]}"
    assert problem.cause.endswith(cause)


def test_why_nobody_is_found_is_asked_while_the_server_is_there(tmp_path: Path) -> None:
    directory = SourceReader(a=[], b=None)

    class Showing(SourceReader):
        def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
            if request == SEARCH and b"ou=a,dc=x" in content and b"objectClass" in content:
                return [person(1), result(SEARCH)]
            return directory(request, content)

    with listening(tmp_path, Showing()) as options:
        found = look(base("a"), base("b"), **options)
    lost, nobody = found.problems
    assert lost.cause.startswith("source 2: ")
    assert nobody.cause.endswith("although the bind account sees other entries there")


def test_who_is_excluded_is_counted(tmp_path: Path) -> None:
    directory = SourceReader(a=[person(1), person(2)])

    class Excluding(SourceReader):
        def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
            if request == SEARCH and b"ou=a,dc=x" in content and b"hidden" in content:
                return [person(2), page_end(b"")]
            return directory(request, content)

    with listening(tmp_path, Excluding()) as options:
        found = look(base("a", exclude_filter="(hidden=*)"), **options)
    (read,) = found.servers[0]["sources"]
    assert (read["entries"], read["excluded"]) == (1, 1)


def test_servers_that_refer_to_others_for_people(tmp_path: Path) -> None:
    away = [
        reference("ldap://b.x/ou=c,ou=a,dc=x??sub"),
        reference("ldap://x/CN=Configuration,DC=x"),
    ]
    with listening(tmp_path, SourceReader(a=[person(1), *away])) as options:
        found = look(base("a"), **options)
    (problem,) = found.problems
    assert problem.where == options["server_uri"][0]
    assert "it refers to ldap://b.x/ou=c,ou=a,dc=x??sub for a part" in problem.cause


def test_servers_that_do_not_hold_the_same(tmp_path: Path) -> None:
    one, other = SourceReader(a=[person(1)]), SourceReader(a=[person(1), person(2)])
    with listening(tmp_path, one, other) as options:
        found = look(base("a", location="oslo"), **options)
    first, second = options["server_uri"]
    (problem,) = found.problems
    assert problem.where == "source 1 (location 'oslo')"
    assert problem.cause.endswith(f"the same people: 1 on {first}, 2 on {second}")


def test_people_are_placed_by_what_they_hold(tmp_path: Path) -> None:
    people = [person(1, l=[b"oslo"]), person(2, l=[b"nowhere"])]
    with listening(tmp_path, SourceReader(a=people)) as options:
        found = look(base("a", location_value="l", locations=["oslo"]), **options)
    (read,) = found.servers[0]["sources"]
    assert (read["entries"], read["contacts"]) == (2, 1)
    assert (read["location"], read["locations"]) == ("", ["oslo"])
