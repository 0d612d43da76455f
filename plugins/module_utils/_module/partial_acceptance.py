# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a service has after it refused some rows of a roster, as far as that can be known.

Of the rows that it took it has the new ones. Of a person with a row that it refused it may still have
what it had: the old rows stay, except where a new one took their place. So the guard counts everybody
whom the service may have.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

from .._errors import FrontdeskError
from .._files import sha256_file
from .._roster.external_sort import open_spill_area
from .._roster.files import IDS_FORMAT, FileRow, RosterFile
from .._state.directory import TAKEN
from .._state.receipt import StateError
from .upload_options import UploadOptions

_Person = tuple[str, ...]


@contextmanager
def partially_accepted_roster(
    job: UploadOptions, old: RosterFile | None, new: RosterFile, refused: AbstractSet[int]
) -> Iterator[RosterFile]:
    """The roster that the service has now.

    :param old: what it had before; None when that is not known.
    :param refused: numbers of the rows of `new` that it refused, the first one is 1.
    :returns: `new` when nothing was refused; else a roster that can be read as long as the context lasts.
    :raises StateError: when there is no room for it.
    """
    if not refused:
        yield new
        return
    with ExitStack() as opened:
        try:
            scratch = opened.enter_context(open_spill_area(job.state_dir))
            with_identities = new.open_ids is not None and (old is None or old.open_ids is not None)
            roster = _written(
                new.header,
                _Merge(job, new, with_identities).rows(old, new, refused),
                (scratch.open(), scratch.open() if with_identities else None),
            )
        except (OSError, FrontdeskError) as error:
            raise StateError(
                f"Cannot write the state directory {job.state_dir}",
                getattr(error, "strerror", None) or str(error),
                TAKEN,
            ) from error
        yield roster


class _Merge:
    """Two rosters, one of which was taken in part."""

    def __init__(self, job: UploadOptions, new: RosterFile, with_identities: bool) -> None:
        header = new.header
        self._keys = None if with_identities else [header.index(name) for name in job.key]
        self._place = header.index(job.location_column) if job.location_column in header else None

    def rows(
        self, old: RosterFile | None, new: RosterFile, refused: AbstractSet[int]
    ) -> Iterator[FileRow]:
        """All rows that the service has, in no particular order."""
        people = {
            self._person(row): set[str]()
            for number, row in enumerate(new.rows(), 1)
            if number in refused
        }
        for number, row in enumerate(new.rows(), 1):
            if number not in refused:
                if (taken := people.get(self._person(row))) is not None:
                    taken.add(self._location(row))
                yield row
        for row in old.rows() if old is not None else ():
            kept = people.get(self._person(row))
            if kept is not None and self._location(row) not in kept:
                yield row

    def _person(self, row: FileRow) -> _Person:
        if self._keys is None:
            return (row.identity or "",)
        return tuple(row.cells[index] for index in self._keys)

    def _location(self, row: FileRow) -> str:
        return "" if self._place is None else row.cells[self._place]


def _written(
    header: tuple[str, ...], rows: Iterator[FileRow], files: tuple[BinaryIO, BinaryIO | None]
) -> RosterFile:
    """Write a roster's files; the one with the identities only if there is one."""
    csv_file, ids_file = files
    text = io.TextIOWrapper(csv_file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    identities: list[str] = []
    count = 0
    for cells, identity in rows:
        count += 1
        writer.writerow(cells)
        if ids_file is not None:
            identities.append(identity or "")
    text.flush()
    text.detach()
    roster = RosterFile(
        name="what the service has",
        header=header,
        row_count=count,
        sha256=sha256_file(csv_file),
        size=csv_file.tell(),
        start=0,
        open_file=_again(csv_file),
    )
    if ids_file is None:
        return roster
    head = {"format": IDS_FORMAT, "sha256": roster.sha256, "rows": count}
    for line in (head, *identities):
        ids_file.write(f"{json.dumps(line)}\n".encode("ascii"))
    return replace(roster, open_ids=_again(ids_file), ids_sha256=sha256_file(ids_file))


def _again(file: BinaryIO) -> Callable[[], BinaryIO]:
    """Opens a file from its beginning, for one reader at a time; it stays open when that closes it."""

    def open_again() -> BinaryIO:
        file.seek(0)
        return io.BufferedReader(_Borrowed(file))

    return open_again


class _Borrowed(io.RawIOBase):
    """A file that somebody else closes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)
