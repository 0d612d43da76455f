# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Contacts: from one directory entry to one row, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from unicodedata import normalize

from .._errors import InputError
from .columns import Column, broken_rule, clean
from .expression import Values
from .filters import FilterError

GLOBAL_LOCATION = "(all locations)"
"""How results name the location of contacts that go to all locations."""


class Contact(NamedTuple):
    """One person at one location. Its own order as a tuple is the order of the roster.

    :ivar location: identifier of the location; empty for all locations.
    :ivar cells: one cleaned text for each column.
    :ivar identity: objectGUID or entryUUID of the directory's object, as a UUID's text.
    """

    location: str
    cells: tuple[str, ...]
    identity: str


class LeftOut(NamedTuple):
    """A person who is not in the roster, and why. It never holds a person's value."""

    identity: str
    location: str
    cause: str


class Mapper:
    """Makes contacts of entries, by the columns.

    :ivar attributes: lower-case names of the attributes that the columns read, in a fixed order; an
        entry's values come in this order.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        names = {name for column in columns for name in column.expression.attributes}
        self.attributes = tuple(sorted(names))
        self._seen: set[str] = set()

    @property
    def attributes_never_seen(self) -> list[str]:
        """The attributes that no entry so far had."""
        return sorted(set(self.attributes) - self._seen)

    def contact(
        self, identity: str, values: Sequence[Sequence[bytes]], location: str
    ) -> Contact | LeftOut:
        """Make the row of one entry at one location.

        :param identity: UUID of the entry.
        :param values: for each of `attributes` the entry's values as they came, in any order.
        :param location: identifier of the source's location; empty for a global source.
        :raises InputError: when an expression gives something else than a text.
        """
        attributes: dict[str, list[str]] = {}
        for name, wire_values in zip(self.attributes, values):
            if not wire_values:
                continue
            self._seen.add(name)
            try:
                texts = [normalize("NFC", value.decode("utf-8")) for value in wire_values]
            except UnicodeDecodeError:
                return LeftOut(identity, location, f"the attribute {name} is not valid UTF-8")
            # By code points, which is the order of the bytes of UTF-8, too.
            attributes[name] = sorted(texts)
        cells = self._cells(Values(attributes, location))
        cause = broken_rule(self.columns, cells)
        return (
            Contact(location, cells, identity)
            if cause is None
            else LeftOut(identity, location, cause)
        )

    def _cells(self, values: Values) -> tuple[str, ...]:
        return tuple(clean(_evaluate(column, values)) for column in self.columns)


def _evaluate(column: Column, values: Values) -> str:
    try:
        return column.expression.evaluate(values)
    except FilterError as error:
        raise InputError(
            f"Cannot evaluate the expression {column.expression.source!r} of column {column.header!r}",
            str(error),
        ) from error
