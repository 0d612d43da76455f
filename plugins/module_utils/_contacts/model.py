# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contact model: one person at one location, or a person left out with the cause."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Union

from .packing import pack

GLOBAL_LOCATION = "(all locations)"
"""Name in results for the location of contacts that go to all locations."""

MAX_LISTED = 50
"""Maximum number of people listed in a result. Longer results would slow down every callback."""

RawValues = Union[bytes, "list[bytes]"]
"""Values of an attribute as received: empty bytes, a single value, or an unordered list of several values."""

Entry = tuple[str, Sequence[RawValues]]
"""Identity of a directory entry, and its values for each attribute that was requested."""


class Contact(NamedTuple):
    """One person at one location. Contacts sort in the order of the roster.

    :ivar location: identifier of the location; empty for all locations.
    :ivar cells: clean text of each column.
    :ivar identity: objectGUID or entryUUID of the entry, formatted as a UUID.
    :ivar emptied: column title and cause for each cell that was emptied.
    """

    location: str
    cells: tuple[str, ...]
    identity: str
    emptied: tuple[tuple[str, str], ...] = ()

    @property
    def record(self) -> bytes:
        """The packed fields without the location: cells, identity, and the emptied cells as JSON."""
        emptied = json.dumps(self.emptied) if self.emptied else ""
        return pack((*self.cells, self.identity, emptied))[:-1]


class LeftOut(NamedTuple):
    """A person who is not in the roster, and the cause. It never contains attribute values."""

    identity: str
    location: str
    cause: str


class MappedPage(NamedTuple):
    """The people of a page of entries.

    :ivar records: unsorted records of the contacts, by location.
    :ivar left_out: the people who are not contacts.
    """

    records: Mapping[str, Sequence[bytes]]
    left_out: Sequence[LeftOut]
