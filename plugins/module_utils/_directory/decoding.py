# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decoding what a search gives: entries and references (RFC 4511, 4.5.2).

Nearly all attributes of people have one value of less than 128 bytes. What stands before such a value, its
name and the identifiers and lengths of all that it is in, is the same bytes in entry after entry: whoever has
read them once knows from a look into a dictionary what comes next, and that every byte was as it should be.
Everything else that BER permits is read an element at a time. Nothing is tolerated: an attribute lost is a
person's number lost.
"""

from __future__ import annotations

from collections.abc import Sequence

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

# Beginnings of attributes that are remembered: a name with each length of its values is one. People need
# hundreds, and a server that makes up more gets no more memory.
_REMEMBERED = 8192


class EntryDecoder:
    """Takes entries apart into rows.

    :param names: of the attributes in a row, in its order.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._wanted = {name.lower().encode(): column for column, name in enumerate(names)}
        # What nobody asked for is laid in a column after all others.
        self._blank: Row = [b""] * (len(names) + 1)
        # From what stands before a value to its column and its length.
        self._known: dict[bytes, tuple[int, int]] = {}

    def row(self, operation: bytes) -> Row:
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
        known = self._known
        # Where in an attribute the length of its name stands, and how long all is, but name and value.
        to_size, frame = (7, 16) if operation[at + 1 : at + 2] == b"\x84" else (3, 8)
        while at < end - to_size:
            value = at + frame + operation[at + to_size]
            found = known.get(operation[at:value])
            if found is None:
                at = self._read_attribute(operation, at, end, row)
            else:
                column, size = found
                at = value + size
                row[column] = operation[value:at]
        while at < end:
            at = self._read_attribute(operation, at, end, row)
        if at != end or last != end:
            raise MalformedError("attributes end elsewhere than their entry")
        row.pop()
        return row

    def _read_attribute(self, operation: bytes, begin: int, end: int, row: Row) -> int:
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
        # Longer values have lengths in other forms, and are too many to be remembered.
        if len(values) == 1 and len(values[0]) < 0x80 and len(self._known) < _REMEMBERED:
            self._known[operation[begin:value]] = (column, len(values[0]))
        return stop

    def _column_of(self, name: bytes) -> int:
        check_whole(name)
        return self._wanted.get(name.lower(), len(self._wanted))


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
