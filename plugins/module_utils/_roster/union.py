# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The union of two rosters, which contains every contact that is in either of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from .._contacts.packing import pack, unpack
from .configuration import unite_configurations
from .external_sort import ExternalSorter, SpillArea
from .files import FileRow, RosterFile
from .merge import write_temporary_roster

_NEWER, _OLDER = "0", "1"


def unite_rosters(
    older: RosterFile,
    newer: RosterFile,
    key: Sequence[str],
    location_column: str | None,
    spill: SpillArea,
) -> RosterFile:
    """Return the union of two rosters, which may have different columns.

    If a contact (a person at a location) is in both rosters, the union contains only its row in `newer`. Otherwise, if
    the row has changed, a later plan would count one of the two rows as removed. The union has the columns of `newer`,
    followed by those that only `older` has. It has identities only if both rosters have them.

    :param older: one roster.
    :param newer: the other roster.
    :param key: titles of the columns that identify people if a roster has no identities.
    :param location_column: title of the location column; None if there is none.
    :param spill: spill area for the files of the union, and for rows that do not fit in memory.
    :returns: a roster that can be read, by one reader at a time, until the spill area is closed.
    :raises InputError: if a roster changed since it was checked.
    :raises FrontdeskError: if rows cannot be spilled while they are sorted.
    :raises OSError: if the union cannot be written.
    """
    header = (*newer.header, *(title for title in older.header if title not in newer.header))
    with_identities = older.open_ids is not None and newer.open_ids is not None
    columns = [
        header.index(title) for title in key if title in older.header and title in newer.header
    ]
    location = header.index(location_column) if location_column in header else None
    # If only one of the rosters has locations, it is unknown which rows are the same contact.
    has_contacts = (location_column in older.header) == (location_column in newer.header)
    contacts = ExternalSorter(spill)
    for rank, roster in ((_NEWER, newer), (_OLDER, older)):
        for cells, identity in roster.aligned_rows(header):
            person = [identity or ""] if with_identities else [cells[index] for index in columns]
            place = "" if location is None else cells[location]
            is_known = has_contacts and any(person)
            contact = "\0".join([*person, place]) if is_known else ""
            contacts.add(pack((contact, rank, *cells, person[0] if with_identities else "")))
    rows = ExternalSorter(spill)
    for fields in _latest_rows(contacts):
        rows.add(pack(fields))
    return write_temporary_roster(
        "the union of two rosters",
        header,
        _distinct_rows(rows, with_identities),
        spill,
        with_identities=with_identities,
        configuration=unite_configurations([older.configuration, newer.configuration]),
    )


def _latest_rows(contacts: ExternalSorter) -> Iterator[Sequence[str]]:
    """Yield the cells and the identity of each row, except older rows of a contact that has a newer row."""
    for contact, lines in itertools.groupby(map(unpack, contacts), lambda line: line[0]):
        latest = None
        for _contact, rank, *fields in lines:
            latest = latest or rank
            if not contact or rank == latest:
                yield fields


def _distinct_rows(sorter: ExternalSorter, with_identities: bool) -> Iterator[FileRow]:
    previous = None
    for line in sorter:
        if line != previous:
            *cells, identity = unpack(line)
            yield FileRow(tuple(cells), identity if with_identities else None)
        previous = line
