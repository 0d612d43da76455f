# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacing a file so that it is always either the old one or the new one, and private from its first byte.

This is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import fcntl
import glob
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

_SUFFIX = ".new"
_BLOCK = 256 * 1024


def replace_file(path: Path, data: bytes | BinaryIO) -> None:
    """Write a file (mode 0600) beside its place and move it there once it is on the disk.

    :param data: what is to stand there; a file is read from where it is to its end.
    :raises OSError: when it cannot be written; the old file is as it was then.
    """
    replace_files([(path, data)])


def replace_files(
    contents: Sequence[tuple[Path, bytes | BinaryIO]],
    prepare: Callable[[str], object] | None = None,
) -> None:
    """Write files (mode 0600) beside their places and move them there once all are on the disk.

    :param contents: paths and what is to stand there; they are moved in this order.
    :param prepare: sets owner and mode of a file before it is moved, by its temporary path.
    :raises OSError: when one cannot be written; the old files are as they were then.
    """
    written: list[tuple[str, Path]] = []
    try:
        for path, data in contents:
            descriptor, temporary = tempfile.mkstemp(
                prefix=f".{path.name}.", suffix=_SUFFIX, dir=path.parent
            )
            written.append((temporary, path))
            _write_down(descriptor, data)
            if prepare is not None:
                prepare(temporary)
        for temporary, path in written:
            os.replace(temporary, path)
    except BaseException:
        for temporary, _path in written:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
        raise
    for folder in {path.parent for path, _data in contents}:
        _sync_folder(folder)


def _write_down(descriptor: int, data: bytes | BinaryIO) -> None:
    with os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(io.BytesIO(data) if isinstance(data, bytes) else data, file, _BLOCK)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    # Without this a power cut could bring the old file back under the name of the new one.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_unfinished(path: Path) -> None:
    """Remove what a killed run left beside a file; only for those who keep other writers out."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*{_SUFFIX}"):
        leftover.unlink(missing_ok=True)


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Keep other runs from writing in a folder; waits for one that is at it.

    :raises OSError: when the folder cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # Some network file systems cannot lock a folder. Files stay whole there too: each run has its own.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def snapshot(path: Path) -> Iterator[Callable[[], BinaryIO]]:
    """Hold on to a file, whatever is moved to its path meanwhile.

    :returns: opens the file at its beginning, as often as one likes and each time independently.
    :raises OSError: when it cannot be opened.
    """
    # A pipe without a writer would make this wait for ever; it is refused when it is read.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        yield lambda: io.BufferedReader(_View(descriptor), _BLOCK)
    finally:
        os.close(descriptor)


class _View(io.RawIOBase):
    """A file with a position of its own on a descriptor that others read too."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}
        if whence == os.SEEK_END:
            base[whence] = os.fstat(self._descriptor).st_size
        self._position = base[whence] + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        piece = os.pread(self._descriptor, len(buffer), self._position)
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)
