# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validation of a CSV file of contacts against the rules in a profile.

The validator shares no code with the collection, so that it detects errors in the files that the collection writes.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

Contact = dict[str, str]

RECEPTIONIST: dict[str, Any] = {
    "columns": [
        {"header": "First Name", "required": True},
        {"header": "Last Name", "required": True},
        {"header": "Email", "unique": True, "required_unless": "SMS Phone"},
        {"header": "SMS Phone", "unique": True},
        {"header": "Location", "required": True},
    ],
    "key": ["Email", "SMS Phone"],
    "location_column": "Location",
}
"""The profile of the service The Receptionist for iPad (support articles 9275517 and 1110164)."""

# A number with a sign, or a placeholder that consists only of signs and spaces.
_SIGNED = re.compile(r"[+-][\s()]*[0-9][^|!=\"<>&]*|[\s+-]+")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb\uff02\uff07"
_FUNCTION_CALL = re.compile(r"[A-Za-z]\(")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# The format of a phone number in each style. The patterns do not check whether the number exists.
_PHONE = {
    "e164": re.compile(r"\+[1-9][0-9]{6,14}"),
    "e164_no_plus": re.compile(r"[1-9][0-9]{6,14}"),
    "international": re.compile(r"\+[1-9][0-9]{0,2}([ -][0-9]+)+"),
    "national": re.compile(r"\(?[0-9]+\)?([ -][0-9]+)*|\+[1-9][0-9]{0,2}([ -][0-9]+)+"),
}


class InvalidFileError(Exception):
    """The file cannot be parsed, so its rows cannot be validated."""


@dataclass(frozen=True)
class RowError:
    """An error in one cell.

    `row` is 1 for the first row after the header.
    """

    row: int
    column: str
    error: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column and its rules."""

    header: str
    required: bool = False
    required_unless: str | None = None
    unique: bool = False
    max_length: int | None = None
    phone_style: str | None = None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The number of contacts in a file, and the numbers of differences from the previous file."""

    received: int
    added: int = 0
    updated: int = 0
    removed: int = 0


@dataclass(frozen=True, kw_only=True)
class RosterValidator:
    """The rules of a profile, and the locations of one account."""

    columns: tuple[Column, ...]
    key: tuple[str, ...]
    location_column: str
    locations: frozenset[str]

    @classmethod
    def from_profile(
        cls, profile: Mapping[str, Any], locations: Collection[str]
    ) -> RosterValidator:
        """Create a validator from the data of a profile.

        :param profile: columns with their rules, key and location column, as in `RECEPTIONIST`.
        :param locations: identifiers of the locations of the account.
        """
        rules = ("required", "required_unless", "unique", "max_length", "phone_style")
        columns = tuple(
            Column(
                header=column["header"],
                **{rule: column[rule] for rule in rules if column.get(rule) is not None},
            )
            for column in profile["columns"]
        )
        return cls(
            columns=columns,
            key=tuple(profile["key"]),
            location_column=profile["location_column"],
            locations=frozenset(locations),
        )

    def parse(self, content: bytes) -> list[Contact]:
        """Parse the contacts in a file.

        A header without the location column is also accepted: the contacts are then for all locations.

        :raises InvalidFileError: if the file begins with a byte order mark, is not UTF-8 or not CSV, if its header
            does not match the profile, or if a row has a different number of cells than the header.
        """
        if content.startswith(codecs.BOM_UTF8):
            raise InvalidFileError("the file begins with a byte order mark")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidFileError(
                f"the file is not UTF-8: {error.reason} at byte {error.start}"
            ) from error
        try:
            header, *rows = list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
        except csv.Error as error:
            raise InvalidFileError(f"the file is not CSV: {error}") from error
        expected = [column.header for column in self.columns]
        if header not in (expected, [name for name in expected if name != self.location_column]):
            raise InvalidFileError(f"the header must be {expected}")
        for number, row in enumerate(rows, start=1):
            if len(row) != len(header):
                counts = f"{len(row)} instead of {len(header)}"
                raise InvalidFileError(f"row {number} has the wrong number of cells: {counts}")
        return [dict(zip(header, row, strict=True)) for row in rows]

    def validate(self, contacts: Sequence[Contact]) -> list[RowError]:
        """Return all errors in the contacts, ordered by row."""
        errors = list(self._find_duplicates(contacts))
        for number, contact in enumerate(contacts, start=1):
            for column in self.columns:
                if column.header in contact:
                    errors += [
                        RowError(number, column.header, error)
                        for error in self._find_cell_errors(column, contact)
                    ]
        return sorted(errors, key=lambda error: error.row)

    def compare(self, known: Sequence[Contact], contacts: Sequence[Contact]) -> Counts:
        """Count the differences between the known contacts and the new ones."""
        before = {self._contact_key(contact): contact for contact in known}
        after = {self._contact_key(contact): contact for contact in contacts}
        return Counts(
            received=len(contacts),
            added=len(after.keys() - before.keys()),
            updated=sum(before[same] != after[same] for same in before.keys() & after.keys()),
            removed=len(before.keys() - after.keys()),
        )

    def _find_cell_errors(self, column: Column, contact: Contact) -> Iterator[str]:
        value = contact[column.header]
        if not value and column.required:
            yield "is required"
        if not value and column.required_unless and not contact.get(column.required_unless):
            yield f"is required if {column.required_unless} is empty"
        if column.max_length is not None and len(value) > column.max_length:
            yield f"exceeds the maximum length of {column.max_length}"
        if value and column.phone_style and not _PHONE[column.phone_style].fullmatch(value):
            yield f"is not a phone number in the {column.phone_style} style"
        if any(map(_could_be_formula, re.split("[;\t]", value))):
            yield "could be interpreted as a spreadsheet formula"
        if _CONTROL.search(value):
            yield "contains a control character or a line break"
        if column.header == self.location_column and value and value not in self.locations:
            yield "is not a location of this account"

    def _find_duplicates(self, contacts: Sequence[Contact]) -> Iterator[RowError]:
        """Yield an error for each value of a unique column that is repeated within a location, ignoring case."""
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
        """Return the key of a contact: its location, its first non-empty key column, and the case-folded value."""
        location = contact.get(self.location_column, "")
        for column in self.key:
            if contact.get(column):
                return location, column, contact[column].casefold()
        raise LookupError("a valid contact has no key")


def _could_be_formula(text: str) -> bool:
    """Return whether a spreadsheet could interpret text as a formula if it began a cell (OWASP, CSV Injection).

    Spreadsheets can ignore quotes, whitespace and invisible characters at the beginning, and accept other forms of the
    signs, such as full-width ones.
    """
    while text and (text[0] in _QUOTES or _is_invisible(text[0])):
        text = text[1:]
    plain = "".join(_to_ascii(letter) for letter in text)
    if plain.startswith(("+", "-")):
        return not _SIGNED.fullmatch(plain) or _FUNCTION_CALL.search(plain) is not None
    return plain.startswith(("=", "@"))


def _is_invisible(letter: str) -> bool:
    # The individually listed characters are fillers, variation selectors and other invisible characters that Unicode
    # assigns to the categories of letters, marks or symbols.
    return (
        letter.isspace()
        or unicodedata.category(letter) in {"Cc", "Cf", "Zs", "Zl", "Zp"}
        or letter in "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
        or "\ufe00" <= letter <= "\ufe0f"
        or "\U000e0100" <= letter <= "\U000e01ef"
    )


def _to_ascii(letter: str) -> str:
    if letter == "\u2212":  # minus sign
        return "-"
    if letter.isdigit():
        return "0"
    ascii_form = unicodedata.normalize("NFKC", letter)
    return ascii_form if ascii_form.isascii() else letter
