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
from dataclasses import dataclass, field
from typing import Any

from .endpoint import ResultFormat
from .refusals import MAX_ERRORS, RefusalList, RowError, SentRoster, is_integer, split_words
from .response_body import ResponseBody

# What a programmer calls a count; a person's address is none.
_COUNT_NAME = re.compile(r"[A-Za-z_][\w -]{0,39}")


@dataclass(frozen=True)
class Answer:
    """What came back, without anybody's values.

    :ivar status: HTTP status code (RFC 9110, 15).
    :ivar counts: numbers that the service gave, by their names.
    :ivar errors: rows that it refused, at most MAX_ERRORS of them.
    :ivar error_count: how many refusals it listed.
    :ivar refused_rows: numbers of the rows that it refused, the first one after the header is 1.
    :ivar unassigned: how many more it refused without saying which.
    :ivar row_count: how many were sent.
    :ivar problem: why it does not hold what the profile says that answers hold; empty when it does.
    :ivar retry_after: seconds that it asked to wait; None when it did not.
    """

    status: int
    counts: Mapping[str, int] = field(default_factory=dict)
    errors: tuple[RowError, ...] = ()
    error_count: int = 0
    refused_rows: frozenset[int] = frozenset()
    unassigned: int = 0
    row_count: int = 0
    problem: str = ""
    retry_after: float | None = None

    @property
    def refused_count(self) -> int:
        """How many rows were refused."""
        return len(self.refused_rows) + self.unassigned

    @property
    def is_partial(self) -> bool:
        """Whether it is known of each row whether it was taken, and some were and some were not."""
        return (
            not self.problem and not self.unassigned and 0 < len(self.refused_rows) < self.row_count
        )


def read_answer(
    status: int, body: ResponseBody, result_format: ResultFormat, sent: SentRoster
) -> Answer:
    """Read counts and row errors from an answer.

    :param body: its body.
    :param sent: the roster, to tell whose error it is and to take people's values out.
    """
    document, problem = _parse_document(body, result_format)
    counts, errors = (
        _get_path(document, result_format.counts),
        _get_path(document, result_format.errors),
    )
    counts = counts if isinstance(counts, Mapping) else None
    refusals = RefusalList(
        errors if isinstance(errors, list) else [], result_format, sent.row_count
    )
    names = [name for name in counts or {} if _COUNT_NAME.fullmatch(name)]
    roster_words = refusals.match_roster(sent, names)
    displayed_counts = {
        name: counts[name]
        for name in names
        if counts and is_integer(counts[name]) and not roster_words >= set(split_words(name))
    }
    refused_rows = frozenset(refusals.rows)
    unassigned = max(refusals.unassigned, _refused_count(counts, result_format) - len(refused_rows))
    return Answer(
        status=status,
        counts=dict(list(displayed_counts.items())[:MAX_ERRORS]),
        errors=tuple(refusals.row_errors(roster_words)),
        error_count=refusals.count,
        refused_rows=refused_rows,
        unassigned=unassigned,
        row_count=sent.row_count,
        problem=problem or _explain_mismatch(document, result_format, sent.row_count),
    )


def _parse_document(body: ResponseBody, result_format: ResultFormat) -> tuple[Any, str]:
    """The answer as JSON (RFC 8259), or why it is none."""
    if not result_format.counts and not result_format.errors:
        return None, ""
    if body.problem:
        return None, body.problem
    try:
        return json.loads(body.content), ""
    except (ValueError, RecursionError):
        text = body.content.lstrip()
        if not text:
            return None, "it is empty"
        return None, "it is a page of HTML" if text[:1] == b"<" else "it is no JSON"


def _explain_mismatch(document: Any, result_format: ResultFormat, row_count: int) -> str:
    """Why a document does not hold what it was said to hold; empty when it does.

    :param row_count: how many were sent.
    """
    counts, errors = (
        _get_path(document, result_format.counts),
        _get_path(document, result_format.errors),
    )
    paths = [path for path in (result_format.counts, result_format.errors) if path]
    if paths and counts is None and errors is None:
        return f"it does not hold {' or '.join(paths)}"
    if not isinstance(counts, (Mapping, type(None))):
        return f"{_path_label(result_format.counts)} is no object"
    if not isinstance(errors, (list, type(None))):
        return f"{_path_label(result_format.errors)} is no list"
    # Of rows that a list of all does not hold, nobody knows whether they were taken. One value may name several.
    if result_format.status and len(errors or ()) < (1 if result_format.row_column else row_count):
        return f"{_path_label(result_format.errors)} lists {len(errors or ())} of {row_count} rows"
    return _explain_count_mismatch(counts or {}, result_format)


def _explain_count_mismatch(counts: Mapping[str, Any], result_format: ResultFormat) -> str:
    reported = {
        name: counts[name] for name in result_format.refused if counts.get(name) is not None
    }
    if result_format.refused and not reported:
        return (
            f"{_path_label(result_format.counts)} holds none of {', '.join(result_format.refused)}"
        )
    for name, number in reported.items():
        if not is_integer(number):
            return f"{name} is no whole number in {_path_label(result_format.counts)}"
    return ""


def _path_label(path: str | None) -> str:
    """What an error calls the place that a path leads to."""
    return "it" if path == "." else str(path)


def _get_path(document: Any, path: str | None) -> Any:
    if not path:
        return None
    for key in path.split(".") if path != "." else ():
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _refused_count(counts: Mapping[str, Any] | None, result_format: ResultFormat) -> int:
    reported: list[Any] = [(counts or {}).get(name) for name in result_format.refused]
    return sum(max(0, number) for number in reported if is_integer(number))
