# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The columns of a roster, and the rules for their cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import InputError
from .._expressions import library
from .._expressions.expression import Expression, compile_expression
from .._expressions.phone import PhoneStyle, check_region
from .._text import MAX_TEXT_LENGTH, SURROGATE, clean, compose, format_count
from .formulas import is_possible_formula

MAX_ROW_LENGTH = MAX_TEXT_LENGTH
"""Maximum total number of characters in the cells of a row.

When a roster is read, the csv module rejects longer cells. A row of this length also fits in a line of
`files.MAX_LINE_BYTES` bytes, whatever characters it contains."""

FORMULA = "possibly a spreadsheet formula"
"""Cause of an emptied cell."""


@dataclass(frozen=True)
class Column:
    """One column of the roster.

    :ivar header: title as the service expects it.
    :ivar expression: expression that yields the cells.
    :ivar required: whether an empty cell makes the row invalid.
    :ivar required_unless: title of another column; if both cells are empty, the row is invalid.
    :ivar unique: whether people at the same location must have different values.
    :ivar max_length: maximum length of a cell in characters (Unicode code points); None for no limit.
    :ivar phone_style: phone format of the cells; None if they are not phone numbers.
    """

    header: str
    expression: Expression
    required: bool = False
    required_unless: str | None = None
    unique: bool = False
    max_length: int | None = None
    phone_style: PhoneStyle | None = None

    @property
    def can_be_emptied(self) -> bool:
        """Whether a cell can be emptied instead of leaving a person out.

        A cell that contains the location cannot: most services assign a contact without a location to all locations.
        """
        return not self.required and not self.expression.reads_location

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Titles of the columns of which a row must fill at least one; empty if the cell may be empty."""
        if self.required:
            return (self.header,)
        return () if self.required_unless is None else (self.header, self.required_unless)

    def find_problem(self, cell: str) -> str | None:
        """Return the reason why a cell is not acceptable, without its content; None if it is acceptable."""
        if is_possible_formula(cell):
            return FORMULA
        max_length = MAX_ROW_LENGTH if self.max_length is None else self.max_length
        if len(cell) > max_length:
            return f"longer than {format_count(max_length, 'character')}"
        return None


def compile_columns(
    specifications: Sequence[Mapping[str, Any]], all_global: bool, phone_region: str = ""
) -> tuple[Column, ...]:
    """Validate the columns option and compile its expressions.

    :param specifications: elements of the option, with the title, the expression and the rules of each column.
    :param all_global: whether no source has a location. If so, columns with the value ``location`` are omitted.
    :param phone_region: default country for phone numbers without a country code; empty if there is none.
    :raises InputError: if the columns are not valid, or if `check_region` rejects the phone region.
    :raises LibraryError: if a library that the columns need is missing or too old.
    """
    check_region(phone_region)
    columns = [_compile_column(specification, phone_region) for specification in specifications]
    if all_global:
        columns = [column for column in columns if not column.expression.is_location]
    headers = [column.header for column in columns]
    _check_headers(headers)
    for column in columns:
        _check_required_unless(column, headers)
    if not all_global and not any(column.expression.reads_location for column in columns):
        # Most services assign a contact without a location to all locations.
        raise InputError(
            "Cannot distinguish the locations",
            "the sources have locations, but no column contains them",
            "Add a column with the value location, or remove the locations from all sources",
        )
    return tuple(columns)


def _check_headers(headers: Sequence[str]) -> None:
    if not headers:
        raise InputError(
            "Cannot create a roster",
            "O(columns) is empty, or contains only the location, which no source has",
            "Add a column that contains an attribute",
        )
    for header in headers:
        if not header or clean(header) != header or SURROGATE.search(header):
            raise InputError(
                f"Cannot use the column title {header!r}",
                "it is empty, contains a control character or an unpaired surrogate, or begins or ends with a"
                " space or an invisible character",
                "Write it exactly as the service expects it",
            )
        if headers.count(header) > 1:
            raise InputError(
                f"Cannot use the column title {header!r}",
                "two columns have this title",
                "Rename one of them",
            )


def _check_required_unless(column: Column, headers: Sequence[str]) -> None:
    other_header = column.required_unless
    if other_header is None:
        return
    action = f"Cannot use O(columns[].required_unless) of column {column.header!r}"
    if other_header not in headers or other_header == column.header:
        raise InputError(
            action,
            f"there is no other column {other_header!r}",
            "Use the title of another column, or remove O(columns[].required_unless)",
        )
    if column.required:
        raise InputError(action, "O(columns[].required) is also set", "Set only one of the two")


def _compile_column(specification: Mapping[str, Any], phone_region: str) -> Column:
    header = compose(str(specification["header"]))
    length = specification.get("max_length")
    if length is not None and length < 1:
        raise InputError(
            f"Cannot use O(columns[].max_length) {length} of column {header!r}",
            "it must be at least 1",
        )
    other_header = specification.get("required_unless")
    return Column(
        header=header,
        expression=compile_expression(
            str(specification["value"]), f"column {header!r}", phone_region
        ),
        required=bool(specification.get("required")),
        required_unless=None if other_header is None else compose(other_header),
        unique=bool(specification.get("unique")),
        max_length=length,
        phone_style=_compile_phone_style(header, specification.get("phone_style"), phone_region),
    )


def _compile_phone_style(header: str, style: str | None, phone_region: str) -> PhoneStyle | None:
    if style is None:
        return None
    if style == "national" and not phone_region:
        raise InputError(
            f"Cannot use O(columns[].phone_style=national) for column {header!r}",
            "O(phone_region) is not set, so the country of numbers without a country code is unknown",
            "Set O(phone_region), or use O(columns[].phone_style=international)",
        )
    library.PHONENUMBERS.require(f"by O(columns[].phone_style) of column {header!r}")
    return PhoneStyle(style, phone_region)


def find_broken_rule(
    columns: Sequence[Column], cells: Sequence[str], emptied: Mapping[str, str]
) -> str | None:
    """Check a row against all rules that do not involve other rows.

    :param columns: columns of the roster.
    :param cells: normalized text of each column, in order.
    :param emptied: cause of each emptied cell, by column title.
    :returns: a description of the first broken rule, without attribute values; None if the row is valid.
    """
    if sum(map(len, cells)) > MAX_ROW_LENGTH:
        return f"the row is longer than {MAX_ROW_LENGTH} characters"
    by_header = {column.header: cell for column, cell in zip(columns, cells)}
    for column, cell in zip(columns, cells):
        cause = (
            _explain_content(column, cell) if cell else _explain_empty(column, by_header, emptied)
        )
        if cause is not None:
            return cause
    return None


def _explain_empty(
    column: Column, by_header: Mapping[str, str], emptied: Mapping[str, str]
) -> str | None:
    missing = column.alternatives
    if not missing or any(by_header[header] for header in missing):
        return None
    headers_by_cause: dict[str, list[str]] = {}
    for header in missing:
        if header in emptied:
            headers_by_cause.setdefault(emptied[header], []).append(header)
    if headers_by_cause:
        # Correcting one of the emptied values satisfies the rule, so cells without a value are not mentioned.
        return "; ".join(
            f"{' and '.join(headers)}: {cause}" for cause, headers in headers_by_cause.items()
        )
    titles = " and ".join(missing)
    return f"{titles} are both empty" if len(missing) > 1 else f"{titles} is empty"


def _explain_content(column: Column, cell: str) -> str | None:
    problem = column.find_problem(cell)
    if problem is None:
        return None
    if problem == FORMULA:
        return f"{column.header} could be interpreted as a spreadsheet formula"
    return f"{column.header} is {problem}"
