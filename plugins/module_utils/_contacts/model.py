# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contact model: one person at one location, or a left-out person with the cause."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Union

from .packing import pack

GLOBAL_LOCATION = "(all locations)"
"""Text that results show as the location of contacts for all locations."""

MAX_LISTED = 50
"""Maximum length of a list of people, cells or overlaps in a result.

Longer results would slow down every callback plugin."""

SAME_VALUE = "another person at this location has the same value"
"""Cause of an emptied cell in a unique column."""

RawValues = Union[bytes, "list[bytes]"]
"""Values of an attribute as received: empty bytes for no value, one value, or an unordered list of several values."""

Entry = tuple[str, Sequence[RawValues]]
"""Identity of a directory entry, and the values of each requested attribute."""


class Contact(NamedTuple):
    """One person at one location.

    Contacts sort in the order of the roster.

    :ivar location: identifier of the location; empty for all locations.
    :ivar cells: clean text of each column.
    :ivar identity: objectGUID or entryUUID of the entry, formatted as a UUID.
    :ivar emptied: column title and cause of each emptied cell.
    """

    location: str
    cells: tuple[str, ...]
    identity: str
    emptied: tuple[tuple[str, str], ...] = ()

    @property
    def record(self) -> bytes:
        """The packed cells, identity, and emptied cells as JSON, without the location and the line feed."""
        emptied = json.dumps(self.emptied) if self.emptied else ""
        return pack((*self.cells, self.identity, emptied))[:-1]


class LeftOut(NamedTuple):
    """A left-out person, with the cause.

    :ivar identity: objectGUID or entryUUID of the entry, formatted as a UUID.
    :ivar location: identifier of the location; empty for all locations, or if the person's location is unknown.
    :ivar cause: reason why the person is left out; it never contains attribute values.
    """

    identity: str
    location: str
    cause: str


class ContestedCell(NamedTuple):
    """A value in a unique column that one person loses to another person at the same location.

    The value itself is not included.

    :ivar identity: identity of the person who loses the value.
    :ivar location: identifier of the location; empty for all locations.
    :ivar column: title of the column.
    :ivar holder: identity of the person who keeps the value.
    :ivar has_row: whether the person who loses the value still has a row, in which this cell is empty.
    :ivar is_new: whether the loss is new. It is not new if the person had, in the baseline, a row at the location with
        an empty cell in the column.
    """

    identity: str
    location: str
    column: str
    holder: str
    has_row: bool
    is_new: bool


class MappedPage(NamedTuple):
    """The result of mapping a page of entries.

    :ivar records: unsorted records of the contacts, by location.
    :ivar left_out: people who are left out, each with the cause.
    """

    records: Mapping[str, Sequence[bytes]]
    left_out: Sequence[LeftOut]

    @classmethod
    def from_people(cls, people: Iterable[Contact | LeftOut]) -> MappedPage:
        """Create the result from mapped people."""
        records: dict[str, list[bytes]] = {}
        left_out = []
        for person in people:
            if isinstance(person, Contact):
                records.setdefault(person.location, []).append(person.record)
            else:
                left_out.append(person)
        return cls(records, left_out)
