# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server answers to a search, a message at a time (RFC 4511, 4.1.1 and 4.5.2)."""

from __future__ import annotations

from typing import Any, NamedTuple

from .decoding import (
    EXTENDED_RESPONSE,
    INTEGER,
    INTERMEDIATE_RESPONSE,
    SEARCH_DONE,
    SEARCH_ENTRY,
    SEARCH_REFERENCE,
    SEQUENCE,
    MalformedError,
    content,
    long_length,
)
from .ldap3_private import decoded
from .library import ldap3

LARGEST_MESSAGE = 16 << 20
"""Bytes that a message may have: enough for a group of 200,000, and little enough to be held in memory."""

# Entries are handed on when they are so many bytes, though their answer is not over: a server that knows no
# pages gives a whole directory in one.
_LARGEST_PIECE = 4 << 20

# Bytes to ask for at a time. TLS gives no more than a record of 16 KiB; more than this takes longer, for the
# allocator then fetches and returns the memory of each read.
_READ_SIZE = 64 << 10

# What a server says before it closes the connection (RFC 4511, 4.4.1).
_NOTICE_OF_DISCONNECTION = "1.3.6.1.4.1.1466.20036"


class OversizeError(Exception):
    """A message is larger than any that makes sense; the text is its size in bytes."""


class PartialResponse(NamedTuple):
    """An answer to a search, or a part of it.

    :ivar entries: operations SearchResultEntry, each with the controls that go with it.
    :ivar references: operations SearchResultReference, likewise.
    :ivar end: the message with the operation SearchResultDone; empty when more of the answer follows.
    """

    entries: list[bytes]
    references: list[bytes]
    end: bytes


class MessageReader:
    """What a server says on a connection, read from its socket past ldap3.

    :param connection: ldap3's, bound, without a security layer, its socket a TimedSocket.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        # What has been received, and how much of it has been read.
        self._data = b""
        self._at = 0

    def answer(self, number: int) -> PartialResponse:
        """Wait for the answer to a search, or for the next part of it.

        :param number: the search's message ID.
        :raises MalformedError: for what is no answer to it.
        :raises OversizeError: for a message that is too large.
        :raises LDAPExceptionError: ldap3's, when the answer is cut, or does not come in time.
        """
        self._connection.socket.restart_deadline()
        entries: list[bytes] = []
        references: list[bytes] = []
        while message := self._pass_entries(_beginning(number), entries):
            kind, operation = self._operation(message, number)
            if kind == SEARCH_DONE:
                return PartialResponse(entries, references, message)
            if kind == SEARCH_ENTRY:
                entries.append(operation)
            elif kind == SEARCH_REFERENCE:
                references.append(operation)
            elif kind != INTERMEDIATE_RESPONSE:
                raise MalformedError(f"operation {kind:#04x} is no answer to a search")
        return PartialResponse(entries, references, b"")

    def _pass_entries(self, beginning: bytes, entries: list[bytes]) -> bytes:
        """Lay aside the entries before the next message of another kind, and return that.

        :param beginning: what the content of an entry's message begins with, its identifier included.
        :returns: the message; empty when the entries are enough for now.
        """
        data, at = self._data, self._at
        to_operation = len(beginning) - 1
        received = 0
        while True:
            start, end = _content_of_message(data, at)
            if end > len(data):
                if received > _LARGEST_PIECE:
                    message = b""
                    break
                data, at = self._receive(data[at:], end - at), 0
                received += len(data)
            elif data.startswith(beginning, start):
                entries.append(data[start + to_operation : end])
                at = end
            else:
                message = data[at:end]
                at = end
                break
        self._data, self._at = data, at
        return message

    def _receive(self, begun: bytes, size: int) -> bytes:
        """Complete a message; more may come with it.

        :param size: its bytes, as far as they are known by now.
        """
        if size > LARGEST_MESSAGE:
            raise OversizeError(size)
        pieces = [begun]
        missing = size - len(begun)
        while missing > 0:
            try:
                piece = self._connection.socket.recv(_READ_SIZE)
            except OSError as error:
                # In the words of ldap3, so that it means the same whoever reads.
                text = f"error receiving data: {error}"
                raise ldap3.core.exceptions.LDAPSocketReceiveError(text) from None
            if not piece:
                raise _terminated()
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _operation(self, message: bytes, number: int) -> tuple[int, bytes]:
        """The operation of a message that belongs to a search, its identifier first.

        What is said unasked has number 0: a notice of disconnection, or else advice that concerns nobody here
        (RFC 4511, 4.4); it counts as an intermediate answer.
        """
        at, end = content(message, 0, len(message), SEQUENCE)
        start, at = content(message, at, end, INTEGER)
        operation = message[at:]
        found = int.from_bytes(message[start:at], "big", signed=True)
        if not operation or found not in (0, number):
            raise MalformedError(f"message {found} is no answer to message {number}")
        if found == number:
            return operation[0], operation
        if operation[0] != EXTENDED_RESPONSE:
            raise MalformedError(f"operation {operation[0]:#04x} is no notification")
        notice = decoded(self._connection, message)
        if notice["responseName"] == _NOTICE_OF_DISCONNECTION:
            raise _terminated(f": {notice['description']} {notice['message']}".rstrip())
        return INTERMEDIATE_RESPONSE, operation


def _terminated(words: str = "") -> Exception:
    failure: Exception = ldap3.core.exceptions.LDAPSessionTerminatedByServerError(
        f"session terminated by server{words}"
    )
    return failure


def _beginning(number: int) -> bytes:
    """What the content of an entry's message begins with, its number written as X.690, 8.3, wants it."""
    size = number.bit_length() // 8 + 1
    return bytes([INTEGER, size]) + number.to_bytes(size, "big") + bytes([SEARCH_ENTRY])


def _content_of_message(data: bytes, at: int) -> tuple[int, int]:
    """Where a message's content begins and ends: beyond the data, while there is not enough of it."""
    if at + 2 > len(data):
        return at + 2, at + 2
    if data[at] != SEQUENCE:
        raise MalformedError(f"no message begins with {data[at]:#04x}")
    size = data[at + 1]
    if size < 0x80:
        return at + 2, at + 2 + size
    start, size = long_length(data, at)
    return start, start + size
