# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single entries, and all values of those that have many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.by_dn import (
    read_all_values,
    read_entry,
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


class _Server:
    """Answers searches after that of the root DSE, one after the other, each with an entry or a result code."""

    def __init__(self, *answers: Attributes | int) -> None:
        self.answers: list[Attributes | int] = [{}, *answers]
        self.requests: list[bytes] = []

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        if request == BIND:
            return [result(BIND)]
        if request != SEARCH:
            return None
        self.requests.append(content)
        answer = self.answers.pop(0)
        if isinstance(answer, int):
            return [result(SEARCH, answer)]
        return [entry("CN=G", answer), result(SEARCH)] if answer else [result(SEARCH)]


def test_one_entry_is_read(tmp_path: Path) -> None:
    server = _Server({"objectClass": [b"top", b"group"]}, 32, {})
    with session_with(tmp_path, server) as session:
        assert read_entry(session, "CN=G", ["objectClass"]) == {"objectclass": [b"top", b"group"]}
        assert read_entry(session, "CN=H", ["objectClass"]) is None
        assert read_entry(session, "CN=I", ["objectClass"], "(a=b)") is None


@pytest.mark.parametrize(("code", "kind"), [(50, DirectoryError), (51, ServerError)])
def test_a_refusal_names_the_entry(tmp_path: Path, code: int, kind: type[DirectoryError]) -> None:
    with session_with(tmp_path, _Server(code)) as session, pytest.raises(kind) as caught:
        read_entry(session, "CN=G", ["member"])
    assert isinstance(caught.value, ServerError) is (kind is ServerError)
    assert str(caught.value).startswith(f"Cannot read CN=G on {session.uri}: ")


def test_a_lost_connection_is_the_servers_matter(tmp_path: Path) -> None:
    server = _Server()
    with session_with(tmp_path, server) as session:
        server.answers = [{}]
        session.connection.unbind()
        with pytest.raises(ServerError, match="Cannot read the root DSE on"):
            read_entry(session, "", ["member"])


def test_a_connection_with_an_answer_that_is_none_is_closed(tmp_path: Path) -> None:
    """What follows that answer belongs to nothing that is asked later."""
    server = _Server()

    def respond(request: int, content: bytes) -> Sequence[Message] | None:
        if b"CN=G" in content:
            return [(ber(0x64, ber(0x04, b"CN=G")), b""), result(SEARCH)]
        return server(request, content)

    with session_with(tmp_path, respond) as session:
        with pytest.raises(ServerError, match="its answer is not LDAP"):
            read_entry(session, "CN=G", ["member"])
        assert session.connection.closed


def test_values_are_read_range_by_range(tmp_path: Path) -> None:
    server = _Server(
        {"member;range=0-1": [b"a", b"b"], "uniqueMember": [b"u"], "member": []},
        {"Member;Range=2-3": [b"c", b"d"]},
        {"member;range=4-*": [b"e"]},
    )
    with session_with(tmp_path, server) as session:
        assert read_all_values(session, "CN=G", ["member", "uniquemember", "gidnumber"]) == {
            "member": [b"a", b"b", b"c", b"d", b"e"],
            "uniquemember": [b"u"],
            "gidnumber": [],
        }
    assert [b"member;range=2-*" in request for request in server.requests[1:]] == [
        False,
        True,
        False,
    ]
    assert b"member;range=4-*" in server.requests[-1]
    assert b"uniquemember" not in server.requests[-1]


@pytest.mark.parametrize(
    ("parts", "returned"),
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
    tmp_path: Path, parts: Sequence[Attributes], returned: str
) -> None:
    with session_with(tmp_path, _Server(*parts)) as session, pytest.raises(ServerError) as caught:
        read_all_values(session, "CN=G", ["member"])
    assert str(caught.value) == (
        f"Cannot read all values of CN=G on {session.uri}: the server gives a part that was not asked for"
        f" ({returned}). Tell the server's administrator; another server may give them."
    )


def test_an_entry_that_goes_while_it_is_read(tmp_path: Path) -> None:
    with session_with(tmp_path, _Server({"member;range=0-0": [b"a"]}, 32)) as session:
        assert read_all_values(session, "CN=G", ["member"]) is None


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
    contexts_read = [{"a": [b"b"]} if is_readable else 32 for is_readable in readable]
    with session_with(tmp_path, _Server(root, *contexts_read)) as session:
        typed_session = session._replace(is_active_directory=is_active_directory)
        assert searchable_contexts(typed_session) == contexts


def test_a_server_that_does_not_tell_what_it_holds(tmp_path: Path) -> None:
    with session_with(tmp_path, _Server({})) as session, pytest.raises(DirectoryError) as caught:
        searchable_contexts(session)
    assert str(caught.value) == (
        f"Cannot search all of {session.uri}: its root DSE names no naming context. Give search_base, or let"
        " the bind account read the root DSE."
    )
