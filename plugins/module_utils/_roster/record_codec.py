# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Encode contacts and left-out people as lines that can be sorted and spilled without decoding them.

The line of a contact contains the rank of its location, its record (cells, identity and emptied cells) and
the number of its source. The line of a left-out person contains the rank of the location, the identity and
the cause. Ranks and source numbers have a fixed width, so that they can be removed without decoding the line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .._contacts.model import Contact, LeftOut
from .._contacts.packing import pack, unpack

_DIGITS = 6
"""Number of digits of ranks and source numbers."""

RANK_BYTES = _DIGITS
"""Length of the rank at the start of every line, in bytes."""

HEAD_BYTES = RANK_BYTES + len("\0")
"""Length of the part of a contact's line before its record, in bytes."""

TAIL_BYTES = len("\0") + _DIGITS + len("\n")
"""Length of the part of a contact's line after its record, in bytes. This part does not depend on the contact."""

FIELDS_AFTER_CELLS = 2
"""Number of fields in a contact's record after the cells: the identity and the emptied cells."""

_NO_SOURCE = "-" * _DIGITS

CONTACT, LEFT_OUT = b"0", b"1"
"""Kinds of candidates. Among one person's candidates, contacts sort first."""


class RecordCodec:
    """A codec that encodes contacts and left-out people as lines, and decodes them.

    :param locations: all possible locations.
    """

    def __init__(self, locations: Iterable[str]) -> None:
        self._locations = sorted(set(locations))
        self._ranks = {
            location: _format_number(rank) for rank, location in enumerate(self._locations)
        }

    def head_and_tail(self, location: str, source: int | None) -> tuple[bytes, bytes]:
        """Return the parts of a contact's line before and after its record.

        :param source: number of the source; None for a contact whose duplicate values were resolved.
        """
        number = _NO_SOURCE if source is None else _format_number(source)
        return f"{self._ranks[location]}\0".encode(), f"\0{number}\n".encode()

    def encode_resolved(self, contact: Contact) -> bytes:
        """Encode a contact whose duplicate values were resolved."""
        head, tail = self.head_and_tail(contact.location, None)
        return head + contact.record + tail

    def encode_left_out(self, person: LeftOut) -> bytes:
        """Encode a left-out person."""
        return pack((self._ranks[person.location], person.identity, person.cause))

    def decode_location(self, line: bytes) -> str:
        """Decode the location in the line of a contact or a left-out person.

        :param line: complete line, or only its rank.
        """
        return self._locations[int(line[:_DIGITS])]

    def decode_contact(self, line: bytes) -> Contact:
        """Decode the line of a contact."""
        _rank, *cells, identity, emptied, _source = unpack(line)
        emptied_cells = tuple(map(tuple, json.loads(emptied))) if emptied else ()
        return Contact(self.decode_location(line), tuple(cells), identity, emptied_cells)

    def decode_left_out(self, line: bytes) -> LeftOut:
        """Decode the line of a left-out person."""
        _rank, identity, cause = unpack(line)
        return LeftOut(identity, self.decode_location(line), cause)


def _format_number(number: int) -> str:
    return format(number, f"0{_DIGITS}d")


def decode_source(line: bytes) -> int:
    """Return the number of the source from the line of a contact."""
    return int(line.rpartition(b"\0")[2])


class LineParts(NamedTuple):
    """Parts of the lines of several contacts.

    :ivar cells: packed cells of each contact.
    :ivar identities: packed identity of each contact.
    :ivar emptied: complete lines of the contacts with emptied cells.
    """

    cells: Sequence[bytes]
    identities: Sequence[bytes]
    emptied: Sequence[bytes]


_UUID_BYTES = len("00000000-0000-0000-0000-000000000000")
_USUAL_END_BYTES = len("\0") + _UUID_BYTES + len("\0") + TAIL_BYTES
"""Length of the part of a line after the cells in the usual case: the identity is a UUID, and no cell was emptied."""

_USUAL_ENDS = re.compile(rb"(?:\0[0-9a-f-]{%d}\0\0)*" % _UUID_BYTES)


def split_lines(lines: Sequence[bytes]) -> LineParts:
    """Split the lines of contacts into cells and identities, and find the lines with emptied cells."""
    ends = b"".join([line[-_USUAL_END_BYTES : 1 - TAIL_BYTES] for line in lines])
    if _USUAL_ENDS.fullmatch(ends):
        return LineParts(
            [line[HEAD_BYTES:-_USUAL_END_BYTES] for line in lines], ends[1:-2].split(b"\0\0\0"), ()
        )
    rows = [line[HEAD_BYTES:].rsplit(b"\0", 3) for line in lines]
    return LineParts(
        [row[0] for row in rows],
        [row[1] for row in rows],
        [line for line, row in zip(lines, rows) if row[2]],
    )


class Candidate(NamedTuple):
    """A contact or left-out person that might have the same value or identity as another.

    :ivar rank: rank of the location.
    :ivar identity: packed identity.
    :ivar is_contact: whether the line is that of a contact.
    :ivar line: the complete line.
    """

    rank: bytes
    identity: bytes
    is_contact: bool
    line: bytes


def encode_candidate(line: bytes, kind: bytes) -> bytes:
    """Prefix a line so that candidates sort by location, identity and kind.

    :param kind: CONTACT or LEFT_OUT.
    """
    # The identity is the third field from the end of a contact's line, and the second of three fields in the line of a
    # left-out person.
    identity = line.rsplit(b"\0", 3)[1]
    return b"\0".join((line[:_DIGITS], identity, kind, line))


def decode_candidate(encoded: bytes) -> Candidate:
    """Decode a line that was prefixed by `encode_candidate`."""
    rank, identity, kind, line = encoded.split(b"\0", 3)
    return Candidate(rank, identity, kind == CONTACT, line)
