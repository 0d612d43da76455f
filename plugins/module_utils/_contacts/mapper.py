# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Map directory entries to contacts, or to left-out people with the cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .._errors import InputError
from .._expressions.attribute_values import AttributeValueError, decode_values
from .._expressions.expression import (
    NO_LOOKUP_VALUES,
    EvaluationResult,
    Expression,
    LookupValues,
    SlowExpressionError,
    Variables,
)
from .._expressions.filters import FilterError
from .._expressions.phone import INVALID_NUMBER
from .._text import clean, format_count
from .columns import Column, find_broken_rule
from .fast_path import FastPath
from .location_rule import LocationRule
from .model import Contact, Entry, LeftOut, MappedPage, RawValues

MAX_SLOW_EVALUATIONS = 20
"""Maximum number of people whose values may make the regular expressions of a column or location rule too slow.

Each of these people costs `patterns.CPU_SECONDS` of CPU time."""

_MIN_PEOPLE = 3
"""Minimum number of people for an expression that fails for everyone to be an error.

If there are fewer people, their values are probably the cause."""

_NO_RESULT = EvaluationResult("")


class Mapper:
    """Maps entries to contacts.

    If a value is not suitable, the cell is emptied if the rules allow it; otherwise, the person is left out.

    :param columns: columns of the roster.
    :param location_rules: rules of all sources whose locations are derived from attributes.
    :param lookup_values: attribute values of other entries that the expressions read.
    :ivar attributes: normalized descriptions of the attributes that columns and location rules read, in the order of an
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
        self._failures: dict[str, _Failures] = {}
        self._mapped = 0

    @property
    def unseen_attributes(self) -> list[str]:
        """The attributes that have had no value in any entry so far."""
        return sorted(self._unseen_attributes)

    @property
    def expression_errors(self) -> list[InputError]:
        """An error for each expression that could not be evaluated for at least one person."""
        return [failures.to_error(owner) for owner, failures in self._failures.items()]

    def check_expressions(self) -> None:
        """Check, after all people have been mapped, that no expression failed for everyone.

        :raises InputError: if an expression failed for everyone, and there are at least three people.
        """
        for owner, failures in self._failures.items():
            if failures.count >= max(_MIN_PEOPLE, self._mapped):
                raise failures.to_error(owner)

    def map_page(self, page: Sequence[Entry], location_or_rule: str | LocationRule) -> MappedPage:
        """Map a page of entries.

        :param page: entries with the raw values of each attribute in `attributes`.
        :param location_or_rule: as for `map_entry`.
        :raises InputError: as for `map_entry`.
        """
        self._mapped += len(page)
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
        :raises InputError: if a regular expression takes too long for more than `MAX_SLOW_EVALUATIONS` people.
        """
        contact = self.map_without_rules(identity, values, location_or_rule)
        return contact if isinstance(contact, LeftOut) else self._check_rules(contact)

    def map_without_rules(
        self, identity: str, values: Sequence[RawValues], location_or_rule: str | LocationRule
    ) -> Contact | LeftOut:
        """Map one entry without checking its row with `find_broken_rule`.

        For the parameters and errors, see `map_entry`.
        """
        self._mapped += 1
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
        attributes, unusable = self._decode(values)
        if isinstance(location_or_rule, str):
            location = location_or_rule
        else:
            location, problem = self._locate(attributes, unusable, location_or_rule)
            if problem is not None:
                return LeftOut(identity, "", problem)
        variables = Variables(attributes, location, self._lookup_values)
        cells: list[str] = []
        emptied: dict[str, str] = {}
        for column in self.columns:
            cell, problem = self._make_cell(column, variables, unusable)
            if problem is not None:
                if column.expression.reads_location and problem != INVALID_NUMBER:
                    return LeftOut(identity, location, f"{column.header}: {problem}")
                emptied[column.header] = problem
            cells.append(cell)
        return Contact(location, tuple(cells), identity, tuple(emptied.items()))

    def _decode(self, values: Sequence[RawValues]) -> tuple[dict[str, list[str]], dict[str, str]]:
        """Return the values of each attribute, and the cause for each attribute whose values cannot be used."""
        attributes: dict[str, list[str]] = {}
        unusable: dict[str, str] = {}
        for name, raw in zip(self.attributes, values):
            if raw:
                try:
                    attributes[name] = decode_values(name, raw)
                except AttributeValueError as error:
                    unusable[name] = str(error)
        return attributes, unusable

    def _locate(
        self,
        attributes: Mapping[str, Sequence[str]],
        unusable: Mapping[str, str],
        rule: LocationRule,
    ) -> tuple[str, str | None]:
        """Return the location that a rule yields, and the cause if it is not valid."""
        variables = Variables(attributes, "", self._lookup_values)
        result, problem = self._evaluate(rule.expression, rule.name, variables, unusable)
        if problem is not None:
            return "", f"its location is unknown: {problem}"
        location = clean(result.text)
        return location, rule.find_problem(location)

    def _make_cell(
        self, column: Column, variables: Variables, unusable: Mapping[str, str]
    ) -> tuple[str, str | None]:
        """Return a cell, and the cause if it is empty because of an unsuitable value."""
        result, problem = self._evaluate(column.expression, column, variables, unusable)
        if problem is not None:
            return "", problem
        cell, has_invalid_number = clean(result.text), result.has_invalid_number
        if column.phone_style is not None and cell:
            cell = column.phone_style.format(cell)
            has_invalid_number = not cell  # an invalid number is formatted as an empty string
        if not cell:
            return "", INVALID_NUMBER if has_invalid_number else None
        problem = column.find_problem(cell) if column.can_be_emptied else None
        return (cell, None) if problem is None else ("", problem)

    def _evaluate(
        self,
        expression: Expression,
        owner: str | Column,
        variables: Variables,
        unusable: Mapping[str, str],
    ) -> tuple[EvaluationResult, str | None]:
        """Return the result of an expression, and the cause if it cannot be evaluated for this person.

        :param owner: column of the expression, or name of the location rule.
        :raises InputError: if a regular expression takes too long for too many people.
        """
        if unusable:
            for name in sorted(expression.attributes & unusable.keys()):
                self._add_failure(expression, owner, unusable[name])
                return _NO_RESULT, unusable[name]
        try:
            return expression.evaluate(variables), None
        except FilterError as error:
            is_slow = isinstance(error, SlowExpressionError)
            self._add_failure(expression, owner, str(error), is_slow=is_slow)
            return _NO_RESULT, str(error)

    def _add_failure(
        self, expression: Expression, owner: str | Column, cause: str, *, is_slow: bool = False
    ) -> None:
        """Record a failed evaluation.

        :param owner: as for `_evaluate`.
        :param cause: cause of the failure, without attribute values.
        :param is_slow: whether a regular expression took too long.
        :raises InputError: as for `_evaluate`.
        """
        name = f"column {owner.header!r}" if isinstance(owner, Column) else owner
        failures = self._failures.setdefault(name, _Failures(expression))
        failures.count += 1
        failures.slow_count += is_slow
        failures.cause = cause
        if failures.slow_count > MAX_SLOW_EVALUATIONS:
            raise failures.to_error(name) from None


@dataclass
class _Failures:
    """The failed evaluations of an expression.

    :ivar expression: the expression.
    :ivar count: number of failed evaluations.
    :ivar slow_count: number of those that failed because a regular expression took too long.
    :ivar cause: cause of the last failure, without attribute values.
    """

    expression: Expression
    count: int = 0
    slow_count: int = 0
    cause: str = ""

    def to_error(self, owner: str) -> InputError:
        """Return an error about the expression of an owner, such as ``column 'Email'``."""
        return InputError(
            f"Cannot evaluate the expression {self.expression.text!r} of {owner} for"
            f" {format_count(self.count, 'person', 'people')}",
            self.cause,
            "Correct the expression or the values in the directory",
        )
