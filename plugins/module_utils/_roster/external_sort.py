# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""External merge sort: sorted runs are spilled to files and merged."""

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
"""Approximate maximum memory for one run, in bytes. Data that fits in one run is sorted without using the disk."""

SPILL_PREFIX = ".spill."
"""Prefix of the names of spill files, on file systems on which a file has a name until it is opened."""

_LINE_OVERHEAD_BYTES = 64
"""Memory in bytes that a line uses in addition to its content: the object's header and a reference in a list."""

_LINES_PER_RUN = 500
"""Maximum number of lines of each run that are in memory while runs are merged."""

_BUFFER_BYTES = 64 * 1024


class SpillArea(NamedTuple):
    """Temporary storage for data that does not fit in memory.

    :ivar directory: name of the directory in error messages.
    :ivar open: function that opens a new, empty file for writing and reading, private to this process.
    """

    directory: str
    open: Callable[[], BinaryIO]


@contextmanager
def open_spill_area(directory: Path) -> Iterator[SpillArea]:
    """Provide temporary files (mode 0600) that are deleted when the context ends.

    The files have no name in the directory, so they do not outlive the process if it is killed. On file systems without
    O_TMPFILE, such as NFS, they have a name for a moment.

    :param directory: directory with enough space. The system's directory for temporary files may be unsuitable,
        because it is often kept in memory.
    """
    files: list[IO[bytes]] = []

    def open_file() -> BinaryIO:
        file = tempfile.TemporaryFile(  # noqa: SIM115  # closed below
            buffering=_BUFFER_BYTES, prefix=SPILL_PREFIX, dir=directory
        )
        files.append(file)
        return cast(BinaryIO, file)

    try:
        yield SpillArea(str(directory), open_file)
    finally:
        for file in files:
            _close(file)


@contextmanager
def discard_on_error(spill: SpillArea) -> Iterator[SpillArea]:
    """Provide a nested spill area whose files are deleted immediately if the block raises an exception.

    A second attempt then does not need more disk space than the first one.
    """
    with ExitStack() as files:

        def open_file() -> BinaryIO:
            file = spill.open()
            files.callback(_close, file)
            return file

        yield SpillArea(spill.directory, open_file)
        files.pop_all()


def _close(file: IO[bytes]) -> None:
    # On a full disk, flushing the buffer fails. The data is no longer needed.
    with suppress(OSError):
        file.close()


@contextmanager
def spill_errors(directory: str) -> Iterator[None]:
    """Raise FrontdeskError instead of operating system errors while data is spilled.

    :raises FrontdeskError: if the block raises an OSError.
    """
    try:
        yield
    except OSError as error:
        raise FrontdeskError(
            f"Cannot write temporary files to {directory}",
            error.strerror or str(error),
            "Free some space there, or make it writable",
        ) from error


class ExternalSorter:
    """Sorts any number of lines in bounded memory.

    :param spill: spill area for complete runs.
    :param run_bytes: approximate maximum memory for one run, in bytes.
    """

    def __init__(self, spill: SpillArea, run_bytes: int = RUN_BYTES) -> None:
        self._spill = spill
        self._run_bytes = run_bytes
        self._files: list[BinaryIO] = []
        self._lines: list[bytes] = []
        self._run_size = 0

    def add(self, line: bytes) -> None:
        """Add a line.

        It must end with a line feed and must not contain another one.

        :raises FrontdeskError: if a run cannot be written.
        """
        self.add_all((line,))

    def add_all(self, lines: Sequence[bytes]) -> None:
        """Add several lines to the same run; for their format and the errors, see `add`."""
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
        """Return one iterator per sorted run.

        Iterators that were returned earlier become invalid.
        """
        self._lines.sort()
        for file in self._files:
            file.seek(0)
        return [*self._files, iter(self._lines)]

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over all lines in order.

        Iterators that were returned earlier become invalid.
        """
        return itertools.chain.from_iterable(merge_sorted(self.runs()))


def merge_sorted(
    runs: Iterable[Iterator[bytes]], lines_per_run: int = _LINES_PER_RUN
) -> Iterator[list[bytes]]:
    """Merge sorted runs into sorted, non-empty batches of lines.

    A batch is sorted as a whole, because Python's sort is very fast on lists that consist of sorted parts.

    :param runs: sorted lines of each run.
    :param lines_per_run: maximum number of lines of each run that are in memory.
    """
    buffers = [(run, list(itertools.islice(run, lines_per_run))) for run in runs]
    while buffers := [(run, buffer) for run, buffer in buffers if buffer]:
        # All remaining lines up to this one are in the buffers.
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
