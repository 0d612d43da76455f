# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service's answer to an upload: an interpreted response, without secrets or personal data.

The module's option ``result`` defines the structure of the document in the response.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._text import format_count
from .document import (
    EMPTY,
    HTML,
    JSON,
    TEXT,
    XML,
    Document,
    get_path,
    has_plain_media_type,
    parse_document,
    scalar_text,
    to_integer,
)
from .endpoint import Endpoint, ResultFormat
from .failure_signs import MESSAGE_PATHS, Path, find_failure_sign
from .masking import Masker
from .redirect import RedirectTarget, read_target
from .refusals import MAX_ERRORS, RefusalCause, RefusalList, RowError, SentRoster
from .response import Response
from .service_message import find_message

# A key that looks like the name of a count. Any other key could be personal data, such as an email address.
_COUNT_NAME = re.compile(r"[A-Za-z_][\w -]{0,39}")
# Names of numbers that are not counts: they are also present in responses that say nothing about rows.
_NOT_A_COUNT = re.compile(
    r"(?:^|[_-]|(?<=[a-z])(?=[A-Z]))"
    r"(?:[Ii]d|[Cc]ode|[Ss]tatus|[Ss]uccess|[Oo]k|[Vv]ersion|[Tt]ime|[Tt]imestamp|[Dd]ate|[Aa]t|[Dd]uration|[Mm]s)$"
)
_FALSE_TEXTS = frozenset({"false", "0", "no"})


@dataclass(frozen=True)
class Answer:
    """The service's answer to an upload: an interpreted response, without secrets or personal data.

    :ivar status: status code of the response (RFC 9110, 15).
    :ivar is_roster_sent: whether any part of the roster had been sent when the service responded.
    :ivar content: description of the document in the response, such as ``an empty body``.
    :ivar is_page: whether the document is an HTML page.
    :ivar counts: counts in the response, by name, except those whose names could be personal data; at most MAX_ERRORS.
    :ivar errors: details of the first refusals, at most MAX_ERRORS.
    :ivar error_count: number of refusals in the response.
    :ivar causes: causes of the refusals, those with the most rows first.
    :ivar refused_rows: numbers of the rejected rows; the first row after the header is 1.
    :ivar unassigned: number of rejected rows that the response does not identify.
    :ivar header: titles of the columns that were sent.
    :ivar location_column: title of the column with the locations; empty if there is none.
    :ivar row_count: number of rows that were sent.
    :ivar message: human-readable message in the response; empty if there is none.
    :ivar problem: reason why the document in the response is not as expected; empty if it is.
    :ivar failure_sign: first sign in the response that the upload failed; empty if there is none.
    :ivar is_denied: whether the success flag is false; the result format defines its path.
    :ivar redirect: kind of the redirect target, as in RedirectTarget.
    :ivar redirect_address: redirect target, masked and without its query; empty if it is missing or malformed.
    :ivar retry_after: delay in seconds that the service requested; None if it did not request one.
    :ivar firewall: FIREWALL or MAYBE_FIREWALL if the response comes, or may come, from a firewall or proxy in front of
        the service; otherwise empty.
    """

    status: int
    is_roster_sent: bool = True
    content: str = ""
    is_page: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    errors: tuple[RowError, ...] = ()
    error_count: int = 0
    causes: tuple[RefusalCause, ...] = ()
    refused_rows: frozenset[int] = frozenset()
    unassigned: int = 0
    header: Sequence[str] = ()
    location_column: str = ""
    row_count: int = 0
    message: str = ""
    problem: str = ""
    failure_sign: str = ""
    is_denied: bool = False
    redirect: str = ""
    redirect_address: str = ""
    retry_after: float | None = None
    firewall: str = ""

    @property
    def refused_count(self) -> int:
        """The number of rejected rows."""
        return len(self.refused_rows) + self.unassigned

    @property
    def is_partial(self) -> bool:
        """Whether the service rejected some but not all rows, and apparently accepted the others.

        The document must identify each rejected row, and must not contradict the acceptance of the other rows. The
        status code is not considered.
        """
        is_clear = not (self.problem or self.failure_sign or self.is_denied or self.unassigned)
        return is_clear and 0 < len(self.refused_rows) < self.row_count


def read_answer(
    response: Response,
    endpoint: Endpoint,
    result_format: ResultFormat,
    sent: SentRoster,
    masker: Masker,
) -> Answer:
    """Interpret a response, and mask the texts in it.

    :param sent: the roster that was sent, for looking up identities and locations.
    :param masker: the masker for texts from the service.
    """
    document = parse_document(response.body, response.content_type)
    reader = _DocumentReader(document, result_format, sent.row_count)
    refusals = RefusalList(reader.refusals, result_format, sent.row_count)
    refusals.match_roster(sent)
    message = find_message(
        document, result_format.messages, result_format.errors, is_error=response.status >= 400
    )
    target = read_target(endpoint.url, response.location)
    names = [name for name in reader.counts if _COUNT_NAME.fullmatch(name)]
    texts = [message, target.host, target.path, reader.success, document.media_type]
    masker.prepare([*refusals.texts(), *names, *texts])
    refused_rows = frozenset(refusals.rows)
    unassigned = max(refusals.unassigned, reader.refused_count() - len(refused_rows))
    return Answer(
        status=response.status,
        is_roster_sent=response.is_roster_sent,
        content=_describe(document, masker),
        is_page=document.is_page,
        counts=_shown_counts(names, reader.counts, masker),
        errors=tuple(refusals.row_errors(masker, sent.header)),
        error_count=refusals.count,
        causes=tuple(refusals.causes(masker, sent.header)),
        refused_rows=refused_rows,
        unassigned=unassigned,
        header=sent.header,
        location_column=sent.location_column,
        row_count=sent.row_count,
        message=masker.mask(message),
        problem=reader.explain_problem(masker),
        failure_sign=find_failure_sign(
            document, reader.explained(), len(refused_rows) + unassigned
        ),
        is_denied=reader.is_denied,
        redirect=target.kind,
        redirect_address=_mask_target(target, masker),
        retry_after=response.retry_after,
        firewall=response.firewall,
    )


def _shown_counts(names: list[str], counts: Mapping[str, Any], masker: Masker) -> dict[str, int]:
    numbers = ((name, to_integer(counts[name])) for name in names)
    shown = [
        (name, number)
        for name, number in numbers
        if number is not None and masker.mask(name) == name
    ]
    return dict(shown[:MAX_ERRORS])


def _mask_target(target: RedirectTarget, masker: Masker) -> str:
    # The port is not masked, because it could be mistaken for a part of a phone number.
    return (
        f"{masker.mask(target.host)}{target.port}{masker.mask(target.path)}" if target.path else ""
    )


def _describe(document: Document, masker: Masker) -> str:
    if document.kind == EMPTY:
        return "an empty body"
    kind = {JSON: "JSON", TEXT: "plain text"}.get(document.kind, "a body")
    return f"{kind} ({masker.mask(document.media_type)})" if document.media_type else kind


class _DocumentReader:
    """A reader for the values in a document that the result format describes.

    :param row_count: number of rows that were sent.
    :ivar counts: the object with the counts; empty if there is none.
    :ivar errors: the value at the path of the refusals; None if there is none.
    :ivar success: the flag or state as text; empty if there is none.
    """

    def __init__(self, document: Document, result_format: ResultFormat, row_count: int) -> None:
        self._document = document
        self._format = result_format
        self._row_count = row_count
        self._value = document.value if document.kind == JSON else None
        counts = get_path(self._value, result_format.counts)
        self._has_counts = counts is not None
        self._are_counts_valid = isinstance(counts, (Mapping, type(None)))
        self.counts: Mapping[str, Any] = counts if isinstance(counts, Mapping) else {}
        self.errors = get_path(self._value, result_format.errors)
        is_text = document.kind == TEXT and result_format.success == "."
        state = document.value if is_text else get_path(self._value, result_format.success)
        self.success = scalar_text(state) or ""

    @property
    def refusals(self) -> Any:
        """The value that lists the refusals; None if it is missing or its type is unsuitable."""
        return self.errors if self._are_errors_valid else None

    @property
    def _are_errors_valid(self) -> bool:
        if isinstance(self.errors, (Mapping, str)):
            # An object or a string cannot contain a status for each row. With the path ".", an object is the whole
            # document, so some of its members are not errors.
            return not self._format.status and self._format.errors != "."
        return isinstance(self.errors, (list, type(None)))

    @property
    def is_denied(self) -> bool:
        """Whether the success flag is false.

        Any other unexpected state might mean that the service is still processing the roster.
        """
        return self.success.casefold() in _FALSE_TEXTS and not self._is_successful

    @property
    def _is_successful(self) -> bool:
        values = {value.strip().casefold() for value in self._format.success_values}
        return self.success != "" and self.success.casefold() in values

    def explained(self) -> frozenset[Path]:
        """Return the paths of the values whose meaning the result format defines.

        If it defines how to recognize acceptance, the usual paths of a message are also included.
        """
        paths = [_split(path) for path in (self._format.success, self._format.errors) if path]
        if self._format.counts:
            paths += [(*_split(self._format.counts), name) for name in self._format.refused]
        if self._format.confirms:
            paths += MESSAGE_PATHS
        return frozenset(paths)

    def refused_count(self) -> int:
        """Return the number of rejected rows according to the counts."""
        numbers = (to_integer(self.counts.get(name)) for name in self._format.refused)
        return sum(max(0, number) for number in numbers if number is not None)

    def explain_problem(self, masker: Masker) -> str:
        """Return the reason why the document is not as expected; empty if it is."""
        problem, media_type = self._explain_kind(), self._document.media_type
        if problem and media_type and self._document.kind in (HTML, TEXT, XML):
            return f"{problem} (media type {masker.mask(media_type)})"
        return problem or next(self._mismatches(masker), "")

    def _explain_kind(self) -> str:
        """Return the reason why the document is not of the expected kind; empty if it is."""
        kind, is_plain = self._document.kind, has_plain_media_type(self._document)
        if self._format.success == "." and kind == TEXT:
            return ""
        if self._format.confirms:
            return self._document.problem
        if kind == TEXT:
            return (
                "" if is_plain else "it is not JSON, and its media type is not that of plain text"
            )
        return "" if kind == EMPTY else self._document.problem

    def _mismatches(self, masker: Masker) -> Iterator[str]:
        """Yield the differences between the structure of the document and the expected structure."""
        success, counts, errors = self._format.success, self._format.counts, self._format.errors
        paths = [path for path in (counts, errors) if path]
        if success and not self.success:
            absence = "" if success == "." else f"it does not contain {success}, or "
            yield f"{absence}{_label(success)} is neither a flag, a number nor a nonempty string"
        if success and not self._is_successful and not self.is_denied:
            yield (
                f'{_label(success)} is "{masker.mask(self.success, 40)}", which is not in O(result.success_values)'
            )
        if paths and not self._has_counts and self.errors is None and not self._is_successful:
            yield f"it does not contain {' or '.join(paths)}"
        if not self._are_counts_valid:
            yield f"{_label(counts)} is not an object"
        yield from self._error_mismatches()
        yield from self._count_mismatches()

    def _error_mismatches(self) -> Iterator[str]:
        label = _label(self._format.errors)
        if not self._are_errors_valid:
            yield f"{label} is not a list"
        # A list that contains a status for each row must be complete. If `row_column` is set, one item
        # can represent several rows, so only an empty list is known to be incomplete.
        listed = len(self.errors) if isinstance(self.errors, list) else 0
        if self._format.status and listed < (1 if self._format.row_column else self._row_count):
            rows = format_count(self._row_count, "row")
            yield f"{label} lists {listed} of {rows}"

    def _count_mismatches(self) -> Iterator[str]:
        label, refused = _label(self._format.counts), self._format.refused
        reported = [name for name in refused if self.counts.get(name) is not None]
        # A service may leave out a count that is 0, but not all counts.
        has_others = any(
            to_integer(number) is not None and not _NOT_A_COUNT.search(name)
            for name, number in self.counts.items()
        )
        if refused and not reported and not has_others:
            yield f"{label} does not contain {' or '.join(refused)}"
        for name in reported:
            number = to_integer(self.counts[name])
            if number is None:
                yield f"{name} in {label} is not an integer"
            elif number < 0:
                yield f"{name} in {label} is negative"


def _split(path: str) -> Path:
    return () if path == "." else tuple(path.split("."))


def _label(path: str | None) -> str:
    """Return the name of the value at a path, for an error message."""
    return "it" if path == "." else str(path)
