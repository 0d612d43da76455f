# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service's answer: the counts and the refused rows from the JSON document in a response.

The module's option ``result`` defines the structure of the document. Words that occur in the roster
are masked, because the document may repeat personal data.
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

# A key that looks like the name of a count. Any other key could be personal data, such as an email address.
_COUNT_NAME = re.compile(r"[A-Za-z_][\w -]{0,39}")


@dataclass(frozen=True)
class Answer:
    """The service's answer to an upload, without personal data.

    :ivar status: status code of the response (RFC 9110, 15).
    :ivar counts: counts in the response, by name.
    :ivar errors: details of the first refusals, at most MAX_ERRORS.
    :ivar error_count: number of refusals in the response.
    :ivar refused_rows: numbers of the refused rows; the first row after the header is 1.
    :ivar unassigned: number of refused rows that the response does not identify.
    :ivar row_count: number of rows that were sent.
    :ivar problem: reason why the response does not match the result format; empty if it matches.
    :ivar retry_after: delay in seconds that the service requested; None if it did not request one.
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
        """The number of refused rows."""
        return len(self.refused_rows) + self.unassigned

    @property
    def is_partial(self) -> bool:
        """Whether the service refused some but not all rows, and the response identifies each refused row."""
        is_known = not self.problem and not self.unassigned
        return is_known and 0 < len(self.refused_rows) < self.row_count


def read_answer(
    status: int, body: ResponseBody, result_format: ResultFormat, sent: SentRoster
) -> Answer:
    """Read the counts and the refused rows from a response.

    :param status: status code of the response.
    :param body: body of the response.
    :param result_format: the expected structure of the body.
    :param sent: the roster that was sent, for looking up identities and masking personal data.
    """
    document, problem = _parse_document(body, result_format)
    counts = _get_path(document, result_format.counts)
    errors = _get_path(document, result_format.errors)
    counts = counts if isinstance(counts, Mapping) else {}
    refusals = RefusalList(
        errors if isinstance(errors, list) else [], result_format, sent.row_count
    )
    names = [name for name in counts if _COUNT_NAME.fullmatch(name)]
    roster_words = refusals.match_roster(sent, names)
    shown_counts = {
        name: counts[name]
        for name in names
        if is_integer(counts[name]) and not roster_words >= set(split_words(name))
    }
    refused_rows = frozenset(refusals.rows)
    unassigned = max(refusals.unassigned, _refused_count(counts, result_format) - len(refused_rows))
    return Answer(
        status=status,
        counts=dict(list(shown_counts.items())[:MAX_ERRORS]),
        errors=tuple(refusals.row_errors(roster_words)),
        error_count=refusals.count,
        refused_rows=refused_rows,
        unassigned=unassigned,
        row_count=sent.row_count,
        problem=problem or _explain_mismatch(document, result_format, sent.row_count),
    )


def _parse_document(body: ResponseBody, result_format: ResultFormat) -> tuple[Any, str]:
    """Parse the JSON document (RFC 8259) in a response.

    :returns: the document and an empty string, or None and the reason why there is no valid document.
        The reason is empty if the result format does not require a document.
    """
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
        return None, "it is an HTML page" if text[:1] == b"<" else "it is not valid JSON"


def _explain_mismatch(document: Any, result_format: ResultFormat, row_count: int) -> str:
    """Return the reason why a document does not have the expected structure, or an empty string.

    :param row_count: number of rows that were sent.
    """
    counts = _get_path(document, result_format.counts)
    errors = _get_path(document, result_format.errors)
    paths = [path for path in (result_format.counts, result_format.errors) if path]
    if paths and counts is None and errors is None:
        return f"it does not contain {' or '.join(paths)}"
    if not isinstance(counts, (Mapping, type(None))):
        return f"{_path_label(result_format.counts)} is not an object"
    if not isinstance(errors, (list, type(None))):
        return f"{_path_label(result_format.errors)} is not a list"
    # A list that contains a status for each row must be complete. If `row_column` is set, one item
    # can represent several rows, so only an empty list is known to be incomplete.
    if result_format.status and len(errors or ()) < (1 if result_format.row_column else row_count):
        return f"{_path_label(result_format.errors)} lists {len(errors or ())} of {row_count} rows"
    return _explain_count_mismatch(counts or {}, result_format)


def _explain_count_mismatch(counts: Mapping[str, Any], result_format: ResultFormat) -> str:
    label = _path_label(result_format.counts)
    reported = {
        name: counts[name] for name in result_format.refused if counts.get(name) is not None
    }
    if result_format.refused and not reported:
        return f"{label} contains none of {', '.join(result_format.refused)}"
    for name, number in reported.items():
        if not is_integer(number):
            return f"{name} in {label} is not an integer"
    return ""


def _path_label(path: str | None) -> str:
    """Return the name of the value at a path, for an error message."""
    return "it" if path == "." else str(path)


def _get_path(document: Any, path: str | None) -> Any:
    """Return the value at a path of dot-separated keys, or the document itself for ``.``; None if there is no value."""
    if not path:
        return None
    for key in path.split(".") if path != "." else ():
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _refused_count(counts: Mapping[str, Any], result_format: ResultFormat) -> int:
    numbers: list[Any] = [counts.get(name) for name in result_format.refused]
    return sum(max(0, number) for number in numbers if is_integer(number))
