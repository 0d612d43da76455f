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
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple


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
    :ivar readable: whether it held what the profile says that answers hold.
    """

    status: int
    counts: dict[str, int]
    errors: tuple[RowError, ...]
    readable: bool = True


def read_answer(
    status: int,
    body: bytes,
    where: ResultFormat,
    rows: Sequence[Sequence[str]],
    identities: Sequence[str] | None,
) -> Answer:
    """Read counts and row errors from an answer.

    :param body: as it came.
    :param rows: the rows that were sent, to tell whose error it is and to take people's values out.
    :param identities: the identity of each row, when known.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    counts = _at(document, where.counts)
    errors = _at(document, where.errors)
    return Answer(
        status,
        {str(name): count for name, count in counts.items() if _is_number(count)}
        if isinstance(counts, Mapping)
        else {},
        _row_errors(errors, where, rows, identities) if isinstance(errors, list) else (),
        _is_readable(where, counts, errors),
    )


def _is_readable(where: ResultFormat, counts: object, errors: object) -> bool:
    """Whether an answer holds what it was said to hold; a page of HTML with status 200 does not."""
    if not where.counts and not where.errors:
        return True
    fits = isinstance(counts, (Mapping, type(None))) and isinstance(errors, (list, type(None)))
    return fits and not (counts is None and errors is None)


def _at(document: Any, path: str | None) -> Any:
    if not path:
        return None
    for key in path.split("."):
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _is_number(value: object) -> bool:
    # To Python, JSON's true and false are numbers too.
    return isinstance(value, int) and not isinstance(value, bool)


def _row_errors(
    errors: Sequence[object],
    where: ResultFormat,
    rows: Sequence[Sequence[str]],
    identities: Sequence[str] | None,
) -> tuple[RowError, ...]:
    words = {word for row in rows for cell in row for word in _words(cell)} if errors else set()
    return tuple(_row_error(error, where, identities, len(rows), words) for error in errors)


def _row_error(
    error: object,
    where: ResultFormat,
    identities: Sequence[str] | None,
    number_of_rows: int,
    words: AbstractSet[str],
) -> RowError:
    fields = error if isinstance(error, Mapping) else {}
    number: Any = fields.get(where.row)
    if not _is_number(number) or not 1 <= number <= number_of_rows:
        number = None
    return RowError(
        number,
        identities[number - 1] if number is not None and identities else None,
        _without(str(fields.get(where.column) or ""), words),
        _without(str(fields.get(where.cause) or ""), words),
    )


_WORD = re.compile(r"\w+")
# Numbers of telephones and the like, however they are spaced.
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s()./-]*\d){4,}")


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _without(text: str, words: AbstractSet[str]) -> str:
    """The service's words without any that stands in the roster: it may name others than this person."""
    text = _LONG_NUMBER.sub("...", text)
    text = _WORD.sub(lambda word: "..." if word[0].casefold() in words else word[0], text)
    return " ".join(text.split())[:200]
