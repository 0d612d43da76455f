# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rosters made of people: by the collection, and in the plainest way that there is, to compare the two."""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import Column
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.builder import (
    DEFAULT_LIMITS,
    MemoryLimits,
    Roster,
    RosterBuilder,
    Uniqueness,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.writer import (
    EmptiedCell,
    WrittenRoster,
    write_roster,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    MEMORY,
    csv_bytes,
    ids_bytes,
    mapped_page,
    parse_roster,
)

People = Iterable["Contact | LeftOut"]


@dataclass(frozen=True)
class MadeRoster:
    """A roster's two files, and what is told of it."""

    csv: bytes
    ids: bytes
    written: WrittenRoster
    dropped_by_source: Sequence[Counter[str]]

    @property
    def contacts(self) -> list[tuple[str, ...]]:
        """Identity and cells of each row."""
        return [(row.identity or "", *row.cells) for row in parse_roster(self.csv, self.ids).rows()]

    @property
    def left_out(self) -> list[LeftOut]:
        """All people left out."""
        return list(parse_roster(self.csv, self.ids).left_out())

    @property
    def emptied(self) -> list[EmptiedCell]:
        """The first emptied cells."""
        return list(self.written.emptied)


def build_roster(
    columns: Sequence[Column], sources: Sequence[People], limits: MemoryLimits = DEFAULT_LIMITS
) -> Roster:
    """The roster of sources; the people of one are all at one location."""
    people = [list(source) for source in sources]
    locations = [source[0].location if source else "" for source in people]
    builder = RosterBuilder(columns, locations, MEMORY, limits)
    for number, source in enumerate(people):
        builder.add_page(mapped_page(source), number)
    return builder.build()


def write_to_memory(roster: Roster) -> MadeRoster:
    """Write a roster to memory."""
    csv_file, ids_file = io.BytesIO(), io.BytesIO()
    made = write_roster(roster, csv_file, ids_file, io.BytesIO())
    return MadeRoster(
        csv=csv_file.getvalue(),
        ids=ids_file.getvalue(),
        written=made,
        dropped_by_source=roster.dropped_by_source,
    )


def make_roster(
    columns: Sequence[Column], people: People, limits: MemoryLimits = DEFAULT_LIMITS
) -> MadeRoster:
    """The roster of people, each location of whom is a source."""
    by_location: dict[str, list[Contact | LeftOut]] = {}
    for person in people:
        by_location.setdefault(person.location, []).append(person)
    return write_to_memory(build_roster(columns, list(by_location.values()), limits))


@dataclass(frozen=True)
class ExpectedRoster:
    """What a roster must be."""

    csv: bytes
    ids: bytes
    contacts: list[Contact]
    left_out: list[LeftOut]
    emptied: list[EmptiedCell]


def expected_roster(columns: Sequence[Column], people: People) -> ExpectedRoster:
    """Make a roster in the plainest way: with everybody in memory."""
    contacts_first = sorted(people, key=lambda person: (isinstance(person, LeftOut), person))
    first: dict[tuple[str, str], Contact | LeftOut] = {}
    for person in contacts_first:
        first.setdefault((person.location, person.identity), person)
    contacts, left_out, emptied = [], [], []
    for _location, keys in itertools.groupby(sorted(first), key=lambda key: key[0]):
        uniqueness = Uniqueness(columns)
        for key in keys:
            person = first[key]
            if isinstance(person, Contact):
                person = uniqueness.resolve(person)
            if isinstance(person, LeftOut):
                left_out.append(person)
                continue
            contacts.append(person)
            for column, cause in person.emptied:
                emptied.append(
                    EmptiedCell(
                        identity=person.identity,
                        location=person.location,
                        column=column,
                        cause=cause,
                    )
                )
    contacts.sort()
    data = csv_bytes([c.cells for c in contacts], [column.header for column in columns])
    ids = ids_bytes(data, [c.identity for c in contacts], left_out)
    return ExpectedRoster(csv=data, ids=ids, contacts=contacts, left_out=left_out, emptied=emptied)
