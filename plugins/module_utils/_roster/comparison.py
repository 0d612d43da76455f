# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Comparing two rosters row by row. Neither is held in memory, however much differs."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .._contacts.model import GLOBAL_LOCATION, LeftOut
from .._contacts.packing import pack, unpack
from .external_sort import ExternalSorter, SpillArea
from .files import RosterFile


class RosterRow(NamedTuple):
    """A contact as it stands in a roster file.

    :ivar location: text of its location cell; empty for all locations.
    :ivar cells: all its cells.
    :ivar person_key: what tells people apart: the identity, or the cells of the key columns.
    """

    location: str
    cells: tuple[str, ...]
    person_key: tuple[str, ...]


@dataclass(frozen=True)
class RowLayout:
    """How the rows of a roster are looked at.

    :ivar location_index: index of the column that holds the location; None when there is none.
    :ivar key_indexes: indexes of the key columns; None when the identities tell people apart.
    :ivar width: number of columns.
    """

    location_index: int | None
    key_indexes: tuple[int, ...] | None
    width: int

    @property
    def by_identity(self) -> bool:
        """Whether people are matched by identity; otherwise they are matched by the key columns."""
        return self.key_indexes is None

    def rows(self, roster: RosterFile) -> Iterator[RosterRow]:
        """All rows in the file's order."""
        location_index, key_indexes = self.location_index, self.key_indexes
        for cells, identity in roster.rows():
            yield RosterRow(
                "" if location_index is None else cells[location_index],
                cells,
                (identity or "",)
                if key_indexes is None
                else tuple([cells[index] for index in key_indexes]),
            )

    def presorted_rows(self, roster: RosterFile) -> Iterator[RosterRow]:
        """All rows as they stand, which is by location, cells, person in a roster that was exported.

        :raises NotSortedError: when they stand otherwise.
        """
        previous: RosterRow | None = None
        for row in self.rows(roster):
            if previous is not None and row < previous:
                raise NotSortedError
            yield row
            previous = row

    def sorted_rows(self, roster: RosterFile, spill: SpillArea) -> Iterator[RosterRow]:
        """All rows by location, cells, person, however they stand."""
        sorter = ExternalSorter(spill)
        for row in self.rows(roster):
            sorter.add(pack((row.location, *row.cells, *row.person_key)))
        for location, *fields in map(unpack, sorter):
            yield RosterRow(location, tuple(fields[: self.width]), tuple(fields[self.width :]))


def choose_layout(
    old: RosterFile | None, new: RosterFile, key: Sequence[str], location_column: str | None
) -> RowLayout:
    """Return the layout of two rosters with the same header.

    People are matched by identity if every roster has identities, otherwise by the key columns.

    :param key: titles of the key columns.
    :param location_column: title of the column that contains the location; None without one.
    """
    header = new.header
    by_identity = new.open_ids is not None and (old is None or old.open_ids is not None)
    return RowLayout(
        location_index=header.index(location_column) if location_column in header else None,
        key_indexes=None if by_identity else tuple(header.index(name) for name in key),
        width=len(header),
    )


class NotSortedError(Exception):
    """A roster is not in the order in which it would have been exported."""


class PersonDifferences(NamedTuple):
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

    def __init__(
        self, layout: RowLayout, old: RosterFile, new: RosterFile, spill: SpillArea
    ) -> None:
        self._layout = layout
        try:
            self._compare(layout.presorted_rows(old), layout.presorted_rows(new), spill)
        except NotSortedError:
            self._compare(layout.sorted_rows(old, spill), layout.sorted_rows(new, spill), spill)
        if layout.by_identity:
            for left_out in new.left_out():
                self._add(_LEFT_OUT, (left_out.identity,), left_out.location, [left_out.cause])

    def _compare(
        self, old: Iterator[RosterRow], new: Iterator[RosterRow], spill: SpillArea
    ) -> None:
        self.unchanged: Counter[str] = Counter()
        self._sorter = ExternalSorter(spill)
        for side, row in _unmatched_rows(old, new, self.unchanged):
            self._add(side, row.person_key, row.location, row.cells)

    def _add(
        self, side: str, person_key: Sequence[str], location: str, fields: Sequence[str]
    ) -> None:
        self._sorter.add(pack((*person_key, side, location, *fields)))

    def people(self) -> Iterator[PersonDifferences]:
        """Each person about whom something differs, in their order."""
        width = len(self._layout.key_indexes) if self._layout.key_indexes is not None else 1
        lines = map(unpack, self._sorter)
        for key, group in itertools.groupby(lines, key=lambda fields: fields[:width]):
            person = PersonDifferences([], [], [])
            for line in group:
                side, location, *fields = line[width:]
                if side == _LEFT_OUT:
                    person.left_out.append(LeftOut(key[0], location, fields[0]))
                else:
                    rows = person.before if side == _BEFORE else person.after
                    rows.append(RosterRow(location, tuple(fields), tuple(key)))
            yield person


def _unmatched_rows(
    old: Iterator[RosterRow], new: Iterator[RosterRow], unchanged: Counter[str]
) -> Iterator[tuple[str, RosterRow]]:
    """The rows of two sorted rosters that are not in both; the others are counted."""
    old_row, new_row = next(old, None), next(new, None)
    while old_row is not None and new_row is not None:
        if old_row[:2] == new_row[:2]:
            unchanged[new_row.location or GLOBAL_LOCATION] += 1
            old_row, new_row = next(old, None), next(new, None)
        elif old_row < new_row:
            yield _BEFORE, old_row
            old_row = next(old, None)
        else:
            yield _AFTER, new_row
            new_row = next(new, None)
    if old_row is not None:
        yield from ((_BEFORE, row) for row in itertools.chain([old_row], old))
    if new_row is not None:
        yield from ((_AFTER, row) for row in itertools.chain([new_row], new))
