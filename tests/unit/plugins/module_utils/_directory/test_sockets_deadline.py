# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the deadline for a response, which applies from the request to the last byte."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import sockets
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.sockets import (
    DeadlineSocket,
)


class _Clock:
    """A substitute for the module `time` with a clock that tests can set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class _Connection(NamedTuple):
    """A socket with a deadline, the other end of the connection, and the clock."""

    client: DeadlineSocket
    server: socket.socket
    clock: _Clock


@pytest.fixture(name="connection")
def _connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Connection]:
    clock = _Clock()
    monkeypatch.setattr(sockets, "time", clock)
    client, server = socket.socketpair()
    with client, server:
        yield _Connection(DeadlineSocket(client, 5), server, clock)


def _receive(connection: _Connection) -> bytes:
    return connection.client.recv(1)


def test_data_is_received_until_the_deadline(connection: _Connection) -> None:
    connection.server.sendall(b"ab")
    connection.clock.now += 4.9
    assert _receive(connection) == b"a"
    assert connection.client.gettimeout() == pytest.approx(0.1)


def test_data_that_trickles_in_does_not_extend_the_deadline(connection: _Connection) -> None:
    connection.server.sendall(b"abcd")
    for _byte in "abc":
        connection.clock.now += 1.5
        _receive(connection)
    connection.clock.now += 1.5
    with pytest.raises(socket.timeout, match="no complete response within 5 s"):
        _receive(connection)


def test_a_request_restarts_the_deadline(connection: _Connection) -> None:
    connection.clock.now += 60
    connection.client.sendall(b"request")
    assert connection.server.recv(100) == b"request"
    assert connection.client.gettimeout() == 5
    connection.server.sendall(b"z")
    assert _receive(connection) == b"z"


@pytest.mark.parametrize("seconds", [4.99, 5, 6])
def test_a_missing_response_is_a_timeout(connection: _Connection, seconds: float) -> None:
    connection.clock.now += seconds
    with pytest.raises(socket.timeout, match="no complete response within 5 s"):
        _receive(connection)


def test_a_closed_connection_is_not_a_timeout(connection: _Connection) -> None:
    connection.server.close()
    assert _receive(connection) == b""
    connection.client.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        _receive(connection)
