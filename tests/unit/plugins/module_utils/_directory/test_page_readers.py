# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the readers for the pages of a search. test_search.py tests their common behavior."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ldap3
import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import messages, sockets
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.decoding import (
    MalformedError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.ldap3_private import (
    decode_message,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.library import FAILURES
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.messages import (
    OversizeError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.page_readers import (
    choose_reader,
    read_pages_fast,
    read_pages_with_ldap3,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.sockets import (
    DeadlineSocket,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.decoding import (
    FakeSocket,
    connection_to,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    HANG_UP,
    SEARCH,
    Message,
    ber,
    entry,
    ldap_server,
    numbered,
    page_end,
    result,
)

QUERY = Query(search_base="DC=x", scope="subtree", filter="(sn=*)")
NAMES = ["sn", "objectGUID", "entryUUID"]


def _person(number: int) -> Message:
    return entry(f"CN={number},DC=x", {"objectGUID": [uuid.UUID(int=number).bytes_le]})


class _Pages:
    """A server that returns the next page for each search, and counts the searches."""

    def __init__(self, *pages: Sequence[Message]) -> None:
        self.pages = list(pages)
        self.searches = 0

    def __call__(self, request: int, _content: bytes) -> Sequence[Message] | None:
        if request == BIND:
            return [result(BIND)]
        if request != SEARCH or not self.pages:
            return None
        self.searches += 1
        return self.pages.pop(0)


@contextmanager
def _connection(*pages: Sequence[Message]) -> Iterator[tuple[Any, _Pages]]:
    """Start a server that returns the given pages, connect to it, and yield the connection and the server."""
    server = _Pages(*pages)
    with ldap_server(server) as port:
        connection: Any = ldap3.Connection(
            ldap3.Server("localhost", port=port, get_info=ldap3.NONE), check_names=False
        )
        connection.open(read_server_info=False)
        connection.socket = DeadlineSocket(connection.socket, 5)
        try:
            yield connection, server
        finally:
            connection.strategy.close()


def _pages(count: int) -> list[Sequence[Message]]:
    return [[_person(number), page_end(b"c%d" % number)] for number in range(count)]


def test_the_next_page_is_requested_before_the_current_page_is_yielded() -> None:
    with _connection(*_pages(1), [_person(2), page_end(b"")]) as (connection, server):
        pages = read_pages_fast(connection, QUERY, NAMES, 10)
        assert len(next(pages).values) == 1
        # The second page has been requested and arrives before the client asks the reader for it.
        assert connection.socket._socket.recv(1, socket.MSG_PEEK)
        assert server.searches == 2
        assert len(next(pages).values) == 1
        assert list(pages) == []


@pytest.mark.parametrize("pages_read", [0, 1, 2])
def test_the_connection_can_be_used_after_a_search_is_closed(pages_read: int) -> None:
    with _connection(*_pages(5)) as (connection, server):
        pages = read_pages_fast(connection, QUERY, NAMES, 10)
        for _page in range(pages_read):
            next(pages)
        pages.close()
        server.pages = [[_person(9), result(SEARCH)]]
        assert connection.search("DC=x", "(sn=*)")
        assert connection.response[0]["dn"] == "CN=9,DC=x"


def test_the_connection_is_closed_if_the_last_response_cannot_be_discarded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with _connection(*_pages(1), [_person(1), result(BIND)]) as (connection, _server):
        pages = read_pages_fast(connection, QUERY, NAMES, 10)
        next(pages)
        monkeypatch.setattr(messages, "MAX_MESSAGE_SIZE", 1)
        pages.close()
        assert connection.closed


def test_closing_a_search_raises_no_error_if_the_server_closed_the_connection() -> None:
    with _connection(*_pages(1)) as (connection, _server):
        pages = read_pages_fast(connection, QUERY, NAMES, 10)
        next(pages)
        pages.close()


@pytest.mark.parametrize(
    ("sent", "max_message_size", "error"),
    [
        ([_person(1), HANG_UP], 1000, FAILURES),
        ([_person(1), result(BIND)], 1000, MalformedError),
        ([page_end(b"")], 1, OversizeError),
    ],
)
def test_the_connection_is_closed_after_a_broken_response(
    monkeypatch: pytest.MonkeyPatch,
    sent: Sequence[Message],
    max_message_size: int,
    error: type[Exception],
) -> None:
    monkeypatch.setattr(messages, "MAX_MESSAGE_SIZE", max_message_size)
    with _connection(sent) as (connection, _server):
        with pytest.raises(error):
            list(read_pages_fast(connection, QUERY, NAMES, 10))
        assert connection.closed


def test_time_spent_by_the_client_does_not_count_towards_the_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with _connection(*_pages(3)) as (connection, _server):
        pages = read_pages_fast(connection, QUERY, NAMES, 10)
        next(pages)
        now = time.monotonic()

        class Later:
            """A substitute for the module `time` whose clock is one minute ahead."""

            @staticmethod
            def monotonic() -> float:
                return now + 60

        monkeypatch.setattr(sockets, "time", Later)
        assert len(next(pages).values) == 1


def test_ldap3_reads_the_pages_if_it_added_a_security_layer() -> None:
    connection = connection_to(FakeSocket(b""))
    assert choose_reader(connection) is read_pages_fast
    connection._digest_md5_kis = b"key"
    assert choose_reader(connection) is read_pages_with_ldap3
    connection._digest_md5_kis = None
    connection.session_security = "ENCRYPT"
    assert choose_reader(connection) is read_pages_with_ldap3


def test_a_cookie_that_is_an_integer_is_rejected() -> None:
    value = ber(0x30, ber(0x02, b"\0"), ber(0x02, b"\x7f" * 9))
    control = ber(0x30, ber(0x04, b"1.2.840.113556.1.4.319"), ber(0x04, value))
    message = numbered(7, (result(SEARCH)[0], ber(0xA0, control)))
    with pytest.raises(FAILURES):
        decode_message(connection_to(FakeSocket(b"")), message)


def test_deeply_nested_elements_are_rejected() -> None:
    nested = b""
    for _depth in range(5_000):
        nested = ber(0x30, nested)
    with pytest.raises(FAILURES):
        decode_message(connection_to(FakeSocket(b"")), numbered(7, (ber(0x65, nested), b"")))
