# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service's answer: what it counted, and which rows it refused.

Where a service puts these is part of its profile. Its own words may repeat a person's values, so they
are printed only where they stand for one row, with that row's values taken out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

# Whose values the service's words may hold is not known then.
_WITHHELD = "not shown, for the service named no row of the roster"


class ResultFormat(NamedTuple):
    """Where a JSON answer holds what.

    :ivar counts: path to an object of numbers, its keys parted by dots.
    :ivar errors: path to a list of objects, one for each row refused.
    :ivar row: key of the row's number in such an object; the first row after the header is 1.
    :ivar column: key of the column's title.
    :ivar cause: key of the reason.
    """

    counts: str | None = None
    errors: str | None = None
    row: str = "row"
    column: str = "column"
    cause: str = "error"


class RowError(NamedTuple):
    """One row that the service refused.

    :ivar row: its number, the first one after the header is 1; None when the service did not say.
    :ivar identity: the person's UUID, when it is known.
    """

    row: int | None
    identity: str | None
    column: str
    cause: str


class Answer(NamedTuple):
    """What came back, without anybody's values.

    :ivar status: HTTP status code (RFC 9110, 15).
    :ivar counts: numbers that the service gave, by their names.
    :ivar errors: the rows that it refused.
    """

    status: int
    counts: dict[str, int]
    errors: tuple[RowError, ...]


def read_answer(
    status: int,
    body: bytes,
    where: ResultFormat,
    rows: Sequence[Sequence[str]],
    identities: Sequence[str] | None,
) -> Answer:
    """Read counts and row errors from an answer; what is not there or no JSON counts as none.

    :param body: as it came.
    :param rows: the rows that were sent, to tell whose error it is and to take their values out.
    :param identities: the identity of each row, when known.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return Answer(status, {}, ())
    counts = _at(document, where.counts)
    errors = _at(document, where.errors)
    return Answer(
        status,
        {str(name): count for name, count in counts.items() if _is_number(count)}
        if isinstance(counts, Mapping)
        else {},
        tuple(
            _row_error(error, where, rows, identities)
            for error in errors
            if isinstance(error, Mapping)
        )
        if isinstance(errors, list)
        else (),
    )


def _at(document: Any, path: str | None) -> Any:
    if not path:
        return None
    for key in path.split("."):
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _is_number(value: object) -> bool:
    # To Python, JSON's true and false are numbers too.
    return isinstance(value, int) and not isinstance(value, bool)


def _row_error(
    error: Mapping[str, Any],
    where: ResultFormat,
    rows: Sequence[Sequence[str]],
    identities: Sequence[str] | None,
) -> RowError:
    number: Any = error.get(where.row)
    if not _is_number(number) or not 1 <= number <= len(rows):
        return RowError(None, None, "", _WITHHELD)
    cells = rows[number - 1]
    return RowError(
        number,
        identities[number - 1] if identities else None,
        _without(str(error.get(where.column) or ""), cells),
        _without(str(error.get(where.cause) or ""), cells),
    )


def _without(text: str, cells: Sequence[str]) -> str:
    """The service's words without the values of the row they are about, however it spells them."""
    values = [re.escape(cell) for cell in sorted(filter(None, cells), key=len, reverse=True)]
    if values:
        text = re.sub("|".join(values), "...", text, flags=re.IGNORECASE)
    return " ".join(text.split())[:200]
