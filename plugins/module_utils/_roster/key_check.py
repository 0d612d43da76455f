# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check whether the key columns distinguish the contacts of a roster, in bounded memory."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from .._contacts.packing import pack
from .comparison import RowLayout
from .external_sort import ExternalSorter, SpillArea
from .files import RosterFile

_RUN_BYTES = 1024 * 1024


class KeyCounts(NamedTuple):
    """Numbers of contacts that the key does not identify.

    :ivar empty: number of contacts whose key columns are all empty.
    :ivar repeated: number of contacts with the same location and key as another contact, not counting those in `empty`.
    """

    empty: int
    repeated: int


def count_ambiguous_keys(layout: RowLayout, roster: RosterFile, spill: SpillArea) -> KeyCounts:
    """Count the contacts that the key does not identify.

    :param layout: layout with key columns.
    :raises InputError: if the roster changed since it was checked.
    :raises FrontdeskError: if a temporary file cannot be written.
    """
    sorter = ExternalSorter(spill, _RUN_BYTES)
    empty = 0
    for row in layout.rows(roster):
        if any(row.person_key):
            sorter.add(pack((row.location, *row.person_key)))
        else:
            empty += 1
    sizes = (sum(1 for _line in lines) for _key, lines in itertools.groupby(sorter))
    return KeyCounts(empty, sum(size for size in sizes if size > 1))
