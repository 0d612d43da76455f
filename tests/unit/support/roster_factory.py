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

from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    Column,
    find_broken_rule,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    SAME_VALUE,
    Contact,
    ContestedCell,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.builder import (
    DEFAULT_LIMITS,
    MemoryLimits,
    Roster,
    RosterBuilder,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import RosterFile
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
    :ivar dropped_by_source: for each source, the number of contacts by cause. Only contacts that have no row because
        other people have the same values are counted.
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
    columns: Sequence[Column],
    sources: Sequence[People],
    limits: MemoryLimits = DEFAULT_LIMITS,
    baseline: RosterFile | None = None,
) -> Roster:
    """Build a roster from sources.

    All people in a source must be at the same location.
    """
    people_by_source = [list(source) for source in sources]
    locations = [people[0].location if people else "" for people in people_by_source]
    builder = RosterBuilder(columns, locations, MEMORY, limits)
    for number, people in enumerate(people_by_source):
        builder.add_page(mapped_page(people), number)
    return builder.build(baseline=baseline)


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
    columns: Sequence[Column],
    people: People,
    limits: MemoryLimits = DEFAULT_LIMITS,
    baseline: RosterFile | None = None,
) -> RosterInMemory:
    """Build and write a roster with one source for each location."""
    by_location: dict[str, list[Contact | LeftOut]] = {}
    for person in people:
        by_location.setdefault(person.location, []).append(person)
    return write_to_memory(build_roster(columns, list(by_location.values()), limits, baseline))


@dataclass(frozen=True)
class ExpectedRoster:
    """The expected result of building and writing a roster.

    :ivar csv: content of the CSV file.
    :ivar ids: content of the identities file.
    :ivar contacts: all contacts in the order of their rows.
    :ivar left_out: all people without a row.
    :ivar emptied: all emptied cells.
    :ivar contested: all lost values.
    """

    csv: bytes
    ids: bytes
    contacts: list[Contact]
    left_out: list[LeftOut]
    emptied: list[EmptiedCell]
    contested: list[ContestedCell]


def build_expected_roster(
    columns: Sequence[Column], people: People, baseline: RosterFile | None = None
) -> ExpectedRoster:
    """Build the expected roster (reference implementation, which keeps all people in memory)."""
    contacts_first = sorted(people, key=lambda person: (isinstance(person, LeftOut), person))
    preferred: dict[tuple[str, str], Contact | LeftOut] = {}
    for person in contacts_first:
        preferred.setdefault((person.location, person.identity), person)
    contacts, left_out, emptied, contested = [], [], [], []
    for location, keys in itertools.groupby(sorted(preferred), key=lambda key: key[0]):
        claimants = []
        for key in keys:
            person = preferred[key]
            if isinstance(person, LeftOut):
                left_out.append(person)
            else:
                claimants.append(person)
        holders = allocate_values(columns, claimants, baseline)
        for contact in claimants:
            lost = {
                index: holders[index, cell.casefold()]
                for index, cell in enumerate(contact.cells)
                if holders.get((index, cell.casefold()), contact.identity) != contact.identity
            }
            person = without_cells(columns, contact, lost)
            past_rows = find_past_rows(columns, contact, baseline)
            for index, holder in lost.items():
                column = columns[index].header
                past = {row[column].casefold() for row in past_rows if column in row}
                is_new = "" not in past or contact.cells[index].casefold() in past
                contested.append(
                    ContestedCell(
                        *(contact.identity, location, column, holder),
                        has_row=isinstance(person, Contact),
                        is_new=is_new,
                    )
                )
            if isinstance(person, LeftOut):
                left_out.append(person)
                continue
            contacts.append(person)
            emptied += [
                EmptiedCell(identity=person.identity, location=location, column=column, cause=cause)
                for column, cause in person.emptied
            ]
    headers = [column.header for column in columns]
    contested.sort(
        key=lambda cell: (cell.location, headers.index(cell.column), cell.holder, cell.identity)
    )
    left_out.sort(key=lambda person: (person.location, person.identity))
    contacts.sort()
    csv = csv_bytes([contact.cells for contact in contacts], headers)
    ids = ids_bytes(csv, [contact.identity for contact in contacts], left_out, contested)
    return ExpectedRoster(
        csv=csv,
        ids=ids,
        contacts=contacts,
        left_out=left_out,
        emptied=emptied,
        contested=contested,
    )


def find_past_rows(
    columns: Sequence[Column], contact: Contact, baseline: RosterFile | None
) -> list[dict[str, str]]:
    """Return the cells by title of the rows that a person had in a baseline at the location of a contact."""
    if baseline is None:
        return []
    rows = [
        dict(zip(baseline.header, row.cells))
        for row in baseline.rows()
        if row.identity == contact.identity
    ]
    places = {
        column.header: cell
        for column, cell in zip(columns, contact.cells)
        if column.expression.is_location
    }
    return [
        row for row in rows if all(row.get(each, cell) == cell for each, cell in places.items())
    ]


def without_cells(
    columns: Sequence[Column], contact: Contact, indexes: Iterable[int]
) -> Contact | LeftOut:
    """Return a contact with emptied cells, or a left-out person if the row is then invalid."""
    cells, emptied = list(contact.cells), dict(contact.emptied)
    for index in indexes:
        cells[index] = ""
        emptied[columns[index].header] = SAME_VALUE
    cause = find_broken_rule(columns, cells, emptied)
    if cause is not None:
        return LeftOut(contact.identity, contact.location, cause)
    return contact._replace(cells=tuple(cells), emptied=tuple(emptied.items()))


Value = tuple[int, str]
"""Index of a unique column, and case-folded value."""


class ValueAllocator:
    """Assigns the values in unique columns to people (reference implementation, which keeps all people in memory).

    :param columns: columns of the roster.
    :param people: contacts of different people at one location.
    :param baseline: roster in which a value reserves the value for its holder.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        people: Iterable[Contact],
        baseline: RosterFile | None = None,
    ) -> None:
        self.columns = columns
        self.people = {person.identity: person for person in people}
        self.holders: dict[Value, str] = {}
        self.reserved: dict[Value, set[str]] = {}
        for identity, contact in self.people.items():
            past_rows = find_past_rows(columns, contact, baseline)
            for index, value in self.values(identity):
                header = columns[index].header
                if any(row.get(header, "").casefold() == value for row in past_rows):
                    self.reserved.setdefault((index, value), set()).add(identity)

    def values(self, identity: str) -> set[Value]:
        """Return the values of a person in unique columns."""
        cells = self.people[identity].cells
        return {
            (index, cell.casefold())
            for index, (column, cell) in enumerate(zip(self.columns, cells))
            if column.unique and cell
        }

    def obtainable(self, identity: str) -> set[Value]:
        """Return the values of a person that are not reserved for other people."""
        return {
            value
            for value in self.values(identity)
            if identity in self.reserved.get(value, {identity})
        }

    def has_valid_row(self, identity: str, values: set[Value]) -> bool:
        """Return whether a person's row is valid if the person holds only the given values."""
        lost = {index for index, _value in self.values(identity) - values}
        row = without_cells(self.columns, self.people[identity], lost)
        return isinstance(row, Contact)

    def held_by(self, identity: str) -> set[Value]:
        """Return the values that a person holds."""
        return {value for value, holder in self.holders.items() if holder == identity}

    def can_do_without(self, values: set[Value]) -> bool:
        """Return whether the rows of all holders remain valid if they lose these values."""
        holders = {self.holders[value] for value in values}
        return all(self.has_valid_row(each, self.held_by(each) - values) for each in holders)

    def find_row(self, identity: str) -> set[Value] | None:
        """Return the values to assign to a person, so that the person has a valid row.

        These are all of the person's values that nobody holds, and the smallest possible number of values that other
        people hold. The rows of those other people must remain valid.

        :returns: the values; None if the person cannot have a valid row.
        """
        values = self.obtainable(identity)
        held = sorted((value for value in values if value in self.holders), reverse=True)
        free = values - set(held)
        for count in range(len(held) + 1):
            for others in itertools.combinations(held, count):
                taken = free | set(others)
                if self.has_valid_row(identity, taken) and self.can_do_without(set(others)):
                    return taken
        return None

    def admit(self, identities: Iterable[str], admitted: set[str]) -> None:
        """Assign values to the people who can now have a valid row, and add these people to `admitted`."""
        for identity in identities:
            taken = None if identity in admitted else self.find_row(identity)
            if taken is not None:
                admitted.add(identity)
                self.holders.update(dict.fromkeys(taken, identity))

    def release(self) -> bool:
        """Cancel the reservations of values without a holder, and return whether there were any."""
        released = set(self.reserved) - set(self.holders)
        for value in released:
            del self.reserved[value]
        return bool(released)

    def hand_over(self, admitted: set[str]) -> bool:
        """Reassign values to people with smaller identities, if the holders can do without these values.

        The new holders must be admitted, and their contacts must contain the values. Values without a holder are also
        assigned.

        :returns: whether a holder changed.
        """
        before = dict(self.holders)
        for identity in sorted(admitted):
            for value in sorted(self.obtainable(identity)):
                holder = self.holders.get(value)
                if holder is None or (holder > identity and self.can_do_without({value})):
                    self.holders[value] = identity
        return before != self.holders


def allocate_values(
    columns: Sequence[Column], people: Iterable[Contact], baseline: RosterFile | None = None
) -> dict[Value, str]:
    """Assign the values in unique columns to people, and return the identity of the holder by value."""
    allocator = ValueAllocator(columns, people, baseline)
    claims = Counter(value for each in allocator.people for value in allocator.values(each))

    def needs_contested_value(identity: str) -> bool:
        values = allocator.values(identity)
        return any(
            claims[value] > 1 and not allocator.has_valid_row(identity, values - {value})
            for value in values
        )

    people_in_order = sorted(
        allocator.people, key=lambda each: (not needs_contested_value(each), each)
    )
    admitted: set[str] = set()
    before: dict[Value, str] | None = None
    while before != allocator.holders or allocator.release():
        before = dict(allocator.holders)
        allocator.admit(people_in_order, admitted)
        while allocator.hand_over(admitted):
            pass
    return allocator.holders
