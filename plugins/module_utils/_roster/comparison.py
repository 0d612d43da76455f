# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare two rosters row by row, without keeping either roster in memory."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .._contacts.model import GLOBAL_LOCATION, LeftOut
from .._contacts.packing import pack, unpack
from .external_sort import ExternalSorter, SpillArea
from .files import FileRow, RosterFile


class RosterRow(NamedTuple):
    """A row of a roster file.

    :ivar location: value of the location column; empty for all locations.
    :ivar cells: values of all columns.
    :ivar person_key: key that identifies the person: the identity, or the values of the key columns.
    """

    location: str
    cells: tuple[str, ...]
    person_key: tuple[str, ...]


class NotSortedError(Exception):
    """The rows of a roster are not sorted by location, cells and person key."""


@dataclass(frozen=True)
class RowLayout:
    """Positions of the location and the person key in the rows of a roster.

    :ivar location_index: index of the location column; None if there is none.
    :ivar key_indexes: indexes of the key columns; None if people are matched by identity.
    :ivar width: number of columns.
    """

    location_index: int | None
    key_indexes: tuple[int, ...] | None
    width: int

    @property
    def by_identity(self) -> bool:
        """Whether people are matched by identity instead of the key columns."""
        return self.key_indexes is None

    def rows(self, roster: RosterFile) -> Iterator[RosterRow]:
        """Yield all rows in the order of the file."""
        return self._parse(roster.rows())

    def align(self, roster: RosterFile, header: Sequence[str]) -> Iterator[RosterRow]:
        """Yield all rows of a roster that may have other columns, with the columns of this layout.

        :param header: titles of the columns of this layout.
        """
        return self._parse(roster.aligned_rows(header))

    def _parse(self, rows: Iterator[FileRow]) -> Iterator[RosterRow]:
        location_index, key_indexes = self.location_index, self.key_indexes
        for cells, identity in rows:
            yield RosterRow(
                "" if location_index is None else cells[location_index],
                cells,
                (identity or "",)
                if key_indexes is None
                else tuple([cells[index] for index in key_indexes]),
            )

    def presorted_rows(self, roster: RosterFile) -> Iterator[RosterRow]:
        """Yield all rows of a roster that is already sorted like an exported roster.

        :raises NotSortedError: if the rows are not sorted by location, cells and person key.
        """
        previous: RosterRow | None = None
        for row in self.rows(roster):
            if previous is not None and row < previous:
                raise NotSortedError
            yield row
            previous = row

    def sorted_rows(self, roster: RosterFile, spill: SpillArea) -> Iterator[RosterRow]:
        """Sort all rows by location, cells and person key, and yield them."""
        sorter = ExternalSorter(spill)
        for row in self.rows(roster):
            sorter.add(pack((row.location, *row.cells, *row.person_key)))
        for location, *fields in map(unpack, sorter):
            yield RosterRow(location, tuple(fields[: self.width]), tuple(fields[self.width :]))


def choose_layout(
    old: RosterFile | None, new: RosterFile, key: Sequence[str], location_column: str | None
) -> RowLayout:
    """Return the common layout of two rosters with the same header.

    People are matched by identity if both rosters have identities, otherwise by the key columns.

    :param old: old roster; None if there is none.
    :param new: new roster.
    :param key: titles of the key columns.
    :param location_column: title of the location column; None if there is none.
    """
    header = new.header
    by_identity = new.open_ids is not None and (old is None or old.open_ids is not None)
    return RowLayout(
        location_index=header.index(location_column) if location_column in header else None,
        key_indexes=None if by_identity else tuple(header.index(name) for name in key),
        width=len(header),
    )


class PersonDifferences(NamedTuple):
    """Differences between two rosters for one person.

    :ivar before: rows that only the old roster contains, sorted by location and cells.
    :ivar after: rows that only the new roster contains, sorted by location and cells.
    :ivar left_out: `LeftOut` objects of the new roster for this person; empty if people are matched by the key columns.
    """

    before: list[RosterRow]
    after: list[RosterRow]
    left_out: list[LeftOut]


# Kinds of lines in the sorter of the differences: one for each field of `PersonDifferences`.
_BEFORE, _AFTER, _LEFT_OUT = "0", "1", "2"


class Differences:
    """All differences between two rosters.

    Rows with equal cells are unchanged, even if they belong to different people. If one roster contains more copies of
    a row than the other, only the surplus copies (the last ones) differ.

    :param layout: common layout of both rosters.
    :param spill: spill area for rows that do not fit in memory.
    :ivar unchanged: number of rows that both rosters contain, by location.
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
        for kind, row in _unmatched_rows(old, new, self.unchanged):
            self._add(kind, row.person_key, row.location, row.cells)

    def _add(
        self, kind: str, person_key: Sequence[str], location: str, fields: Sequence[str]
    ) -> None:
        self._sorter.add(pack((*person_key, kind, location, *fields)))

    def people(self) -> Iterator[PersonDifferences]:
        """Yield the differences of each person, in the order of the person keys."""
        width = len(self._layout.key_indexes) if self._layout.key_indexes is not None else 1
        lines = map(unpack, self._sorter)
        for key, group in itertools.groupby(lines, key=lambda fields: fields[:width]):
            person = PersonDifferences([], [], [])
            for line in group:
                kind, location, *fields = line[width:]
                if kind == _LEFT_OUT:
                    person.left_out.append(LeftOut(key[0], location, fields[0]))
                else:
                    rows = person.before if kind == _BEFORE else person.after
                    rows.append(RosterRow(location, tuple(fields), tuple(key)))
            yield person


def _unmatched_rows(
    old: Iterator[RosterRow], new: Iterator[RosterRow], unchanged: Counter[str]
) -> Iterator[tuple[str, RosterRow]]:
    """Yield the rows that only one of two sorted rosters contains, and count the rows that both contain."""
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
