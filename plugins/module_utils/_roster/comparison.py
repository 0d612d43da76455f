# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Comparing two rosters row by row. Neither is held in memory, however much differs."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .._contacts.model import GLOBAL_LOCATION, LeftOut
from .._contacts.packing import pack, unpack
from .external_sort import ExternalSorter, SpillArea
from .files import RosterFile


class RosterRow(NamedTuple):
    """A contact as it stands in a roster file.

    :ivar location: text of its location cell; empty for all locations.
    :ivar cells: all its cells.
    :ivar person: what tells people apart: the identity, or the cells of the key columns.
    """

    location: str
    cells: tuple[str, ...]
    person: tuple[str, ...]


class View(NamedTuple):
    """How the rows of a roster are looked at.

    :ivar place: index of the column that holds the location; None when there is none.
    :ivar keys: indexes of the key columns; None when the identities tell people apart.
    :ivar width: number of columns.
    """

    place: int | None
    keys: tuple[int, ...] | None
    width: int

    def rows(self, roster: RosterFile) -> Iterator[RosterRow]:
        """All rows in the file's order."""
        place, keys = self.place, self.keys
        for cells, identity in roster.rows():
            yield RosterRow(
                "" if place is None else cells[place],
                cells,
                (identity or "",) if keys is None else tuple([cells[index] for index in keys]),
            )

    def rows_in_order(self, roster: RosterFile) -> Iterator[RosterRow]:
        """All rows as they stand, which is by location, cells, person in a roster that was exported.

        :raises NotInOrderError: when they stand otherwise.
        """
        before: RosterRow | None = None
        for row in self.rows(roster):
            if before is not None and row < before:
                raise NotInOrderError
            yield row
            before = row

    def sorted_rows(self, roster: RosterFile, scratch: SpillArea) -> Iterator[RosterRow]:
        """All rows by location, cells, person, however they stand."""
        runs = ExternalSorter(scratch)
        for row in self.rows(roster):
            runs.add(pack((row.location, *row.cells, *row.person)))
        for location, *fields in map(unpack, runs):
            yield RosterRow(location, tuple(fields[: self.width]), tuple(fields[self.width :]))


class NotInOrderError(Exception):
    """A roster is not in the order in which it would have been exported."""


class Person(NamedTuple):
    """What differs about one person.

    :ivar before: rows of the old roster, by location and cells.
    :ivar after: rows of the new one.
    :ivar left_out: where the new roster has no row for the person, and why.
    """

    before: list[RosterRow]
    after: list[RosterRow]
    left_out: list[LeftOut]


# What a line about a person is. In this order they come, and as fields of a `Person` they are found.
_BEFORE, _AFTER, _LEFT_OUT = "0", "1", "2"


class Differences:
    """What differs between two rosters, person by person.

    Rows that are equal to the letter differ in nothing, whoever it is. Of several equal rows in one
    roster and fewer in the other it is the last that differ.

    :ivar unchanged: number of rows that are in both, by location.
    """

    def __init__(self, view: View, old: RosterFile, new: RosterFile, scratch: SpillArea) -> None:
        self._view = view
        try:
            self._compare(view.rows_in_order(old), view.rows_in_order(new), scratch)
        except NotInOrderError:
            self._compare(view.sorted_rows(old, scratch), view.sorted_rows(new, scratch), scratch)
        if view.keys is None:
            for left_out in new.left_out():
                self._add(_LEFT_OUT, (left_out.identity,), left_out.location, [left_out.cause])

    def _compare(
        self, old: Iterator[RosterRow], new: Iterator[RosterRow], scratch: SpillArea
    ) -> None:
        self.unchanged: Counter[str] = Counter()
        self._lines = ExternalSorter(scratch)
        for side, row in _unmatched(old, new, self.unchanged):
            self._add(side, row.person, row.location, row.cells)

    def _add(self, side: str, person: Sequence[str], location: str, fields: Sequence[str]) -> None:
        self._lines.add(pack((*person, side, location, *fields)))

    def people(self) -> Iterator[Person]:
        """Each person about whom something differs, in their order."""
        width = len(self._view.keys) if self._view.keys is not None else 1
        records = map(unpack, self._lines)
        for key, group in itertools.groupby(records, key=lambda fields: fields[:width]):
            person = Person([], [], [])
            for record in group:
                side, location, *fields = record[width:]
                if side == _LEFT_OUT:
                    person.left_out.append(LeftOut(key[0], location, fields[0]))
                else:
                    rows = person.before if side == _BEFORE else person.after
                    rows.append(RosterRow(location, tuple(fields), tuple(key)))
            yield person


def _unmatched(
    old: Iterator[RosterRow], new: Iterator[RosterRow], unchanged: Counter[str]
) -> Iterator[tuple[str, RosterRow]]:
    """The rows of two sorted rosters that are not in both; the others are counted."""
    before, after = next(old, None), next(new, None)
    while before is not None and after is not None:
        if before[:2] == after[:2]:
            unchanged[after.location or GLOBAL_LOCATION] += 1
            before, after = next(old, None), next(new, None)
        elif before < after:
            yield _BEFORE, before
            before = next(old, None)
        else:
            yield _AFTER, after
            after = next(new, None)
    if before is not None:
        yield from ((_BEFORE, row) for row in itertools.chain([before], old))
    if after is not None:
        yield from ((_AFTER, row) for row in itertools.chain([after], new))
