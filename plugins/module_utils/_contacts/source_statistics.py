# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Statistics of a source: valid rows, causes of invalid rows, empty cells, and masked samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from .._expressions.expression import NO_LOOKUP_VALUES, LookupValues
from .columns import Column, find_broken_rule
from .location_rule import LocationRule
from .mapper import Mapper
from .mask import mask
from .model import Contact, LeftOut, RawValues

MAX_SAMPLES = 3
"""Maximum number of masked sample rows of a source."""


class EmptyColumn(NamedTuple):
    """A column with empty cells.

    :ivar column: title of the column.
    :ivar attributes: normalized descriptions of the attributes that its expression reads.
    :ivar empty: number of people with an empty cell.
    """

    column: str
    attributes: Sequence[str]
    empty: int


class SourceStatistics:
    """Statistics of the people of one source, without personal data.

    Rows are checked individually. Duplicates are detected only when a roster is built.

    :param columns: columns of the roster.
    :param location_rules: as for `Mapper`.
    :param lookup_values: as for `Mapper`.
    :ivar entries: number of entries that were added.
    :ivar contacts: number of people with a valid row.
    :ivar excluded_by_option: number of excluded people, by option; not included in `entries`, and set by the caller.
    :ivar causes: number of people without a valid row, by cause.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        location_rules: Sequence[LocationRule] = (),
        lookup_values: LookupValues = NO_LOOKUP_VALUES,
    ) -> None:
        self._columns = tuple(columns)
        self._mapper = Mapper(columns, location_rules, lookup_values)
        self._empty = [0] * len(self._columns)
        self._samples: list[tuple[str, tuple[str, ...]]] = []
        self.entries = 0
        self.contacts = 0
        self.excluded_by_option: Counter[str] = Counter()
        self.causes: Counter[str] = Counter()

    @property
    def attributes(self) -> Sequence[str]:
        """The attributes whose values `add` requires, in order, as normalized descriptions."""
        return self._mapper.attributes

    def add(
        self, identity: str, values: Sequence[RawValues], location_or_rule: str | LocationRule
    ) -> Contact | LeftOut:
        """Add one entry, and return the mapped person; for the parameters and errors, see `Mapper.map_entry`."""
        self.entries += 1
        # Empty cells of invalid rows are also counted.
        person = self._mapper.map_without_rules(identity, values, location_or_rule)
        if isinstance(person, LeftOut):
            self.causes[person.cause] += 1
            return person
        for index, cell in enumerate(person.cells):
            self._empty[index] += not cell
        cause = find_broken_rule(self._columns, person.cells, dict(person.emptied))
        if cause is None:
            self.contacts += 1
        else:
            self.causes[cause] += 1
        # Keep the smallest identities, so that the samples do not depend on the order of the search results.
        self._samples = sorted([*self._samples, (identity, person.cells)])[:MAX_SAMPLES]
        return person if cause is None else LeftOut(identity, person.location, cause)

    @property
    def excluded(self) -> int:
        """Number of people excluded by options; they are not counted in `entries`."""
        return sum(self.excluded_by_option.values())

    @property
    def unseen_attributes(self) -> list[str]:
        """The attributes that have no value in any entry; empty if there are no entries."""
        return self._mapper.unseen_attributes if self.entries else []

    @property
    def empty_columns(self) -> list[EmptyColumn]:
        """The columns that read attributes and have empty cells, in order."""
        return [
            EmptyColumn(column.header, sorted(column.expression.attributes), empty)
            for column, empty in zip(self._columns, self._empty)
            if empty and column.expression.attributes
        ]

    def result(self) -> dict[str, Any]:
        """Return the statistics for the result of a module."""
        return {
            "entries": self.entries,
            "contacts": self.contacts,
            "left_out": dict(self.causes.most_common()),
            "excluded": self.excluded,
            "empty_columns": [column._asdict() for column in self.empty_columns],
            "samples": [self._mask_row(cells) for _identity, cells in self._samples],
        }

    def _mask_row(self, cells: Sequence[str]) -> dict[str, str]:
        """Return a row in which all cells that depend on attributes are masked."""
        return {
            column.header: mask(cell) if column.expression.attributes else cell
            for column, cell in zip(self._columns, cells)
        }
