# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Columns: what a row is made of, and the rules that a service has for each cell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import InputError
from .._expressions import library
from .._expressions.expression import Expression, compile_expression
from .._expressions.phone import PhoneStyle, check_region
from .._text import SURROGATE, clean, compose

MAX_ROW_LENGTH = 128 * 1024
"""Longest row in characters, all cells together.

A cell of more is refused by the csv module, with which rosters are read; and whatever the characters, so
many of them are within the longest line that is read."""


@dataclass(frozen=True)
class Column:
    """One column of the roster.

    :ivar header: its title, in the service's spelling.
    :ivar expression: what its cells are made of.
    :ivar required: an empty cell makes the row invalid.
    :ivar required_unless: header of another column; both empty makes the row invalid.
    :ivar unique: no two people at one location share a value.
    :ivar max_length: longest cell in characters (Unicode code points); None for any.
    :ivar phone_style: how its cells, which are phone numbers, are written; None when they are none.
    """

    header: str
    expression: Expression
    required: bool = False
    required_unless: str | None = None
    unique: bool = False
    max_length: int | None = None
    phone_style: PhoneStyle | None = None


def compile_columns(
    specifications: Sequence[Mapping[str, Any]], all_global: bool, phone_region: str = ""
) -> tuple[Column, ...]:
    """Check the columns as the user gave them and compile their expressions.

    :param specifications: the option's elements: header, value, and the rules.
    :param all_global: whether no source has a location; the column of the location is left out then.
    :param phone_region: where phone numbers without a country code belong to; empty for nowhere.
    :raises InputError: for a header twice, a rule about a column that is not there, a bad expression.
    :raises LibraryError: when phone numbers are to be checked, and phonenumbers is missing or too old.
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
        # Most services take a contact without a location for one of all locations.
        raise InputError(
            "Cannot tell the locations apart",
            "the sources have locations, and no column holds them",
            "Add a column with the value location, or give no source a location",
        )
    return tuple(columns)


def _check_headers(headers: Sequence[str]) -> None:
    if not headers:
        raise InputError("Cannot make a roster", "no columns are given", "Give at least one column")
    for header in headers:
        if not header or clean(header) != header or SURROGATE.search(header):
            raise InputError(
                f"Cannot use the column title {header!r}",
                "it is empty, or holds line breaks, spaces at its ends or half a character",
                "Write it exactly as the service does",
            )
        if headers.count(header) > 1:
            raise InputError(
                f"Cannot use the column title {header!r}", "two columns have it", "Rename one"
            )


def _check_required_unless(column: Column, headers: Sequence[str]) -> None:
    other_header = column.required_unless
    if other_header is None:
        return
    action = f"Cannot use required_unless of column {column.header!r}"
    if other_header not in headers or other_header == column.header:
        raise InputError(
            action,
            f"there is no other column {other_header!r}",
            f"Name one of {', '.join(map(repr, headers))}",
        )
    if column.required:
        raise InputError(action, "it is required in any case", "Leave one of the two out")


def _compile_column(specification: Mapping[str, Any], phone_region: str) -> Column:
    header = compose(str(specification["header"]))
    length = specification.get("max_length")
    if length is not None and length < 1:
        raise InputError(
            f"Cannot use max_length {length} of column {header!r}", "it is less than 1"
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
        phone_style=_phone_style(header, specification.get("phone_style"), phone_region),
    )


def _phone_style(header: str, style: str | None, phone_region: str) -> PhoneStyle | None:
    if style is None:
        return None
    if style == "national" and not phone_region:
        raise InputError(
            f"Cannot use phone_style national of column {header!r}",
            "phone_region is not given, and a number without a country code is of no country",
            "Give phone_region, or use phone_style international",
        )
    library.PHONENUMBERS.require(f"by phone_style of column {header!r}")
    return PhoneStyle(style, phone_region)


# What a spreadsheet runs as a formula when the file is opened. A phone number's + begins none, unless
# something follows that calls, compares, quotes or names another cell.
_FORMULA = re.compile(r"""[=@]|[+-](?!\d)|[+-].*(?:[|!="<>&]|[A-Za-z]\()""")


def find_broken_rule(
    columns: Sequence[Column], cells: Sequence[str], emptied: Mapping[str, str]
) -> str | None:
    """Hold one row's cells against the rules that look at this row alone.

    :param cells: one cleaned text for each column, in their order.
    :param emptied: for each cell that lost its value the title of its column, and why it is empty.
    :returns: the first rule that is broken, or None. It names columns, never a person's value.
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
    if column.required:
        missing = [column.header]
    elif column.required_unless is not None and not by_header[column.required_unless]:
        missing = [column.header, column.required_unless]
    else:
        return None
    headers_by_cause: dict[str, list[str]] = {}
    for header in missing:
        if header in emptied:
            headers_by_cause.setdefault(emptied[header], []).append(header)
    if headers_by_cause:
        # Who corrects what was lost has a valid row; what never was there is another matter.
        return "; ".join(
            f"{' and '.join(headers)}: {cause}" for cause, headers in headers_by_cause.items()
        )
    both = " and ".join(missing)
    return f"{both} are both empty" if len(missing) > 1 else f"{both} is empty"


def _explain_content(column: Column, cell: str) -> str | None:
    if _FORMULA.match(cell):
        return f"{column.header} begins like a spreadsheet formula"
    if column.max_length is not None and len(cell) > column.max_length:
        return f"{column.header} is longer than {column.max_length} characters"
    return None
