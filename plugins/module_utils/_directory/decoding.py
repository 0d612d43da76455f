# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decoding of search results from BER (RFC 4511, 5.1; X.690, 8.1).

The fast reader in page_readers.py calls `EntryDecoder.decode` for every entry, so this method is optimized for speed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from .._attribute_description import normalize_description
from .entry import (
    MAX_VALUE_SIZE,
    NO_ALIASES,
    UNUSABLE_VALUE,
    Aliases,
    AttributeValues,
    pack_values,
    parse_description,
)

# Universal tags.
INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
SEQUENCE: Final = 0x30
SET: Final = 0x31
# Tags of LDAP messages (RFC 4511, 4).
SEARCH_RESULT_ENTRY: Final = 0x64
SEARCH_RESULT_DONE: Final = 0x65
SEARCH_RESULT_REFERENCE: Final = 0x73
EXTENDED_RESPONSE: Final = 0x78
INTERMEDIATE_RESPONSE: Final = 0x79
CONTROLS: Final = 0xA0

# Maximum number of cached attribute headers. There is one for each combination of an attribute and the length of its
# value, typically a few hundred in a search for people. The limit bounds memory use, whatever a server returns.
_MAX_CACHED_HEADERS = 8192
# Maximum number of unrequested attributes whose descriptions are remembered.
_MAX_UNREQUESTED = 100


class MalformedError(ValueError):
    """The bytes are not a valid LDAP message."""


def locate_content(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Return the start and the end of an element's content.

    :param data: bytes that contain the element.
    :param at: start of the element.
    :param end: end of the enclosing element.
    :param tag: expected tag. Strings are primitive (RFC 4511, 5.1), so each type has exactly one tag.
    :raises MalformedError: if the tag differs, the length is not valid, or the element exceeds the enclosing one.
    """
    start = at + 2
    if start > end or data[at] != tag:
        raise MalformedError(f"no element {tag:#04x} at byte {at}")
    size = data[at + 1]
    if size > 0x7F:
        start, size = parse_long_length(data, at)
    stop = start + size
    if stop > end:
        raise MalformedError(f"the element at byte {at} exceeds the enclosing element")
    return start, stop


def parse_long_length(data: bytes, at: int) -> tuple[int, int]:
    """Parse a length in the long form (X.690, 8.1.3.5), and return the start and the length of the element's content.

    The low seven bits of the first byte are the number of length bytes that follow. Leading zeros are valid: Active
    Directory always writes four bytes. The indefinite form is not valid (RFC 4511, 5.1), and 0xff is reserved.

    :param data: bytes that contain the element. If they end within the length, only the available bytes are used.
    :param at: start of the element.
    :raises MalformedError: if the form is not valid.
    """
    count = data[at + 1] & 0x7F
    if count in (0, 0x7F):
        raise MalformedError(f"the element at byte {at} has no definite length")
    start = at + 2 + count
    return start, int.from_bytes(data[at + 2 : start], "big")


class _HeaderCache(NamedTuple):
    """The cached attribute headers of a server.

    The header of an attribute with one value consists of all bytes before the value: tags, lengths and the attribute
    description. A header includes the length of the value, and therefore determines where the attribute ends.

    :ivar name_length_at: offset of the description's length within a header.
    :ivar overhead: length of a header in bytes, not counting the description.
    :ivar headers: for each header, the index of the attribute in the result, and the length of the value in bytes.
    """

    name_length_at: int
    overhead: int
    headers: dict[bytes, tuple[int, int]]

    def add(self, header: bytes, index: int, size: int) -> None:
        """Add a header, unless the cache is full, or `EntryDecoder.decode` would assume another header length.

        Most headers of values of more than 127 bytes are longer than assumed, so they are not cached.
        """
        name_length_at = self.name_length_at
        is_usable = (
            len(header) > name_length_at and len(header) == self.overhead + header[name_length_at]
        )
        if is_usable and len(self.headers) < _MAX_CACHED_HEADERS:
            self.headers[header] = index, size


class EntryDecoder:
    """An entry decoder that caches the attribute headers of a server.

    Almost all attributes have one value. If its header is cached, such an attribute is decoded with a single
    dictionary lookup.

    :param names: requested attributes. The values of an entry are in this order; duplicates are allowed.
    :param aliases: other descriptions of the requested attributes.
    :ivar unrequested: normalized descriptions that the server returned although they were not requested.
    """

    def __init__(self, names: Sequence[str], aliases: Aliases = NO_ALIASES) -> None:
        self.unrequested: set[str] = set()
        lower_names = map(str.lower, names)
        attributes = [aliases.get(name, name).encode() for name in lower_names]
        self._indexes = {name: index for index, name in enumerate(dict.fromkeys(attributes))}
        # Attributes that were not requested share an additional index at the end.
        self._unrequested_index = len(self._indexes)
        self._no_values: AttributeValues = [b""] * (len(self._indexes) + 1)
        self._order = [self._indexes[name] for name in attributes]
        self._is_ordered = len(self._indexes) == len(names)
        for alias, name in aliases.items():
            if name.encode() in self._indexes:
                self._indexes[alias.encode()] = self._indexes[name.encode()]
        # OpenLDAP and Samba write lengths in as few bytes as possible. Active Directory writes the lengths
        # of SEQUENCEs and SETs in the long form with four bytes.
        self._short_form = _HeaderCache(name_length_at=3, overhead=8, headers={})
        self._long_form = _HeaderCache(name_length_at=7, overhead=16, headers={})

    def decode(self, operation: bytes) -> AttributeValues:
        """Return the values of an entry in the order of the requested attributes.

        Values are cut off after `MAX_VALUE_SIZE` bytes, unless their headers are cached. If the server returned only
        some values of an attribute, the result contains `UNUSABLE_VALUE` instead.

        :param operation: SearchResultEntry, followed by its controls.
        :raises MalformedError: if it is not valid.
        """
        at, end = locate_content(operation, 0, len(operation), SEARCH_RESULT_ENTRY)
        if end < len(operation):
            _check_controls(operation, end)
        _name, at = locate_content(operation, at, end, OCTET_STRING)
        at, last = locate_content(operation, at, end, SEQUENCE)
        values = self._no_values.copy()
        cache = self._long_form if operation[at + 1 : at + 2] == b"\x84" else self._short_form
        name_length_at, overhead, headers = cache
        while at < end - name_length_at:
            value = at + overhead + operation[at + name_length_at]
            cached = headers.get(operation[at:value])
            if cached is None:
                at = self._decode_attribute(operation, at, end, values, cache)
            else:
                index, size = cached
                at = value + size
                values[index] = operation[value:at]
        while at < end:
            at = self._decode_attribute(operation, at, end, values, cache)
        if at != end or last != end:
            raise MalformedError("the attributes do not end where their entry ends")
        values.pop()
        return values if self._is_ordered else [values[index] for index in self._order]

    def _decode_attribute(
        self, operation: bytes, begin: int, end: int, values: AttributeValues, cache: _HeaderCache
    ) -> int:
        """Decode an attribute without the cache, and return the start of the next one."""
        start, stop = locate_content(operation, begin, end, SEQUENCE)
        name, at = locate_content(operation, start, stop, OCTET_STRING)
        description, is_incomplete = parse_description(operation[name:at])
        index = self._find_index(description)
        at, last = locate_content(operation, at, stop, SET)
        if last != stop:
            raise MalformedError("an attribute does not end where its values end")
        octet_strings = []
        while at < stop:
            value, at = locate_content(operation, at, stop, OCTET_STRING)
            octet_strings.append(operation[value : min(at, value + MAX_VALUE_SIZE)])
        if is_incomplete:
            values[index] = UNUSABLE_VALUE
        elif octet_strings:
            values[index] = pack_values(octet_strings)
        if len(octet_strings) == 1 and not is_incomplete:
            cache.add(operation[begin:value], index, at - value)
        return stop

    def _find_index(self, description: bytes) -> int:
        """Return the index of an attribute in the result.

        :param description: lowercase attribute description. Its options may be in another order than in the request.
        """
        index = self._indexes.get(description)
        return self._find_unusual_index(description) if index is None else index

    def _find_unusual_index(self, description: bytes) -> int:
        normalized = normalize_description(description.decode("utf-8", "replace"))
        index = self._indexes.get(normalized.encode())
        if index is not None:
            return index
        if len(self.unrequested) < _MAX_UNREQUESTED:
            self.unrequested.add(normalized)
        return self._unrequested_index


def decode_uris(operation: bytes) -> list[str]:
    """Return the URIs of a continuation reference (RFC 4511, 4.5.3), except for empty ones.

    :param operation: SearchResultReference, followed by its controls.
    :raises MalformedError: if it is not valid.
    """
    at, end = locate_content(operation, 0, len(operation), SEARCH_RESULT_REFERENCE)
    if end < len(operation):
        _check_controls(operation, end)
    uris = []
    while at < end:
        start, at = locate_content(operation, at, end, OCTET_STRING)
        try:
            uris.append(operation[start:at].decode("utf-8"))
        except UnicodeDecodeError:
            raise MalformedError("a continuation reference is not UTF-8") from None
    return [uri for uri in uris if uri]


def decode_first_string(operation: bytes) -> bytes:
    """Return the DN of an entry, or the first URI of a continuation reference.

    :param operation: SearchResultEntry or SearchResultReference.
    :raises MalformedError: if it is not valid.
    """
    at, end = locate_content(operation, 0, len(operation), operation[0])
    start, stop = locate_content(operation, at, end, OCTET_STRING)
    return operation[start:stop]


def _check_controls(operation: bytes, at: int) -> None:
    """Check that only controls follow an operation.

    The controls are ignored: only those of the final response matter.
    """
    _start, end = locate_content(operation, at, len(operation), CONTROLS)
    if end < len(operation):
        raise MalformedError("a message does not end where its controls end")
