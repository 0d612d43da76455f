# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two ways to read the pages of a search; what both do is in test_search.py."""

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
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    IncompleteValuesError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.ldap3_private import (
    decode_message,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.library import FAILURES
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.messages import (
    OversizeError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.read_pages import (
    choose_reader,
    read_pages_fast,
    read_pages_with_ldap3,
)
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

QUERY = Query("DC=x", "subtree", "(sn=*)")
NAMES = ["sn", "objectGUID", "entryUUID"]


def _person(number: int) -> Message:
    return entry(f"CN={number},DC=x", {"objectGUID": [uuid.UUID(int=number).bytes_le]})


class _Pages:
    """Answers each search with the next page, and counts what it was asked."""

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
    """A connection to a server with these pages, and the server."""
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


def test_the_next_page_is_asked_for_before_this_one_is_handed_on() -> None:
    with _connection(*_pages(1), [_person(2), page_end(b"")]) as (connection, server):
        pages = read_pages_fast(connection, QUERY, NAMES, 10)
        assert len(next(pages).values) == 1
        # The answer comes though nobody waits for it by then.
        assert connection.socket._connected.recv(1, socket.MSG_PEEK)
        assert server.searches == 2
        assert len(next(pages).values) == 1
        assert list(pages) == []


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_who_stops_in_the_middle_leaves_a_connection_that_can_be_used(taken: int) -> None:
    with _connection(*_pages(5)) as (connection, server):
        pages = read_pages_fast(connection, QUERY, NAMES, 10)
        for _page in range(taken):
            next(pages)
        pages.close()
        server.pages = [[_person(9), result(SEARCH)]]
        assert connection.search("DC=x", "(sn=*)")
        assert connection.response[0]["dn"] == "CN=9,DC=x"


def test_an_entry_with_a_part_of_its_values_leaves_a_connection_that_can_be_used() -> None:
    part = entry("CN=1,DC=x", {"sn;range=0-1499": [b"a"]})
    with _connection([part, page_end(b"c")], *_pages(1)) as (connection, server):
        with pytest.raises(IncompleteValuesError):
            list(read_pages_fast(connection, QUERY, NAMES, 10))
        server.pages = [[_person(9), result(SEARCH)]]
        assert connection.search("DC=x", "(sn=*)")
        assert connection.response[0]["dn"] == "CN=9,DC=x"


def test_an_answer_that_nobody_wants_and_that_has_no_end_closes_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with _connection(*_pages(1), [_person(1), result(BIND)]) as (connection, _server):
        pages = read_pages_fast(connection, QUERY, NAMES, 10)
        next(pages)
        monkeypatch.setattr(messages, "MAX_MESSAGE_SIZE", 1)
        pages.close()
        assert connection.closed


def test_who_stops_when_the_server_is_gone_is_not_troubled() -> None:
    with _connection(*_pages(1)) as (connection, _server):
        pages = read_pages_fast(connection, QUERY, NAMES, 10)
        next(pages)
        pages.close()


@pytest.mark.parametrize(
    ("sent", "largest", "error"),
    [
        ([_person(1), HANG_UP], 1000, FAILURES),
        ([_person(1), result(BIND)], 1000, MalformedError),
        ([_person(1), page_end(b"")], 1, OversizeError),
    ],
)
def test_a_connection_that_is_of_no_use_any_more_is_closed(
    monkeypatch: pytest.MonkeyPatch, sent: Sequence[Message], largest: int, error: type[Exception]
) -> None:
    monkeypatch.setattr(messages, "MAX_MESSAGE_SIZE", largest)
    with _connection(sent) as (connection, _server):
        with pytest.raises(error):
            list(read_pages_fast(connection, QUERY, NAMES, 10))
        assert connection.closed


def test_time_that_the_client_takes_is_not_the_server_s(monkeypatch: pytest.MonkeyPatch) -> None:
    with _connection(*_pages(3)) as (connection, _server):
        pages = read_pages_fast(connection, QUERY, NAMES, 10)
        next(pages)
        now = time.monotonic()

        class Later:
            """Stands in for the module time: the client was busy for a minute."""

            @staticmethod
            def monotonic() -> float:
                return now + 60

        monkeypatch.setattr(sockets, "time", Later)
        assert len(next(pages).values) == 1


def test_ldap3_reads_where_it_has_a_security_layer_to_unpack() -> None:
    connection = connection_to(FakeSocket(b""))
    assert choose_reader(connection) is read_pages_fast
    connection._digest_md5_kis = b"key"
    assert choose_reader(connection) is read_pages_with_ldap3
    connection._digest_md5_kis = None
    connection.session_security = "ENCRYPT"
    assert choose_reader(connection) is read_pages_with_ldap3


def test_a_cookie_that_is_a_number_is_no_cookie() -> None:
    value = ber(0x30, ber(0x02, b"\0"), ber(0x02, b"\x7f" * 9))
    control = ber(0x30, ber(0x04, b"1.2.840.113556.1.4.319"), ber(0x04, value))
    message = numbered(7, (result(SEARCH)[0], ber(0xA0, control)))
    with pytest.raises(FAILURES):
        decode_message(connection_to(FakeSocket(b"")), message)


def test_elements_without_end_are_no_result() -> None:
    nested = b""
    for _depth in range(5_000):
        nested = ber(0x30, nested)
    with pytest.raises(FAILURES):
        decode_message(connection_to(FakeSocket(b"")), numbered(7, (ber(0x65, nested), b"")))
