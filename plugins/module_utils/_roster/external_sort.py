# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sorting more than memory shall hold: sorted runs are set aside in files and merged.

No file is named or opened here: where lines are set aside is handed in.
"""

from __future__ import annotations

import bisect
import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast

from .._errors import FrontdeskError

RUN_BYTES = 8 * 1024 * 1024
"""Memory in bytes that one run may take before it is set aside; a roster below that never touches the disk."""

_LINE_OVERHEAD_BYTES = 64
"""Bytes that Python takes for a line beside its characters, and for its place in a list."""


class SpillArea(NamedTuple):
    """Where lines are set aside.

    :ivar directory: what errors call it.
    :ivar open: gives a new, empty file for writing and reading that is private to this process.
    """

    directory: str
    open: Callable[[], BinaryIO]


@contextmanager
def spill_errors(directory: str) -> Iterator[None]:
    """What goes wrong while something is set aside.

    :raises FrontdeskError: in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise FrontdeskError(
            f"Cannot set contacts aside in {directory}",
            error.strerror or str(error),
            "Make room there, and let this user write there",
        ) from error


class ExternalSorter:
    """Lines of bytes, sorted however many they are.

    :param spill: where a run is set aside once it has grown.
    :param run_bytes: memory that a run may take.
    """

    def __init__(self, spill: SpillArea, run_bytes: int = RUN_BYTES) -> None:
        self._spill = spill
        self._run_bytes = run_bytes
        self._files: list[BinaryIO] = []
        self._lines: list[bytes] = []
        self._run_size = 0

    def add(self, line: bytes) -> None:
        """Take one more line. It ends with a line feed and holds no other.

        :raises FrontdeskError: when a run cannot be set aside.
        """
        self.add_all((line,))

    def add_all(self, lines: Sequence[bytes]) -> None:
        """Take some more lines, as `add` does. They are set aside together."""
        self._lines += lines
        self._run_size += sum(map(len, lines)) + len(lines) * _LINE_OVERHEAD_BYTES
        if self._run_size >= self._run_bytes:
            self._write_run()

    def _write_run(self) -> None:
        self._lines.sort()
        with spill_errors(self._spill.directory):
            file = self._spill.open()
            file.writelines(self._lines)
            file.flush()
        self._files.append(file)
        self._lines = []
        self._run_size = 0

    def runs(self) -> list[Iterator[bytes]]:
        """Each run in its order, from the beginning. Only the parts of the last call may be read."""
        self._lines.sort()
        for file in self._files:
            file.seek(0)
        return [*self._files, iter(self._lines)]

    def __iter__(self) -> Iterator[bytes]:
        """All lines in order. Only the last iterator may be read."""
        return itertools.chain.from_iterable(merge_sorted(self.runs()))


_LINES_PER_RUN = 500


def merge_sorted(
    runs: Iterable[Iterator[bytes]], lines_per_run: int = _LINES_PER_RUN
) -> Iterator[list[bytes]]:
    """Merge what is sorted, a list of lines at a time: sorting what is partly sorted is what Python does best.

    :param lines_per_run: how many lines of each part are held.
    """
    buffers = [(run, list(itertools.islice(run, lines_per_run))) for run in runs]
    while buffers := [(run, buffer) for run, buffer in buffers if buffer]:
        # Up to here every part is known.
        limit = min(buffer[-1] for _run, buffer in buffers)
        batch: list[bytes] = []
        for run, buffer in buffers:
            count = bisect.bisect_right(buffer, limit)
            batch += buffer[:count]
            del buffer[:count]
            if not buffer:
                buffer.extend(itertools.islice(run, lines_per_run))
        batch.sort()
        yield batch


_BUFFER_BYTES = 64 * 1024


@contextmanager
def open_spill_area(directory: Path) -> Iterator[SpillArea]:
    """Make room for what memory shall not hold: files (mode 0600) without a name where the system can.

    None of them outlives the process, however that ends, for none has a name once it is open.

    :param directory: where there must be room anyway; a temporary folder may well be memory.
    """
    files: list[IO[bytes]] = []

    def open_file() -> BinaryIO:
        file = tempfile.TemporaryFile(buffering=_BUFFER_BYTES, dir=directory)  # noqa: SIM115  # closed below
        files.append(file)
        return cast(BinaryIO, file)

    try:
        yield SpillArea(str(directory), open_file)
    finally:
        for file in files:
            _close(file)


def _close(file: IO[bytes]) -> None:
    # On a full disk the rest of what was to be written cannot be, and need not.
    with suppress(OSError):
        file.close()


@contextmanager
def discard_on_error(spill: SpillArea) -> Iterator[SpillArea]:
    """Make room within this room that is given back at once when what was to be set aside fails.

    What is read again from the beginning then takes no more of the disk than what was read once.
    """
    with ExitStack() as files:

        def open_file() -> BinaryIO:
            file = spill.open()
            files.callback(_close, file)
            return file

        yield SpillArea(spill.directory, open_file)
        files.pop_all()
