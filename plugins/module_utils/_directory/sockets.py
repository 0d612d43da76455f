# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A socket on which answers have an end.

A timeout of Python's sockets, and of ldap3, bounds the wait for the next byte: a server that sends one
now and then would be listened to for ever.
"""

from __future__ import annotations

import socket
import time
from typing import Any, Protocol

# An answer may take so much longer, in parts of its time: telling a socket how long to wait is a system call,
# and a page over TLS is a thousand reads.
_TOLERANCE = 0.01

MAX_BUFFER_SIZE = 0xFFFFFF
"""Bytes of the largest buffer that this side takes: what fits into the three bytes that say so (RFC 4752)."""

_LENGTH_SIZE = 4


class DeadlineSocket:
    """A connected socket, as far as ldap3 uses one, that bounds the time of each answer as a whole.

    What the client says last begins the time of the answer, or its waiting, when it had other things to do
    in between. All else is the socket's own.

    :param sock: the socket, with TLS or before it.
    :param seconds: how long an answer may take from the question to its last byte.
    """

    def __init__(self, sock: socket.socket, seconds: int) -> None:
        self._socket = sock
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        # How long the socket waits for a byte: as long as the answer has left, as of the last time it was told.
        self._socket_timeout = 0.0

    def sendall(self, data: bytes) -> None:
        """Say something, and begin the time of the answer.

        :raises OSError: when it cannot be said, or nobody takes it in that time.
        """
        self.restart_deadline()
        self._set_socket_timeout(self._seconds)
        self._socket.sendall(data)

    def restart_deadline(self) -> None:
        """Begin the time of the answer anew: from now on the client does nothing but listen."""
        self._deadline = time.monotonic() + self._seconds

    def recv(self, size: int) -> bytes:
        """Wait for the next bytes of the answer.

        :raises OSError: socket.timeout when the answer's time is over, or another when it is cut.
        """
        remaining = self._deadline - time.monotonic()
        if remaining > 0:
            if not 0 <= self._socket_timeout - remaining < _TOLERANCE * self._seconds:
                self._set_socket_timeout(remaining)
            try:
                return self._socket.recv(size)
            except socket.timeout:
                pass
        raise socket.timeout(f"no whole answer within {self._seconds} s")

    def _set_socket_timeout(self, seconds: float) -> None:
        self._socket_timeout = seconds
        self._socket.settimeout(seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


class MessageCipher(Protocol):
    """What a security context can do, as gssapi's."""

    def encrypt(self, message: bytes) -> bytes:
        """Make of a message what only the other side can read, and nobody can alter.

        :raises ValueError: when that cannot be done any more.
        """

    def decrypt(self, message: bytes) -> bytes:
        """Read what the other side has encrypted.

        :raises ValueError: when nobody has who knows the key.
        """


class SaslSocket:
    """A connected socket, as far as ldap3 uses one, that encrypts what is said and decrypts what is heard.

    Each buffer goes with its length in four bytes before it. All else is the socket's own.

    :param sock: the socket below.
    :param cipher: encrypts and decrypts.
    :param max_message_size: bytes of the largest message that may be encrypted at a time, for the other side takes
        no larger buffer than it has said.
    """

    def __init__(self, sock: Any, cipher: MessageCipher, max_message_size: int) -> None:
        self._socket = sock
        self._cipher = cipher
        self._max_message_size = max_message_size
        self._decrypted = b""

    def sendall(self, data: bytes) -> None:
        """Say something.

        :raises OSError: as the socket below, and when it cannot be encrypted any more.
        """
        buffers = bytearray()
        for start in range(0, len(data), self._max_message_size):
            try:
                encrypted = self._cipher.encrypt(
                    bytes(data[start : start + self._max_message_size])
                )
            except ValueError as error:
                raise OSError(f"a buffer that cannot be sealed: {error}") from error
            buffers += len(encrypted).to_bytes(_LENGTH_SIZE, "big") + encrypted
        self._socket.sendall(bytes(buffers))

    def recv(self, size: int) -> bytes:
        """Wait for the next bytes; empty when the other side has hung up.

        :raises OSError: as the socket below, and for what nobody who knows the key has said.
        """
        while not self._decrypted:
            length_bytes = self._receive(_LENGTH_SIZE)
            if not length_bytes:
                return b""
            length = int.from_bytes(length_bytes, "big")
            if length > MAX_BUFFER_SIZE:
                raise OSError(f"a sealed buffer of {length} bytes, larger than was agreed")
            encrypted = self._receive(length)
            if len(length_bytes) < _LENGTH_SIZE or len(encrypted) < length:
                raise OSError("eof within a sealed buffer")
            try:
                self._decrypted = self._cipher.decrypt(encrypted)
            except ValueError as error:
                raise OSError(f"a sealed buffer that cannot be opened: {error}") from error
        data, self._decrypted = self._decrypted[:size], self._decrypted[size:]
        return data

    def _receive(self, size: int) -> bytes:
        """So many bytes, or those before the end."""
        received = bytearray()
        while len(received) < size:
            chunk = self._socket.recv(size - len(received))
            if not chunk:
                break
            received += chunk
        return bytes(received)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)
