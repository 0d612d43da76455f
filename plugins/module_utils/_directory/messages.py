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
    SEARCH_RESULT_DONE,
    SEARCH_RESULT_ENTRY,
    SEARCH_RESULT_REFERENCE,
    SEQUENCE,
    MalformedError,
    element_content,
    parse_long_length,
)
from .ldap3_private import decode_message
from .library import ldap3

MAX_MESSAGE_SIZE = 16 << 20
"""Bytes that a message may have: enough for a group of 200,000, and little enough to be held in memory."""

# Entries are handed on when they are so many bytes, though their answer is not over: a server that knows no
# pages gives a whole directory in one.
_MAX_PART_SIZE = 4 << 20

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
    :ivar done: the message with the operation SearchResultDone; empty when more of the answer follows.
    """

    entries: list[bytes]
    references: list[bytes]
    done: bytes


class MessageReader:
    """What a server says on a connection, read from its socket past ldap3.

    :param connection: ldap3's, bound, without a security layer, its socket a TimedSocket.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        # What has been received, and how much of it has been read.
        self._data = b""
        self._at = 0

    def read_response(self, message_id: int) -> PartialResponse:
        """Wait for the answer to a search, or for the next part of it.

        :param message_id: the search's message ID.
        :raises MalformedError: for what is no answer to it.
        :raises OversizeError: for a message that is too large.
        :raises LDAPExceptionError: ldap3's, when the answer is cut, or does not come in time.
        """
        self._connection.socket.wait()
        entries: list[bytes] = []
        references: list[bytes] = []
        while message := self._take_entries(_entry_prefix(message_id), entries):
            tag, operation = self._parse_operation(message, message_id)
            if tag == SEARCH_RESULT_DONE:
                return PartialResponse(entries, references, message)
            if tag == SEARCH_RESULT_ENTRY:
                entries.append(operation)
            elif tag == SEARCH_RESULT_REFERENCE:
                references.append(operation)
            elif tag != INTERMEDIATE_RESPONSE:
                raise MalformedError(f"operation {tag:#04x} is no answer to a search")
        return PartialResponse(entries, references, b"")

    def _take_entries(self, prefix: bytes, entries: list[bytes]) -> bytes:
        """Lay aside the entries before the next message of another kind, and return that.

        :param prefix: what the content of an entry's message begins with, its identifier included.
        :returns: the message; empty when the entries are enough for now.
        """
        data, at = self._data, self._at
        operation_offset = len(prefix) - 1
        total_received = 0
        while True:
            start, end = _message_content(data, at)
            if end > len(data):
                if total_received > _MAX_PART_SIZE:
                    message = b""
                    break
                data, at = self._receive(data[at:], end - at), 0
                total_received += len(data)
            elif data.startswith(prefix, start):
                entries.append(data[start + operation_offset : end])
                at = end
            else:
                message = data[at:end]
                at = end
                break
        self._data, self._at = data, at
        return message

    def _receive(self, received: bytes, size: int) -> bytes:
        """Complete a message; more may come with it.

        :param size: its bytes, as far as they are known by now.
        """
        if size > MAX_MESSAGE_SIZE:
            raise OversizeError(size)
        parts = [received]
        missing = size - len(received)
        while missing > 0:
            try:
                part = self._connection.socket.recv(_READ_SIZE)
            except OSError as error:
                # In the words of ldap3, so that it means the same whoever reads.
                text = f"error receiving data: {error}"
                raise ldap3.core.exceptions.LDAPSocketReceiveError(text) from None
            if not part:
                raise _session_terminated()
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _parse_operation(self, message: bytes, message_id: int) -> tuple[int, bytes]:
        """The operation of a message that belongs to a search, its identifier first.

        What is said unasked has number 0: a notice of disconnection, or else advice that concerns nobody here
        (RFC 4511, 4.4); it counts as an intermediate answer.
        """
        at, end = element_content(message, 0, len(message), SEQUENCE)
        start, at = element_content(message, at, end, INTEGER)
        operation = message[at:]
        response_id = int.from_bytes(message[start:at], "big", signed=True)
        if not operation or response_id not in (0, message_id):
            raise MalformedError(f"message {response_id} is no answer to message {message_id}")
        if response_id == message_id:
            return operation[0], operation
        if operation[0] != EXTENDED_RESPONSE:
            raise MalformedError(f"operation {operation[0]:#04x} is no notification")
        notice = decode_message(self._connection, message)
        if notice["responseName"] == _NOTICE_OF_DISCONNECTION:
            raise _session_terminated(f": {notice['description']} {notice['message']}".rstrip())
        return INTERMEDIATE_RESPONSE, operation


def _session_terminated(words: str = "") -> Exception:
    failure: Exception = ldap3.core.exceptions.LDAPSessionTerminatedByServerError(
        f"session terminated by server{words}"
    )
    return failure


def _entry_prefix(message_id: int) -> bytes:
    """What the content of an entry's message begins with, its message_id written as X.690, 8.3, wants it."""
    size = message_id.bit_length() // 8 + 1
    return bytes([INTEGER, size]) + message_id.to_bytes(size, "big") + bytes([SEARCH_RESULT_ENTRY])


def _message_content(data: bytes, at: int) -> tuple[int, int]:
    """Where a message's content begins and ends: beyond the data, while there is not enough of it."""
    if at + 2 > len(data):
        return at + 2, at + 2
    if data[at] != SEQUENCE:
        raise MalformedError(f"no message begins with {data[at]:#04x}")
    size = data[at + 1]
    if size < 0x80:
        return at + 2, at + 2 + size
    start, size = parse_long_length(data, at)
    return start, start + size
