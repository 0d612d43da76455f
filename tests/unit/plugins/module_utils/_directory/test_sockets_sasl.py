# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sockets that encrypt: what goes in on one side comes out on the other, or an error."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.sockets import (
    MAX_BUFFER_SIZE,
    SaslSocket,
)
from hypothesis import given
from hypothesis import strategies as st


class ReversingCipher:
    """Encrypts by turning round, and marks what it has encrypted."""

    def encrypt(self, message: bytes) -> bytes:
        return b"sealed" + message[::-1]

    def decrypt(self, message: bytes) -> bytes:
        if not message.startswith(b"sealed"):
            raise ValueError("no seal")
        return message[6:][::-1]


Ends = tuple[socket.socket, SaslSocket]


@pytest.fixture(name="ends")
def _ends() -> Iterator[Ends]:
    peer, near = socket.socketpair()
    with peer, near:
        yield peer, SaslSocket(near, ReversingCipher(), 4)


def test_what_is_said_goes_in_buffers_that_the_other_side_takes(ends: Ends) -> None:
    peer, sasl_socket = ends
    sasl_socket.sendall(b"abcdefghi")
    buffers = (b"sealeddcba", b"sealedhgfe", b"sealedi")
    assert peer.recv(100) == b"".join(len(b).to_bytes(4, "big") + b for b in buffers)


def test_what_cannot_be_encrypted_any_more_is_not_said(ends: Ends) -> None:
    class Ended(ReversingCipher):
        def encrypt(self, message: bytes) -> bytes:
            raise ValueError("the context has expired")

    peer, _sasl_socket = ends
    sasl_socket = SaslSocket(_sasl_socket, Ended(), 4)
    with pytest.raises(OSError, match="a buffer that cannot be sealed: the context has expired"):
        sasl_socket.sendall(b"abc")
    peer.setblocking(False)
    with pytest.raises(BlockingIOError):
        peer.recv(1)


@given(
    buffers=st.lists(st.binary(max_size=9), min_size=1),
    cuts=st.lists(st.integers(1, 9)),
    size=st.integers(1, 9),
)
def test_what_is_heard_is_whole_however_it_arrives(
    buffers: list[bytes], cuts: list[int], size: int
) -> None:
    received = b"".join(
        len(part).to_bytes(4, "big") + part for part in map(ReversingCipher().encrypt, buffers)
    )
    sasl_socket = SaslSocket(_ChunkedSocket(received, cuts), ReversingCipher(), 4)
    data = b""
    while part := sasl_socket.recv(size):
        assert len(part) <= size
        data += part
    assert data == b"".join(buffers)


class _ChunkedSocket:
    """A socket that gives its bytes in pieces of these sizes, and the rest as asked for."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data = data
        self._sizes = sizes

    def recv(self, size: int) -> bytes:
        size = min(size, self._sizes.pop() if self._sizes else size)
        given_, self._data = self._data[:size], self._data[size:]
        return given_


@pytest.mark.parametrize(
    ("received", "problem"),
    [
        (b"\0\0", "eof within a sealed buffer"),
        (b"\0\0\0\x09sealed", "eof within a sealed buffer"),
        (b"\0\0\0\x07sealed", "eof within a sealed buffer"),
        (b"\0\0\0\x01", "eof within a sealed buffer"),
        (b"\0\0\0\x05plain", "a sealed buffer that cannot be opened: no seal"),
        (
            (MAX_BUFFER_SIZE + 1).to_bytes(4, "big"),
            f"a sealed buffer of {MAX_BUFFER_SIZE + 1} bytes, larger than was agreed",
        ),
    ],
)
def test_what_nobody_has_sealed_is_an_error(ends: Ends, received: bytes, problem: str) -> None:
    peer, sasl_socket = ends
    peer.sendall(received)
    peer.shutdown(socket.SHUT_WR)
    with pytest.raises(OSError, match=problem):
        sasl_socket.recv(10)


def test_an_end_between_buffers_is_an_end(ends: Ends) -> None:
    peer, sasl_socket = ends
    peer.shutdown(socket.SHUT_WR)
    assert sasl_socket.recv(10) == b""


def test_all_else_is_the_sockets_own(ends: Ends) -> None:
    _far, sasl_socket = ends
    assert sasl_socket.fileno() > 0
