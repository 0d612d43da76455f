# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the two files of a roster: the CSV file that is uploaded, and the identities file.

The CSV file has CRLF line endings, minimal quoting and no byte order mark. The `files` module describes the format of
both files.
"""

from __future__ import annotations

import bisect
import csv
import hashlib
import io
import itertools
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from .._contacts.model import (
    GLOBAL_LOCATION,
    MAX_LISTED,
    SAME_VALUE,
    Contact,
    ContestedCell,
    LeftOut,
)
from .._contacts.packing import ESCAPE, unpack
from .configuration import RosterConfiguration
from .files import FileRow, ids_head
from .record_codec import RANK_BYTES, split_lines

if TYPE_CHECKING:
    # Not imported at run time: the upload module also writes rosters, but must not import the expression engine.
    from .builder import Roster

_BATCH_ROWS = 1000
"""Number of rows that `write_rows` encodes together."""


@dataclass(frozen=True)
class EmptiedCell:
    """A cell whose value was removed.

    :ivar identity: identity of the person.
    :ivar location: identifier of the location; empty for all locations.
    :ivar column: title of the column.
    :ivar cause: reason why the value was removed, such as an invalid phone number.
    """

    identity: str
    location: str
    column: str
    cause: str


MAX_CONTESTED_LISTED = 5
"""Maximum number of lost values of a column at a location that a warning lists."""


@dataclass(frozen=True)
class ContestedColumn:
    """The values of a unique column that several people at a location have.

    :ivar location: identifier of the location; empty for all locations.
    :ivar column: title of the column.
    :ivar values: number of values.
    :ivar count: number of people whose value another person keeps.
    :ivar left_out: number of these people who have no valid row.
    :ivar new: number of these people whose loss is new; see `ContestedCell`.
    :ivar first: first of these people, starting with those without a valid row; at most MAX_CONTESTED_LISTED.
    """

    location: str
    column: str
    values: int
    count: int
    left_out: int
    new: int
    first: tuple[ContestedCell, ...]


@dataclass(frozen=True)
class WrittenRoster:
    """The result of writing a roster.

    :ivar sha256: SHA-256 of the CSV file, in hexadecimal.
    :ivar by_location: number of contacts by location.
    :ivar left_out: first people without a row, sorted by location and identity; at most MAX_LISTED.
    :ivar left_out_causes: number of all people without a row, by cause.
    :ivar emptied: first emptied cells, sorted by location and identity; at most MAX_LISTED.
    :ivar contested: columns in which several people have the same value, by location.
    :ivar newly_contested: the same columns, with only the new losses.
    """

    sha256: str
    by_location: dict[str, int]
    left_out: tuple[LeftOut, ...]
    left_out_causes: Mapping[str, int]
    emptied: tuple[EmptiedCell, ...]
    contested: tuple[ContestedColumn, ...] = ()
    newly_contested: tuple[ContestedColumn, ...] = ()

    @property
    def row_count(self) -> int:
        """Number of contacts."""
        return sum(self.by_location.values())

    @property
    def left_out_count(self) -> int:
        """Number of people without a row."""
        return sum(self.left_out_causes.values())


def write_roster(
    roster: Roster, csv_file: BinaryIO, ids_file: BinaryIO, identities: BinaryIO
) -> WrittenRoster:
    """Write the CSV file and the identities file of a roster.

    :param roster: roster to write.
    :param csv_file: empty file for the CSV.
    :param ids_file: empty file for the identities.
    :param identities: empty temporary file for the identities. They are copied to `ids_file` after its first line,
        which contains the checksum of the complete CSV file.
    :raises OSError: if a file cannot be written.
    """
    codec = roster.codec
    row_counts: Counter[bytes] = Counter()
    emptied_cells = _FirstEmptiedCells()
    output = _HashingWriter(csv_file)
    output.write(_encode_rows([roster.header]))
    for batch in roster.batches():
        parts = split_lines(batch)
        output.write(_encode_packed_rows(parts.cells))
        identities.write(_encode_packed_identities(parts.identities))
        if batch[0][:RANK_BYTES] == batch[-1][:RANK_BYTES]:
            row_counts[batch[0][:RANK_BYTES]] += len(batch)
        else:
            row_counts.update([line[:RANK_BYTES] for line in batch])
        for line in parts.emptied:
            emptied_cells.add(codec.decode_contact(line))
    by_location = {
        codec.decode_location(rank) or GLOBAL_LOCATION: count for rank, count in row_counts.items()
    }
    head = ids_head(output.sha256, sum(by_location.values()), roster.configuration)
    _write_identities(ids_file, head, identities)
    left_out, causes = _write_left_out(ids_file, roster.left_out())
    _write_contested(ids_file, roster.contested())
    return WrittenRoster(
        sha256=output.sha256,
        by_location=by_location,
        left_out=left_out,
        left_out_causes=causes,
        emptied=emptied_cells.cells(),
        contested=tuple(summarize_contested(roster.contested())),
        newly_contested=tuple(summarize_contested(select_new(roster.contested()))),
    )


def write_rows(
    header: Sequence[str],
    rows: Iterable[FileRow],
    csv_file: BinaryIO,
    ids_file: BinaryIO | None,
    identities: BinaryIO,
    *,
    configuration: RosterConfiguration | None,
) -> tuple[str, int]:
    """Write the files of a roster that has no left-out people, with its rows in the given order.

    :param header: titles of the columns.
    :param rows: rows of the roster.
    :param csv_file: empty file for the CSV.
    :param ids_file: empty file for the identities; None for a roster without identities.
    :param identities: empty temporary file, as for `write_roster`.
    :param configuration: configuration to record in the identities file; None if there is none.
    :returns: SHA-256 of the CSV file in hexadecimal, and number of rows.
    :raises OSError: if a file cannot be written.
    """
    output = _HashingWriter(csv_file)
    output.write(_encode_rows([header]))
    row_count = 0
    remaining = iter(rows)
    while batch := list(itertools.islice(remaining, _BATCH_ROWS)):
        output.write(_encode_rows([row.cells for row in batch]))
        if ids_file is not None:
            # The identities are escaped to ASCII, because identities from a file might contain unpaired surrogates.
            identities.writelines([f"{json.dumps(row.identity)}\n".encode() for row in batch])
        row_count += len(batch)
    if ids_file is not None:
        head = ids_head(output.sha256, row_count, configuration)
        _write_identities(ids_file, head, identities)
    return output.sha256, row_count


class _HashingWriter:
    """A file that computes the SHA-256 of everything written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def write(self, data: bytes) -> None:
        self._sha256.update(data)
        self._file.write(data)


def _write_identities(ids_file: BinaryIO, head: Mapping[str, object], identities: BinaryIO) -> None:
    """Write the first line of an identities file and the identities of the rows."""
    ids_file.write(_encode_json_line(head))
    identities.seek(0)
    shutil.copyfileobj(identities, ids_file)


def _write_left_out(
    ids_file: BinaryIO, left_out: Iterable[LeftOut]
) -> tuple[tuple[LeftOut, ...], Counter[str]]:
    """Write the left-out people; return the first of them, at most MAX_LISTED, and the number of people by cause."""
    first: list[LeftOut] = []
    causes: Counter[str] = Counter()
    for person in left_out:
        ids_file.write(_encode_json_line(person._asdict()))
        causes[person.cause] += 1
        if len(first) < MAX_LISTED:
            first.append(person)
    return tuple(first), causes


def _write_contested(ids_file: BinaryIO, cells: Iterable[ContestedCell]) -> None:
    for cell in cells:
        document = {**cell._asdict(), "cause": SAME_VALUE}
        del document["has_row"]  # people without a row are also listed as left out
        del document["is_new"]  # otherwise, the file would change after each upload of a new loss
        ids_file.write(_encode_json_line(document))


def select_new(cells: Iterable[ContestedCell]) -> Iterator[ContestedCell]:
    """Yield only the new losses."""
    return (cell for cell in cells if cell.is_new)


def summarize_contested(cells: Iterable[ContestedCell]) -> Iterator[ContestedColumn]:
    """Summarize the contested values by location and column.

    :param cells: values that people lost, sorted by location, column and holder.
    """
    for (location, column), group in itertools.groupby(cells, key=lambda cell: cell[1:3]):
        holder, values, count, left_out, new = "", 0, 0, 0, 0
        first: list[tuple[bool, int, ContestedCell]] = []
        for cell in group:
            # A person holds at most one value in a column.
            values += cell.holder != holder
            holder = cell.holder
            bisect.insort(first, (cell.has_row, count, cell))
            del first[MAX_CONTESTED_LISTED:]
            count += 1
            left_out += not cell.has_row
            new += cell.is_new
        yield ContestedColumn(
            location=location,
            column=column,
            values=values,
            count=count,
            left_out=left_out,
            new=new,
            first=tuple(cell for _has_row, _number, cell in first),
        )


def _encode_rows(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)  # the default dialect: CRLF, minimal quoting
    return text.getvalue().encode()


_NEEDS_QUOTES = f',"\r{ESCAPE}'.encode()
"""Bytes in packed cells that might require quotes. An escape sequence can represent a line feed."""


def _encode_packed_rows(rows: Sequence[bytes]) -> bytes:
    """Encode rows of packed cells as CSV.

    The csv module is slow, so it encodes only empty rows and rows that might require quotes.
    """
    data = b"\r\n".join([*rows, b""])
    if b"" not in rows and len(data) - len(data.translate(None, _NEEDS_QUOTES)) == len(rows):
        return data.replace(b"\0", b",")
    return b"".join(
        [
            row.replace(b"\0", b",") + b"\r\n"
            if row and len(row.translate(None, _NEEDS_QUOTES)) == len(row)
            else _encode_rows([unpack(row + b"\n")])
            for row in rows
        ]
    )


_JSON = json.JSONEncoder(ensure_ascii=False)
_JSON_ON_LINES = json.JSONEncoder(ensure_ascii=False, separators=("\n", ": "))
_UUID_CHARACTERS = b"0123456789abcdef-"


def _encode_packed_identities(identities: Sequence[bytes]) -> bytes:
    """Encode packed identities as JSON Lines.

    The identities are encoded together, because one call per identity would be much slower.
    """
    if not b"".join(identities).translate(None, _UUID_CHARACTERS):
        return b'"%b"\n' % b'"\n"'.join(identities)
    array = _JSON_ON_LINES.encode(unpack(b"\0".join(identities) + b"\n"))
    return f"{array[1:-1]}\n".encode()


def _encode_json_line(document: object) -> bytes:
    return f"{_JSON.encode(document)}\n".encode()


class _FirstEmptiedCells:
    """The first emptied cells, sorted by location and identity, regardless of the order in which they are added."""

    def __init__(self) -> None:
        self._contacts: list[tuple[str, str, tuple[tuple[str, str], ...]]] = []

    def add(self, contact: Contact) -> None:
        bisect.insort(self._contacts, (contact.location, contact.identity, contact.emptied))
        del self._contacts[MAX_LISTED:]

    def cells(self) -> tuple[EmptiedCell, ...]:
        cells = [
            EmptiedCell(identity=identity, location=location, column=column, cause=cause)
            for location, identity, emptied in self._contacts
            for column, cause in emptied
        ]
        return tuple(cells[:MAX_LISTED])
