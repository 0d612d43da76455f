# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elements of BER, as LDAP writes them: identifier, length, content (X.690, 8.1; RFC 4511, 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from .entry import AttributeValues, check_whole, held

INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
SEQUENCE: Final = 0x30
SET: Final = 0x31
# Operations of RFC 4511, 4: they have the application's tags.
SEARCH_ENTRY: Final = 0x64
SEARCH_DONE: Final = 0x65
SEARCH_REFERENCE: Final = 0x73
EXTENDED_RESPONSE: Final = 0x78
INTERMEDIATE_RESPONSE: Final = 0x79
CONTROLS: Final = 0xA0


class MalformedError(ValueError):
    """These bytes are no LDAP."""


def content(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
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
        start, size = long_length(data, at)
    stop = start + size
    if stop > end:
        raise MalformedError(f"the element at byte {at} is longer than what it is in")
    return start, stop


def long_length(data: bytes, at: int) -> tuple[int, int]:
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
_REMEMBERED = 8192


class _Layout(NamedTuple):
    """How a server writes lengths: what is known of attributes that it writes so.

    :ivar to_size: where in an attribute the length of its name stands.
    :ivar frame: how long all before its value is, but for the name.
    :ivar known: from all before a value, as bytes, to its column and its length.
    """

    to_size: int
    frame: int
    known: dict[bytes, tuple[int, int]]

    def learn(self, beginning: bytes, column: int, size: int) -> None:
        """Remember what has been read with care.

        :param beginning: all before a value; it is no use where this layout would not look for its end.
        """
        to_size = self.to_size
        is_found = len(beginning) > to_size and len(beginning) == self.frame + beginning[to_size]
        if is_found and len(self.known) < _REMEMBERED:
            self.known[beginning] = column, size


class EntryDecoder:
    """Takes entries apart into rows.

    :param names: of the attributes in a row, in its order; one may be there twice.
    """

    def __init__(self, names: Sequence[str]) -> None:
        spelled = [name.lower().encode() for name in names]
        self._wanted = {name: column for column, name in enumerate(dict.fromkeys(spelled))}
        # What nobody asked for is laid in a column after all others.
        self._blank: AttributeValues = [b""] * (len(self._wanted) + 1)
        self._order = [self._wanted[name] for name in spelled]
        self._is_ordered = len(self._wanted) == len(names)
        # OpenLDAP and Samba write a length as short as they can, Active Directory that of a SEQUENCE or a SET
        # in four bytes after one that says so.
        self._short = _Layout(3, 8, {})
        self._long = _Layout(7, 16, {})

    def row(self, operation: bytes) -> AttributeValues:
        """What an entry holds of each attribute.

        :param operation: a SearchResultEntry, with the controls that go with it.
        :raises MalformedError: when it is none.
        :raises PartOfValuesError: when it holds a part of an attribute's values only.
        """
        at, end = content(operation, 0, len(operation), SEARCH_ENTRY)
        if end < len(operation):
            _check_controls(operation, end)
        _name, at = content(operation, at, end, OCTET_STRING)
        at, last = content(operation, at, end, SEQUENCE)
        row = self._blank.copy()
        layout = self._long if operation[at + 1 : at + 2] == b"\x84" else self._short
        to_size, frame, known = layout
        while at < end - to_size:
            value = at + frame + operation[at + to_size]
            found = known.get(operation[at:value])
            if found is None:
                at = self._read_attribute(operation, at, end, row, layout)
            else:
                column, size = found
                at = value + size
                row[column] = operation[value:at]
        while at < end:
            at = self._read_attribute(operation, at, end, row, layout)
        if at != end or last != end:
            raise MalformedError("attributes end elsewhere than their entry")
        row.pop()
        return row if self._is_ordered else [row[column] for column in self._order]

    def _read_attribute(
        self, operation: bytes, begin: int, end: int, row: AttributeValues, layout: _Layout
    ) -> int:
        """Read an attribute of any form into its column, and return where the next one begins."""
        start, stop = content(operation, begin, end, SEQUENCE)
        name, at = content(operation, start, stop, OCTET_STRING)
        column = self._column_of(operation[name:at])
        at, last = content(operation, at, stop, SET)
        if last != stop:
            raise MalformedError("an attribute is longer than its values")
        values = []
        while at < stop:
            value, at = content(operation, at, stop, OCTET_STRING)
            values.append(operation[value:at])
        row[column] = held(values)
        if len(values) == 1:
            layout.learn(operation[begin:value], column, len(values[0]))
        return stop

    def _column_of(self, name: bytes) -> int:
        check_whole(name)
        return self._wanted.get(name.lower(), len(self._wanted))


def _check_controls(operation: bytes, at: int) -> None:
    """See that what follows an operation is its controls; none that was asked for comes with an entry."""
    _start, end = content(operation, at, len(operation), CONTROLS)
    if end < len(operation):
        raise MalformedError("a message is longer than its controls")


def decode_entry_dn(operation: bytes) -> bytes:
    """The distinguished name of an entry, or the first URI of a reference, to tell it from others.

    :param operation: a SearchResultEntry or SearchResultReference.
    :raises MalformedError: when it is none.
    """
    at, end = content(operation, 0, len(operation), operation[0])
    start, stop = content(operation, at, end, OCTET_STRING)
    return operation[start:stop]


def decode_uris(operation: bytes) -> list[str]:
    """Where other servers have the rest.

    :param operation: a SearchResultReference, a SEQUENCE OF URI (RFC 4511, 4.5.3), with its controls.
    :raises MalformedError: when it is none.
    """
    at, end = content(operation, 0, len(operation), SEARCH_REFERENCE)
    if end < len(operation):
        _check_controls(operation, end)
    uris = []
    while at < end:
        start, at = content(operation, at, end, OCTET_STRING)
        try:
            uris.append(operation[start:at].decode("utf-8"))
        except UnicodeDecodeError:
            raise MalformedError("a reference is no text") from None
    return [uri for uri in uris if uri]
