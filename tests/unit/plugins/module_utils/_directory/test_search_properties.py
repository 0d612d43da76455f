# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that a search returns entries or raises an expected error, regardless of what the server sends."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.name_resolution import (
    NamesResolvedError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.search import search
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    ConnectionSettings,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import (
    Directory,
    open_session,
    settings_for,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    HANG_UP,
    SEARCH,
    Message,
    entry,
    ldap_server,
    page_end,
    reference,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import tls
from hypothesis import given, settings
from hypothesis import strategies as st

PERSON = {"entryUUID": [str(uuid.UUID(int=1)).encode()], "sn": [b"Lie"], "mail": []}
RESPONSE = [entry("CN=1,DC=x", PERSON), reference("ldap://other/DC=y"), page_end(b"")]
LONGEST = max(len(operation + controls) for operation, controls in RESPONSE)
EDITS = st.lists(
    st.tuples(
        st.integers(0, len(RESPONSE) - 1),
        st.integers(0, LONGEST),
        st.integers(0, 3),
        st.binary(max_size=3),
    ),
    min_size=1,
    max_size=4,
)


class _CorruptingServer(Directory):
    """A server that corrupts its responses to searches of DC=x, and then closes the connection.

    :ivar edits: changes to make: for each, the index of the message, the position in it, the number of bytes to remove,
        and the bytes to insert.
    """

    edits: Sequence[tuple[int, int, int, bytes]] = ()

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        if request != SEARCH or b"DC=x" not in content:
            return super().__call__(request, content)
        messages = [operation + controls for operation, controls in RESPONSE]
        for number, position, removed, added in self.edits:
            old = messages[number]
            messages[number] = old[:position] + added + old[position + removed :]
        return [*((message, b"") for message in messages), HANG_UP]


@pytest.fixture(scope="module", name="corrupting_server")
def _corrupting_server() -> _CorruptingServer:
    return _CorruptingServer()


@pytest.fixture(scope="module", name="access")
def _access(
    corrupting_server: _CorruptingServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ConnectionSettings]:
    server_tls = tls(tmp_path_factory.mktemp("tls"), "localhost")
    with ldap_server(corrupting_server, server_tls.context) as port:
        yield settings_for(server_tls, f"ldaps://localhost:{port}", receive_timeout=1)


@given(edits=EDITS)
@settings(max_examples=settings().max_examples // 3)  # Each example is a session with a server.
def test_a_corrupted_response_results_in_entries_or_an_error(
    corrupting_server: _CorruptingServer,
    access: ConnectionSettings,
    edits: Sequence[tuple[int, int, int, bytes]],
) -> None:
    corrupting_server.edits = edits
    with open_session(access) as session:
        query = Query(search_base="DC=x", scope="subtree", filter="(sn=*)")
        with suppress(DirectoryError, NamesResolvedError):
            for entry_read in chain.from_iterable(
                search(session, query, ["mail", "sn"], 100, set())
            ):
                assert str(uuid.UUID(entry_read.identity)) == entry_read.identity
                assert len(entry_read.values) == 2
