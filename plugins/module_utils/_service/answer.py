# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service's answer: what it counted, and which rows it refused.

Where a service puts these is part of its profile. Its own words may repeat a person's values, so they
are printed only without any word that stands in the roster.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from .endpoint import ResultFormat
from .refusals import MAX_ERRORS, Listed, RowError, Sent, is_number, words
from .response_body import ResponseBody

# What a programmer calls a count; a person's address is none.
_COUNT_NAME = re.compile(r"[A-Za-z_][\w -]{0,39}")


class Answer(NamedTuple):
    """What came back, without anybody's values.

    :ivar status: HTTP status code (RFC 9110, 15).
    :ivar counts: numbers that the service gave, by their names.
    :ivar errors: rows that it refused, at most MAX_ERRORS of them.
    :ivar error_count: how many refusals it listed.
    :ivar refused: numbers of the rows that it refused, the first one after the header is 1.
    :ivar unplaced: how many more it refused without saying which.
    :ivar rows: how many were sent.
    :ivar problem: why it does not hold what the profile says that answers hold; empty when it does.
    :ivar retry_after: seconds that it asked to wait; None when it did not.
    """

    status: int
    counts: Mapping[str, int] = MappingProxyType({})
    errors: tuple[RowError, ...] = ()
    error_count: int = 0
    refused: frozenset[int] = frozenset()
    unplaced: int = 0
    rows: int = 0
    problem: str = ""
    retry_after: float | None = None

    @property
    def refused_count(self) -> int:
        """How many rows were refused."""
        return len(self.refused) + self.unplaced

    @property
    def is_partial(self) -> bool:
        """Whether it is known of each row whether it was taken, and some were and some were not."""
        return not self.problem and not self.unplaced and 0 < len(self.refused) < self.rows


def read_answer(status: int, reading: ResponseBody, where: ResultFormat, sent: Sent) -> Answer:
    """Read counts and row errors from an answer.

    :param reading: its body.
    :param sent: the roster, to tell whose error it is and to take people's values out.
    """
    document, problem = _document(reading, where)
    counts, errors = _at(document, where.counts), _at(document, where.errors)
    counts = counts if isinstance(counts, Mapping) else None
    listed = Listed(errors if isinstance(errors, list) else [], where, sent.rows)
    names = [name for name in counts or {} if _COUNT_NAME.fullmatch(name)]
    masked = listed.look_through(sent, names)
    shown = {
        name: counts[name]
        for name in names
        if counts and is_number(counts[name]) and not masked >= set(words(name))
    }
    refused = frozenset(listed.rows)
    unplaced = max(listed.unplaced, _refused_count(counts, where) - len(refused))
    return Answer(
        status,
        dict(list(shown.items())[:MAX_ERRORS]),
        tuple(listed.shown(masked)),
        listed.count,
        refused,
        unplaced,
        sent.rows,
        problem or _misfit(document, where, sent.rows),
    )


def _document(reading: ResponseBody, where: ResultFormat) -> tuple[Any, str]:
    """The answer as JSON (RFC 8259), or why it is none."""
    if not where.counts and not where.errors:
        return None, ""
    if reading.problem:
        return None, reading.problem
    try:
        return json.loads(reading.body), ""
    except (ValueError, RecursionError):
        text = reading.body.lstrip()
        if not text:
            return None, "it is empty"
        return None, "it is a page of HTML" if text[:1] == b"<" else "it is no JSON"


def _misfit(document: Any, where: ResultFormat, rows: int) -> str:
    """Why a document does not hold what it was said to hold; empty when it does.

    :param rows: how many were sent.
    """
    counts, errors = _at(document, where.counts), _at(document, where.errors)
    paths = [path for path in (where.counts, where.errors) if path]
    if paths and counts is None and errors is None:
        return f"it does not hold {' or '.join(paths)}"
    if not isinstance(counts, (Mapping, type(None))):
        return f"{_called(where.counts)} is no object"
    if not isinstance(errors, (list, type(None))):
        return f"{_called(where.errors)} is no list"
    # Of rows that a list of all does not hold, nobody knows whether they were taken. One value may name several.
    if where.status and len(errors or ()) < (1 if where.row_column else rows):
        return f"{_called(where.errors)} lists {len(errors or ())} of {rows} rows"
    return _misfit_of_counts(counts or {}, where)


def _misfit_of_counts(counts: Mapping[str, Any], where: ResultFormat) -> str:
    given = {name: counts[name] for name in where.refused if counts.get(name) is not None}
    if where.refused and not given:
        return f"{_called(where.counts)} holds none of {', '.join(where.refused)}"
    for name, number in given.items():
        if not is_number(number):
            return f"{name} is no whole number in {_called(where.counts)}"
    return ""


def _called(path: str | None) -> str:
    """What an error calls the place that a path leads to."""
    return "it" if path == "." else str(path)


def _at(document: Any, path: str | None) -> Any:
    if not path:
        return None
    for key in path.split(".") if path != "." else ():
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _refused_count(counts: Mapping[str, Any] | None, where: ResultFormat) -> int:
    found: list[Any] = [(counts or {}).get(name) for name in where.refused]
    return sum(max(0, number) for number in found if is_number(number))
