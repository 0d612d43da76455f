# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The union of two rosters, which contains every contact that is in either of them."""

from __future__ import annotations

from collections.abc import Iterator

from .._contacts.packing import pack, unpack
from .external_sort import ExternalSorter, SpillArea
from .files import FileRow, RosterFile
from .merge import write_temporary_roster


def unite_rosters(older: RosterFile, newer: RosterFile, spill: SpillArea) -> RosterFile:
    """Return the union of two rosters, which may have different columns.

    The union has the columns of `newer`, followed by those that only `older` has. Equal rows of a person appear once.
    The union has identities only if both rosters have them.

    :param older: one roster.
    :param newer: the other roster.
    :param spill: spill area for the files of the union, and for rows that do not fit in memory.
    :returns: a roster that can be read, by one reader at a time, until the spill area is closed.
    :raises InputError: if a roster changed since it was checked.
    :raises FrontdeskError: if a row cannot be written while it is sorted.
    :raises OSError: if the union cannot be written.
    """
    header = (*newer.header, *(title for title in older.header if title not in newer.header))
    with_identities = older.open_ids is not None and newer.open_ids is not None
    sorter = ExternalSorter(spill)
    for roster in (older, newer):
        for cells, identity in roster.aligned_rows(header):
            sorter.add(pack((*cells, (identity if with_identities else None) or "")))
    return write_temporary_roster(
        "the union of two rosters",
        header,
        _distinct_rows(sorter, with_identities),
        spill,
        with_identities=with_identities,
    )


def _distinct_rows(sorter: ExternalSorter, with_identities: bool) -> Iterator[FileRow]:
    previous = None
    for line in sorter:
        if line != previous:
            *cells, identity = unpack(line)
            yield FileRow(tuple(cells), identity if with_identities else None)
        previous = line
