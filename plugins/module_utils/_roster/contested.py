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
from .external_sort import ExternalSorter, SpillArea
from .record_codec import RecordCodec

_DIGITS = 9
"""Number of digits of column and value numbers. It is fixed, so that they sort correctly as text."""

_SORTERS = 3
"""Number of sorters that share the memory for runs."""


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
    """

    def __init__(
        self, columns: Sequence[Column], codec: RecordCodec, spill: SpillArea, run_bytes: int
    ) -> None:
        self._columns = columns
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
        for index in self._unique:
            if cells[index]:
                fields = (_format_number(index), cells[index].casefold(), contact.identity, filled)
                self._claims.add(rank + b"\0" + pack(fields))

    def settle(self) -> Iterator[Loss]:
        """Decide who keeps the values, and yield the people who lose any of them, sorted by location and identity.

        :raises FrontdeskError: if claims cannot be spilled.
        """
        for rank, lines in itertools.groupby(self._contested_claims(), key=lambda line: line[0]):
            claimants = list(_read_claimants(lines))
            allocation = Allocation(self._rules, claimants)
            for index, claimant in enumerate(claimants):
                losses = allocation.find_losses(index)
                for column, holder in losses.items():
                    fields = (
                        rank,
                        _format_number(column).encode(),
                        claimants[holder].identity,
                        claimant.identity,
                        b"1" if allocation.has_row(index) else b"0",
                    )
                    self._cells.add(b"\0".join(fields) + b"\n")
                if losses:
                    yield Loss(rank, claimant.identity, frozenset(losses))

    def _contested_claims(self) -> Iterator[list[bytes]]:
        """Yield the claims of contested values, sorted by location, identity and column.

        Each claim consists of the rank of the location, the packed identity, the numbers of the column and the value,
        and the bit mask of filled cells.
        """
        contested = ExternalSorter(self._spill, self._run_bytes)
        claims = (line[:-1].split(b"\0") for line in self._claims)
        by_value = itertools.groupby(claims, key=lambda claim: claim[:3])
        for number, ((rank, column, _value), group) in enumerate(by_value):
            first = next(group)
            second = next(group, None)
            if second is None:
                continue
            value = _format_number(number).encode()
            for _rank, _column, _value, identity, filled in itertools.chain((first, second), group):
                line = b"\0".join((rank, identity, column, value, filled))
                contested.add(line + b"\n")
        return (line[:-1].split(b"\0") for line in contested)

    def cells(self) -> Iterator[ContestedCell]:
        """Yield the values that people lost, sorted by location, column, holder and identity."""
        for line in self._cells:
            _rank, column, holder, identity, has_row = unpack(line)
            yield ContestedCell(
                identity=identity,
                location=self._codec.decode_location(line),
                column=self._columns[int(column)].header,
                holder=holder,
                has_row=has_row == "1",
            )


def _read_claimants(claims: Iterator[list[bytes]]) -> Iterator[Claimant]:
    numbers: dict[bytes, int] = {}  # Equal numbers share one object, which saves memory.
    for identity, lines in itertools.groupby(claims, key=lambda claim: claim[1]):
        filled, pairs = 0, []
        for _rank, _identity, column, value, mask in lines:
            filled = numbers.setdefault(mask, int(mask))
            pairs.append((int(column), numbers.setdefault(value, int(value))))
        yield Claimant(identity, filled, tuple(pairs))


def _format_number(number: int) -> str:
    return format(number, f"0{_DIGITS}d")
