# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the two files of a roster: the CSV file that is uploaded, and the identities file.

The CSV file contains comma-separated values (RFC 4180) in UTF-8, starting with the header. The identities file is in
the JSON Lines format. Its first line contains the format version, the SHA-256 of the CSV file, the number of rows and
the configuration with which the roster was exported. The next lines contain the identity of each row. They are followed
by the left-out people, each with the cause, and by the people whose value in a unique column another person keeps, each
with the column and the other person's identity.

Both files are checked once from start to end. Afterwards, the rows are read again whenever they are needed, and they
are never kept in memory.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from .._contacts.model import LeftOut
from .._errors import FrontdeskError, InputError
from .._files import snapshot
from .._text import format_count
from .configuration import RosterConfiguration, parse_configuration

_IDS_FORMAT = 1
"""Version of the format of identities files. A file in another format is ignored."""

_CONFIGURATION = "configuration"
"""Key of the configuration in the first line of an identities file."""

_CORRECT_FILE = "Correct the file, or export the roster again"

MAX_LINE_BYTES = 1024 * 1024
"""Maximum length of a line in bytes, which limits the memory for reading a line."""

_BUFFER_BYTES = 64 * 1024

_HASH_BYTES = 1024 * 1024
"""Number of bytes that are read at once to compute a checksum."""

_LINES_PER_BATCH = 1000
"""Number of lines of an identities file that are checked together."""

OpenFile = Callable[[], BinaryIO]
"""Function that opens a file at its start each time it is called."""


class FileRow(NamedTuple):
    """One row of a roster.

    :ivar cells: values of all columns.
    :ivar identity: identity of the person, usually a UUID; None if the roster has no identities.
    """

    cells: tuple[str, ...]
    identity: str | None


@dataclass(frozen=True)
class RosterFile:
    """A roster whose files were checked.

    :ivar name: name of the roster in error messages.
    :ivar header: titles of the columns.
    :ivar row_count: number of rows after the header.
    :ivar sha256: SHA-256 of the CSV file without a byte order mark, in hexadecimal.
    :ivar size: size of the CSV file without a byte order mark, in bytes.
    :ivar start: length of the byte order mark in bytes; 0 if there is none.
    :ivar open_file: function that opens the CSV file.
    :ivar open_ids: function that opens the identities file; None if the file is missing or belongs to another roster.
    :ivar ids_sha256: SHA-256 of the identities file, in hexadecimal; empty if `open_ids` is None.
    :ivar identities_sha256: SHA-256 of only the identities of the rows, in hexadecimal; empty if `open_ids` is None.
    :ivar configuration: configuration with which the roster was exported; None if it was not recorded.
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
    identities_sha256: str = ""
    configuration: RosterConfiguration | None = None

    def open_content(self) -> BinaryIO:
        """Open the CSV file, positioned after the byte order mark if there is one.

        A service might treat a byte order mark as part of the first title.

        :returns: an open file that the caller must close.
        :raises FrontdeskError: if the file cannot be opened.
        """
        with explain_read_errors(self.name):
            file = self.open_file()
            file.seek(self.start)
            return file

    def rows(self) -> Iterator[FileRow]:
        """Yield all rows in the order of the file.

        :raises InputError: if a file changed since it was checked.
        :raises FrontdeskError: if a file cannot be read.
        """
        with explain_read_errors(self.name), self.open_content() as file:
            rows = itertools.islice(_checked_rows(file, self.name), 1, None)
            if self.open_ids is None:
                for cells in rows:
                    yield FileRow(cells, None)
                return
            with self.open_ids() as ids:
                pairs = itertools.zip_longest(rows, _read_identities(ids, self))
                try:
                    yield from itertools.starmap(_pair_row, pairs)
                except MismatchError as error:
                    raise InputError(
                        f"Cannot read {self.name}",
                        "it changed while it was being read",
                        "Run the task again",
                    ) from error

    def aligned_rows(self, header: Sequence[str]) -> Iterator[FileRow]:
        """Yield all rows with the columns of another header, in which missing columns are empty.

        :param header: titles of the columns.
        :raises InputError: if a file changed since it was checked.
        """
        indexes = [self.header.index(title) if title in self.header else None for title in header]
        for cells, identity in self.rows():
            aligned = tuple(["" if index is None else cells[index] for index in indexes])
            yield FileRow(aligned, identity)

    def left_out(self) -> Iterator[LeftOut]:
        """Yield the left-out people in the order of the identities file.

        :raises FrontdeskError: if the file cannot be read.
        """
        if self.open_ids is None:
            return
        with explain_read_errors(self.name), self.open_ids() as ids:
            for line in itertools.islice(ids, 1 + self.row_count, None):
                person = _parse_person(line)
                if person is not None:
                    yield person


@contextmanager
def explain_read_errors(name: str) -> Iterator[None]:
    """Raise FrontdeskError instead of operating system errors while the files of a checked roster are read again.

    :param name: name of the roster.
    """
    try:
        yield
    except OSError as error:
        raise FrontdeskError(
            f"Cannot read {name} or its identities file again",
            error.strerror or str(error),
            "Check the disk or the network share, and run the task again",
        ) from error


def read_roster(name: str, open_file: OpenFile, open_ids: OpenFile | None = None) -> RosterFile:
    """Read and check the complete files of a roster.

    A byte order mark and LF line endings are accepted.

    :param name: name of the roster in error messages.
    :param open_file: function that opens the CSV file.
    :param open_ids: function that opens the identities file; None if there is none.
    :raises InputError: if the CSV file is not a valid roster, for example because it is empty, is not valid UTF-8 or
        CSV, or contains a row with more or fewer cells than the header.
    :raises OSError: if a file cannot be read.
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
    return roster if open_ids is None else _add_identities(roster, open_ids)


def verify_roster(
    name: str,
    sha256: str,
    header: tuple[str, ...],
    row_count: int,
    *,
    open_file: OpenFile,
    open_ids: OpenFile | None,
) -> RosterFile | None:
    """Return a roster that was checked earlier, if its CSV file has not changed since.

    This takes a fraction of the time of `read_roster`, because the rows are not parsed.

    :param name: name of the roster in error messages.
    :param sha256: SHA-256 of the CSV file, in hexadecimal.
    :param header: titles of the columns.
    :param row_count: number of rows.
    :param open_file: function that opens the CSV file, which has no byte order mark.
    :param open_ids: function that opens the identities file; None if there is none.
    :returns: the roster; None if the CSV file has another checksum.
    :raises OSError: if a file cannot be read.
    """
    with open_file() as file:
        digest = _hash(file)
    if digest.sha256 != sha256:
        return None
    roster = RosterFile(
        name=name,
        header=header,
        row_count=row_count,
        sha256=sha256,
        size=digest.size,
        start=0,
        open_file=open_file,
    )
    return roster if open_ids is None else _add_identities(roster, open_ids)


def ids_path(path: Path) -> Path:
    """Return the path of the identities file that belongs to a roster."""
    return path.with_name(path.name + ".ids")


@contextmanager
def load_roster(path: Path) -> Iterator[RosterFile]:
    """Read a roster, and its identities file if it matches.

    Both files remain readable until the context ends, even if they are replaced.

    :raises InputError: if the CSV file is missing or not a roster, or if either file cannot be read.
    """
    with ExitStack() as opened:
        try:
            open_file = opened.enter_context(snapshot(path))
            open_ids = None
            with suppress(FileNotFoundError):
                open_ids = opened.enter_context(snapshot(ids_path(path)))
            roster = read_roster(str(path), open_file, open_ids)
        except OSError as error:
            raise InputError(
                f"Cannot read {error.filename or path}",
                error.strerror or str(error),
                "Export a roster to it first"
                if isinstance(error, FileNotFoundError)
                else "Make sure that it is a readable file",
            ) from error
        yield roster


@dataclass(frozen=True)
class RosterChecksums:
    """What identifies the content of a roster's files.

    :ivar sha256: SHA-256 of the CSV file without a byte order mark, in hexadecimal.
    :ivar ids_sha256: SHA-256 of the identities file, in hexadecimal.
    :ivar sizes: size of the CSV file without a byte order mark, and size of the identities file, in bytes.
    """

    sha256: str
    ids_sha256: str
    sizes: tuple[int, int]


def compute_checksums(path: Path) -> RosterChecksums | None:
    """Compute the checksums of a roster's files without checking their content.

    :returns: the checksums; None if a file is missing or cannot be read.
    """
    readers = []
    try:
        for file_path, mark in ((path, BOM_UTF8), (ids_path(path), b"")):
            with snapshot(file_path) as open_file, open_file() as file:
                file.seek(len(mark) if file.read(len(mark)) == mark else 0)
                readers.append(_hash(file))
    except OSError:
        return None
    csv_reader, ids_reader = readers
    return RosterChecksums(csv_reader.sha256, ids_reader.sha256, (csv_reader.size, ids_reader.size))


def ids_head(
    csv_sha256: str, row_count: int, configuration: RosterConfiguration | None = None
) -> dict[str, object]:
    """Return the content of the first line of an identities file.

    The line identifies the CSV file to which the identities file belongs.

    :param configuration: configuration with which the roster was exported; None if it is not recorded.
    """
    head: dict[str, object] = {"format": _IDS_FORMAT, "sha256": csv_sha256, "rows": row_count}
    return head if configuration is None else {**head, _CONFIGURATION: configuration.document()}


def sha256(data: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _hash(file: BinaryIO) -> _HashingReader:
    """Read the rest of a file, and return the reader with its checksum and size."""
    reader, buffer = _HashingReader(file), bytearray(_HASH_BYTES)
    while reader.readinto(buffer):
        pass
    return reader


class _HashingReader(io.RawIOBase):
    """A file that computes the size and the SHA-256 of everything read from it."""

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
        # Reading into the buffer saves the time to allocate and copy each chunk.
        count = cast(io.BufferedIOBase, self._file).readinto(buffer)
        self._sha256.update(memoryview(buffer)[:count])
        self.size += count
        return count


def _checked_rows(file: BinaryIO, name: str) -> Iterator[tuple[str, ...]]:
    """Yield the header and all rows.

    :raises InputError: if the content is not valid, or if a row has more or fewer cells than the header.
    """
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
                    _CORRECT_FILE,
                )
            yield tuple(cells)
            previous_line = reader.line_num
    except csv.Error as error:
        raise InputError(
            f"Cannot read {name}",
            f"{_line_range(previous_line, reader.line_num)}: {error}",
            _CORRECT_FILE,
        ) from error
    if header is None:
        raise InputError(f"Cannot read {name}", "it is empty", "Export a roster to it first")


def _decode_lines(file: BinaryIO, name: str) -> Iterator[str]:
    """Yield the lines of a file, each with its line feed."""
    return itertools.chain.from_iterable(_decode_batches(file, name))


def _decode_batches(file: BinaryIO, name: str) -> Iterator[Iterable[str]]:
    """Decode many lines at once, because decoding each of them is much slower."""
    line_count = 0
    for data in _line_batches(file):
        # The other lines are shorter than the buffer.
        first_line = data.find(b"\n") + 1 or len(data) + 1
        if first_line > MAX_LINE_BYTES:
            raise InputError(
                f"Cannot read {name}",
                f"line {line_count + 1} is longer than {MAX_LINE_BYTES} bytes",
                _CORRECT_FILE,
            )
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            number = line_count + data.count(b"\n", 0, error.start) + 1
            raise InputError(
                f"Cannot read {name}", f"line {number} is not valid UTF-8", "Save it as UTF-8"
            ) from error
        if "\0" in text:
            number = line_count + text.count("\n", 0, text.index("\0")) + 1
            raise InputError(
                f"Cannot read {name}", f"line {number} contains a NUL byte", _CORRECT_FILE
            )
        yield io.StringIO(text, newline="\n")
        line_count += data.count(b"\n")


def _line_batches(file: BinaryIO) -> Iterator[bytes]:
    """Yield the content of a file in batches of complete lines.

    Only the last batch, or a line that is too long, may be incomplete. Only the first line of a batch may be longer
    than the buffer.
    """
    rest = b""
    while chunk := file.read(_BUFFER_BYTES):
        end = chunk.rfind(b"\n") + 1
        if not end and len(rest) < MAX_LINE_BYTES:
            rest += chunk
            continue
        yield rest + chunk[:end]
        rest = chunk[end:]
    if rest:
        yield rest


def _check_header(titles: Sequence[str], name: str) -> None:
    """Check the titles.

    Error messages must not contain the titles: if a file has no header, its first line contains personal data.
    """
    if not any(titles):
        raise InputError(
            f"Cannot read {name}",
            "its first line contains no column titles",
            "Export a roster to it first",
        )
    for separator, separator_name in ((";", "semicolons"), ("\t", "tabs")):
        if len(titles) == 1 and separator in titles[0]:
            raise InputError(
                f"Cannot read {name}",
                f"its columns are separated by {separator_name}",
                "Save it as comma-separated values (RFC 4180)",
            )
    for number, title in enumerate(titles, start=1):
        first_number = titles.index(title) + 1
        if first_number != number:
            raise InputError(
                f"Cannot read {name}",
                f"its columns {first_number} and {number} have the same title",
                "Give each column a unique title in the first line",
            )


def _describe_width(
    cells: Sequence[str], header: Sequence[str], previous_line: int, last_line: int
) -> str:
    if not cells:
        return f"line {last_line} is empty"
    lines = _line_range(previous_line, last_line)
    count = format_count(len(cells), "cell")
    return f"the row on {lines} has {count} instead of {len(header)}"


def _line_range(previous_line: int, last_line: int) -> str:
    """Describe which lines contain a row, as in ``line 2`` or ``lines 2 to 4``.

    A row has several lines if a quoted cell contains line breaks.
    """
    return (
        f"line {last_line}"
        if previous_line + 1 >= last_line
        else f"lines {previous_line + 1} to {last_line}"
    )


_SIMPLE_JSON_STRING = re.compile(rb'"[^"\\\x00-\x1f]*"\n')
"""A line with a JSON string that contains no escape sequences (RFC 8259, section 7)."""


class MismatchError(Exception):
    """An identities file is not valid, or does not belong to a roster."""


def _add_identities(roster: RosterFile, open_ids: OpenFile) -> RosterFile:
    """Add an identities file to a roster; return the roster unchanged if the file does not match."""
    with open_ids() as file:
        digest = _HashingReader(file)
        reader = io.BufferedReader(digest, _BUFFER_BYTES)
        try:
            configuration = read_ids_head(reader, roster)
            identities_sha256 = _check_identities(reader, roster)
            for line in iter(lambda: reader.readline(MAX_LINE_BYTES), b""):
                _parse_person(line)
        except MismatchError:
            return roster
    return replace(
        roster,
        open_ids=open_ids,
        ids_sha256=digest.sha256,
        identities_sha256=identities_sha256,
        configuration=configuration,
    )


def _check_identities(file: BinaryIO, roster: RosterFile) -> str:
    """Check the identity of each row, and return the SHA-256 of all of them.

    :param file: identities file, positioned after its first line. Afterwards, it is positioned at the left-out people.
    :raises MismatchError: if an identity is missing or not valid.
    """
    digest, remaining = hashlib.sha256(), roster.row_count
    while remaining:
        lines = [
            file.readline(MAX_LINE_BYTES) for _number in range(min(remaining, _LINES_PER_BATCH))
        ]
        remaining -= len(lines)
        if not _are_simple_json_strings(lines):
            for line in lines:
                parse_identity(line)
        digest.update(b"".join(lines))
    return digest.hexdigest()


_NOT_SIMPLE = bytes({*range(0x20), ord("\\")} - {ord("\n")})
"""Characters that a JSON string without escape sequences does not contain, except quotes and line feeds."""


def _are_simple_json_strings(lines: Sequence[bytes]) -> bool:
    """Return whether all lines are JSON strings in UTF-8 without escape sequences.

    The lines are checked together, because parsing each of them is much slower.
    """
    data = b"\n" + b"".join(lines)
    count = len(lines)
    has_quotes_at_ends = (
        (data.count(b'\n"'), data.count(b'"\n'), data.count(b'"')) == (count, count, 2 * count)
        # A single quote would be at both ends of its line.
        and b'\n"\n' not in data
    )
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return has_quotes_at_ends and len(data.translate(None, _NOT_SIMPLE)) == len(data)


def _read_identities(file: BinaryIO, roster: RosterFile) -> Iterator[str]:
    """Yield the identity of each row.

    Afterwards, the file is positioned at the left-out people.
    """
    read_ids_head(file, roster)
    for _number in range(roster.row_count):
        yield parse_identity(file.readline(MAX_LINE_BYTES))


def read_ids_head(file: BinaryIO, roster: RosterFile) -> RosterConfiguration | None:
    """Read the first line of an identities file.

    :returns: the configuration with which the roster was exported; None if it was not recorded.
    :raises MismatchError: if the file does not belong to the roster.
    """
    expected = ids_head(roster.sha256, roster.row_count)
    try:
        head = json.loads(file.readline(MAX_LINE_BYTES))
        is_expected = {name: head[name] for name in expected} == expected
    except (ValueError, TypeError, KeyError) as error:
        raise MismatchError from error
    if not is_expected:
        raise MismatchError
    return parse_configuration(head.get(_CONFIGURATION))


def parse_identity(line: bytes) -> str:
    """Parse the identity of a row.

    :raises MismatchError: if the line is not a JSON string.
    """
    try:
        # Fast path for all identities that this collection writes; json.loads takes three times as long.
        identity = line[1:-2].decode() if _SIMPLE_JSON_STRING.fullmatch(line) else json.loads(line)
    except ValueError as error:
        raise MismatchError from error
    if not isinstance(identity, str):
        raise MismatchError
    return identity


def _pair_row(cells: tuple[str, ...] | None, identity: str | None) -> FileRow:
    """Combine the cells and the identity of a row.

    :raises MismatchError: if either is None, because one of the files has more rows than the other.
    """
    if cells is None or identity is None:
        raise MismatchError
    return FileRow(cells, identity)


def _parse_person(line: bytes) -> LeftOut | None:
    """Parse a line after the identities of the rows.

    :returns: the left-out person; None if the line states that another person keeps a value.
    :raises MismatchError: if the line is neither of the two.
    """
    try:
        document = json.loads(line)
        person = LeftOut(*(str(document[field]) for field in LeftOut._fields))
        return None if "holder" in document else person
    except (ValueError, TypeError, KeyError) as error:
        raise MismatchError from error
