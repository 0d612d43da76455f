# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries that are too large to be kept in memory, received in parts.

LDAP does not limit the size of an entry, and people might be allowed to change their own entries. If the values of an
attribute are too large, they are replaced with a single value that is too long to be used, so that no other attributes
and no other people are affected.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .decoding import (
    OCTET_STRING,
    SEARCH_RESULT_ENTRY,
    SEQUENCE,
    SET,
    MalformedError,
    parse_long_length,
)
from .entry import UNUSABLE_VALUE

MAX_ENTRY_SIZE: Final = 1 << 30
"""Maximum size in bytes of a message with an entry. A larger size is considered an error in the response."""

_MAX_KEPT_SIZE = 64 << 20
_MAX_ATTRIBUTE_SIZE = 1 << 20
_MAX_NAME_SIZE = 64 << 10  # of a DN or an attribute description


class ByteStream:
    """The bytes of a message, of which only a part is in memory.

    :param data: bytes that have been received.
    :param receive: function that returns the next bytes, at least one.
    :ivar position: number of bytes that have been taken or skipped.
    """

    def __init__(self, data: bytes, receive: Callable[[], bytes]) -> None:
        self.position = 0
        self._data = data
        self._at = 0
        self._receive = receive

    @property
    def rest(self) -> bytes:
        """The bytes that have been received, but neither taken nor skipped."""
        return self._data[self._at :]

    def take(self, size: int) -> bytes:
        """Take the next bytes, and return them."""
        missing = size - (len(self._data) - self._at)
        if missing > 0:
            parts = [self.rest]
            while missing > 0:
                parts.append(self._receive())
                missing -= len(parts[-1])
            self._data, self._at = b"".join(parts), 0
        start, self._at = self._at, self._at + size
        self.position += size
        return self._data[start : self._at]

    def skip(self, size: int) -> None:
        """Discard the next bytes without keeping them in memory."""
        self.position += size
        self._at += size
        while self._at > len(self._data):
            self._at -= len(self._data)
            self._data = self._receive()

    def take_length(self) -> int:
        """Take the length of an element, and return it.

        :raises MalformedError: if the form of the length is not valid.
        """
        first = self.take(1)
        if first[0] <= 0x7F:
            return first[0]
        header = b"\0" + first + self.take(first[0] & 0x7F)
        return parse_long_length(header, 0)[1]

    def take_header(self, tag: int) -> int:
        """Take the tag and the length of an element, and return the length.

        :raises MalformedError: if the tag differs, or the form of the length is not valid.
        """
        if self.take(1)[0] != tag:
            raise MalformedError(f"no element {tag:#04x} at byte {self.position - 1} of an entry")
        return self.take_length()

    def take_name(self) -> bytes:
        """Take an OCTET STRING with a name, and return its content.

        :raises MalformedError: as for `take_header`, or if the name is too long.
        """
        size = self.take_header(OCTET_STRING)
        if size > _MAX_NAME_SIZE:
            raise MalformedError(f"a name of {size} bytes in an entry")
        return self.take(size)


def take_entry(stream: ByteStream) -> bytes:
    """Take a SearchResultEntry whose tag has already been taken, and return it without values that are too large.

    An attribute of more than 1 MiB has a single value in the result, which is too long to be used.

    :raises MalformedError: if the entry is not valid, or if it is too large even without these values.
    """
    size = stream.take_length()
    end = stream.position + size
    name = stream.take_name()
    stream.take_header(SEQUENCE)
    attributes = bytearray()
    while stream.position < end:
        attributes += _take_attribute(stream)
        if len(attributes) > _MAX_KEPT_SIZE:
            raise MalformedError("an entry with too many attributes")
    if stream.position != end:
        raise MalformedError("the attributes do not end where their entry ends")
    content = _encode(OCTET_STRING, name) + _encode(SEQUENCE, attributes)
    return _encode(SEARCH_RESULT_ENTRY, content)


def _take_attribute(stream: ByteStream) -> bytes:
    size = stream.take_header(SEQUENCE)
    end = stream.position + size
    name = stream.take_name()
    size = stream.take_header(SET)
    if stream.position + size != end:
        raise MalformedError("an attribute does not end where its values end")
    if size > _MAX_ATTRIBUTE_SIZE:
        stream.skip(size)
        values = _encode(OCTET_STRING, UNUSABLE_VALUE)
    else:
        values = stream.take(size)
    return _encode(SEQUENCE, _encode(OCTET_STRING, name) + _encode(SET, values))


def _encode(tag: int, content: bytes | bytearray) -> bytes:
    """Encode an element, with its length in four bytes."""
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content
