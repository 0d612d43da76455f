# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Socket wrappers below ldap3: a deadline for each response, and the SASL security layer."""

from __future__ import annotations

import socket
import time
from typing import Any, Protocol

# Tolerance for responses that end after the deadline, as a fraction of the timeout. Without it, a page of results over
# TLS, which takes about a thousand reads, would require a system call before each read to set the socket's timeout.
_TOLERANCE = 0.01

MAX_BUFFER_SIZE = 0xFFFFFF
"""Maximum size in bytes of a buffer that the client accepts: the largest value of a 3-byte field (RFC 4752, 3.1)."""

_LENGTH_SIZE = 4


class DeadlineSocket:
    """A socket wrapper that enforces a deadline for each complete response.

    The timeouts of Python sockets and of ldap3 only limit the wait for the next byte, so a response whose bytes arrive
    one by one could take forever. The deadline is restarted whenever the client sends a request, or calls
    `restart_deadline` before it waits for a response. All other attributes are delegated to the socket.

    :param sock: connected socket, with or without TLS.
    :param seconds: timeout in seconds, from the last restart of the deadline to the last byte of the response.
    """

    def __init__(self, sock: socket.socket, seconds: int) -> None:
        self._socket = sock
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        # The timeout that was last set on the socket, in seconds.
        self._socket_timeout = 0.0

    def sendall(self, data: bytes) -> None:
        """Send a request, and restart the deadline.

        :raises OSError: if the data cannot be sent within the timeout.
        """
        self.restart_deadline()
        self._set_socket_timeout(self._seconds)
        self._socket.sendall(data)

    def restart_deadline(self) -> None:
        """Restart the deadline, so that the time that the client spent on other work does not count."""
        self._deadline = time.monotonic() + self._seconds

    def recv(self, size: int) -> bytes:
        """Receive the next bytes of the response.

        :raises OSError: socket.timeout if the deadline has passed, or another error if the connection fails.
        """
        remaining = self._deadline - time.monotonic()
        if remaining > 0:
            if not 0 <= self._socket_timeout - remaining < _TOLERANCE * self._seconds:
                self._set_socket_timeout(remaining)
            try:
                return self._socket.recv(size)
            except socket.timeout:
                pass
        raise socket.timeout(f"no complete response within {self._seconds} s")

    def _set_socket_timeout(self, seconds: float) -> None:
        self._socket_timeout = seconds
        self._socket.settimeout(seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


class MessageCipher(Protocol):
    """A security context that encrypts and decrypts messages, such as one from gssapi."""

    def encrypt(self, message: bytes) -> bytes:
        """Encrypt a message and protect its integrity.

        :raises ValueError: if the context can no longer encrypt.
        """

    def decrypt(self, message: bytes) -> bytes:
        """Decrypt a message from the peer and verify its integrity.

        :raises ValueError: if the message is not encrypted, or cannot be decrypted and verified.
        """


class SaslSocket:
    """A socket wrapper that applies a SASL security layer.

    Each encrypted buffer is preceded by a four-byte field with its length (RFC 4422, 3.7). All other attributes are
    delegated to the socket.

    :param sock: connected socket.
    :param cipher: security context that encrypts and decrypts the buffers.
    :param max_message_size: maximum number of bytes to encrypt into one buffer, so that the peer accepts the buffer.
    """

    def __init__(self, sock: Any, cipher: MessageCipher, max_message_size: int) -> None:
        self._socket = sock
        self._cipher = cipher
        self._max_message_size = max_message_size
        self._decrypted = b""

    def sendall(self, data: bytes) -> None:
        """Encrypt and send data.

        :raises OSError: if the data cannot be encrypted or sent.
        """
        buffers = bytearray()
        for start in range(0, len(data), self._max_message_size):
            try:
                encrypted = self._cipher.encrypt(
                    bytes(data[start : start + self._max_message_size])
                )
            except ValueError as error:
                raise OSError(f"cannot encrypt a buffer: {error}") from error
            buffers += len(encrypted).to_bytes(_LENGTH_SIZE, "big") + encrypted
        self._socket.sendall(bytes(buffers))

    def recv(self, size: int) -> bytes:
        """Receive and decrypt the next bytes; empty if the peer has closed the connection.

        :raises OSError: if the connection fails, or if a buffer cannot be decrypted.
        """
        while not self._decrypted:
            length_bytes = self._receive(_LENGTH_SIZE)
            if not length_bytes:
                return b""
            length = int.from_bytes(length_bytes, "big")
            if length > MAX_BUFFER_SIZE:
                raise OSError(f"an encrypted buffer of {length} bytes is larger than negotiated")
            encrypted = self._receive(length)
            if len(length_bytes) < _LENGTH_SIZE or len(encrypted) < length:
                raise OSError("eof within an encrypted buffer")
            try:
                self._decrypted = self._cipher.decrypt(encrypted)
            except ValueError as error:
                raise OSError(f"cannot decrypt a buffer: {error}") from error
        data, self._decrypted = self._decrypted[:size], self._decrypted[size:]
        return data

    def _receive(self, size: int) -> bytes:
        """Receive exactly the given number of bytes, or fewer at the end of the stream."""
        received = bytearray()
        while len(received) < size:
            chunk = self._socket.recv(size - len(received))
            if not chunk:
                break
            received += chunk
        return bytes(received)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)
