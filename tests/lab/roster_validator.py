# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a front-desk service accepts, read from its profile, and the strict check of a file.

The check is written anew and shares no code with the collection: it is what the collection's files
are held against.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

Contact = dict[str, str]

# What spreadsheets take for a formula; a + or - before a digit begins a number.
_FORMULA = re.compile(r"[=@]|[+-](?!\d)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# How a number looks in each style; whether there is such a number, services of this kind do not ask.
_PHONE = {
    "e164": re.compile(r"\+[1-9][0-9]{6,14}"),
    "e164_no_plus": re.compile(r"[1-9][0-9]{6,14}"),
    "international": re.compile(r"\+[1-9][0-9]{0,2}([ -][0-9]+)+"),
    "national": re.compile(r"\(?[0-9]+\)?([ -][0-9]+)*|\+[1-9][0-9]{0,2}([ -][0-9]+)+"),
}


class InvalidFileError(Exception):
    """The file as a whole cannot be read: nothing can be said about single rows."""


@dataclass(frozen=True)
class RowError:
    """What is wrong with one cell. `row` is 1 for the first row after the header."""

    row: int
    column: str
    error: str


@dataclass(frozen=True)
class Column:
    """A column and its rules."""

    header: str
    required: bool = False
    required_unless: str | None = None
    unique: bool = False
    max_length: int | None = None
    phone_style: str | None = None


@dataclass(frozen=True)
class Counts:
    """What a file changed; contacts that it left alone are in `received` only."""

    received: int
    added: int = 0
    updated: int = 0
    removed: int = 0


@dataclass(frozen=True)
class RosterValidator:
    """The rules of a service for one account: its profile, and the account's locations."""

    columns: tuple[Column, ...]
    key: tuple[str, ...]
    location_column: str
    locations: frozenset[str]

    @classmethod
    def from_profile(
        cls, profile: Mapping[str, Any], locations: Collection[str], location_header: str
    ) -> RosterValidator:
        """Read the rules from a profile's data.

        A profile that leaves the title of the location's column to its users names it by a
        template; `location_header` is then the title in this account.
        """
        location_column = profile["location_column"]
        titles = {location_column: location_header} if "{{" in location_column else {}
        rules = ("required", "required_unless", "unique", "max_length", "phone_style")
        columns = tuple(
            Column(
                titles.get(column["header"], column["header"]),
                **{rule: column[rule] for rule in rules if column.get(rule) is not None},
            )
            for column in profile["columns"]
        )
        return cls(
            columns=columns,
            key=tuple(profile["key"]),
            location_column=titles.get(location_column, location_column),
            locations=frozenset(locations),
        )

    def read(self, content: bytes) -> list[Contact]:
        """Read a file's contacts.

        :raises InvalidFileError: it is no UTF-8 or no CSV, or its header is not exactly the
            profile's; the location's column alone may be missing (contacts of all locations).
        """
        if content.startswith(codecs.BOM_UTF8):
            raise InvalidFileError("the file begins with a byte order mark")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidFileError(f"not UTF-8: {error.reason} at byte {error.start}") from error
        try:
            header, *rows = list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
        except csv.Error as error:
            raise InvalidFileError(f"not CSV: {error}") from error
        expected = [column.header for column in self.columns]
        if header not in (expected, [name for name in expected if name != self.location_column]):
            raise InvalidFileError(f"the header must be {expected}")
        for number, row in enumerate(rows, start=1):
            if len(row) != len(header):
                raise InvalidFileError(f"row {number} has {len(row)} cells, not {len(header)}")
        return [dict(zip(header, row, strict=True)) for row in rows]

    def check(self, contacts: Sequence[Contact]) -> list[RowError]:
        """Return everything that is wrong with the contacts, by row."""
        errors = list(self._duplicates(contacts))
        for number, contact in enumerate(contacts, start=1):
            for column in self.columns:
                if column.header in contact:
                    errors += [
                        RowError(number, column.header, error)
                        for error in self._cell_errors(column, contact)
                    ]
        return sorted(errors, key=lambda error: error.row)

    def compare(self, known: Sequence[Contact], contacts: Sequence[Contact]) -> Counts:
        """Count how contacts differ from those that were known."""
        before = {self._contact_key(contact): contact for contact in known}
        after = {self._contact_key(contact): contact for contact in contacts}
        return Counts(
            received=len(contacts),
            added=len(after.keys() - before.keys()),
            updated=sum(before[same] != after[same] for same in before.keys() & after.keys()),
            removed=len(before.keys() - after.keys()),
        )

    def _cell_errors(self, column: Column, contact: Contact) -> Iterator[str]:
        value = contact[column.header]
        if not value and column.required:
            yield "is required"
        if not value and column.required_unless and not contact.get(column.required_unless):
            yield f"is required unless there is {column.required_unless}"
        if column.max_length is not None and len(value) > column.max_length:
            yield f"is longer than {column.max_length} characters"
        if value and column.phone_style and not _PHONE[column.phone_style].fullmatch(value):
            yield f"is no phone number in the style {column.phone_style}"
        if _FORMULA.match(value):
            yield "begins like a spreadsheet's formula"
        if _CONTROL.search(value):
            yield "holds a control character or a line break"
        if column.header == self.location_column and value and value not in self.locations:
            yield "is no location of this account"

    def _duplicates(self, contacts: Sequence[Contact]) -> Iterator[RowError]:
        """Find values that must be unique within their location, whatever their case."""
        seen: Counter[tuple[str, str, str]] = Counter()
        for number, contact in enumerate(contacts, start=1):
            location = contact.get(self.location_column, "")
            for column in self.columns:
                value = contact.get(column.header, "").casefold()
                if not column.unique or not value:
                    continue
                seen[column.header, location, value] += 1
                if seen[column.header, location, value] > 1:
                    yield RowError(number, column.header, "is not unique in its location")

    def _contact_key(self, contact: Contact) -> tuple[str, str, str]:
        """Return what tells contacts apart: the location and the first key column with a value."""
        location = contact.get(self.location_column, "")
        for column in self.key:
            if contact.get(column):
                return location, column, contact[column].casefold()
        raise LookupError("a contact that passed the check has no key")
