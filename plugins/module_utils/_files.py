# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""File operations: atomic writes, advisory locks on directories, and snapshots for reading.

This file is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import fcntl
import glob
import hashlib
import io
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

SHA256 = re.compile("[0-9a-f]{64}")
"""Pattern that matches a SHA-256 checksum, as returned by `sha256_file`."""

_TEMPORARY_SUFFIX = ".new"
_BLOCK_SIZE = 256 * 1024
_LOCK_POLL_INTERVAL = 0.05


class PendingFile(NamedTuple):
    """A temporary file that will replace another file.

    :ivar path: path of the file to replace.
    :ivar temporary_path: path of the temporary file, in the same directory.
    :ivar file: the temporary file, open for writing.
    """

    path: Path
    temporary_path: Path
    file: BinaryIO


def write_atomically(path: Path, data: bytes | BinaryIO) -> None:
    """Replace a file atomically.

    The new file has mode 0600 from the start. It is flushed to the disk before it replaces the old
    file.

    :param path: path of the file to replace.
    :param data: the new content; a file is read from its current position to its end.
    :raises OSError: if the new file cannot be written; the old file is then unchanged. Also if the new file has
        replaced the old one, but the directory cannot be flushed to the disk.
    """
    with pending_file(path) as pending:
        shutil.copyfileobj(
            io.BytesIO(data) if isinstance(data, bytes) else data, pending.file, _BLOCK_SIZE
        )
        commit_files([pending])


@contextmanager
def pending_file(path: Path) -> Iterator[PendingFile]:
    """Create a temporary file that will replace another file when `commit_files` is called.

    The temporary file has mode 0600 and is in the same directory as the file to replace. It is
    deleted at the end of the context unless it was committed.

    :param path: path of the file to replace.
    :raises OSError: if the file cannot be created.
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
        # On a full disk, closing the file fails because buffered data cannot be written.
        with suppress(OSError):
            file.close()


def commit_files(files: Sequence[PendingFile]) -> None:
    """Flush all pending files to the disk, and then move them into place in the given order.

    :param files: the pending files.
    :raises OSError: if a file cannot be written or moved, or if a directory cannot be flushed to the disk.
    """
    for pending in files:
        pending.file.flush()
        os.fsync(pending.file.fileno())
    for pending in files:
        os.replace(pending.temporary_path, pending.path)
    for directory in {pending.path.parent for pending in files}:
        _sync_directory(directory)


def _sync_directory(directory: Path) -> None:
    # Without this, a power failure could undo the replacement of a file.
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_private_directory(directory: Path) -> None:
    """Create a directory, and its missing parents, with mode 0700.

    :raises OSError: if a directory cannot be created.
    """
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)


def remove_leftovers(path: Path) -> None:
    """Remove the temporary files that killed runs left behind.

    The caller must prevent other processes from writing to the file at the same time.

    :param path: path of the file that the temporary files were meant to replace.
    :raises OSError: if a temporary file cannot be removed.
    """
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*{_TEMPORARY_SUFFIX}"):
        leftover.unlink(missing_ok=True)


@contextmanager
def directory_lock(directory: Path, timeout: float = 60.0) -> Iterator[None]:
    """Hold an exclusive advisory lock on a directory, so that other runs do not write to it.

    If the file system cannot lock directories, no lock is held.

    :param directory: the directory.
    :param timeout: maximum number of seconds to wait. The wait is limited because any process that
        can open the directory can hold the lock.
    :raises TimeoutError: if another process still holds the lock after that time.
    :raises OSError: if the directory cannot be opened.
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
            # Some network file systems cannot lock directories. Atomic writes are safe without a lock.
            return
        time.sleep(_LOCK_POLL_INTERVAL)


@contextmanager
def snapshot(path: Path) -> Iterator[Callable[[], BinaryIO]]:
    """Provide access to a file even after another file has replaced it at its path.

    :param path: path of the file.
    :returns: a context manager. Its value is a function that opens the original file at its beginning. The function
        can be called repeatedly; the files that it returns have independent positions.
    :raises OSError: if the file cannot be opened.
    """
    # Without O_NONBLOCK, opening a pipe without a writer would block. Reading a pipe fails later, in os.pread.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        yield lambda: io.BufferedReader(_SnapshotReader(descriptor), _BLOCK_SIZE)
    finally:
        os.close(descriptor)


class _SnapshotReader(io.RawIOBase):
    """A reader that shares a file descriptor with other readers, but has its own position."""

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


def has_same_bytes(path: Path, other: Path) -> bool:
    """Return whether two files exist and have the same content.

    :raises OSError: if an existing file cannot be read.
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
    """Return the SHA-256 checksum of a whole file as a hexadecimal string.

    Afterwards, the file's position is at its end.

    :raises OSError: if the file cannot be read.
    """
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(_BLOCK_SIZE):
        digest.update(chunk)
    return digest.hexdigest()
