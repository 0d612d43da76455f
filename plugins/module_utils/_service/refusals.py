# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows that a service refused: which they are, whose they are, and why, without anybody's values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from .endpoint import ResultFormat

MAX_ERRORS = 50
"""Refusals that are kept with their words; of the others only the rows are."""

# Without _, which may stand between the names of a person.
_WORD = re.compile(r"[^\W_]+")
# Numbers of telephones and the like, however they are spaced.
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s()./-]*\d){4,}")


class Sent(NamedTuple):
    """The roster that was sent.

    :ivar header: titles of its columns.
    :ivar rows: how many rows follow it.
    :ivar people: gives the cells and the identity of each row, in order; None for one that is not known.
    """

    header: Sequence[str]
    rows: int
    people: Callable[[], Iterable[tuple[Sequence[str], str | None]]]


class RowError(NamedTuple):
    """One row that the service refused.

    :ivar row: its number, the first one after the header is 1; None when the service did not say.
    :ivar identity: the person's UUID, when it is known.
    """

    row: int | None
    identity: str | None
    column: str
    cause: str


class Listed:
    """The refusals in a list: their rows, and the words of the first of them.

    :ivar rows: numbers of the rows that were refused.
    :ivar unplaced: how many refusals belong to no row that is known.
    :ivar values: of refusals that name a row by its value, how many name which.
    """

    def __init__(self, entries: Sequence[object], where: ResultFormat, number_of_rows: int) -> None:
        self._where = where
        self._last = number_of_rows
        self._taken = {status.casefold() for status in where.accepted}
        self._kept: list[tuple[Mapping[str, Any], Any]] = []
        self.rows: set[int] = set()
        self.values: dict[str, list[int]] = {}
        self._identities: dict[int, str] = {}
        self.unplaced = self.count = 0
        for entry in entries:
            self._add(entry)

    def _add(self, entry: object) -> None:
        fields: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {}
        status = fields.get(self._where.status) if self._where.status else None
        if isinstance(status, str) and status.casefold() in self._taken:
            return
        self.count += 1
        place = self._place(fields.get(self._where.row))
        if isinstance(place, int):
            self.rows.add(place)
        elif isinstance(place, str):
            self.values.setdefault(place, [])
        else:
            self.unplaced += 1
        if len(self._kept) < MAX_ERRORS:
            self._kept.append((fields, place))

    def _place(self, row: Any) -> int | str | None:
        """The row's number from 1, or its value in a column."""
        if self._where.row_column is not None:
            return _folded(row) if isinstance(row, str) else None
        number = row - self._where.first_row + 1 if is_number(row) else 0
        return number if 1 <= number <= self._last else None

    def look_through(self, sent: Sent, names: Iterable[str]) -> AbstractSet[str]:
        """Look through the roster once: find rows by their values, and identities.

        :param names: more words of the service's that may be shown.
        :returns: the words that must not be shown, for they stand in the roster.
        """
        wanted = {word for text in (*self._all_texts(), *names) for word in words(text)}
        rows = {place for _fields, place in self._kept if isinstance(place, int)}
        title = self._where.row_column
        place = sent.header.index(title) if title in sent.header and self.values else None
        masked: set[str] = set()
        people = sent.people() if wanted or rows or place is not None else ()
        for number, (cells, identity) in enumerate(people, 1):
            masked.update(wanted.intersection(words(" ".join(cells))))
            found = None if place is None else self.values.get(_folded(cells[place]))
            if found is not None:
                found.append(number)
            if identity and (found is not None or number in rows):
                self._identities[number] = identity
        for numbers in self.values.values():
            self.rows.update(numbers)
            self.unplaced += not numbers
        return masked

    def _all_texts(self) -> list[str]:
        return [text for fields, _place in self._kept for text in self._texts(fields)]

    def _texts(self, fields: Mapping[str, Any]) -> tuple[str, str]:
        where = self._where
        cause = fields.get(where.cause) or (fields.get(where.status) if where.status else "")
        return _text(fields.get(where.column)), _text(cause)

    def shown(self, masked: AbstractSet[str]) -> Iterable[RowError]:
        """The refusals that are kept, without words of the roster."""
        for fields, place in self._kept:
            row = next(iter(self.values[place]), None) if isinstance(place, str) else place
            column, cause = (_without(text, masked) for text in self._texts(fields))
            yield RowError(row, self._identities.get(row) if row else None, column, cause)


def is_number(value: object) -> bool:
    """Whether a value of a JSON document is a whole number."""
    # To Python, JSON's true and false are numbers too.
    return isinstance(value, int) and not isinstance(value, bool)


def words(text: str) -> list[str]:
    """The words of a text, whatever their case and however their letters are composed (Unicode, UAX #15)."""
    return [word.casefold() for word in _WORD.findall(unicodedata.normalize("NFC", text))]


def _folded(text: str) -> str:
    return text.strip().casefold()


def _text(value: object) -> str:
    """A value of a JSON document as a text; what holds others has none."""
    if isinstance(value, list):
        return ", ".join(item for item in value if isinstance(item, str))
    return str(value) if isinstance(value, (str, int, float)) else ""


def _without(text: str, masked: AbstractSet[str]) -> str:
    """The service's words without any that stands in the roster: it may name others than this person."""
    # Lone surrogates, which no result can hold, are not printable either.
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = unicodedata.normalize("NFC", text)
    text = _WORD.sub(lambda word: "..." if word[0].casefold() in masked else word[0], text)
    # Last, for what it leaves of a word would be another one.
    text = _LONG_NUMBER.sub("...", text)
    return " ".join(text.split())[:200]
