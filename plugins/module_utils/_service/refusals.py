# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows that a service rejected: their numbers, identities and causes, without personal data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .._text import make_printable
from .document import scalar_text, to_integer, to_text
from .endpoint import ResultFormat
from .masking import MASK, Masker
from .service_message import collect_texts, find_usual_texts, limit_length

MAX_ERRORS = 50
"""Maximum number of refusals whose details are kept. For further refusals, only row numbers and causes are kept."""

MAX_CAUSES = 20
"""Maximum number of causes that are reported."""

# Maximum number of different texts from the service that are looked up, masked and counted.
_MAX_RAW_CAUSES = 2000
_MAX_LOCATIONS = 10
# Adjacent masked words, such as a first name and a last name, or the parts of an email address.
_MASKED = re.compile(rf"{re.escape(MASK)}(?:[\s.@_'-]*{re.escape(MASK)})*\.*")
_OTHER_CAUSES = "other causes"


@dataclass(frozen=True)
class SentRoster:
    """The roster that was sent.

    :ivar header: titles of the columns.
    :ivar row_count: number of rows after the header.
    :ivar read_rows: function that returns the cells and the identity of each row, in order. The
        identity is None if it is unknown.
    :ivar location_column: title of the column with the locations; empty if there is none.
    """

    header: Sequence[str]
    row_count: int
    read_rows: Callable[[], Iterable[tuple[Sequence[str], str | None]]]
    location_column: str = ""

    def column_index(self, title: str | None) -> int | None:
        """Return the index of a column; None if there is no such column."""
        return self.header.index(title) if title in self.header else None


@dataclass(frozen=True)
class RowError:
    """A row that the service rejected.

    :ivar row: row number, where the first row after the header is 1; None if it is unknown.
    :ivar identity: UUID of the person; None if it is unknown.
    :ivar column: title of the column, or masked text if there is no such column; empty if it is unknown.
    :ivar cause: the service's message, with personal data masked.
    """

    row: int | None
    identity: str | None = None
    column: str = ""
    cause: str = ""


@dataclass(frozen=True)
class RefusalCause:
    """A cause for which the service rejected rows.

    :ivar column: title of the column, or masked text if there is no such column; empty if it is unknown.
    :ivar cause: the service's message, with personal data masked, or a phrase for all remaining causes.
    :ivar rows: number of rows; a row is counted more than once if its causes differ only in masked words.
    :ivar locations: the most frequent locations of these rows, each with its number of rows. Locations are part of the
        configuration, so they are not masked.
    """

    column: str
    cause: str
    rows: int
    locations: tuple[tuple[str, int], ...] = ()


class _Entry(NamedTuple):
    """A refusal in a response.

    :ivar row: value that identifies the row; None if there is none.
    :ivar column: text that names the column.
    :ivar cause: text that gives the reason.
    :ivar status: status of the row; None if there is none.
    """

    row: Any
    column: str
    cause: str
    status: Any = None


@dataclass
class _RawCause:
    """A cause that is not yet masked: the number of its rows, and of its rows at each location."""

    rows: int = 0
    locations: Counter[str] = field(default_factory=Counter)


class RefusalList:
    """The refusals in a response: the numbers of all rejected rows, the causes, and the details of the first refusals.

    :param errors: the value in the response that lists the refusals, as documented for the option ``result.errors``.
    :param result_format: the structure of this value.
    :param row_count: number of rows that were sent.
    :ivar rows: numbers of the rejected rows.
    :ivar count: number of refusals.
    :ivar unassigned: number of refusals that cannot be assigned to a row.
    """

    def __init__(self, errors: object, result_format: ResultFormat, row_count: int) -> None:
        self._result_format = result_format
        self._row_count = row_count
        self._accepted_statuses = {_fold(status) for status in result_format.accepted} - {""}
        self._listed: list[tuple[_Entry, int | str | None]] = []
        self._rows_by_value: dict[str, list[int]] = {}
        self._identities: dict[int, str] = {}
        self._raw_causes: dict[tuple[str, str], _RawCause] = {}
        self._causes_by_reference: dict[int | str, list[_RawCause]] = {}
        self.rows: set[int] = set()
        self.unassigned = self.count = 0
        for entry in _read_entries(errors, result_format):
            self._add(entry)

    def _add(self, entry: _Entry) -> None:
        if _fold(scalar_text(entry.status) or "") in self._accepted_statuses:
            return
        self.count += 1
        reference = self._row_reference(entry.row)
        if isinstance(reference, int):
            self.rows.add(reference)
        elif isinstance(reference, str):
            self._rows_by_value.setdefault(reference, [])
        else:
            self.unassigned += 1
        self._add_cause(entry, reference)
        if len(self._listed) < MAX_ERRORS:
            self._listed.append((entry, reference))

    def _add_cause(self, entry: _Entry, reference: int | str | None) -> None:
        key = (entry.column, entry.cause)
        if key not in self._raw_causes and len(self._raw_causes) >= _MAX_RAW_CAUSES:
            key = ("", _OTHER_CAUSES)
        cause = self._raw_causes.setdefault(key, _RawCause())
        if reference is None:
            cause.rows += 1
            return
        causes = self._causes_by_reference.setdefault(reference, [])
        if not any(each is cause for each in causes):
            causes.append(cause)

    def _row_reference(self, row: Any) -> int | str | None:
        """Return a row's number or, if `row_column` is set, its value in that column; None if `row` is invalid."""
        if self._result_format.row_column is not None:
            is_value = isinstance(row, (str, int)) and not isinstance(row, bool)
            return _fold(str(row)) if is_value else None
        number = to_integer(row)
        number = 0 if number is None else number - self._result_format.first_row + 1
        return number if 1 <= number <= self._row_count else None

    def match_roster(self, sent: SentRoster) -> None:
        """Look up the numbers, the identities and the locations of the rejected rows in the roster.

        If there is anything to look up, the whole roster is read once.
        """
        index = sent.column_index(self._result_format.row_column)
        location_index = sent.column_index(sent.location_column)
        listed = {reference for _entry, reference in self._listed}
        must_read = bool(self.rows) or (index is not None and bool(self._rows_by_value))
        for number, (cells, identity) in enumerate(sent.read_rows() if must_read else (), 1):
            value = _fold(cells[index]) if index is not None else None
            reference = number if value is None else value
            if reference not in self._causes_by_reference:
                continue
            if value is not None:
                self._rows_by_value[value].append(number)
            self._match_row(reference, "" if location_index is None else cells[location_index])
            if identity and reference in listed:
                self._identities[number] = identity
        for value, numbers in self._rows_by_value.items():
            self.rows.update(numbers)
            self.unassigned += not numbers
            if not numbers:
                self._match_row(value, "")

    def _match_row(self, reference: int | str, location: str) -> None:
        for cause in self._causes_by_reference[reference]:
            cause.rows += 1
            if location:
                cause.locations[location] += 1

    def texts(self) -> list[str]:
        """Return all texts of the causes and of the first refusals, unmasked."""
        entries = [entry for entry, _reference in self._listed]
        return [
            *(text for key in self._raw_causes for text in key),
            *(text for entry in entries for text in (entry.column, entry.cause)),
        ]

    def row_errors(self, masker: Masker, header: Sequence[str]) -> Iterable[RowError]:
        """Yield the details of the first refusals, with their texts masked.

        :param header: titles of the columns, which are not masked.
        """
        for entry, reference in self._listed:
            row = (
                next(iter(self._rows_by_value[reference]), None)
                if isinstance(reference, str)
                else reference
            )
            yield RowError(
                row=row,
                identity=self._identities.get(row) if row else None,
                column=_column_title(entry.column, masker, header),
                cause=masker.mask(entry.cause),
            )

    def causes(self, masker: Masker, header: Sequence[str]) -> list[RefusalCause]:
        """Return the causes with their texts masked, those with the most rows first.

        Texts that differ only in masked words are the same cause. If there are more than MAX_CAUSES, the last one
        combines all remaining causes.

        :param header: titles of the columns, which are not masked.
        """
        merged: dict[tuple[str, str], _RawCause] = {}
        for (column, text), raw in self._raw_causes.items():
            key = (_column_title(column, masker, header), _MASKED.sub(MASK, masker.mask(text)))
            _combine(merged.setdefault(key, _RawCause()), raw)
        ordered = sorted(merged.items(), key=lambda item: -item[1].rows)
        if len(ordered) > MAX_CAUSES:
            rest = _RawCause()
            for _key, raw in ordered[MAX_CAUSES - 1 :]:
                _combine(rest, raw)
            ordered[MAX_CAUSES - 1 :] = [(("", _OTHER_CAUSES), rest)]
        return [
            RefusalCause(
                column=column,
                cause=cause,
                rows=raw.rows,
                locations=tuple(
                    (make_printable(location)[:100], rows)
                    for location, rows in raw.locations.most_common(_MAX_LOCATIONS)
                ),
            )
            for (column, cause), raw in ordered
        ]


def _combine(target: _RawCause, other: _RawCause) -> None:
    target.rows += other.rows
    target.locations.update(other.locations)


def _read_entries(errors: object, result_format: ResultFormat) -> Iterator[_Entry]:
    """Yield the refusals in the value that lists them.

    The value is a list of objects or strings, an object with strings for each field, or a single string.
    """
    if isinstance(errors, Mapping):
        yield from _read_fields(errors)
    elif isinstance(errors, list):
        for item in errors:
            yield _read_item(item, result_format)
    elif isinstance(errors, str) and errors.strip():
        yield _Entry(None, "", limit_length(errors))


def _read_item(item: object, result_format: ResultFormat) -> _Entry:
    if not isinstance(item, Mapping):
        return _Entry(None, "", limit_length(item) if isinstance(item, str) else "")
    status = item.get(result_format.status) if result_format.status else None
    column = to_text(item.get(result_format.column))
    cause = (
        _to_cause(item.get(result_format.cause))
        or ", ".join(find_usual_texts(item))
        or to_text(status)
    )
    return _Entry(item.get(result_format.row), limit_length(column), limit_length(cause), status)


def _to_cause(value: object) -> str:
    return to_text(value) or ", ".join(collect_texts(value))


def _read_fields(errors: Mapping[str, Any], prefix: str = "", depth: int = 3) -> Iterator[_Entry]:
    """Yield the refusals in an object with strings for each field, as returned by web frameworks.

    For example, ``{"rows.2.email": ["is not valid"]}`` (Laravel) or ``{"email": ["is not valid"]}`` (Django, Rails).
    """
    for name, value in errors.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and depth:
            yield from _read_fields(value, f"{path}.", depth - 1)
        else:
            texts = [str(value)] if isinstance(value, (int, float)) else collect_texts(value)
            yield _Entry(None, path, limit_length(", ".join(texts)))


def _column_title(column: str, masker: Masker, header: Sequence[str]) -> str:
    """Return the title of a column, unmasked, or the masked text if there is no such column.

    The name of a field can also be the last part of a path.
    """
    folded = _fold(column)
    for name in (folded, folded.rpartition(".")[2]):
        for title in header:
            if name and name.replace("_", " ") == _fold(title).replace("_", " "):
                return title
    return masker.mask(column)


def _fold(text: str) -> str:
    return text.strip().casefold()
