# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A roster as it stands in files: the CSV that is uploaded, and the identities beside it.

It is checked once from the first byte to the last; its rows are read again whenever they are wanted and
never held. How the files are opened is handed in.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, NamedTuple

from .._contacts.model import LeftOut
from .._errors import InputError

_IDS_FORMAT = 1
"""Version of the identities file that is written; one of another version counts as none."""

MAX_LINE_BYTES = 1024 * 1024
"""Longest line that is read, in bytes; no memory is asked for more."""

_BUFFER_BYTES = 64 * 1024

OpenFile = Callable[[], BinaryIO]
"""Opens the same file again, at its beginning and independent of what was opened before."""


class FileRow(NamedTuple):
    """One row of a roster.

    :ivar identity: the person's UUID; None when the roster has no identities.
    """

    cells: tuple[str, ...]
    identity: str | None


@dataclass(frozen=True)
class RosterFile:
    """A roster in files, found to be whole.

    :ivar name: what errors call it.
    :ivar header: titles of the columns.
    :ivar row_count: number of rows after the header.
    :ivar sha256: of the CSV's bytes without a byte order mark, in hexadecimal.
    :ivar size: number of these bytes.
    :ivar start: number of bytes before them, those of a byte order mark.
    :ivar open_file: opens the CSV.
    :ivar open_ids: opens the identities; None when they are missing or do not match.
    :ivar ids_sha256: of the identities file's bytes; empty when there are none.
    """

    name: str
    header: tuple[str, ...]
    row_count: int
    sha256: str
    size: int
    start: int
    open_file: OpenFile
    open_ids: OpenFile | None = None
    ids_sha256: str = ""

    def open_content(self) -> BinaryIO:
        """The CSV as a service gets it: a service would take a byte order mark for a part of the first title.

        :returns: an open file, which the caller closes.
        """
        file = self.open_file()
        file.seek(self.start)
        return file

    def rows(self) -> Iterator[FileRow]:
        """All rows in the file's order.

        :raises InputError: when the file is not any more what it was.
        """
        with self.open_content() as file:
            rows = itertools.islice(_checked_rows(file, self.name), 1, None)
            if self.open_ids is None:
                for cells in rows:
                    yield FileRow(cells, None)
                return
            with self.open_ids() as ids:
                pairs = itertools.zip_longest(rows, _read_identities(ids, self))
                try:
                    yield from itertools.starmap(_pair_row, pairs)
                except _MismatchError as error:
                    raise InputError(
                        f"Cannot read {self.name}", "it was changed while it was read", "Run again"
                    ) from error

    def left_out(self) -> Iterator[LeftOut]:
        """People without a row, as the identities file lists them."""
        if self.open_ids is None:
            return
        with self.open_ids() as ids:
            for line in itertools.islice(ids, 1 + self.row_count, None):
                yield _parse_left_out(line)


class _HashingReader(io.RawIOBase):
    """Passes a file's bytes on and takes their SHA-256 and their number on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._file.read(len(buffer))
        buffer[: len(chunk)] = chunk
        self._sha256.update(chunk)
        self.size += len(chunk)
        return len(chunk)


def ids_head(csv_sha256: str, row_count: int) -> dict[str, object]:
    """Return the first line of an identities file, which binds it to a CSV file."""
    return {"format": _IDS_FORMAT, "sha256": csv_sha256, "rows": row_count}


def sha256(data: bytes) -> str:
    """SHA-256 of the bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_roster(name: str, open_file: OpenFile, open_ids: OpenFile | None = None) -> RosterFile:
    """Read a roster to its end and see that it is one. A byte order mark and LF line ends are accepted.

    :param name: what to call the file in an error.
    :param open_ids: opens the identities file; None when there is none.
    :raises InputError: when it is empty, no UTF-8, no CSV, or a row has more or fewer cells than the header.
    :raises OSError: when a file cannot be read.
    """
    with open_file() as file:
        start = len(BOM_UTF8) if file.read(len(BOM_UTF8)) == BOM_UTF8 else 0
        file.seek(start)
        digest = _HashingReader(file)
        rows = _checked_rows(io.BufferedReader(digest, _BUFFER_BYTES), name)
        header = next(rows)
        row_count = sum(1 for _row in rows)
    roster = RosterFile(
        name=name,
        header=header,
        row_count=row_count,
        sha256=digest.sha256,
        size=digest.size,
        start=start,
        open_file=open_file,
    )
    ids_sha256 = _verify_identities(open_ids, roster) if open_ids is not None else None
    if ids_sha256 is not None:
        roster = replace(roster, open_ids=open_ids, ids_sha256=ids_sha256)
    return roster


def _checked_rows(file: BinaryIO, name: str) -> Iterator[tuple[str, ...]]:
    """The header and all rows, each with as many cells."""
    reader = csv.reader(_decode_lines(file, name), strict=True)
    previous_line = 0
    header: list[str] | None = None
    try:
        for cells in reader:
            if header is None:
                _check_header(cells, name)
                header = cells
            elif len(cells) != len(header):
                raise InputError(
                    f"Cannot read {name}",
                    _describe_width(cells, header, previous_line, reader.line_num),
                )
            yield tuple(cells)
            previous_line = reader.line_num
    except csv.Error as error:
        raise InputError(
            f"Cannot read {name}", f"{_line_range(previous_line, reader.line_num)}: {error}"
        ) from error
    if header is None:
        raise _empty_error(name)


def _empty_error(name: str) -> InputError:
    return InputError(f"Cannot read {name}", "it is empty", "Export a roster to it first")


def _line_range(previous_line: int, last_line: int) -> str:
    """Names the lines of a row; a quoted cell may go over several."""
    return (
        f"line {last_line}"
        if previous_line + 1 >= last_line
        else f"lines {previous_line + 1} to {last_line}"
    )


def _describe_width(
    cells: Sequence[str], header: Sequence[str], previous_line: int, last_line: int
) -> str:
    if not cells:
        return f"line {last_line} is empty"
    return f"the row on {_line_range(previous_line, last_line)} has {len(cells)} cells, the header {len(header)}"


def _check_header(titles: Sequence[str], name: str) -> None:
    """Without a header the titles would be a person's values: no error may hold them."""
    if not any(titles):
        raise _empty_error(name)
    for separator, separator_name in ((";", "semicolons"), ("\t", "tabs")):
        if len(titles) == 1 and separator in titles[0]:
            raise InputError(
                f"Cannot read {name}",
                f"its columns are separated by {separator_name}",
                "Save it as CSV (RFC 4180): separated by commas",
            )
    for number, title in enumerate(titles, start=1):
        first_number = titles.index(title) + 1
        if first_number != number:
            raise InputError(
                f"Cannot read {name}",
                f"its columns {first_number} and {number} have the same title",
                "Give each column a title of its own in the first line",
            )


def _decode_lines(file: BinaryIO, name: str) -> Iterator[str]:
    number = 0
    while True:
        line = file.readline(MAX_LINE_BYTES)
        if not line:
            return
        number += 1
        if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            raise InputError(
                f"Cannot read {name}", f"line {number} has more than {MAX_LINE_BYTES} bytes"
            )
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise InputError(
                f"Cannot read {name}", f"line {number} is not valid UTF-8", "Save it as UTF-8"
            ) from error
        if "\0" in text:
            raise InputError(f"Cannot read {name}", f"line {number} holds a NUL byte")
        yield text


_SIMPLE_JSON_STRING = re.compile(rb'"[^"\\\x00-\x1f]*"\n')
"""A JSON text without escapes on a line of its own (RFC 8259, 7)."""


class _MismatchError(Exception):
    """An identities file does not belong to a roster."""


def _read_identities(file: BinaryIO, roster: RosterFile) -> Iterator[str]:
    """The identity of each row; afterwards the file stands at the people left out."""
    try:
        head = json.loads(file.readline(MAX_LINE_BYTES))
        expected = ids_head(roster.sha256, roster.row_count)
        if {name: head[name] for name in expected} != expected:
            raise _MismatchError
        for _number in range(roster.row_count):
            line = file.readline(MAX_LINE_BYTES)
            # All that this collection writes are plain; asking the json module for each takes three times as long.
            identity = (
                line[1:-2].decode() if _SIMPLE_JSON_STRING.fullmatch(line) else json.loads(line)
            )
            if not isinstance(identity, str):
                raise _MismatchError
            yield identity
    except (ValueError, TypeError, KeyError) as error:
        raise _MismatchError from error


def _pair_row(cells: tuple[str, ...] | None, identity: str | None) -> FileRow:
    """A row with its identity; None is given where one file has more of them than the other."""
    if cells is None or identity is None:
        raise _MismatchError
    return FileRow(cells, identity)


def _parse_left_out(line: bytes) -> LeftOut:
    try:
        document = json.loads(line)
        return LeftOut(*(str(document[field]) for field in LeftOut._fields))
    except (ValueError, TypeError, KeyError) as error:
        raise _MismatchError from error


def _verify_identities(open_ids: OpenFile, roster: RosterFile) -> str | None:
    """SHA-256 of an identities file; None when it does not belong to this roster."""
    with open_ids() as file:
        digest = _HashingReader(file)
        reader = io.BufferedReader(digest, _BUFFER_BYTES)
        try:
            for _identity in _read_identities(reader, roster):
                pass
            for line in iter(lambda: reader.readline(MAX_LINE_BYTES), b""):
                _parse_left_out(line)
        except _MismatchError:
            return None
    return digest.sha256
