# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the SASL security layer: encryption and decryption of data, and errors."""

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
    """A fake security context that reverses messages and adds a prefix."""

    def encrypt(self, message: bytes) -> bytes:
        return b"sealed" + message[::-1]

    def decrypt(self, message: bytes) -> bytes:
        if not message.startswith(b"sealed"):
            raise ValueError("no prefix")
        return message[6:][::-1]


Ends = tuple[socket.socket, SaslSocket]


@pytest.fixture(name="ends")
def _ends() -> Iterator[Ends]:
    peer, sock = socket.socketpair()
    with peer, sock:
        yield peer, SaslSocket(sock, ReversingCipher(), 4)


def test_data_is_split_into_buffers_that_the_peer_accepts(ends: Ends) -> None:
    peer, sasl_socket = ends
    sasl_socket.sendall(b"abcdefghi")
    buffers = (b"sealeddcba", b"sealedhgfe", b"sealedi")
    assert peer.recv(100) == b"".join(len(buffer).to_bytes(4, "big") + buffer for buffer in buffers)


def test_data_that_cannot_be_encrypted_is_not_sent(ends: Ends) -> None:
    class ExpiredCipher(ReversingCipher):
        def encrypt(self, message: bytes) -> bytes:
            raise ValueError("the context has expired")

    peer, sock = ends
    sasl_socket = SaslSocket(sock, ExpiredCipher(), 4)
    with pytest.raises(OSError, match="cannot encrypt a buffer: the context has expired"):
        sasl_socket.sendall(b"abc")
    peer.setblocking(False)
    with pytest.raises(BlockingIOError):
        peer.recv(1)


@given(
    buffers=st.lists(st.binary(max_size=9), min_size=1),
    chunk_sizes=st.lists(st.integers(1, 9)),
    size=st.integers(1, 9),
)
def test_received_data_is_complete_for_chunks_of_any_size(
    buffers: list[bytes], chunk_sizes: list[int], size: int
) -> None:
    received = b"".join(
        len(part).to_bytes(4, "big") + part for part in map(ReversingCipher().encrypt, buffers)
    )
    sasl_socket = SaslSocket(_ChunkedSocket(received, chunk_sizes), ReversingCipher(), 4)
    data = b""
    while part := sasl_socket.recv(size):
        assert len(part) <= size
        data += part
    assert data == b"".join(buffers)


class _ChunkedSocket:
    """A socket that returns chunks of at most the given sizes, and then of the requested sizes."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data = data
        self._sizes = sizes

    def recv(self, size: int) -> bytes:
        size = min(size, self._sizes.pop() if self._sizes else size)
        chunk, self._data = self._data[:size], self._data[size:]
        return chunk


@pytest.mark.parametrize(
    ("received", "problem"),
    [
        (b"\0\0", "eof within an encrypted buffer"),
        (b"\0\0\0\x09sealed", "eof within an encrypted buffer"),
        (b"\0\0\0\x07sealed", "eof within an encrypted buffer"),
        (b"\0\0\0\x01", "eof within an encrypted buffer"),
        (b"\0\0\0\x05plain", "cannot decrypt a buffer: no prefix"),
        (
            (MAX_BUFFER_SIZE + 1).to_bytes(4, "big"),
            f"an encrypted buffer of {MAX_BUFFER_SIZE + 1} bytes is larger than negotiated",
        ),
    ],
)
def test_invalid_buffers_are_errors(ends: Ends, received: bytes, problem: str) -> None:
    peer, sasl_socket = ends
    peer.sendall(received)
    peer.shutdown(socket.SHUT_WR)
    with pytest.raises(OSError, match=problem):
        sasl_socket.recv(10)


def test_the_end_of_the_stream_between_buffers_is_not_an_error(ends: Ends) -> None:
    peer, sasl_socket = ends
    peer.shutdown(socket.SHUT_WR)
    assert sasl_socket.recv(10) == b""


def test_other_attributes_are_those_of_the_socket(ends: Ends) -> None:
    _peer, sasl_socket = ends
    assert sasl_socket.fileno() > 0
