# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A socket on which what is said is encrypted by the security layer of a bind (RFC 4422, 3.7)."""

from __future__ import annotations

from typing import Any, Protocol

LARGEST = 0xFFFFFF
"""Bytes of the largest buffer that this side takes: what fits into the three bytes that say so (RFC 4752)."""

_LENGTH = 4


class Seal(Protocol):
    """What a security context can do, as gssapi's."""

    def encrypt(self, message: bytes) -> bytes:
        """Make of a message what only the other side can read, and nobody can alter.

        :raises ValueError: when that cannot be done any more.
        """

    def decrypt(self, message: bytes) -> bytes:
        """Read what the other side has encrypted.

        :raises ValueError: when nobody has who knows the key.
        """


class SealedSocket:
    """A connected socket, as far as ldap3 uses one, that encrypts what is said and decrypts what is heard.

    Each buffer goes with its length in four bytes before it. All else is the socket's own.

    :param connected: the socket below.
    :param seal: encrypts and decrypts.
    :param largest: bytes of the largest message that may be encrypted at a time, for the other side takes
        no larger buffer than it has said.
    """

    def __init__(self, connected: Any, seal: Seal, largest: int) -> None:
        self._connected = connected
        self._seal = seal
        self._largest = largest
        self._heard = b""

    def sendall(self, data: bytes) -> None:
        """Say something.

        :raises OSError: as the socket below, and when it cannot be encrypted any more.
        """
        buffers = bytearray()
        for start in range(0, len(data), self._largest):
            try:
                sealed = self._seal.encrypt(bytes(data[start : start + self._largest]))
            except ValueError as error:
                raise OSError(f"a buffer that cannot be sealed: {error}") from error
            buffers += len(sealed).to_bytes(_LENGTH, "big") + sealed
        self._connected.sendall(bytes(buffers))

    def recv(self, size: int) -> bytes:
        """Wait for the next bytes; empty when the other side has hung up.

        :raises OSError: as the socket below, and for what nobody who knows the key has said.
        """
        while not self._heard:
            head = self._heard_of(_LENGTH)
            if not head:
                return b""
            length = int.from_bytes(head, "big")
            if length > LARGEST:
                raise OSError(f"a sealed buffer of {length} bytes, larger than was agreed")
            sealed = self._heard_of(length)
            if len(head) < _LENGTH or len(sealed) < length:
                raise OSError("eof within a sealed buffer")
            try:
                self._heard = self._seal.decrypt(sealed)
            except ValueError as error:
                raise OSError(f"a sealed buffer that cannot be opened: {error}") from error
        given, self._heard = self._heard[:size], self._heard[size:]
        return given

    def _heard_of(self, size: int) -> bytes:
        """So many bytes, or those before the end."""
        parts = bytearray()
        while len(parts) < size:
            part = self._connected.recv(size - len(parts))
            if not part:
                break
            parts += part
        return bytes(parts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connected, name)
