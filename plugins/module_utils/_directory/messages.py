# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The LDAP messages of a search response, received without ldap3 (RFC 4511, 4.1.1 and 4.5.2)."""

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
    locate_content,
    parse_long_length,
)
from .large_entry import MAX_ENTRY_SIZE, ByteStream, take_entry
from .ldap3_private import decode_message
from .library import ldap3

MAX_MESSAGE_SIZE = 16 << 20
"""Maximum size in bytes of a message that is kept in memory. Of a larger entry, only a part is kept."""

# Number of bytes after which a response is returned in parts. A server that does not support paged results can send
# a whole directory in one response.
_MAX_PART_SIZE = 4 << 20

# Number of bytes to request from the socket. A TLS record contains at most 16 KiB. Reads of more than 64 KiB are
# slower, because the memory allocator then maps and unmaps memory for each of them.
_READ_SIZE = 64 << 10

# RFC 4511, 4.4.1.
_NOTICE_OF_DISCONNECTION = "1.3.6.1.4.1.1466.20036"


class OversizeError(Exception):
    """A message exceeds its maximum size.

    :ivar size: size of the message in bytes.
    :ivar max_size: its maximum size in bytes.
    :ivar entry_count: number of entries before it.
    """

    def __init__(self, size: int, max_size: int, entry_count: int) -> None:
        super().__init__(size, max_size, entry_count)
        self.size = size
        self.max_size = max_size
        self.entry_count = entry_count


class PartialResponse(NamedTuple):
    """A part of a search response, or the complete response.

    :ivar entries: the SearchResultEntry operations, each with its controls.
    :ivar references: the SearchResultReference operations, each with its controls.
    :ivar done: the message with the SearchResultDone operation; empty if more parts follow.
    """

    entries: list[bytes]
    references: list[bytes]
    done: bytes


class MessageReader:
    """Reader of search responses from the socket of an ldap3 connection.

    :param connection: bound ldap3 connection. Its socket must be a DeadlineSocket or a SaslSocket, and ldap3 itself
        must not add a security layer.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        # Received bytes, and the offset in them of the first message that has not been returned.
        self._data = b""
        self._at = 0
        self._entry_count = 0

    def read_response(self, message_id: int) -> PartialResponse:
        """Wait for a search response, or for the next part of it.

        :param message_id: messageID of the search request.
        :raises MalformedError: if a message is malformed, or is not part of the response.
        :raises OversizeError: if a message is too large.
        :raises LDAPExceptionError: if the connection ends, or the response does not arrive in time.
        :raises Exception: another one of FAILURES if ldap3 cannot decode a notification.
        """
        self._connection.socket.restart_deadline()
        entries: list[bytes] = []
        references: list[bytes] = []
        while message := self._take_entries(_encode_entry_prefix(message_id), entries):
            tag, operation = self._parse_operation(message, message_id)
            if tag == SEARCH_RESULT_DONE:
                self._entry_count += len(entries)
                return PartialResponse(entries, references, message)
            if tag == SEARCH_RESULT_ENTRY:
                entries.append(operation)
            elif tag == SEARCH_RESULT_REFERENCE:
                references.append(operation)
            elif tag != INTERMEDIATE_RESPONSE:
                raise MalformedError(f"operation {tag:#04x} is not part of a search response")
        self._entry_count += len(entries)
        return PartialResponse(entries, references, b"")

    def _take_entries(self, prefix: bytes, entries: list[bytes]) -> bytes:
        """Append all entries before the next message of another type, and return that message.

        :param prefix: first bytes of the content of messages with an entry, up to the tag of the operation.
        :returns: the message; empty if enough entries have been received for a part.
        """
        data, at = self._data, self._at
        operation_offset = len(prefix) - 1
        total_received = 0
        while True:
            start, end = _locate_message_content(data, at)
            if end > len(data):
                if total_received > _MAX_PART_SIZE:
                    message = b""
                    break
                if end - at > MAX_MESSAGE_SIZE:
                    stream = ByteStream(data[at:], self._receive_part)
                    entries.append(self._take_large_entry(stream, prefix, len(entries)))
                    data = stream.rest
                    total_received += len(entries[-1])
                else:
                    data = self._receive(data[at:], end - at)
                at = 0
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
        """Receive the rest of a message, and possibly more.

        :param received: start of the message.
        :param size: size of the message, or a lower bound if its length has not been received completely; at most
            MAX_MESSAGE_SIZE.
        """
        parts = [received]
        missing = size - len(received)
        while missing > 0:
            parts.append(self._receive_part())
            missing -= len(parts[-1])
        return b"".join(parts)

    def _receive_part(self) -> bytes:
        """Receive the next bytes, at least one."""
        try:
            part: bytes = self._connection.socket.recv(_READ_SIZE)
        except OSError as error:
            # The same exception and message as in ldap3, so that both readers lead to the same diagnosis.
            text = f"error receiving data: {error}"
            raise ldap3.core.exceptions.LDAPSocketReceiveError(text) from None
        if not part:
            raise _build_session_terminated_error()
        return part

    def _take_large_entry(self, stream: ByteStream, prefix: bytes, count: int) -> bytes:
        """Receive an entry of more than MAX_MESSAGE_SIZE bytes, and return it without values that are too large.

        :param prefix: as for `_take_entries`.
        :param count: number of entries before it in this part of the response.
        """
        size = stream.take_header(SEQUENCE)
        end = stream.position + size
        is_entry = size <= MAX_ENTRY_SIZE and stream.take(len(prefix)) == prefix
        if not is_entry:
            max_size = MAX_MESSAGE_SIZE if size <= MAX_ENTRY_SIZE else MAX_ENTRY_SIZE
            raise OversizeError(size, max_size, self._entry_count + count)
        operation = take_entry(stream)
        if stream.position > end:
            raise MalformedError("an entry does not end where its message ends")
        stream.skip(end - stream.position)  # the controls, which are ignored
        return operation

    def _parse_operation(self, message: bytes, message_id: int) -> tuple[int, bytes]:
        """Return the tag of a message's operation, and the operation with its controls.

        Unsolicited notifications have the messageID 0 (RFC 4511, 4.4). A notice of disconnection is an error;
        all others are treated like intermediate responses, which are ignored.
        """
        at, end = locate_content(message, 0, len(message), SEQUENCE)
        start, at = locate_content(message, at, end, INTEGER)
        operation = message[at:]
        response_id = int.from_bytes(message[start:at], "big", signed=True)
        if not operation or response_id not in (0, message_id):
            raise MalformedError(f"message {response_id} is not a response to message {message_id}")
        if response_id == message_id:
            return operation[0], operation
        if operation[0] != EXTENDED_RESPONSE:
            raise MalformedError(f"operation {operation[0]:#04x} is not a notification")
        notice = decode_message(self._connection, message)
        if notice["responseName"] == _NOTICE_OF_DISCONNECTION:
            raise _build_session_terminated_error(
                f": {notice['description']} {notice['message']}".rstrip()
            )
        return INTERMEDIATE_RESPONSE, operation


def _build_session_terminated_error(detail: str = "") -> Exception:
    error: Exception = ldap3.core.exceptions.LDAPSessionTerminatedByServerError(
        f"session terminated by server{detail}"
    )
    return error


def _encode_entry_prefix(message_id: int) -> bytes:
    """Encode the first bytes of the content of a message with an entry: the messageID and the tag.

    The messageID is encoded in as few bytes as possible, as X.690, 8.3 requires. A longer encoding is also
    accepted, but reading such messages is slower.
    """
    size = message_id.bit_length() // 8 + 1
    return bytes([INTEGER, size]) + message_id.to_bytes(size, "big") + bytes([SEARCH_RESULT_ENTRY])


def _locate_message_content(data: bytes, at: int) -> tuple[int, int]:
    """Return the start and the end of a message's content; the end is beyond the data if bytes are missing."""
    if at + 2 > len(data):
        return at + 2, at + 2
    if data[at] != SEQUENCE:
        raise MalformedError(f"no message starts with {data[at]:#04x}")
    size = data[at + 1]
    if size < 0x80:
        return at + 2, at + 2 + size
    start, size = parse_long_length(data, at)
    return start, start + size
