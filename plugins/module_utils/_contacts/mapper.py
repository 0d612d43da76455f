# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Map directory entries to contacts, or to left-out people with the cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from .._errors import InputError
from .._expressions.attribute_values import AttributeValueError, decode_values
from .._expressions.expression import (
    NO_LOOKUP_VALUES,
    EvaluationResult,
    Expression,
    LookupValues,
    Variables,
)
from .._expressions.filters import FilterError
from .._expressions.phone import INVALID_NUMBER
from .._text import clean
from .columns import Column, find_broken_rule
from .fast_path import FastPath
from .location_rule import LocationRule
from .model import Contact, Entry, LeftOut, MappedPage, RawValues


class Mapper:
    """Maps entries to contacts.

    :param columns: columns of the roster.
    :param location_rules: rules of all sources whose locations are derived from attributes.
    :param lookup_values: attribute values of other entries that the expressions read.
    :ivar attributes: lowercase names of the attributes that columns and location rules read, in the order of an
        entry's values.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        location_rules: Sequence[LocationRule] = (),
        lookup_values: LookupValues = NO_LOOKUP_VALUES,
    ) -> None:
        self.columns = tuple(columns)
        expressions = [column.expression for column in columns]
        expressions += [rule.expression for rule in location_rules]
        self.attributes = tuple(sorted({name for e in expressions for name in e.attributes}))
        self._lookup_values = lookup_values
        self._unseen_attributes = set(self.attributes)
        self._fast_path = FastPath.compile(self.columns, self.attributes)

    @property
    def unseen_attributes(self) -> list[str]:
        """The attributes that have had no value in any entry so far."""
        return sorted(self._unseen_attributes)

    def map_page(self, page: Sequence[Entry], location_or_rule: str | LocationRule) -> MappedPage:
        """Map a page of entries; for the parameters and errors, see `map_entry`."""
        self._mark_seen_attributes(page)
        records: dict[str, list[bytes]] = defaultdict(list)
        remaining = page
        if self._fast_path is not None and isinstance(location_or_rule, str):
            location = location_or_rule
            fast_records, remaining = self._fast_path.split_page(page, location)
            if fast_records:
                records[location] = fast_records
        left_out = []
        for identity, values in remaining:
            person = self._make_contact(identity, values, location_or_rule)
            if isinstance(person, Contact):
                person = self._check_rules(person)
            if isinstance(person, Contact):
                records[person.location].append(person.record)
            else:
                left_out.append(person)
        return MappedPage(records, left_out)

    def map_entry(
        self, identity: str, values: Sequence[RawValues], location_or_rule: str | LocationRule
    ) -> Contact | LeftOut:
        """Map one entry.

        :param identity: UUID of the entry.
        :param values: raw values of each attribute in `attributes`.
        :param location_or_rule: identifier of the location, or a location rule. The identifier is empty for contacts
            for all locations.
        :raises InputError: if the evaluation of an expression fails, or if its result is not a string.
        """
        contact = self.map_without_rules(identity, values, location_or_rule)
        return contact if isinstance(contact, LeftOut) else self._check_rules(contact)

    def map_without_rules(
        self, identity: str, values: Sequence[RawValues], location_or_rule: str | LocationRule
    ) -> Contact | LeftOut:
        """Map one entry, but accept rows that break rules; for the parameters and errors, see `map_entry`."""
        self._mark_seen_attributes([(identity, values)])
        return self._make_contact(identity, values, location_or_rule)

    def _mark_seen_attributes(self, page: Sequence[Entry]) -> None:
        for index, name in enumerate(self.attributes):
            if name in self._unseen_attributes and any(values[index] for _identity, values in page):
                self._unseen_attributes.remove(name)

    def _check_rules(self, contact: Contact) -> Contact | LeftOut:
        cause = find_broken_rule(self.columns, contact.cells, dict(contact.emptied))
        return contact if cause is None else LeftOut(contact.identity, contact.location, cause)

    def _make_contact(
        self, identity: str, values: Sequence[RawValues], location_or_rule: str | LocationRule
    ) -> Contact | LeftOut:
        try:
            attributes = {
                name: decode_values(name, raw) for name, raw in zip(self.attributes, values) if raw
            }
        except AttributeValueError as error:
            known_location = location_or_rule if isinstance(location_or_rule, str) else ""
            return LeftOut(identity, known_location, str(error))
        if isinstance(location_or_rule, str):
            location = location_or_rule
        else:
            location = self._evaluate_rule(identity, attributes, location_or_rule)
            problem = location_or_rule.find_problem(location)
            if problem is not None:
                return LeftOut(identity, "", problem)
        cells, emptied = self._make_cells(
            identity, Variables(attributes, location, self._lookup_values)
        )
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
        """Return the cells of a row, and the cause for each column whose cell was emptied."""
        cells: list[str] = []
        emptied: dict[str, str] = {}
        for column in self.columns:
            text, has_invalid_number = _evaluate(column, variables, identity)
            cell = clean(text)
            if column.phone_style is not None and cell:
                cell = column.phone_style.format(cell)
                has_invalid_number = not cell  # an invalid number is formatted as an empty string
            if has_invalid_number and not cell:
                emptied[column.header] = INVALID_NUMBER
            problem = column.find_problem(cell) if cell and column.can_be_emptied else None
            if problem is not None:
                emptied[column.header] = problem
                cell = ""
            cells.append(cell)
        return tuple(cells), emptied


def _evaluate(column: Column, variables: Variables, identity: str) -> EvaluationResult:
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
