# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacing a file so that it is always either the old one or the new one, and private from its first byte.

This is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import fcntl
import glob
import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

_TEMPORARY_SUFFIX = ".new"
_BLOCK_SIZE = 256 * 1024
_LOCK_POLL_INTERVAL = 0.05


def write_atomically(path: Path, data: bytes | BinaryIO) -> None:
    """Write a file (mode 0600) beside its place and move it there once it is on the disk.

    :param data: what is to stand there; a file is read from where it is to its end.
    :raises OSError: when it cannot be written; the old file is as it was then.
    """
    with pending_file(path) as pending:
        shutil.copyfileobj(
            io.BytesIO(data) if isinstance(data, bytes) else data, pending.file, _BLOCK_SIZE
        )
        commit_files([pending])


class PendingFile(NamedTuple):
    """A file that is written beside its place.

    :ivar path: its place.
    :ivar temporary_path: where it is being written.
    :ivar file: writes it.
    """

    path: Path
    temporary_path: Path
    file: BinaryIO


def has_same_bytes(path: Path, other: Path) -> bool:
    """Whether a file is there and holds the same bytes as another.

    :raises OSError: when one cannot be read.
    """
    try:
        with path.open("rb") as one, other.open("rb") as two:
            if os.fstat(one.fileno()).st_size != os.fstat(two.fileno()).st_size:
                return False
            while chunk := one.read(_BLOCK_SIZE):
                if chunk != two.read(_BLOCK_SIZE):
                    return False
            return True
    except (FileNotFoundError, NotADirectoryError):
        return False


def sha256_file(file: BinaryIO) -> str:
    """SHA-256 of all of a file, in hexadecimal; the file is left at its end.

    :raises OSError: when it cannot be read.
    """
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(_BLOCK_SIZE):
        digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def pending_file(path: Path) -> Iterator[PendingFile]:
    """Begin a file (mode 0600) beside its place. It is gone afterwards unless it was moved.

    :raises OSError: when there is no room for it.
    """
    descriptor, temporary_path = tempfile.mkstemp(
        prefix=f".{path.name}.", suffix=_TEMPORARY_SUFFIX, dir=path.parent
    )
    file = os.fdopen(descriptor, "wb", _BLOCK_SIZE)
    try:
        yield PendingFile(path, Path(temporary_path), file)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary_path)
        # On a full disk the rest of what was to be written cannot be, and need not.
        with suppress(OSError):
            file.close()


def commit_files(files: Sequence[PendingFile]) -> None:
    """Move files to their places, in their order, once all are on the disk.

    :raises OSError: when one cannot be written.
    """
    for pending in files:
        pending.file.flush()
        os.fsync(pending.file.fileno())
    for pending in files:
        os.replace(pending.temporary_path, pending.path)
    for directory in {pending.path.parent for pending in files}:
        _sync_directory(directory)


def _sync_directory(directory: Path) -> None:
    # Without this a power cut could bring the old file back under the name of the new one.
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(path: Path) -> None:
    """Remove what a killed run left beside a file; only for those who keep other writers out."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*{_TEMPORARY_SUFFIX}"):
        leftover.unlink(missing_ok=True)


@contextmanager
def directory_lock(directory: Path, timeout: float = 60.0) -> Iterator[None]:
    """Keep other runs from writing in a folder; waits for one that is at it.

    :param timeout: seconds to wait, for anybody who may open a folder can lock it.
    :raises TimeoutError: when another process keeps it locked.
    :raises OSError: when the folder cannot be opened.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _acquire_lock(descriptor, time.monotonic() + timeout)
        yield
    finally:
        os.close(descriptor)


def _acquire_lock(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise TimeoutError from None
        except OSError:
            # Some network file systems cannot lock a folder. Files stay whole there too: each run has its own.
            return
        time.sleep(_LOCK_POLL_INTERVAL)


@contextmanager
def snapshot(path: Path) -> Iterator[Callable[[], BinaryIO]]:
    """Hold on to a file, whatever is moved to its path meanwhile.

    :returns: opens the file at its beginning, as often as one likes and each time independently.
    :raises OSError: when it cannot be opened.
    """
    # A pipe without a writer would make this wait for ever; it is refused when it is read.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        yield lambda: io.BufferedReader(_SnapshotReader(descriptor), _BLOCK_SIZE)
    finally:
        os.close(descriptor)


class _SnapshotReader(io.RawIOBase):
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
        chunk = os.pread(self._descriptor, len(buffer), self._position)
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)
