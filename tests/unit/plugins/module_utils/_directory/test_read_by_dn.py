# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single entries, and all values of those that have many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.by_dn import (
    read_entry,
    read_values,
    searchable_contexts,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
    ServerError,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import session_with
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    SEARCH,
    Message,
    ber,
    entry,
    result,
)

Attributes = Mapping[str, Sequence[bytes]]


class _Answers:
    """Answers searches after that of the root DSE, one after the other, each with an entry or a result code."""

    def __init__(self, *answers: Attributes | int) -> None:
        self.answers: list[Attributes | int] = [{}, *answers]
        self.asked: list[bytes] = []

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        if request == BIND:
            return [result(BIND)]
        if request != SEARCH:
            return None
        self.asked.append(content)
        answer = self.answers.pop(0)
        if isinstance(answer, int):
            return [result(SEARCH, answer)]
        return [entry("CN=G", answer), result(SEARCH)] if answer else [result(SEARCH)]


def test_one_entry_is_read(tmp_path: Path) -> None:
    answers = _Answers({"objectClass": [b"top", b"group"]}, 32, {})
    with session_with(tmp_path, answers) as session:
        assert read_entry(session, "CN=G", ["objectClass"]) == {"objectclass": [b"top", b"group"]}
        assert read_entry(session, "CN=H", ["objectClass"]) is None
        assert read_entry(session, "CN=I", ["objectClass"], "(a=b)") is None


@pytest.mark.parametrize(("code", "kind"), [(50, DirectoryError), (51, ServerError)])
def test_a_refusal_names_the_entry(tmp_path: Path, code: int, kind: type[DirectoryError]) -> None:
    with session_with(tmp_path, _Answers(code)) as session, pytest.raises(kind) as caught:
        read_entry(session, "CN=G", ["member"])
    assert isinstance(caught.value, ServerError) is (kind is ServerError)
    assert str(caught.value).startswith(f"Cannot read CN=G on {session.uri}: ")


def test_a_lost_connection_is_the_servers_matter(tmp_path: Path) -> None:
    answers = _Answers()
    with session_with(tmp_path, answers) as session:
        answers.answers = [{}]
        session.connection.unbind()
        with pytest.raises(ServerError, match="Cannot read the root DSE on"):
            read_entry(session, "", ["member"])


def test_a_connection_with_an_answer_that_is_none_is_closed(tmp_path: Path) -> None:
    """What follows that answer belongs to nothing that is asked later."""
    answers = _Answers()

    def say(request: int, content: bytes) -> Sequence[Message] | None:
        if b"CN=G" in content:
            return [(ber(0x64, ber(0x04, b"CN=G")), b""), result(SEARCH)]
        return answers(request, content)

    with session_with(tmp_path, say) as session:
        with pytest.raises(ServerError, match="something that is no LDAP"):
            read_entry(session, "CN=G", ["member"])
        assert session.connection.closed


def test_values_are_read_range_by_range(tmp_path: Path) -> None:
    answers = _Answers(
        {"member;range=0-1": [b"a", b"b"], "uniqueMember": [b"u"], "member": []},
        {"Member;Range=2-3": [b"c", b"d"]},
        {"member;range=4-*": [b"e"]},
    )
    with session_with(tmp_path, answers) as session:
        assert read_values(session, "CN=G", ["member", "uniquemember", "gidnumber"]) == {
            "member": [b"a", b"b", b"c", b"d", b"e"],
            "uniquemember": [b"u"],
            "gidnumber": [],
        }
    assert [b"member;range=2-*" in asked for asked in answers.asked[1:]] == [False, True, False]
    assert b"member;range=4-*" in answers.asked[-1]
    assert b"uniquemember" not in answers.asked[-1]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            [{"member;range=0-1": [b"a", b"b"]}, {"member;range=0-1": [b"a", b"b"]}],
            "member;range=0-1",
        ),
        ([{"member;range=1-2": [b"a", b"b"]}], "member;range=1-2"),
        ([{"member;range=0-1": []}], "member;range=0-1"),
        ([{"member;range=0-1": [b"a", b"b"]}, {"member": [b"a"]}], "nothing"),
        ([{"member;range=0-1": [b"a", b"b"]}, {"sn": [b"x"]}], "nothing"),
    ],
)
def test_ranges_that_do_not_follow_each_other(
    tmp_path: Path, parts: Sequence[Attributes], said: str
) -> None:
    with session_with(tmp_path, _Answers(*parts)) as session, pytest.raises(ServerError) as caught:
        read_values(session, "CN=G", ["member"])
    assert str(caught.value) == (
        f"Cannot read all values of CN=G on {session.uri}: the server gives a part that was not asked for"
        f" ({said}). Tell the server's administrator; another server may give them."
    )


def test_an_entry_that_goes_while_it_is_read(tmp_path: Path) -> None:
    with session_with(tmp_path, _Answers({"member;range=0-0": [b"a"]}, 32)) as session:
        assert read_values(session, "CN=G", ["member"]) is None


_TWO = {"namingContexts": [b"DC=x", b"DC=y"], "defaultNamingContext": [b"DC=x"]}


@pytest.mark.parametrize(
    ("is_active_directory", "root", "readable", "contexts"),
    [
        (True, _TWO, [1], ["DC=x"]),
        (False, _TWO, [1, 1], ["DC=x", "DC=y"]),
        (False, {"namingContexts": [b"o=a", b"", b"o=b"]}, [1, 1], ["o=a", "o=b"]),
        (False, {"namingContexts": [b"o=a", b"o=b"]}, [0, 1], ["o=b"]),
        (False, {"namingContexts": [b"o=a"]}, [0], [""]),
    ],
)
def test_where_a_search_of_everything_begins(
    tmp_path: Path,
    *,
    is_active_directory: bool,
    root: Attributes,
    readable: Sequence[int],
    contexts: Sequence[str],
) -> None:
    found = [{"a": [b"b"]} if there else 32 for there in readable]
    with session_with(tmp_path, _Answers(root, *found)) as session:
        of_kind = replace(session, is_active_directory=is_active_directory)
        assert searchable_contexts(of_kind) == contexts


def test_a_server_that_does_not_tell_what_it_holds(tmp_path: Path) -> None:
    with session_with(tmp_path, _Answers({})) as session, pytest.raises(DirectoryError) as caught:
        searchable_contexts(session)
    assert str(caught.value) == (
        f"Cannot search all of {session.uri}: its root DSE names no naming context. Give search_base, or let"
        " the bind account read the root DSE."
    )
