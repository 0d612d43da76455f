# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helpers that build and write rosters, and a simple reference implementation for comparison."""

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
    UniqueColumns,
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
class RosterInMemory:
    """A roster that was written to memory.

    :ivar csv: content of the CSV file.
    :ivar ids: content of the identities file.
    :ivar written: result of writing the roster.
    :ivar dropped_by_source: for each source, the number of contacts without a row, by cause.
    """

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
        """All people without a row."""
        return list(parse_roster(self.csv, self.ids).left_out())

    @property
    def emptied(self) -> list[EmptiedCell]:
        """The first emptied cells."""
        return list(self.written.emptied)


def build_roster(
    columns: Sequence[Column], sources: Sequence[People], limits: MemoryLimits = DEFAULT_LIMITS
) -> Roster:
    """Build a roster from sources.

    All people in a source must be at the same location.
    """
    people_by_source = [list(source) for source in sources]
    locations = [people[0].location if people else "" for people in people_by_source]
    builder = RosterBuilder(columns, locations, MEMORY, limits)
    for number, people in enumerate(people_by_source):
        builder.add_page(mapped_page(people), number)
    return builder.build()


def write_to_memory(roster: Roster) -> RosterInMemory:
    """Write a roster to memory."""
    csv_file, ids_file = io.BytesIO(), io.BytesIO()
    written = write_roster(roster, csv_file, ids_file, io.BytesIO())
    return RosterInMemory(
        csv=csv_file.getvalue(),
        ids=ids_file.getvalue(),
        written=written,
        dropped_by_source=roster.dropped_by_source,
    )


def make_roster(
    columns: Sequence[Column], people: People, limits: MemoryLimits = DEFAULT_LIMITS
) -> RosterInMemory:
    """Build and write a roster with one source for each location."""
    by_location: dict[str, list[Contact | LeftOut]] = {}
    for person in people:
        by_location.setdefault(person.location, []).append(person)
    return write_to_memory(build_roster(columns, list(by_location.values()), limits))


@dataclass(frozen=True)
class ExpectedRoster:
    """The expected result of building and writing a roster.

    :ivar csv: content of the CSV file.
    :ivar ids: content of the identities file.
    :ivar contacts: all contacts in the order of their rows.
    :ivar left_out: all people without a row.
    :ivar emptied: all emptied cells.
    """

    csv: bytes
    ids: bytes
    contacts: list[Contact]
    left_out: list[LeftOut]
    emptied: list[EmptiedCell]


def build_expected_roster(columns: Sequence[Column], people: People) -> ExpectedRoster:
    """Build the expected roster with all people in memory (reference implementation)."""
    contacts_first = sorted(people, key=lambda person: (isinstance(person, LeftOut), person))
    preferred: dict[tuple[str, str], Contact | LeftOut] = {}
    for person in contacts_first:
        preferred.setdefault((person.location, person.identity), person)
    contacts, left_out, emptied = [], [], []
    for _location, keys in itertools.groupby(sorted(preferred), key=lambda key: key[0]):
        unique_columns = UniqueColumns(columns)
        for key in keys:
            person = preferred[key]
            if isinstance(person, Contact):
                person = unique_columns.resolve(person)
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
    csv = csv_bytes([contact.cells for contact in contacts], [column.header for column in columns])
    ids = ids_bytes(csv, [contact.identity for contact in contacts], left_out)
    return ExpectedRoster(csv=csv, ids=ids, contacts=contacts, left_out=left_out, emptied=emptied)
