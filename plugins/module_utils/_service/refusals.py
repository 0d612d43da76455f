# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows that a service refused: their numbers, identities and causes, without personal data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .endpoint import ResultFormat
from .masking import Masker

MAX_ERRORS = 50
"""Maximum number of refusals whose details are kept. For further refusals, only row numbers are kept."""


@dataclass(frozen=True)
class SentRoster:
    """The roster that was sent.

    :ivar header: titles of the columns.
    :ivar row_count: number of rows after the header.
    :ivar read_rows: function that returns the cells and the identity of each row, in order. The
        identity is None if it is unknown.
    """

    header: Sequence[str]
    row_count: int
    read_rows: Callable[[], Iterable[tuple[Sequence[str], str | None]]]


@dataclass(frozen=True)
class RowError:
    """A row that the service refused.

    :ivar row: row number, where the first row after the header is 1; None if it is unknown.
    :ivar identity: UUID of the person; None if it is unknown.
    :ivar column: title of the column.
    :ivar cause: the service's message, with personal data masked.
    """

    row: int | None
    identity: str | None = None
    column: str = ""
    cause: str = ""


class RefusalList:
    """The refusals in a response: all row numbers, and the details of the first MAX_ERRORS refusals.

    :param entries: the items of the list in the response.
    :param result_format: the structure of these items.
    :param row_count: number of rows that were sent.
    :ivar rows: numbers of the refused rows.
    :ivar count: number of refusals.
    :ivar unassigned: number of refusals that cannot be assigned to a row.
    """

    def __init__(
        self, entries: Sequence[object], result_format: ResultFormat, row_count: int
    ) -> None:
        self._result_format = result_format
        self._row_count = row_count
        self._accepted_statuses = {status.casefold() for status in result_format.accepted}
        self._listed: list[tuple[Mapping[str, Any], int | str | None]] = []
        self._rows_by_value: dict[str, list[int]] = {}
        self._identities: dict[int, str] = {}
        self.rows: set[int] = set()
        self.unassigned = self.count = 0
        for entry in entries:
            self._add(entry)

    def _add(self, entry: object) -> None:
        fields: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {}
        status = fields.get(self._result_format.status) if self._result_format.status else None
        if isinstance(status, str) and status.casefold() in self._accepted_statuses:
            return
        self.count += 1
        reference = self._row_reference(fields.get(self._result_format.row))
        if isinstance(reference, int):
            self.rows.add(reference)
        elif isinstance(reference, str):
            self._rows_by_value.setdefault(reference, [])
        else:
            self.unassigned += 1
        if len(self._listed) < MAX_ERRORS:
            self._listed.append((fields, reference))

    def _row_reference(self, row: Any) -> int | str | None:
        """Return a row's number or, if `row_column` is set, its value in that column; None if `row` is invalid."""
        if self._result_format.row_column is not None:
            return _fold(row) if isinstance(row, str) else None
        number = row - self._result_format.first_row + 1 if is_integer(row) else 0
        return number if 1 <= number <= self._row_count else None

    def match_roster(self, sent: SentRoster) -> None:
        """Look up the numbers and the identities of the refused rows in the roster.

        If there is anything to look up, the whole roster is read once.

        :param sent: the roster.
        """
        listed_rows = {
            reference for _fields, reference in self._listed if isinstance(reference, int)
        }
        title = self._result_format.row_column
        index = sent.header.index(title) if title in sent.header and self._rows_by_value else None
        must_read = listed_rows or index is not None
        for number, (cells, identity) in enumerate(sent.read_rows() if must_read else (), 1):
            same_value = None if index is None else self._rows_by_value.get(_fold(cells[index]))
            if same_value is not None:
                same_value.append(number)
            if identity and (same_value is not None or number in listed_rows):
                self._identities[number] = identity
        for numbers in self._rows_by_value.values():
            self.rows.update(numbers)
            self.unassigned += not numbers

    def texts(self) -> list[str]:
        """Return all texts of the first refusals, unmasked."""
        return [text for fields, _reference in self._listed for text in self._texts(fields)]

    def _texts(self, fields: Mapping[str, Any]) -> tuple[str, str]:
        """Return the column and the cause of a refusal, unmasked."""
        result_format = self._result_format
        cause = fields.get(result_format.cause) or (
            fields.get(result_format.status) if result_format.status else ""
        )
        return _to_text(fields.get(result_format.column)), _to_text(cause)

    def row_errors(self, masker: Masker) -> Iterable[RowError]:
        """Yield the details of the first refusals, with their texts masked."""
        for fields, reference in self._listed:
            row = (
                next(iter(self._rows_by_value[reference]), None)
                if isinstance(reference, str)
                else reference
            )
            column, cause = (masker.mask(text) for text in self._texts(fields))
            identity = self._identities.get(row) if row else None
            yield RowError(row=row, identity=identity, column=column, cause=cause)


def is_integer(value: object) -> bool:
    """Return whether a JSON value is an integer."""
    # In Python, JSON's true and false are also integers.
    return isinstance(value, int) and not isinstance(value, bool)


def _fold(text: str) -> str:
    return text.strip().casefold()


def _to_text(value: object) -> str:
    """Return a JSON value as a string; lists of strings are joined, objects and null become an empty string."""
    if isinstance(value, list):
        return ", ".join(item for item in value if isinstance(item, str))
    return str(value) if isinstance(value, (str, int, float)) else ""
