# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Contacts: from one directory entry to one row, or to the reason why there is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from .._errors import InputError
from .._expressions.expression import NO_ENTRIES, Evaluated, Expression, Values
from .._expressions.filters import FilterError
from .._expressions.phone import NO_NUMBER
from .._text import clean, compose
from .columns import Column, broken_rule
from .fast_path import Entry, FastRows
from .location_rule import LocationRule
from .model import Contact, LeftOut, MappedPage


class Mapper:
    """Makes contacts of entries, by the columns.

    :param placements: those of the sources whose people are placed by their attributes.
    :param entries: what other entries hold of which expressions read something; see `Values`.
    :ivar attributes: lower-case names of the attributes that columns and placements read, in a fixed order;
        an entry's values come in this order.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        placements: Sequence[LocationRule] = (),
        entries: Mapping[tuple[str, str], str] = NO_ENTRIES,
    ) -> None:
        self.columns = tuple(columns)
        expressions = [column.expression for column in columns]
        expressions += [placement.expression for placement in placements]
        self.attributes = tuple(sorted({name for e in expressions for name in e.attributes}))
        self._entries = entries
        self._never_seen = set(self.attributes)
        self._plain = FastRows.of(self.columns, self.attributes)

    @property
    def attributes_never_seen(self) -> list[str]:
        """The attributes that no entry so far had."""
        return sorted(self._never_seen)

    def contacts(self, page: Sequence[Entry], location: str | LocationRule) -> MappedPage:
        """Make the rows of a page of entries; identity, values and location are those of `contact`.

        :raises InputError: as `contact`.
        """
        self._note_attributes(page)
        records: dict[str, list[bytes]] = defaultdict(list)
        others = page
        if self._plain is not None and isinstance(location, str):
            plain, others = self._plain.records(page, location)
            if plain:
                records[location] = plain
        left_out = []
        for identity, values in others:
            person = self._contact(identity, values, location)
            if isinstance(person, Contact):
                records[person.location].append(person.record)
            else:
                left_out.append(person)
        return MappedPage(records, left_out)

    def contact(
        self, identity: str, values: Sequence[bytes | list[bytes]], location: str | LocationRule
    ) -> Contact | LeftOut:
        """Make the row of one entry at one location.

        :param identity: UUID of the entry.
        :param values: for each of `attributes` the entry's value as it came, empty when it has none, or a
            list when there are several, in any order.
        :param location: identifier of the source's location, empty for a global source, or what places its
            people.
        :raises InputError: when an expression gives something else than a text, or takes too long.
        """
        self._note_attributes([(identity, values)])
        return self._contact(identity, values, location)

    def _note_attributes(self, page: Sequence[Entry]) -> None:
        for index, name in enumerate(self.attributes):
            if name in self._never_seen and any(values[index] for _identity, values in page):
                self._never_seen.remove(name)

    def _contact(
        self, identity: str, values: Sequence[bytes | list[bytes]], location: str | LocationRule
    ) -> Contact | LeftOut:
        attributes: dict[str, list[str]] = {}
        for name, held in zip(self.attributes, values):
            if not held:
                continue
            try:
                several = [held] if isinstance(held, bytes) else held
                texts = [compose(value.decode()) for value in several]
            except UnicodeDecodeError:
                where = location if isinstance(location, str) else ""
                return LeftOut(identity, where, f"the attribute {name} is not valid UTF-8")
            # By code points, which is the order of the bytes of UTF-8, too.
            attributes[name] = sorted(set(texts)) if len(texts) > 1 else texts
        if not isinstance(location, str):
            placement = location
            location = self._place(identity, attributes, placement)
            problem = placement.problem(location)
            if problem is not None:
                return LeftOut(identity, "", problem)
        cells, emptied = self._cells(identity, Values(attributes, location, self._entries))
        cause = broken_rule(self.columns, cells, emptied)
        if cause is not None:
            return LeftOut(identity, location, cause)
        return Contact(location, cells, identity, tuple(emptied.items()))

    def _place(
        self, identity: str, attributes: Mapping[str, Sequence[str]], placement: LocationRule
    ) -> str:
        values = Values(attributes, "", self._entries)
        try:
            return placement.location(values)
        except FilterError as error:
            raise _evaluation_error(
                placement.expression, placement.name, identity, error
            ) from error

    def _cells(self, identity: str, values: Values) -> tuple[tuple[str, ...], dict[str, str]]:
        """One row's cells, and which of them are empty because their value is no phone number."""
        cells: list[str] = []
        emptied: dict[str, str] = {}
        for column in self.columns:
            text, refused = _evaluate(column, values, identity)
            cell = clean(text)
            if column.phone_style is not None and cell:
                cell = column.phone_style.write(cell)
                refused = True
            if refused and not cell:
                emptied[column.header] = NO_NUMBER
            cells.append(cell)
        return tuple(cells), emptied


def _evaluate(column: Column, values: Values, identity: str) -> Evaluated:
    try:
        return column.expression.evaluate(values)
    except FilterError as error:
        name = f"column {column.header!r}"
        raise _evaluation_error(column.expression, name, identity, error) from error


def _evaluation_error(
    expression: Expression, name: str, identity: str, error: FilterError
) -> InputError:
    return InputError(
        f"Cannot evaluate the expression {expression.text!r} of {name} for the entry {identity}",
        str(error),
        "Correct the expression, or the entry in the directory",
    )
