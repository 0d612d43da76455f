# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A survey: how many people of a source have a valid row, which cells are empty, and how rows look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._expressions.expression import NO_LOOKUP_VALUES
from .columns import Column, find_broken_rule
from .location_rule import LocationRule
from .mapper import Mapper
from .mask import mask
from .model import LeftOut, RawValues

MAX_SAMPLES = 3
"""Rows that are shown of a source, masked."""


class EmptyColumn(NamedTuple):
    """A column that is empty for some.

    :ivar column: its title.
    :ivar attributes: lower-case names of the attributes that it is made of.
    :ivar empty: for how many people it is empty.
    """

    column: str
    attributes: Sequence[str]
    empty: int


class SourceStatistics:
    """What can be said about the people of one source without saying who they are.

    Each row is looked at alone: whether two people share a value is left to the roster. Placements and entries
    are as for `Mapper`.

    :ivar entries: number of people.
    :ivar contacts: how many of them have a row that breaks no rule.
    :ivar excluded: how many more were found that are no contacts because somebody said so; whoever reads
        them counts them.
    :ivar causes: why the others have none, and how many.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        location_rules: Sequence[LocationRule] = (),
        lookup_values: Mapping[tuple[str, str], str] = NO_LOOKUP_VALUES,
    ) -> None:
        self._columns = tuple(columns)
        # Without their rules, so that the cells of those who break one are seen, too.
        bare_columns = [
            Column(
                header=column.header,
                expression=column.expression,
                phone_style=column.phone_style,
            )
            for column in columns
        ]
        self._mapper = Mapper(bare_columns, location_rules, lookup_values)
        self._empty = [0] * len(self._columns)
        self._samples: list[tuple[str, tuple[str, ...]]] = []
        self.entries = 0
        self.contacts = 0
        self.excluded = 0
        self.causes: Counter[str] = Counter()

    @property
    def attributes(self) -> Sequence[str]:
        """Lower-case names of the attributes that the columns read; an entry's values come in this order."""
        return self._mapper.attributes

    def add(self, identity: str, values: Sequence[RawValues], location: str | LocationRule) -> None:
        """Look at one entry; the parameters are those of `Mapper.map_entry`.

        :raises InputError: when an expression gives something else than a text, or takes too long.
        """
        self.entries += 1
        person = self._mapper.map_entry(identity, values, location)
        if isinstance(person, LeftOut):
            self.causes[person.cause] += 1
            return
        for number, cell in enumerate(person.cells):
            self._empty[number] += not cell
        cause = find_broken_rule(self._columns, person.cells, dict(person.emptied))
        if cause is None:
            self.contacts += 1
        else:
            self.causes[cause] += 1
        # By identity, so that another order of the server, or another server, shows the same people.
        self._samples = sorted([*self._samples, (identity, person.cells)])[:MAX_SAMPLES]

    @property
    def unseen_attributes(self) -> list[str]:
        """The attributes that no entry had; nothing when there was no entry."""
        return self._mapper.unseen_attributes if self.entries else []

    @property
    def empty_columns(self) -> list[EmptyColumn]:
        """The columns that are empty for somebody, in their order."""
        return [
            EmptyColumn(column.header, sorted(column.expression.attributes), empty)
            for column, empty in zip(self._columns, self._empty)
            if empty and column.expression.attributes
        ]

    def result(self) -> dict[str, Any]:
        """What a module returns of it: numbers, causes, and masked rows."""
        return {
            "entries": self.entries,
            "contacts": self.contacts,
            "left_out": dict(self.causes.most_common()),
            "excluded": self.excluded,
            "empty_columns": [column._asdict() for column in self.empty_columns],
            "samples": [self._mask_row(cells) for _identity, cells in self._samples],
        }

    def _mask_row(self, cells: Sequence[str]) -> dict[str, str]:
        """A row in which nobody's value can be read; what is nobody's, such as the location, can."""
        return {
            column.header: mask(cell) if column.expression.attributes else cell
            for column, cell in zip(self._columns, cells)
        }
