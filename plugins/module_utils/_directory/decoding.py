# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decoding what a search gives: entries and references (RFC 4511, 4.5.2).

An entry that a server sends looks nearly always the same: attributes of less than 128 bytes with one value.
These are taken apart by looking up what stands around name and value in tables, which checks every byte of it,
identifiers and lengths, at the cost of a dictionary's look-up. Everything else that BER permits is read an
element at a time. Nothing is tolerated: an attribute lost is a person's number lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .ber import (
    CONTROLS,
    OCTET_STRING,
    SEARCH_ENTRY,
    SEARCH_REFERENCE,
    SEQUENCE,
    SET,
    MalformedError,
    content,
)
from .entry import Row, check_whole, held

_KNOWN_NAMES = 4096  # more spellings of names than servers have, and few enough to be kept


class _Layout(NamedTuple):
    """How a server writes an attribute that has one value.

    :ivar before_name: bytes from the attribute's beginning to its name, which is an element of its own.
    :ivar before_value: bytes between the identifier of the SET of values and the value.
    :ivar sizes: by these bytes, how long the value is.
    :ivar headers: by the length of the attribute's content, what stands before its name.
    """

    before_name: int
    before_value: int
    sizes: dict[bytes, int]
    headers: list[bytes]


# A name has less than 128 bytes here, and so has a value.
_LENGTHS = range(0x80)
_LONGEST = 3 * len(_LENGTHS)

# OpenLDAP and Samba write lengths as short as they can.
_SHORT = _Layout(
    before_name=2,
    before_value=3,
    sizes={bytes([size + 2, OCTET_STRING, size]): size for size in _LENGTHS if size + 2 < 0x80},
    headers=[bytes([SEQUENCE, size]) if size < 0x80 else b"" for size in range(_LONGEST)],
)
# Active Directory gives every SEQUENCE and SET a length of four bytes.
_LONG = _Layout(
    before_name=6,
    before_value=7,
    sizes={
        b"\x84" + (size + 2).to_bytes(4, "big") + bytes([OCTET_STRING, size]): size
        for size in _LENGTHS
    },
    headers=[bytes([SEQUENCE]) + b"\x84" + size.to_bytes(4, "big") for size in range(_LONGEST)],
)


class EntryDecoder:
    """Takes entries apart into rows.

    :param names: of the attributes in a row, in its order.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._wanted = {name.lower().encode(): column for column, name in enumerate(names)}
        # What nobody asked for is laid in a column after all others.
        self._blank: Row = [b""] * (len(names) + 1)
        # A name as it comes over the wire, with its own header before it and the SET's identifier after it.
        self._columns: dict[bytes, int] = {}

    def row(self, operation: bytes) -> Row:
        """What an entry holds of each attribute.

        :param operation: a SearchResultEntry, with the controls that go with it.
        :raises MalformedError: when it is none.
        :raises PartOfValuesError: when it holds a part of an attribute's values only.
        """
        at, end = _attributes_of(operation)
        row = self._blank.copy()
        columns = self._columns
        long = operation[at + 1 : at + 2] == b"\x84"
        before_name, before_value, sizes, headers = _LONG if long else _SHORT
        # What is shorter than this has no value; up to there a name's length can be looked at.
        while at < end - before_name - 1:
            name = at + before_name
            values = name + 3 + operation[name + 1]
            value = values + before_value
            column = columns.get(operation[name:values])
            size = sizes.get(operation[values:value])
            if column is None or size is None or operation[at:name] != headers[value + size - name]:
                at = self._read_attribute(operation, at, end, row)
            else:
                at = value + size
                row[column] = operation[value:at]
        while at < end:
            at = self._read_attribute(operation, at, end, row)
        if at != end:
            raise MalformedError("an attribute is longer than its entry")
        row.pop()
        return row

    def _read_attribute(self, operation: bytes, at: int, end: int, row: Row) -> int:
        """Read an attribute of any form into its column, and return where the next one begins."""
        at, end = content(operation, at, end, SEQUENCE)
        start, stop = content(operation, at, end, OCTET_STRING)
        column = self._column_of(operation[start:stop])
        values, values_end = content(operation, stop, end, SET)
        if values_end != end:
            raise MalformedError("an attribute is longer than its values")
        found = []
        while values < end:
            value, values = content(operation, values, end, OCTET_STRING)
            found.append(operation[value:values])
        row[column] = held(found)
        if start == at + 2 and len(self._columns) < _KNOWN_NAMES:
            self._columns[operation[at : stop + 1]] = column
        return end

    def _column_of(self, name: bytes) -> int:
        check_whole(name)
        return self._wanted.get(name.lower(), len(self._wanted))


def _attributes_of(operation: bytes) -> tuple[int, int]:
    """Where an entry's list of attributes begins and ends."""
    at, end = content(operation, 0, len(operation), SEARCH_ENTRY)
    if end < len(operation):
        _check_controls(operation, end)
    _name, at = content(operation, at, end, OCTET_STRING)
    at, stop = content(operation, at, end, SEQUENCE)
    if stop != end:
        raise MalformedError("an entry is longer than its attributes")
    return at, end


def _check_controls(operation: bytes, at: int) -> None:
    """See that what follows an operation is its controls; none that was asked for comes with an entry."""
    _start, end = content(operation, at, len(operation), CONTROLS)
    if end < len(operation):
        raise MalformedError("a message is longer than its controls")


def name_of(operation: bytes) -> bytes:
    """The distinguished name of an entry, or the first URI of a reference, to tell it from others.

    :param operation: a SearchResultEntry or SearchResultReference.
    :raises MalformedError: when it is none.
    """
    at, end = content(operation, 0, len(operation), operation[0])
    start, stop = content(operation, at, end, OCTET_STRING)
    return operation[start:stop]


def uris_of(operation: bytes) -> list[str]:
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
        uris.append(operation[start:at].decode("utf-8", "replace"))
    return uris
