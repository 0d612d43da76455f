# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the values that several people at one location have in a unique column, and decide who keeps each of them.

The claims are sorted externally. Only the claims of contested values are kept in memory, for one location at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .._contacts.columns import Column
from .._contacts.model import Contact, ContestedCell
from .._contacts.packing import pack, unpack
from .allocation import Allocation, Claimant, RowRules
from .baseline_cells import (
    HELD,
    LACKED,
    OTHER,
    BaselineCells,
    Claim,
    find_place_columns,
    format_number,
)
from .external_sort import ExternalSorter, SpillArea
from .files import RosterFile
from .record_codec import RecordCodec

_SORTERS = 5
"""Number of sorters that share the memory for runs, including those of `BaselineCells`."""


class Loss(NamedTuple):
    """A person who loses values to other people.

    :ivar rank: rank of the location.
    :ivar identity: packed identity.
    :ivar columns: numbers of the columns whose values other people keep.
    """

    rank: bytes
    identity: bytes
    columns: frozenset[int]


class ContestedValues:
    """Decides who keeps each contested value.

    First, all claims are added. Then, all people are read from `settle`, once. Afterwards, `cells` yields the lost
    values.

    :param columns: all columns of the roster.
    :param codec: codec of the lines of the roster.
    :param spill: spill area for claims that do not fit in memory.
    :param run_bytes: approximate maximum memory for the runs of all sorters, in bytes.
    :param filter_bytes: size of a Bloom filter in bytes; must be a power of two.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        codec: RecordCodec,
        spill: SpillArea,
        run_bytes: int,
        filter_bytes: int,
    ) -> None:
        self._columns = columns
        self._places = find_place_columns(columns)
        self._filter_bytes = filter_bytes
        self._unique = [index for index, column in enumerate(columns) if column.unique]
        self._rules = RowRules(columns)
        self._codec = codec
        self._spill, self._run_bytes = spill, run_bytes // _SORTERS
        self._claims = ExternalSorter(spill, self._run_bytes)
        self._cells = ExternalSorter(spill, self._run_bytes)

    def add(self, rank: bytes, contact: Contact) -> None:
        """Add the values of a person in unique columns. Each person must be added once for each location.

        :param rank: rank of the location of the contact.
        :raises FrontdeskError: if claims cannot be spilled.
        """
        cells = contact.cells
        filled = str(sum(1 << index for index, cell in enumerate(cells) if cell))
        places = [cells[index] for index in self._places]
        for index in self._unique:
            if cells[index]:
                fields = (format_number(index), cells[index].casefold(), contact.identity, filled)
                self._claims.add(rank + b"\0" + pack((*fields, *places)))

    def settle(self, baseline: RosterFile | None = None) -> Iterator[Loss]:
        """Decide who keeps the values, and yield the people who lose any of them, sorted by location and identity.

        :param baseline: roster that the service accepted last; None if there is none. A roster without identities is
            ignored.
        :raises InputError: if the baseline changed since it was checked.
        :raises FrontdeskError: if the baseline cannot be read, or if claims cannot be spilled.
        """
        claims = self._sort_claims(baseline)
        for rank, lines in itertools.groupby(claims, key=lambda line: line[0]):
            claimants = list(_read_claimants(lines))
            allocation = Allocation(self._rules, claimants)
            for index, claimant in enumerate(claimants):
                losses = allocation.find_losses(index)
                for column, holder in losses.items():
                    fields = (
                        rank,
                        format_number(column).encode(),
                        claimants[holder].identity,
                        claimant.identity,
                        b"1" if allocation.has_row(index) else b"0",
                        b"0" if claimant.lacked >> column & 1 else b"1",
                    )
                    self._cells.add(b"\0".join(fields) + b"\n")
                if losses:
                    yield Loss(rank, claimant.identity, frozenset(losses))

    def _sort_claims(self, baseline: RosterFile | None) -> Iterator[list[bytes]]:
        """Yield the claims of contested values, sorted by location, identity and column.

        Each claim consists of the rank of the location, the packed identity, the numbers of the column and the value,
        the bit mask of filled cells, and what the person had in the baseline (HELD, LACKED or OTHER).
        """
        contested = ExternalSorter(self._spill, self._run_bytes)
        for claim, past in self._compare(self._contested_claims(), baseline):
            fields = (claim.rank, claim.identity, claim.column, claim.number, claim.filled, past)
            contested.add(b"\0".join(fields) + b"\n")
        return (line[:-1].split(b"\0") for line in contested)

    def _compare(
        self, claims: Iterator[Claim], baseline: RosterFile | None
    ) -> Iterator[tuple[Claim, bytes]]:
        if baseline is None:
            return ((claim, OTHER) for claim in claims)
        cells = BaselineCells(
            baseline, self._columns, self._spill, self._run_bytes, self._filter_bytes
        )
        return cells.match(claims)

    def _contested_claims(self) -> Iterator[Claim]:
        """Yield the claims of contested values, in any order."""
        claims = (line[:-1].split(b"\0") for line in self._claims)
        by_value = itertools.groupby(claims, key=lambda claim: claim[:3])
        for number, ((rank, column, value), group) in enumerate(by_value):
            first_two = list(itertools.islice(group, 2))
            if len(first_two) < 2:
                continue
            packed = format_number(number).encode()
            for _rank, _column, _value, identity, filled, *places in itertools.chain(
                first_two, group
            ):
                yield Claim(rank, identity, column, value, packed, filled, tuple(places))

    def cells(self) -> Iterator[ContestedCell]:
        """Yield the values that people lost, sorted by location, column, holder and identity."""
        for line in self._cells:
            _rank, column, holder, identity, has_row, is_new = unpack(line)
            yield ContestedCell(
                identity=identity,
                location=self._codec.decode_location(line),
                column=self._columns[int(column)].header,
                holder=holder,
                has_row=has_row == "1",
                is_new=is_new == "1",
            )

    def count_new_losers(self) -> int:
        """Return the number of people with a new loss. A person with losses at several locations is counted once."""
        identities = ExternalSorter(self._spill, self._run_bytes)
        for cell in self.cells():
            if cell.is_new:
                identities.add(pack((cell.identity,)))
        return sum(1 for _person in itertools.groupby(identities))


def _read_claimants(claims: Iterator[list[bytes]]) -> Iterator[Claimant]:
    numbers: dict[bytes, int] = {}  # Equal numbers share one object, which saves memory.
    for identity, lines in itertools.groupby(claims, key=lambda claim: claim[1]):
        filled, pairs, masks = 0, [], {HELD: 0, LACKED: 0, OTHER: 0}
        for _rank, _identity, column, value, mask, past in lines:
            filled = numbers.setdefault(mask, int(mask))
            pairs.append((int(column), numbers.setdefault(value, int(value))))
            masks[past] |= 1 << int(column)
        yield Claimant(identity, filled, tuple(pairs), masks[HELD], masks[LACKED])
