# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Contacts and people left out as lines, which can be sorted and set aside without being looked into.

A contact's line holds the rank of its location, its cells, the identity, what was emptied, and the number
of its source; that of somebody left out holds rank, identity and cause. Rank and source have always as many
digits, so that they can be cut off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .._contacts.model import Contact, LeftOut
from .._contacts.packing import pack, unpack

_DIGITS = RANK_BYTES = 6
"""Bytes at the beginning of a line that stand for its location."""

HEAD_BYTES = _DIGITS + len("\0")
"""Bytes before a contact's cells."""

TAIL_BYTES = len("\0") + _DIGITS + len("\n")
"""Bytes at the end of a contact's line that tell one source from another, but no contact."""

FIELDS_AFTER_CELLS = 2
"""Fields of a contact's record after its cells: the identity, and what was emptied."""

_NO_SOURCE = "-" * _DIGITS

CONTACT, LEFT_OUT = b"0", b"1"
"""What a line may be of, in the order in which one person's lines count."""


class RecordCodec:
    """Makes lines and reads them.

    :param locations: all that people may be at.
    """

    def __init__(self, locations: Iterable[str]) -> None:
        self._locations = sorted(set(locations))
        self._ranks = {
            location: _format_number(rank) for rank, location in enumerate(self._locations)
        }

    def head_and_tail(self, location: str, source: int | None) -> tuple[bytes, bytes]:
        """What comes before and after the record of a contact in its line, HEAD and TAIL bytes.

        :param source: number of the source; None when the contact has been settled.
        """
        number = _NO_SOURCE if source is None else _format_number(source)
        return f"{self._ranks[location]}\0".encode(), f"\0{number}\n".encode()

    def encode_resolved(self, contact: Contact) -> bytes:
        """The line of a contact that has been settled."""
        head, tail = self.head_and_tail(contact.location, None)
        return head + contact.record + tail

    def encode_left_out(self, person: LeftOut) -> bytes:
        """The line of somebody left out."""
        return pack((self._ranks[person.location], person.identity, person.cause))

    def decode_location(self, line: bytes) -> str:
        """The location of a line of either kind."""
        return self._locations[int(line[:_DIGITS])]

    def decode_contact(self, line: bytes) -> Contact:
        """The contact of a line."""
        _rank, *cells, identity, emptied, _source = unpack(line)
        emptied_cells = tuple(map(tuple, json.loads(emptied))) if emptied else ()
        return Contact(self.decode_location(line), tuple(cells), identity, emptied_cells)

    def decode_left_out(self, line: bytes) -> LeftOut:
        """The person left out of a line."""
        _rank, identity, cause = unpack(line)
        return LeftOut(identity, self.decode_location(line), cause)


def _format_number(number: int) -> str:
    return format(number, f"0{_DIGITS}d")


def decode_source(line: bytes) -> int:
    """Number of the source of a contact's line."""
    return int(line.rpartition(b"\0")[2])


class LineParts(NamedTuple):
    """What contacts' lines hold.

    :ivar cells: of each line, packed.
    :ivar identities: of each line, packed.
    :ivar emptied: the lines of those of whom something was emptied.
    """

    cells: Sequence[bytes]
    identities: Sequence[bytes]
    emptied: Sequence[bytes]


_UUID_BYTES = len("00000000-0000-0000-0000-000000000000")
_USUAL_END_BYTES = len("\0") + _UUID_BYTES + len("\0") + TAIL_BYTES
"""Bytes after the cells when the identity is a UUID and nothing was emptied, as is so of nearly all."""

_USUAL_ENDS = re.compile(rb"(?:\0[0-9a-f-]{%d}\0\0)*" % _UUID_BYTES)


def split_lines(lines: Sequence[bytes]) -> LineParts:
    """Take contacts' lines apart."""
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


def encode_candidate(line: bytes, kind: bytes) -> bytes:
    """A line that comes in the order of location and identity, and of one person's contacts come first.

    Its fields are rank, identity, kind, and the line.

    :param kind: CONTACT or LEFT_OUT.
    """
    # Two fields follow the identity of a contact, and one that of somebody left out, who has no cells.
    identity = line.rsplit(b"\0", 3)[1]
    return b"\0".join((line[:_DIGITS], identity, kind, line))


class Candidate(NamedTuple):
    """What was found about somebody who is to be settled.

    :ivar rank: rank of the location.
    """

    rank: bytes
    identity: bytes
    is_contact: bool
    line: bytes


def decode_candidate(encoded: bytes) -> Candidate:
    """Reverse `encode_candidate`."""
    rank, identity, kind, line = encoded.split(b"\0", 3)
    return Candidate(rank, identity, kind == CONTACT, line)
