# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roster: all contacts in their fixed order, each person once at a location."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .columns import Column, broken_rule
from .contact import Contact, LeftOut


class Emptied(NamedTuple):
    """A cell that lost its value, and why: another person at the location has it, or it is no phone number."""

    identity: str
    location: str
    column: str
    cause: str


class Roster(NamedTuple):
    """What is to be written.

    :ivar header: titles of the columns.
    :ivar contacts: rows in order: by location, cells, identity.
    :ivar left_out: people without a row, by location, identity and cause.
    :ivar emptied: cells of these rows that lost their value, by location and identity.
    """

    header: tuple[str, ...]
    contacts: tuple[Contact, ...]
    left_out: tuple[LeftOut, ...]
    emptied: tuple[Emptied, ...]


def make_roster(columns: Sequence[Column], found: Iterable[Contact | LeftOut]) -> Roster:
    """Put everybody found into one roster, whatever order they were found in.

    A person found twice at one location is one row. Of several people with the same value in a unique
    column at one location the smallest identity keeps it.

    :param found: what the mapper made of all entries of all sources.
    """
    people: dict[tuple[str, str], Contact | LeftOut] = {}
    for person in found:
        people.setdefault((person.location, person.identity), person)
    contacts: list[Contact] = []
    left_out: list[LeftOut] = []
    emptied: list[Emptied] = []
    ordered = sorted(people)
    for _location, keys in itertools.groupby(ordered, key=lambda key: key[0]):
        settled = _Uniqueness(columns)
        for key in keys:
            person = people[key]
            if isinstance(person, Contact):
                person = settled.settle(person)
            if isinstance(person, Contact):
                contacts.append(person)
                emptied.extend(_emptied(person))
            else:
                left_out.append(person)
    return Roster(
        tuple(column.header for column in columns),
        tuple(sorted(contacts)),
        tuple(left_out),
        tuple(emptied),
    )


def _emptied(contact: Contact) -> Iterator[Emptied]:
    for column, cause in contact.emptied:
        yield Emptied(contact.identity, contact.location, column, cause)


_SAME_VALUE = "another person here has the same value"


class _Uniqueness:
    """Keeps the unique columns of one location unique; people come in the order of identities."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._unique = [index for index, column in enumerate(columns) if column.unique]
        self._taken: dict[int, set[str]] = {index: set() for index in self._unique}

    def settle(self, contact: Contact) -> Contact | LeftOut:
        """Empty what others have, and say whether the row is still valid."""
        cells = list(contact.cells)
        emptied = dict(contact.emptied)
        for index in self._unique:
            if cells[index].casefold() in self._taken[index]:
                cells[index] = ""
                emptied[self._columns[index].header] = _SAME_VALUE
        cause = broken_rule(self._columns, cells, emptied)
        if cause is not None:
            return LeftOut(contact.identity, contact.location, cause)
        for index in self._unique:
            if cells[index]:
                self._taken[index].add(cells[index].casefold())
        return contact._replace(cells=tuple(cells), emptied=tuple(emptied.items()))
