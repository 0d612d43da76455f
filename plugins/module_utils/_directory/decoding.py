# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elements of BER, as LDAP writes them: identifier, length, content (X.690, 8.1; RFC 4511, 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from .entry import AttributeValues, check_complete, pack_values

INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
SEQUENCE: Final = 0x30
SET: Final = 0x31
# Operations of RFC 4511, 4: they have the application's tags.
SEARCH_RESULT_ENTRY: Final = 0x64
SEARCH_RESULT_DONE: Final = 0x65
SEARCH_RESULT_REFERENCE: Final = 0x73
EXTENDED_RESPONSE: Final = 0x78
INTERMEDIATE_RESPONSE: Final = 0x79
CONTROLS: Final = 0xA0


class MalformedError(ValueError):
    """These bytes are no LDAP."""


def element_content(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Where the content of an element begins and ends.

    :param at: where the element begins.
    :param end: where what it is a part of ends.
    :param tag: its identifier. RFC 4511, 5.1, has strings primitive, so each kind of element has one.
    :raises MalformedError: when there is another one, or it ends beyond the end.
    """
    start = at + 2
    if start > end or data[at] != tag:
        raise MalformedError(f"no element {tag:#04x} at byte {at}")
    size = data[at + 1]
    if size > 0x7F:
        start, size = parse_long_length(data, at)
    stop = start + size
    if stop > end:
        raise MalformedError(f"the element at byte {at} is longer than what it is in")
    return start, stop


def parse_long_length(data: bytes, at: int) -> tuple[int, int]:
    """Where an element's content begins, and its length, from a length in the long form (X.690, 8.1.3.5).

    The first byte tells how many follow. Leading zeros are permitted: Active Directory always writes four
    bytes. The indefinite form is not (RFC 4511, 5.1), and 0xff is reserved.

    :param at: where the element begins; of bytes that are not there yet the length is told without them.
    :raises MalformedError: for the forms that are not permitted.
    """
    count = data[at + 1] & 0x7F
    if count in (0, 0x7F):
        raise MalformedError(f"the element at byte {at} has no definite length")
    start = at + 2 + count
    return start, int.from_bytes(data[at + 2 : start], "big")


# Beginnings of attributes that are remembered: a name with each length of its values is one. People need
# hundreds, and a server that makes up more gets no more memory.
_MAX_CACHED_HEADERS = 8192


class _HeaderCache(NamedTuple):
    """How a server writes lengths: what is known of attributes that it writes so.

    :ivar name_length_at: where in an attribute the length of its name stands.
    :ivar overhead: how long all before its value is, but for the name.
    :ivar headers: from all before a value, as bytes, to the index and its length.
    """

    name_length_at: int
    overhead: int
    headers: dict[bytes, tuple[int, int]]

    def add(self, header: bytes, index: int, size: int) -> None:
        """Remember what has been read with care.

        :param header: all before a value; it is no use where this cache would not look for its end.
        """
        name_length_at = self.name_length_at
        is_usable = (
            len(header) > name_length_at and len(header) == self.overhead + header[name_length_at]
        )
        if is_usable and len(self.headers) < _MAX_CACHED_HEADERS:
            self.headers[header] = index, size


class EntryDecoder:
    """Takes entries apart into rows.

    :param names: of the attributes in the order of the values; one may be there twice.
    """

    def __init__(self, names: Sequence[str]) -> None:
        attributes = [name.lower().encode() for name in names]
        self._indexes = {name: index for index, name in enumerate(dict.fromkeys(attributes))}
        # What nobody asked for is laid at an index after all others.
        self._no_values: AttributeValues = [b""] * (len(self._indexes) + 1)
        self._order = [self._indexes[name] for name in attributes]
        self._is_ordered = len(self._indexes) == len(names)
        # OpenLDAP and Samba write a length as short as they can, Active Directory that of a SEQUENCE or a SET
        # in four bytes after one that says so.
        self._short_form = _HeaderCache(3, 8, {})
        self._long_form = _HeaderCache(7, 16, {})

    def decode(self, operation: bytes) -> AttributeValues:
        """What an entry holds of each attribute.

        :param operation: a SearchResultEntry, with the controls that go with it.
        :raises MalformedError: when it is none.
        :raises IncompleteValuesError: when it holds a part of an attribute's values only.
        """
        at, end = element_content(operation, 0, len(operation), SEARCH_RESULT_ENTRY)
        if end < len(operation):
            _check_controls(operation, end)
        _name, at = element_content(operation, at, end, OCTET_STRING)
        at, last = element_content(operation, at, end, SEQUENCE)
        values = self._no_values.copy()
        cache = self._long_form if operation[at + 1 : at + 2] == b"\x84" else self._short_form
        name_length_at, overhead, headers = cache
        while at < end - name_length_at:
            value = at + overhead + operation[at + name_length_at]
            found = headers.get(operation[at:value])
            if found is None:
                at = self._decode_attribute(operation, at, end, values, cache)
            else:
                index, size = found
                at = value + size
                values[index] = operation[value:at]
        while at < end:
            at = self._decode_attribute(operation, at, end, values, cache)
        if at != end or last != end:
            raise MalformedError("attributes end elsewhere than their entry")
        values.pop()
        return values if self._is_ordered else [values[index] for index in self._order]

    def _decode_attribute(
        self, operation: bytes, begin: int, end: int, values: AttributeValues, cache: _HeaderCache
    ) -> int:
        """Read an attribute of any form into its index, and return where the next one begins."""
        start, stop = element_content(operation, begin, end, SEQUENCE)
        name, at = element_content(operation, start, stop, OCTET_STRING)
        index = self._index_of_name(operation[name:at])
        at, last = element_content(operation, at, stop, SET)
        if last != stop:
            raise MalformedError("an attribute is longer than its values")
        octet_strings = []
        while at < stop:
            value, at = element_content(operation, at, stop, OCTET_STRING)
            octet_strings.append(operation[value:at])
        values[index] = pack_values(octet_strings)
        if len(octet_strings) == 1:
            cache.add(operation[begin:value], index, len(octet_strings[0]))
        return stop

    def _index_of_name(self, name: bytes) -> int:
        check_complete(name)
        return self._indexes.get(name.lower(), len(self._indexes))


def _check_controls(operation: bytes, at: int) -> None:
    """See that what follows an operation is its controls; none that was asked for comes with an entry."""
    _start, end = element_content(operation, at, len(operation), CONTROLS)
    if end < len(operation):
        raise MalformedError("a message is longer than its controls")


def decode_first_string(operation: bytes) -> bytes:
    """The distinguished name of an entry, or the first URI of a reference, to tell it from others.

    :param operation: a SearchResultEntry or SearchResultReference.
    :raises MalformedError: when it is none.
    """
    at, end = element_content(operation, 0, len(operation), operation[0])
    start, stop = element_content(operation, at, end, OCTET_STRING)
    return operation[start:stop]


def decode_uris(operation: bytes) -> list[str]:
    """Where other servers have the rest.

    :param operation: a SearchResultReference, a SEQUENCE OF URI (RFC 4511, 4.5.3), with its controls.
    :raises MalformedError: when it is none.
    """
    at, end = element_content(operation, 0, len(operation), SEARCH_RESULT_REFERENCE)
    if end < len(operation):
        _check_controls(operation, end)
    uris = []
    while at < end:
        start, at = element_content(operation, at, end, OCTET_STRING)
        try:
            uris.append(operation[start:at].decode("utf-8"))
        except UnicodeDecodeError:
            raise MalformedError("a reference is no text") from None
    return [uri for uri in uris if uri]
