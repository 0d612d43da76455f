# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fast path of a comparison: skip the lines that two roster files have in common.

Equal lines with the same identity are the same contact, so only the other lines must be compared by person. Both files
are read once, in batches. If the files are sorted, as this collection writes them, only the lines that differ are
left. Otherwise, some equal lines may also be left; the result of the comparison is the same, but it takes longer.
"""

from __future__ import annotations

import csv
import itertools
import operator
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import BinaryIO

from .comparison import RosterRow, RowLayout
from .files import (
    MismatchError,
    RosterFile,
    explain_read_errors,
    parse_identity,
    read_ids_head,
)

_BATCH_BYTES = 64 * 1024
"""Approximate size of the lines that are read at once, in bytes."""

_WINDOW_BYTES = 256 * 1024
"""Approximate size of the lines of a roster in which equal lines are searched, in bytes."""

EmitRow = Callable[[RosterRow], None]
"""Function that receives a row."""


class LinesError(Exception):
    """The lines of a roster cannot be compared, for example because a row has several lines."""


def skip_equal_lines(
    layout: RowLayout,
    rosters: tuple[RosterFile, RosterFile],
    emit: tuple[EmitRow, EmitRow],
) -> tuple[Counter[str], Counter[str]]:
    """Pass on the rows of two rosters with the same header, except the equal rows that the fast path finds.

    :param layout: common layout of both rosters.
    :param rosters: the two rosters.
    :param emit: for each roster, function that receives its rows.
    :returns: for each roster, number of all rows by location.
    :raises LinesError: if a row has several lines, or if a file has changed. Some rows may then have been passed on.
    :raises FrontdeskError: if a file cannot be read.
    """
    with ExitStack() as files:
        try:
            first, second = (_Window(layout, roster, files) for roster in rosters)
        except MismatchError as error:
            raise LinesError from error
        while first.fill() | second.fill():
            if first.lines == second.lines:
                first.lines, second.lines = [], []
                continue
            common = _common_lines(first.lines, second.lines)
            if common:
                ends = first.end_of(common), second.end_of(common)
            else:
                ends = _ends_without_common_lines(first, second)
            for window, end, emit_row in zip((first, second), ends, emit):
                for row in window.take(end, common):
                    emit_row(row)
        return first.count_locations(), second.count_locations()


def _common_lines(first: Sequence[bytes], second: Sequence[bytes]) -> set[bytes]:
    """Return the lines that occur exactly once in each sequence."""
    common = set(first).intersection(second)
    for lines in (first, second):
        if len(set(lines)) != len(lines):
            common.difference_update(line for line, count in Counter(lines).items() if count > 1)
    return common


def _ends_without_common_lines(first: _Window, second: _Window) -> tuple[int, int]:
    """Return how many lines of each window have no equal line in the other roster, if both rosters are sorted."""
    if not first.lines or not second.lines:
        return len(first.lines), len(second.lines)
    if first.last_row() < second.last_row():
        return len(first.lines), 0
    return 0, len(second.lines)


class _Window:
    """The part of a roster in which equal lines are searched.

    :param layout: layout of the roster.
    :param roster: the roster.
    :param files: context in which the files of the roster are open.
    :ivar lines: lines of the rows; each is preceded by the line of the identity if people are matched by identity.
    """

    def __init__(self, layout: RowLayout, roster: RosterFile, files: ExitStack) -> None:
        self._layout = layout
        self._roster = roster
        self._rows: BinaryIO = files.enter_context(roster.open_content())
        self._ids: BinaryIO | None = None
        with explain_read_errors(roster.name):
            if _parse_lines([self._rows.readline()]) != [list(roster.header)]:
                raise LinesError
            if layout.by_identity and roster.open_ids is not None:
                self._ids = files.enter_context(roster.open_ids())
                read_ids_head(self._ids, roster)
        self.lines: list[bytes] = []
        self._locations: Counter[str] = Counter()
        self._encoded_locations: Counter[bytes] = Counter()

    def fill(self) -> bool:
        """Read lines until the window is full, and return whether it contains any lines.

        :raises LinesError: as for `skip_equal_lines`.
        :raises FrontdeskError: if a file cannot be read.
        """
        with explain_read_errors(self._roster.name):
            return self._fill()

    def _fill(self) -> bool:
        size = sum(map(len, self.lines))
        while size < _WINDOW_BYTES:
            batch = self._rows.readlines(_BATCH_BYTES)
            if not batch:
                break
            self._count(batch)
            if self._ids is not None:
                batch = self._add_identities(self._ids, batch)
            self.lines += batch
            size += sum(map(len, batch))
        return bool(self.lines)

    def _count(self, lines: Sequence[bytes]) -> None:
        """Count rows by location.

        :raises LinesError: if a row has several lines, or does not have the width of the layout.
        """
        data = b"".join(lines)
        width, index = self._layout.width, self._layout.location_index
        if b'"' in data or data.count(b",") != len(lines) * (width - 1):
            rows = _parse_lines(lines)
            if set(map(len, rows)) != {width}:
                raise LinesError
            self._locations.update(["" if index is None else row[index] for row in rows])
        elif index is None:
            self._locations[""] += len(lines)
        else:
            # Fast path for lines without quotes. It is fastest if the location is the last column.
            last = index - width
            self._encoded_locations.update([line.rsplit(b",", -last)[last] for line in lines])

    @staticmethod
    def _add_identities(ids: BinaryIO, lines: Sequence[bytes]) -> list[bytes]:
        identities = list(itertools.islice(ids, len(lines)))
        if len(identities) != len(lines):
            raise LinesError
        return list(map(operator.add, identities, lines))

    def count_locations(self) -> Counter[str]:
        """Return the number of rows by location after all lines were read.

        :raises LinesError: if the roster had more or fewer lines than rows.
        """
        for location, count in self._encoded_locations.items():
            self._locations[_decode(location.rstrip(b"\r\n"))] += count
        if sum(self._locations.values()) != self._roster.row_count:
            raise LinesError
        return self._locations

    def end_of(self, common: set[bytes]) -> int:
        """Return the number of lines up to and including the last common line."""
        end = len(self.lines)
        while self.lines[end - 1] not in common:
            end -= 1
        return end

    def last_row(self) -> RosterRow:
        """Return the row of the last line."""
        return next(self._parse(self.lines[-1:]))

    def take(self, end: int, common: set[bytes]) -> Iterator[RosterRow]:
        """Remove lines from the start of the window, and yield the rows of those that are not common.

        :param end: number of lines to remove.
        :param common: lines that both windows contain.
        """
        lines, self.lines = self.lines[:end], self.lines[end:]
        return self._parse([line for line in lines if line not in common])

    def _parse(self, lines: Sequence[bytes]) -> Iterator[RosterRow]:
        if self._ids is None:
            identities: Sequence[str | None] = [None] * len(lines)
        else:
            parts = [line.partition(b"\n") for line in lines]
            identities = [_parse_identity(identity + end) for identity, end, _line in parts]
            lines = [line for _identity, _end, line in parts]
        for cells, identity in zip(_parse_lines(lines), identities):
            yield self._layout.to_row(tuple(cells), identity)


def _parse_lines(lines: Sequence[bytes]) -> list[list[str]]:
    """Return the cells of each line.

    :raises LinesError: if the lines are not valid, or if a row has several lines.
    """
    # csv.reader accepts lines without line feeds.
    texts = _decode(b"".join(lines)).split("\n")
    try:
        rows = list(csv.reader(texts if texts[-1] else texts[:-1]))
    except csv.Error as error:
        raise LinesError from error
    if len(rows) != len(lines):
        raise LinesError
    return rows


def _parse_identity(line: bytes) -> str:
    try:
        return parse_identity(line)
    except MismatchError as error:
        raise LinesError from error


def _decode(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise LinesError from error
