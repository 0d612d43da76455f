# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Contacts: from one directory entry to one row, or to the reason why there is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from .._errors import InputError
from .._expressions.expression import NO_LOOKUP_VALUES, Evaluated, Expression, Variables
from .._expressions.filters import FilterError
from .._expressions.phone import INVALID_NUMBER
from .._text import clean, compose
from .columns import Column, find_broken_rule
from .fast_path import FastRows
from .location_rule import LocationRule
from .model import Contact, Entry, LeftOut, MappedPage, RawValues


class Mapper:
    """Makes contacts of entries, by the columns.

    :param location_rules: those of the sources whose people are placed by their attributes.
    :param lookup_values: what other entries hold of which expressions read something; see `Variables`.
    :ivar attributes: lower-case names of the attributes that columns and placements read, in a fixed order;
        an entry's values come in this order.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        location_rules: Sequence[LocationRule] = (),
        lookup_values: Mapping[tuple[str, str], str] = NO_LOOKUP_VALUES,
    ) -> None:
        self.columns = tuple(columns)
        expressions = [column.expression for column in columns]
        expressions += [rule.expression for rule in location_rules]
        self.attributes = tuple(sorted({name for e in expressions for name in e.attributes}))
        self._lookup_values = lookup_values
        self._unseen_attributes = set(self.attributes)
        self._fast_rows = FastRows.compile(self.columns, self.attributes)

    @property
    def unseen_attributes(self) -> list[str]:
        """The attributes that no entry so far had."""
        return sorted(self._unseen_attributes)

    def map_page(self, page: Sequence[Entry], location: str | LocationRule) -> MappedPage:
        """Make the rows of a page of entries; identity, values and location are those of `map_entry`.

        :raises InputError: as `map_entry`.
        """
        self._note_attributes(page)
        records: dict[str, list[bytes]] = defaultdict(list)
        remaining = page
        if self._fast_rows is not None and isinstance(location, str):
            fast_records, remaining = self._fast_rows.split_page(page, location)
            if fast_records:
                records[location] = fast_records
        left_out = []
        for identity, values in remaining:
            person = self._map_entry(identity, values, location)
            if isinstance(person, Contact):
                records[person.location].append(person.record)
            else:
                left_out.append(person)
        return MappedPage(records, left_out)

    def map_entry(
        self, identity: str, values: Sequence[RawValues], location: str | LocationRule
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
        return self._map_entry(identity, values, location)

    def _note_attributes(self, page: Sequence[Entry]) -> None:
        for index, name in enumerate(self.attributes):
            if name in self._unseen_attributes and any(values[index] for _identity, values in page):
                self._unseen_attributes.remove(name)

    def _map_entry(
        self, identity: str, values: Sequence[RawValues], location: str | LocationRule
    ) -> Contact | LeftOut:
        attributes: dict[str, list[str]] = {}
        for name, raw in zip(self.attributes, values):
            if not raw:
                continue
            try:
                raw_values = [raw] if isinstance(raw, bytes) else raw
                texts = [compose(value.decode()) for value in raw_values]
            except UnicodeDecodeError:
                known_location = location if isinstance(location, str) else ""
                return LeftOut(identity, known_location, f"the attribute {name} is not valid UTF-8")
            # By code points, which is the order of the bytes of UTF-8, too.
            attributes[name] = sorted(set(texts)) if len(texts) > 1 else texts
        if not isinstance(location, str):
            rule = location
            location = self._evaluate_rule(identity, attributes, rule)
            problem = rule.find_problem(location)
            if problem is not None:
                return LeftOut(identity, "", problem)
        cells, emptied = self._make_cells(
            identity, Variables(attributes, location, self._lookup_values)
        )
        cause = find_broken_rule(self.columns, cells, emptied)
        if cause is not None:
            return LeftOut(identity, location, cause)
        return Contact(location, cells, identity, tuple(emptied.items()))

    def _evaluate_rule(
        self, identity: str, attributes: Mapping[str, Sequence[str]], rule: LocationRule
    ) -> str:
        variables = Variables(attributes, "", self._lookup_values)
        try:
            return rule.evaluate(variables)
        except FilterError as error:
            raise _evaluation_error(rule.expression, rule.name, identity, error) from error

    def _make_cells(
        self, identity: str, variables: Variables
    ) -> tuple[tuple[str, ...], dict[str, str]]:
        """One row's cells, and which of them are empty because their value is no phone number."""
        cells: list[str] = []
        emptied: dict[str, str] = {}
        for column in self.columns:
            text, has_invalid_number = _evaluate(column, variables, identity)
            cell = clean(text)
            if column.phone_style is not None and cell:
                cell = column.phone_style.format(cell)
                has_invalid_number = True
            if has_invalid_number and not cell:
                emptied[column.header] = INVALID_NUMBER
            cells.append(cell)
        return tuple(cells), emptied


def _evaluate(column: Column, variables: Variables, identity: str) -> Evaluated:
    try:
        return column.expression.evaluate(variables)
    except FilterError as error:
        owner = f"column {column.header!r}"
        raise _evaluation_error(column.expression, owner, identity, error) from error


def _evaluation_error(
    expression: Expression, owner: str, identity: str, error: FilterError
) -> InputError:
    return InputError(
        f"Cannot evaluate the expression {expression.text!r} of {owner} for the entry {identity}",
        str(error),
        "Correct the expression, or the entry in the directory",
    )
