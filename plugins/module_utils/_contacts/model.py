# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contact model: one person at one location, or a person left out and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Union

from .packing import pack

GLOBAL_LOCATION = "(all locations)"
"""How results name the location of contacts that go to all locations."""

MAX_LISTED = 50
"""People listed in a result; results with all of them would slow every callback down."""


RawValues = Union[bytes, "list[bytes]"]
"""Values of an attribute as they came: empty, one value, or a list of several in any order."""

Entry = tuple[str, Sequence[RawValues]]
"""Identity and values of a directory's object."""


class Contact(NamedTuple):
    """One person at one location. Its own order as a tuple is the order of the roster.

    :ivar location: identifier of the location; empty for all locations.
    :ivar cells: one cleaned text for each column.
    :ivar identity: objectGUID or entryUUID of the directory's object, as a UUID's text.
    :ivar emptied: for each cell that lost its value the title of its column, and why it is empty.
    """

    location: str
    cells: tuple[str, ...]
    identity: str
    emptied: tuple[tuple[str, str], ...] = ()

    @property
    def record(self) -> bytes:
        """Everything but the location, packed: the cells, the identity, and as JSON what was emptied."""
        emptied = json.dumps(self.emptied) if self.emptied else ""
        return pack((*self.cells, self.identity, emptied))[:-1]


class LeftOut(NamedTuple):
    """A person who is not in the roster, and why. It never holds a person's value."""

    identity: str
    location: str
    cause: str


class MappedPage(NamedTuple):
    """What a page of entries gave.

    :ivar records: of the contacts by their location, in no order.
    :ivar left_out: the others.
    """

    records: Mapping[str, Sequence[bytes]]
    left_out: Sequence[LeftOut]
