# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare the contested values of people with the cells that the same people had in the baseline.

The baseline is read once, and only if there are contested values. The claims and the baseline's cells of the claimants
are sorted externally and joined, so the memory does not depend on the size of the baseline.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from .._contacts.columns import Column
from .._contacts.packing import pack
from .duplicates import BloomFilter
from .external_sort import ExternalSorter, SpillArea
from .files import RosterFile

HELD, LACKED, OTHER = b"h", b"l", b"o"
"""What a person had in the baseline at the location of a claim: the claimed value, a row with an empty cell, or neither
of them.

A baseline that was merged after a partial acceptance can contain several rows of a person. A row with the value takes
precedence over a row with an empty cell, so that the loss of the value is new.
"""

_DIGITS = 9
"""Number of digits of column and value numbers. It is fixed, so that they sort correctly as text."""


class Claim(NamedTuple):
    """A contested value of a person, in packed fields.

    :ivar rank: rank of the location.
    :ivar identity: identity of the person.
    :ivar column: number of the column, from `format_number`.
    :ivar value: case-folded value.
    :ivar number: number of the value, from `format_number`.
    :ivar filled: bit mask of the filled cells of the person.
    :ivar places: cells of the columns that `find_place_columns` returns.
    """

    rank: bytes
    identity: bytes
    column: bytes
    value: bytes
    number: bytes
    filled: bytes
    places: tuple[bytes, ...]


def find_place_columns(columns: Sequence[Column]) -> list[int]:
    """Return the numbers of the columns whose cells show at which location a row is.

    These are the columns that contain only the location or, if there are none, all columns that contain the location
    and other text.
    """
    exact = [index for index, column in enumerate(columns) if column.expression.is_location]
    return exact or [
        index for index, column in enumerate(columns) if column.expression.reads_location
    ]


class BaselineCells:
    """Cells of the baseline in unique columns.

    If the baseline has none of the columns that contain the location, for example because they were renamed, a row
    counts as a row at every location.

    :param baseline: roster that the service accepted last. A roster without identities is ignored.
    :param columns: columns of the new roster.
    :param spill: spill area for claims and cells that do not fit in memory.
    :param run_bytes: approximate maximum memory for one run of each of the two sorters, in bytes.
    :param filter_bytes: size of the Bloom filter in bytes; must be a power of two.
    """

    def __init__(
        self,
        baseline: RosterFile,
        columns: Sequence[Column],
        spill: SpillArea,
        run_bytes: int,
        filter_bytes: int,
    ) -> None:
        self._baseline = baseline
        titles = {title: index for index, title in enumerate(baseline.header)}
        places = [titles.get(columns[index].header) for index in find_place_columns(columns)]
        self._is_common_place = [index is not None for index in places]
        self._places = [index for index in places if index is not None]
        # The index in the baseline of each unique column, with its packed number in the new roster.
        self._unique = [
            (titles[column.header], format_number(number))
            for number, column in enumerate(columns)
            if column.unique and column.header in titles
        ]
        self._claims = ExternalSorter(spill, run_bytes)
        self._cells = ExternalSorter(spill, run_bytes)
        self._claimants = BloomFilter(filter_bytes)

    def match(self, claims: Iterable[Claim]) -> Iterator[tuple[Claim, bytes]]:
        """Yield each claim with HELD, LACKED or OTHER, in any order.

        :raises InputError: if the baseline changed since it was checked.
        :raises FrontdeskError: if the baseline cannot be read, or if lines cannot be spilled.
        """
        for claim in claims:
            self._claimants.add(hash(claim.identity))
            places = itertools.compress(claim.places, self._is_common_place)
            key = (claim.identity, *places, claim.column)
            fields = (claim.value, claim.rank, claim.number, claim.filled, *claim.places)
            self._claims.add(b"\0".join((*key, *fields)) + b"\n")
        if self._claimants.is_empty:
            return
        self._read_baseline()
        yield from self._join()

    def _read_baseline(self) -> None:
        for cells, identity in self._baseline.rows():
            if identity is None:  # the roster has no identities
                return
            packed = pack((identity,))[:-1]
            if hash(packed) in self._claimants:
                places = [cells[index] for index in self._places]
                for index, number in self._unique:
                    fields = (identity, *places, number, cells[index].casefold())
                    self._cells.add(pack(fields))

    def _join(self) -> Iterator[tuple[Claim, bytes]]:
        width = 1 + len(self._places) + 1
        groups = itertools.groupby(_split(self._cells), key=lambda fields: fields[:width])
        current, values = _next_cells(groups, width)
        for fields in _split(self._claims):
            key, (value, rank, number, filled, *places) = fields[:width], fields[width:]
            while current is not None and current < key:
                current, values = _next_cells(groups, width)
            past = values if current == key else frozenset[bytes]()
            claim = Claim(rank, key[0], key[-1], value, number, filled, tuple(places))
            yield claim, HELD if value in past else LACKED if b"" in past else OTHER


def _next_cells(
    groups: Iterator[tuple[list[bytes], Iterator[list[bytes]]]], width: int
) -> tuple[list[bytes] | None, AbstractSet[bytes]]:
    """Return the next key of the baseline's cells with their values; None and no values after the last key."""
    for key, group in groups:
        return key, {fields[width] for fields in group}
    return None, frozenset()


def _split(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    return (line[:-1].split(b"\0") for line in lines)


def format_number(number: int) -> str:
    """Return the number of a column or a value as text that sorts correctly."""
    return format(number, f"0{_DIGITS}d")
