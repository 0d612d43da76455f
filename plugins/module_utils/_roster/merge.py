# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Merge rosters after a service rejected some rows of the new roster.

The merged roster contains the accepted rows of the new roster. It also contains the old rows of each person with a
rejected row, because the service may still have them. If another new row of that person was accepted at a location,
the old rows of the person at that location are omitted. A person without a key might have any old row without a key,
unless an equal row was accepted. The guard of the next upload then counts every contact that the service may have.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, BinaryIO

from .._files import sha256_file
from .comparison import RosterRow, RowLayout, choose_layout
from .configuration import RosterConfiguration, unite_configurations
from .external_sort import SpillArea
from .files import FileRow, OpenFile, RosterFile
from .writer import write_rows


def merge_accepted_rows(
    known: Sequence[RosterFile],
    new: RosterFile,
    refused: AbstractSet[int],
    *,
    key: Sequence[str],
    location_column: str | None,
    spill: SpillArea,
) -> RosterFile:
    """Merge the accepted rows of a new roster with old rows of the people whose new rows were rejected.

    :param known: rosters that the service may have had before, starting with the earliest. Their columns may differ.
    :param new: new roster.
    :param refused: numbers of the rejected rows of `new`; the first row is 1.
    :param key: titles of the columns that identify people if a roster has no identities.
    :param location_column: title of the location column; None if there is none.
    :param spill: spill area for the files of the merged roster.
    :returns: a roster that can be read, by one reader at a time, until the spill area is closed.
    :raises InputError: if a roster changed since it was checked.
    :raises OSError: if the merged roster cannot be written.
    """
    with_identities = all(roster.open_ids is not None for roster in (*known, new))
    layout = choose_layout(
        None, new if with_identities else replace(new, open_ids=None), key, location_column
    )
    rows = _accepted_rows(layout, known, new, refused)
    return write_temporary_roster(
        "the partially accepted roster",
        new.header,
        (FileRow(row.cells, row.person_key[0] if layout.by_identity else None) for row in rows),
        spill,
        with_identities=layout.by_identity,
        configuration=unite_configurations([roster.configuration for roster in (*known, new)]),
    )


def write_temporary_roster(
    name: str,
    header: tuple[str, ...],
    rows: Iterable[FileRow],
    spill: SpillArea,
    *,
    with_identities: bool,
    configuration: RosterConfiguration | None,
) -> RosterFile:
    """Write a roster to temporary files.

    :param name: name of the roster in error messages.
    :param header: titles of the columns.
    :param rows: rows of the roster.
    :param spill: spill area for the files.
    :param with_identities: whether all rows have identities.
    :param configuration: configuration to record with the identities; None if there is none.
    :returns: a roster that can be read, by one reader at a time, until the spill area is closed.
    :raises OSError: if a file cannot be written.
    """
    csv_file, identities = spill.open(), spill.open()
    ids_file = spill.open() if with_identities else None
    sha256, row_count = write_rows(
        header, rows, csv_file, ids_file, identities, configuration=configuration
    )
    csv_file.flush()
    return RosterFile(
        name=name,
        header=header,
        row_count=row_count,
        sha256=sha256,
        size=csv_file.tell(),
        start=0,
        open_file=_reopener(csv_file),
        open_ids=None if ids_file is None else _reopener(ids_file),
        ids_sha256="" if ids_file is None else sha256_file(ids_file),
        configuration=None if ids_file is None else configuration,
    )


def _accepted_rows(
    layout: RowLayout, known: Sequence[RosterFile], new: RosterFile, refused: AbstractSet[int]
) -> Iterator[RosterRow]:
    """Yield the accepted rows of the new roster, then the old rows that the service may still have."""
    # For each person with a rejected row: the places of the rows of that person that have been yielded.
    places_by_person = {
        row.person_key: set[Hashable]()
        for number, row in enumerate(layout.rows(new), 1)
        if number in refused
    }
    for number, row in enumerate(layout.rows(new), 1):
        if number not in refused:
            if (places := places_by_person.get(row.person_key)) is not None:
                places.add(_find_place(row, row.person_key))
            yield row
    for roster in reversed(known):
        yield from _old_rows(layout, roster, new, places_by_person)


def _old_rows(
    layout: RowLayout,
    roster: RosterFile,
    new: RosterFile,
    places_by_person: Mapping[tuple[str, ...], set[Hashable]],
) -> Iterator[RosterRow]:
    """Yield the rows of a known roster that the service may still have.

    :param places_by_person: places of the rows that have been yielded, by person. The places of the rows that this
        function yields are added.
    """
    common_key = _common_key_reader(layout, roster, new)
    # A roster without one of the key columns does not distinguish all people.
    places_by_key: dict[tuple[str, ...], list[set[Hashable]]] = {}
    for person_key, places in places_by_person.items():
        places_by_key.setdefault(common_key(person_key), []).append(places)
    added = []
    for row in layout.align(roster, new.header):
        key = common_key(row.person_key)
        place = _find_place(row, key)
        if any(place not in places for places in places_by_key.get(key, ())):
            yield row
            added.append((key, place))
    for key, place in added:
        for places in places_by_key[key]:
            places.add(place)


def _common_key_reader(
    layout: RowLayout, roster: RosterFile, new: RosterFile
) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Return a function that returns the fields of a person key that a known roster also has."""
    if layout.key_indexes is None:
        return lambda person_key: person_key
    is_common = [new.header[index] in roster.header for index in layout.key_indexes]
    return lambda person_key: tuple(itertools.compress(person_key, is_common))


def _find_place(row: RosterRow, key: tuple[str, ...]) -> Hashable:
    """Return a value that distinguishes rows with the same key: the location or, without a key, a hash of all cells."""
    return row.location if any(key) else hash(row.cells)


def _reopener(file: BinaryIO) -> OpenFile:
    """Return a function that opens a temporary file at its start, for one reader at a time."""

    def reopen() -> BinaryIO:
        file.seek(0)
        return io.BufferedReader(_UnclosedReader(file))

    return reopen


class _UnclosedReader(io.RawIOBase):
    """A reader that does not close its file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        chunk = self._file.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)
