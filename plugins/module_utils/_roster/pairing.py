# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pair the rows of two rosters, without keeping either roster in memory.

The rows of the same person are paired first: equal rows, then rows at the same location, then the other rows. A row
that is left is paired with an equal row of another person, because all people have new identities after a migration to
another domain. A row without a key is only paired in this way.
"""

from __future__ import annotations

import itertools
import operator
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple

from .._contacts.model import LeftOut
from .._contacts.packing import pack, unpack
from .comparison import ComparedSide, ComparedSides, RosterRow
from .equal_lines import LinesError, skip_equal_lines
from .external_sort import ExternalSorter, SpillArea, discard_on_error
from .files import RosterFile


class RowPair(NamedTuple):
    """Two rows of the same contact, or a row that has no counterpart.

    :ivar before: row in the old roster; None if there is none.
    :ivar after: row in the new roster; None if there is none.
    :ivar left_out: `LeftOut` object with the cause of the removal; None if there is none.
    """

    before: RosterRow | None
    after: RosterRow | None
    left_out: LeftOut | None = None


class RowPairs:
    """All pairs of rows of two rosters, except pairs of equal rows that the fast path skips.

    :param sides: columns by which the rosters are compared.
    :param old: old roster.
    :param new: new roster.
    :param spill: spill area for rows that do not fit in memory.
    :ivar old_by_location: number of all rows of the old roster by location.
    :ivar new_by_location: number of all rows of the new roster by location.
    :ivar filled: for each column that only one of the rosters has, number of that roster's rows with a value in it, by
        title; empty if the headers are the same.
    """

    def __init__(
        self, sides: ComparedSides, old: RosterFile, new: RosterFile, spill: SpillArea
    ) -> None:
        self._sides = sides
        self.filled: Counter[str] = Counter()
        if old.header != new.header or not self._read_lines(old, new, spill):
            self._start(spill)
            self.old_by_location = self._read_rows(sides.old, old, self._people.add_old)
            self.new_by_location = self._read_rows(sides.new, new, self._people.add_new)
        if sides.by_identity:
            for left_out in new.left_out():
                self._people.add_left_out(left_out)

    def _start(self, spill: SpillArea) -> None:
        self._unpaired = _UnpairedRows(self._sides, spill)
        self._people = _PeopleSorter(self._sides.key_width, self._unpaired, spill)

    def _read_lines(self, old: RosterFile, new: RosterFile, spill: SpillArea) -> bool:
        """Read all rows by the fast path, and return whether this was possible."""
        try:
            with discard_on_error(spill) as nested_spill:
                self._start(nested_spill)
                add = self._people.add_old, self._people.add_new
                counts = skip_equal_lines(self._sides.new.layout, (old, new), add)
        except LinesError:
            return False
        self.old_by_location, self.new_by_location = counts
        return True

    def _read_rows(
        self, side: ComparedSide, roster: RosterFile, add: Callable[[RosterRow], None]
    ) -> Counter[str]:
        by_location: Counter[str] = Counter()
        for row in side.layout.rows(roster):
            by_location[row.location] += 1
            for title, index in side.other:
                self.filled[title] += bool(row.cells[index])
            add(row)
        return by_location

    def __iter__(self) -> Iterator[RowPair]:
        """Yield the pairs, those of the same person first.

        This is possible only once.
        """
        for person in self._people.people():
            yield from _pair_person(self._sides, person, self._unpaired)
        yield from self._unpaired.pairs()


class _Person(NamedTuple):
    """The rows of a person, except pairs of equal rows that the fast path skipped.

    :ivar before: rows of the old roster, sorted by location and cells.
    :ivar after: rows of the new roster, sorted by location and cells.
    :ivar left_out: `LeftOut` objects of the new roster for this person; empty if people are matched by the key columns.
    """

    before: list[RosterRow]
    after: list[RosterRow]
    left_out: list[LeftOut]


# Kinds of lines in the sorter: one for each field of `_Person`.
_BEFORE, _AFTER, _LEFT_OUT = "0", "1", "2"


class _PeopleSorter:
    """Groups rows by person.

    :param key_width: number of fields of a person key.
    :param unpaired: receives the rows of people whose key is empty.
    :param spill: spill area for rows that do not fit in memory.
    """

    def __init__(self, key_width: int, unpaired: _UnpairedRows, spill: SpillArea) -> None:
        self._key_width = key_width
        self._unpaired = unpaired
        self._sorter = ExternalSorter(spill)

    def add_old(self, row: RosterRow) -> None:
        """Add a row of the old roster."""
        self._add(_BEFORE, row)

    def add_new(self, row: RosterRow) -> None:
        """Add a row of the new roster."""
        self._add(_AFTER, row)

    def _add(self, kind: str, row: RosterRow) -> None:
        if any(row.person_key):
            self._sorter.add(pack((*row.person_key, kind, row.location, *row.cells)))
        elif kind == _BEFORE:
            self._unpaired.add_old(row, None)
        else:
            self._unpaired.add_new(row)

    def add_left_out(self, person: LeftOut) -> None:
        """Add a left-out person of the new roster."""
        self._sorter.add(pack((person.identity, _LEFT_OUT, person.location, person.cause)))

    def people(self) -> Iterator[_Person]:
        """Yield the rows of each person, in the order of the person keys."""
        width = self._key_width
        lines = map(unpack, self._sorter)
        for key, group in itertools.groupby(lines, key=lambda fields: fields[:width]):
            person = _Person([], [], [])
            for line in group:
                kind, location, *fields = line[width:]
                if kind == _LEFT_OUT:
                    person.left_out.append(LeftOut(key[0], location, fields[0]))
                else:
                    rows = person.before if kind == _BEFORE else person.after
                    rows.append(RosterRow(location, tuple(fields), tuple(key)))
            yield person


def _pair_person(
    sides: ComparedSides, person: _Person, unpaired: _UnpairedRows
) -> Iterator[RowPair]:
    """Yield the pairs of rows of a person, and pass on the rows that are left."""
    before, after = person.before, person.after
    location = operator.attrgetter("location")
    for old_value, new_value in (
        (sides.old.compare_key, sides.new.compare_key),
        (location, location),
    ):
        if before and after:
            pairs, before, after = _pair_by(old_value, new_value, before, after)
            yield from pairs
    moves = min(len(before), len(after))
    yield from map(RowPair, before[:moves], after[:moves])
    for row in before[moves:]:
        unpaired.add_old(row, _choose_left_out(row, person.left_out))
    for row in after[moves:]:
        unpaired.add_new(row)


def _pair_by(
    old_value: Callable[[RosterRow], Hashable],
    new_value: Callable[[RosterRow], Hashable],
    before: Sequence[RosterRow],
    after: Sequence[RosterRow],
) -> tuple[list[RowPair], list[RosterRow], list[RosterRow]]:
    """Pair rows with equal values, in their order.

    :returns: the pairs, and the sorted rows of each roster that are left.
    """
    waiting: dict[Hashable, deque[RosterRow]] = defaultdict(deque)
    for row in after:
        waiting[new_value(row)].append(row)
    pairs, left = [], []
    for row in before:
        candidates = waiting[old_value(row)]
        if candidates:
            pairs.append(RowPair(row, candidates.popleft()))
        else:
            left.append(row)
    return pairs, left, sorted(itertools.chain.from_iterable(waiting.values()))


def _choose_left_out(removed: RosterRow, left_out: Sequence[LeftOut]) -> LeftOut | None:
    """Return a `LeftOut` object with the cause of a removal and the location of the removed row.

    An object for the same location is preferred.

    :param left_out: `LeftOut` objects of the person.
    :returns: the object; None if the person was not left out.
    """
    same_location = [person for person in left_out if person.location == removed.location]
    for person in same_location or left_out:
        return person._replace(location=removed.location)
    return None


class _UnpairedRows:
    """Rows that were not paired with a row of the same person.

    :param sides: columns by which the rosters are compared.
    :param spill: spill area for rows that do not fit in memory.
    """

    def __init__(self, sides: ComparedSides, spill: SpillArea) -> None:
        self._old = _CellsSorter(sides.old, sides.key_width, "old", spill)
        self._new = _CellsSorter(sides.new, sides.key_width, "new", spill)

    def add_old(self, row: RosterRow, left_out: LeftOut | None) -> None:
        """Add a row of the old roster.

        :param left_out: `LeftOut` object with the cause of the removal; None if there is none.
        """
        self._old.add(row, left_out)

    def add_new(self, row: RosterRow) -> None:
        """Add a row of the new roster."""
        self._new.add(row, None)

    def pairs(self) -> Iterator[RowPair]:
        """Yield a pair for two rows with equal cells, and one without a counterpart for each other row."""
        old_rows, new_rows = iter(self._old), iter(self._new)
        old, new = next(old_rows, None), next(new_rows, None)
        while old is not None and new is not None:
            if old.sort_key == new.sort_key:
                yield RowPair(old.row, new.row)
                old, new = next(old_rows, None), next(new_rows, None)
            elif old.sort_key < new.sort_key:
                yield RowPair(old.row, None, old.left_out)
                old = next(old_rows, None)
            else:
                yield RowPair(None, new.row)
                new = next(new_rows, None)
        if old is not None:
            for each in itertools.chain([old], old_rows):
                yield RowPair(each.row, None, each.left_out)
        if new is not None:
            for each in itertools.chain([new], new_rows):
                yield RowPair(None, each.row)


class _UnpairedRow(NamedTuple):
    """A row that was not paired with a row of the same person.

    :ivar sort_key: key that is equal for two rows that are paired.
    :ivar row: the row.
    :ivar left_out: `LeftOut` object with the cause of the removal; None if there is none.
    """

    sort_key: tuple[str, ...]
    row: RosterRow
    left_out: LeftOut | None


class _CellsSorter:
    """Sorts the unpaired rows of one roster by location, compared cells and person key.

    :param side: columns by which the roster is compared.
    :param key_width: number of fields of a person key.
    :param group: second field of the sort key of rows that are not paired by their cells.
    :param spill: spill area for rows that do not fit in memory.
    """

    def __init__(self, side: ComparedSide, key_width: int, group: str, spill: SpillArea) -> None:
        self._side = side
        self._key_width = key_width
        self._group = group
        self._sorter = ExternalSorter(spill)
        # A line contains the other cells after the common cells.
        self._other = [index for _title, index in side.other]
        order = [*side.common, *self._other]
        self._positions = [order.index(index) for index in range(len(order))]

    def add(self, row: RosterRow, left_out: LeftOut | None) -> None:
        group = "" if self._side.has_comparable_cells(row) else self._group
        cause = "" if left_out is None else f"={left_out.cause}"
        location, common = self._side.compare_key(row)
        other = [row.cells[index] for index in self._other]
        self._sorter.add(pack((location, group, *common, *row.person_key, cause, *other)))

    def __iter__(self) -> Iterator[_UnpairedRow]:
        key_start = 2 + len(self._side.common)
        key_end = key_start + self._key_width
        for line in self._sorter:
            fields = unpack(line)
            person_key, cause = tuple(fields[key_start:key_end]), fields[key_end]
            values = fields[2:key_start] + fields[key_end + 1 :]
            cells = tuple([values[position] for position in self._positions])
            row = RosterRow(fields[0], cells, person_key)
            left_out = LeftOut(person_key[0], row.location, cause[1:]) if cause else None
            yield _UnpairedRow(tuple(fields[:key_start]), row, left_out)
