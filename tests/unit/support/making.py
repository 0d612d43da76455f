# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rosters made of people: by the collection, and in the plainest way that there is, to compare the two."""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import Column
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.builder import (
    DEFAULT_SIZES,
    Roster,
    RosterBuilder,
    Sizes,
    Uniqueness,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.writer import (
    Emptied,
    Written,
    write_roster,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    MEMORY,
    csv_bytes,
    found,
    ids_bytes,
    roster_of,
)

SourceReader = Iterable["Contact | LeftOut"]


class Made(NamedTuple):
    """A roster's two files, and what is told of it."""

    csv: bytes
    ids: bytes
    written: Written
    lost: Sequence[Counter[str]]

    @property
    def contacts(self) -> list[tuple[str, ...]]:
        """Identity and cells of each row."""
        return [(row.identity or "", *row.cells) for row in roster_of(self.csv, self.ids).rows()]

    @property
    def left_out(self) -> list[LeftOut]:
        """All people left out."""
        return list(roster_of(self.csv, self.ids).left_out())

    @property
    def emptied(self) -> list[Emptied]:
        """The first emptied cells."""
        return list(self.written.emptied)


def gathered(
    columns: Sequence[Column], sources: Sequence[SourceReader], sizes: Sizes = DEFAULT_SIZES
) -> Roster:
    """The roster of sources; the people of one are all at one location."""
    people = [list(source) for source in sources]
    locations = [source[0].location if source else "" for source in people]
    gathering = RosterBuilder(columns, locations, MEMORY, sizes)
    for number, source in enumerate(people):
        gathering.add_all(found(source), number)
    return gathering.build()


def written(roster: Roster) -> Made:
    """Write a roster to memory."""
    csv_file, ids_file = io.BytesIO(), io.BytesIO()
    made = write_roster(roster, csv_file, ids_file, io.BytesIO())
    return Made(csv_file.getvalue(), ids_file.getvalue(), made, roster.dropped_by_source)


def make(columns: Sequence[Column], people: SourceReader, sizes: Sizes = DEFAULT_SIZES) -> Made:
    """The roster of people, each location of whom is a source."""
    by_location: dict[str, list[Contact | LeftOut]] = {}
    for person in people:
        by_location.setdefault(person.location, []).append(person)
    return written(gathered(columns, list(by_location.values()), sizes))


class Plain(NamedTuple):
    """What a roster must be."""

    csv: bytes
    ids: bytes
    contacts: list[Contact]
    left_out: list[LeftOut]
    emptied: list[Emptied]


def plain_roster(columns: Sequence[Column], people: SourceReader) -> Plain:
    """Make a roster in the plainest way: with everybody in memory."""
    contacts_first = sorted(people, key=lambda person: (isinstance(person, LeftOut), person))
    first: dict[tuple[str, str], Contact | LeftOut] = {}
    for person in contacts_first:
        first.setdefault((person.location, person.identity), person)
    contacts, left_out, emptied = [], [], []
    for _location, keys in itertools.groupby(sorted(first), key=lambda key: key[0]):
        unique = Uniqueness(columns)
        for key in keys:
            person = first[key]
            if isinstance(person, Contact):
                person = unique.settle(person)
            if isinstance(person, LeftOut):
                left_out.append(person)
                continue
            contacts.append(person)
            for column, cause in person.emptied:
                emptied.append(Emptied(person.identity, person.location, column, cause))
    contacts.sort()
    data = csv_bytes([c.cells for c in contacts], [column.header for column in columns])
    ids = ids_bytes(data, [c.identity for c in contacts], left_out)
    return Plain(data, ids, contacts, left_out, emptied)
