# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows that a service refused: which they are, whose they are, and why, without anybody's values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from .endpoint import ResultFormat

MAX_ERRORS = 50
"""Refusals that are kept with their words; of the others only the rows are."""

# Without _, which may stand between the names of a person.
_WORD = re.compile(r"[^\W_]+")
# Numbers of telephones and the like, however they are spaced.
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s()./-]*\d){4,}")


@dataclass(frozen=True)
class SentRoster:
    """The roster that was sent.

    :ivar header: titles of its columns.
    :ivar row_count: how many rows follow it.
    :ivar read_rows: gives the cells and the identity of each row, in order; None for one that is not known.
    """

    header: Sequence[str]
    row_count: int
    read_rows: Callable[[], Iterable[tuple[Sequence[str], str | None]]]


@dataclass(frozen=True)
class RowError:
    """One row that the service refused.

    :ivar row: its number, the first one after the header is 1; None when the service did not say.
    :ivar identity: the person's UUID, when it is known.
    """

    row: int | None
    identity: str | None = None
    column: str = ""
    cause: str = ""


class RefusalList:
    """The refusals in a list: their rows, and the words of the first of them.

    :ivar rows: numbers of the rows that were refused.
    :ivar unassigned: how many refusals belong to no row that is known.
    :ivar rows_by_value: of refusals that name a row by its value, how many name which.
    """

    def __init__(
        self, entries: Sequence[object], result_format: ResultFormat, number_of_rows: int
    ) -> None:
        self._result_format = result_format
        self._row_count = number_of_rows
        self._accepted_statuses = {status.casefold() for status in result_format.accepted}
        self._listed: list[tuple[Mapping[str, Any], Any]] = []
        self.rows: set[int] = set()
        self.rows_by_value: dict[str, list[int]] = {}
        self._identities: dict[int, str] = {}
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
            self.rows_by_value.setdefault(reference, [])
        else:
            self.unassigned += 1
        if len(self._listed) < MAX_ERRORS:
            self._listed.append((fields, reference))

    def _row_reference(self, row: Any) -> int | str | None:
        """The row's number from 1, or its value in a column."""
        if self._result_format.row_column is not None:
            return _fold(row) if isinstance(row, str) else None
        number = row - self._result_format.first_row + 1 if is_integer(row) else 0
        return number if 1 <= number <= self._row_count else None

    def match_roster(self, sent: SentRoster, names: Iterable[str]) -> AbstractSet[str]:
        """Look through the roster once: find rows by their values, and identities.

        :param names: more words of the service's that may be shown.
        :returns: the words that must not be shown, for they stand in the roster.
        """
        service_words = {
            word for text in (*self._all_texts(), *names) for word in split_words(text)
        }
        rows = {reference for _fields, reference in self._listed if isinstance(reference, int)}
        title = self._result_format.row_column
        reference = (
            sent.header.index(title) if title in sent.header and self.rows_by_value else None
        )
        roster_words: set[str] = set()
        people = sent.read_rows() if service_words or rows or reference is not None else ()
        for number, (cells, identity) in enumerate(people, 1):
            roster_words.update(service_words.intersection(split_words(" ".join(cells))))
            found = None if reference is None else self.rows_by_value.get(_fold(cells[reference]))
            if found is not None:
                found.append(number)
            if identity and (found is not None or number in rows):
                self._identities[number] = identity
        for numbers in self.rows_by_value.values():
            self.rows.update(numbers)
            self.unassigned += not numbers
        return roster_words

    def _all_texts(self) -> list[str]:
        return [text for fields, _place in self._listed for text in self._texts(fields)]

    def _texts(self, fields: Mapping[str, Any]) -> tuple[str, str]:
        result_format = self._result_format
        cause = fields.get(result_format.cause) or (
            fields.get(result_format.status) if result_format.status else ""
        )
        return _to_text(fields.get(result_format.column)), _to_text(cause)

    def row_errors(self, roster_words: AbstractSet[str]) -> Iterable[RowError]:
        """The refusals that are kept, without words of the roster."""
        for fields, reference in self._listed:
            row = (
                next(iter(self.rows_by_value[reference]), None)
                if isinstance(reference, str)
                else reference
            )
            column, cause = (_mask(text, roster_words) for text in self._texts(fields))
            identity = self._identities.get(row) if row else None
            yield RowError(row=row, identity=identity, column=column, cause=cause)


def is_integer(value: object) -> bool:
    """Whether a value of a JSON document is a whole number."""
    # To Python, JSON's true and false are numbers too.
    return isinstance(value, int) and not isinstance(value, bool)


def split_words(text: str) -> list[str]:
    """The words of a text, whatever their case and however their letters are composed (Unicode, UAX #15)."""
    return [word.casefold() for word in _WORD.findall(unicodedata.normalize("NFC", text))]


def _fold(text: str) -> str:
    return text.strip().casefold()


def _to_text(value: object) -> str:
    """A value of a JSON document as a text; what holds others has none."""
    if isinstance(value, list):
        return ", ".join(item for item in value if isinstance(item, str))
    return str(value) if isinstance(value, (str, int, float)) else ""


def _mask(text: str, roster_words: AbstractSet[str]) -> str:
    """The service's words without any that stands in the roster: it may name others than this person."""
    # Lone surrogates, which no result can hold, are not printable either.
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = unicodedata.normalize("NFC", text)
    text = _WORD.sub(lambda word: "..." if word[0].casefold() in roster_words else word[0], text)
    # Last, for what it leaves of a word would be another one.
    text = _LONG_NUMBER.sub("...", text)
    return " ".join(text.split())[:200]
