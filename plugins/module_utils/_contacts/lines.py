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
from collections.abc import Iterable

from .contact import Contact, LeftOut
from .runs import pack, unpack

_DIGITS = RANK = 6
"""Bytes at the beginning of a line that stand for its location."""

HEAD = _DIGITS + len("\0")
"""Bytes before a contact's cells."""

TAIL = len("\0") + _DIGITS + len("\n")
"""Bytes at the end of a contact's line that tell one source from another, but no contact."""

_SETTLED = "-" * _DIGITS

CONTACT, LEFT_OUT = b"0", b"1"
"""What a line may be of, in the order in which one person's lines count."""


class Lines:
    """Makes lines and reads them.

    :param locations: all that people may be at.
    :param sources: number of sources.
    """

    def __init__(self, locations: Iterable[str], sources: int) -> None:
        self._locations = sorted(set(locations))
        self._ranks = {location: _number(rank) for rank, location in enumerate(self._locations)}
        self._sources = [_number(source) for source in range(sources)]

    def of_contact(self, contact: Contact, source: int | None) -> bytes:
        """The line of a contact.

        :param source: number of the source; None when the contact has been settled.
        """
        location, cells, identity, emptied = contact
        lost = json.dumps(emptied) if emptied else ""
        number = _SETTLED if source is None else self._sources[source]
        return pack((self._ranks[location], *cells, identity, lost, number))

    def of_left_out(self, person: LeftOut) -> bytes:
        """The line of somebody left out."""
        return pack((self._ranks[person.location], person.identity, person.cause))

    def location(self, line: bytes) -> str:
        """The location of a line of either kind."""
        return self._locations[int(line[:_DIGITS])]

    def contact(self, line: bytes) -> Contact:
        """The contact of a line."""
        _rank, *cells, identity, emptied, _source = unpack(line)
        lost = tuple(map(tuple, json.loads(emptied))) if emptied else ()
        return Contact(self.location(line), tuple(cells), identity, lost)

    def left_out(self, line: bytes) -> LeftOut:
        """The person left out of a line."""
        _rank, identity, cause = unpack(line)
        return LeftOut(identity, self.location(line), cause)


def _number(number: int) -> str:
    return format(number, f"0{_DIGITS}d")


def source_of(line: bytes) -> int:
    """Number of the source of a contact's line."""
    return int(line.rpartition(b"\0")[2])


def by_identity(line: bytes, kind: bytes) -> bytes:
    """A line that comes in the order of location and identity, and of one person's contacts come first.

    Its fields are rank, identity, kind, and the line.

    :param kind: CONTACT or LEFT_OUT.
    """
    # Two fields follow the identity of a contact, and one that of somebody left out, who has no cells.
    identity = line.rsplit(b"\0", 3)[1]
    return b"\0".join((line[:_DIGITS], identity, kind, line))
