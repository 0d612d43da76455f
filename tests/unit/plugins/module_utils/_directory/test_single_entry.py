# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of reading single entries by DN, attributes with many values, and naming contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.by_dn import (
    find_searchable_contexts,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    LdapSession,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
    ServerError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.single_entry import (
    read_all_values,
    read_entry,
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
    """A server that returns no entry for the first search (of the root DSE), and one response for each later search.

    :param responses: for each later search, the attributes of an entry, a result code, or an empty mapping for no
        entry.
    """

    def __init__(self, *responses: Attributes | int) -> None:
        self.responses: list[Attributes | int] = [{}, *responses]
        self.requests: list[bytes] = []

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        if request == BIND:
            return [result(BIND)]
        if request != SEARCH:
            return None
        self.requests.append(content)
        response = self.responses.pop(0)
        if isinstance(response, int):
            return [result(SEARCH, response)]
        return [entry("CN=G", response), result(SEARCH)] if response else [result(SEARCH)]


def test_an_entry_is_read_by_its_dn(tmp_path: Path) -> None:
    server = _Server({"objectClass": [b"top", b"group"]}, 32, {})
    with session_with(tmp_path, server) as session:
        assert read_entry(session, "CN=G", ["objectClass"]) == {"objectclass": [b"top", b"group"]}
        assert read_entry(session, "CN=H", ["objectClass"]) is None
        assert read_entry(session, "CN=I", ["objectClass"], "(a=b)") is None


@pytest.mark.parametrize(("code", "error_class"), [(50, DirectoryError), (51, ServerError)])
def test_the_error_for_a_result_code_names_the_entry(
    tmp_path: Path, code: int, error_class: type[DirectoryError]
) -> None:
    with session_with(tmp_path, _Server(code)) as session, pytest.raises(error_class) as caught:
        read_entry(session, "CN=G", ["member"])
    assert isinstance(caught.value, ServerError) is (error_class is ServerError)
    assert str(caught.value).startswith(f"Cannot read CN=G on {session.uri}: ")


def test_a_lost_connection_is_a_server_error(tmp_path: Path) -> None:
    server = _Server()
    with session_with(tmp_path, server) as session:
        server.responses = [{}]
        session.connection.unbind()
        with pytest.raises(ServerError, match="Cannot read the root DSE on"):
            read_entry(session, "", ["member"])


def test_the_connection_is_closed_after_a_broken_response(tmp_path: Path) -> None:
    server = _Server()

    def respond(request: int, content: bytes) -> Sequence[Message] | None:
        if b"CN=G" in content:
            return [(ber(0x64, ber(0x04, b"CN=G")), b""), result(SEARCH)]
        return server(request, content)

    with session_with(tmp_path, respond) as session:
        with pytest.raises(ServerError, match="its response is not LDAP"):
            read_entry(session, "CN=G", ["member"])
        assert session.connection.closed


def test_values_are_read_in_ranges(tmp_path: Path) -> None:
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
    ("ranges", "returned"),
    [
        (
            [{"member;range=0-1": [b"a", b"b"]}, {"member;range=0-1": [b"a", b"b"]}],
            "member;range=0-1",
        ),
        ([{"member;range=1-2": [b"a", b"b"]}], "member;range=1-2"),
        ([{"member;range=0-1": []}], "member;range=0-1"),
        ([{"member;range=0-1": [b"a", b"b"]}, {"member": [b"a"]}], "none"),
        ([{"member;range=0-1": [b"a", b"b"]}, {"sn": [b"x"]}], "none"),
    ],
)
def test_an_unexpected_range_is_an_error(
    tmp_path: Path, ranges: Sequence[Attributes], returned: str
) -> None:
    with session_with(tmp_path, _Server(*ranges)) as session, pytest.raises(ServerError) as caught:
        read_all_values(session, "CN=G", ["member"])
    assert str(caught.value) == (
        f"Cannot read all values of CN=G on {session.uri}: the server returned an unexpected range"
        f" of values ({returned}). Report this to the administrator of the server, or use another server."
    )


def test_an_entry_deleted_during_the_read_is_treated_as_missing(tmp_path: Path) -> None:
    with session_with(tmp_path, _Server({"member;range=0-0": [b"a"]}, 32)) as session:
        assert read_all_values(session, "CN=G", ["member"]) is None


_TWO_CONTEXTS = {"namingContexts": [b"DC=x", b"DC=y"], "defaultNamingContext": [b"DC=x"]}


@pytest.mark.parametrize(
    ("is_active_directory", "root_dse", "is_readable", "contexts"),
    [
        (True, _TWO_CONTEXTS, [True], ["DC=x"]),
        (False, _TWO_CONTEXTS, [True, True], ["DC=x", "DC=y"]),
        (False, {"namingContexts": [b"o=a", b"", b"o=b"]}, [True, True], ["o=a", "o=b"]),
        (False, {"namingContexts": [b"o=a", b"o=b"]}, [False, True], ["o=b"]),
        # Entries can be readable by DN even if no naming context is readable.
        (False, {"namingContexts": [b"o=a"]}, [False], [""]),
    ],
)
def test_a_search_of_the_whole_directory_starts_at_readable_naming_contexts(
    tmp_path: Path,
    *,
    is_active_directory: bool,
    root_dse: Attributes,
    is_readable: Sequence[bool],
    contexts: Sequence[str],
) -> None:
    responses = [{"a": [b"b"]} if readable else 32 for readable in is_readable]
    with session_with(tmp_path, _Server(root_dse, *responses)) as session:
        server_session = LdapSession(
            uri=session.uri,
            connection=session.connection,
            is_active_directory=is_active_directory,
            identity_attribute=session.identity_attribute,
        )
        assert find_searchable_contexts(server_session) == contexts


def test_a_root_dse_without_naming_contexts_is_an_error(tmp_path: Path) -> None:
    with session_with(tmp_path, _Server({})) as session, pytest.raises(DirectoryError) as caught:
        find_searchable_contexts(session)
    assert str(caught.value) == (
        f"Cannot search the whole directory on {session.uri}: its root DSE lists no naming"
        " contexts. Allow the bind account to read the root DSE."
    )
