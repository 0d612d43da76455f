# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Advisory locks on a state directory, so that only one run at a time changes it."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .._files import create_private_directory
from .ownership import check_owner, check_parents
from .privacy import make_private
from .receipt import StateError

_LOCK_FILE = "lock"


@contextmanager
def exclusive_lock(directory: Path) -> Iterator[str]:
    """Lock the state directory for changes, and create it with mode 0700 if it does not exist.

    Access by other users to an existing directory is revoked.

    :param directory: the state directory.
    :returns: a context manager whose value is a warning; empty if there is none.
    :raises StateError: if the directory cannot be created, made private or locked, if another user owns or can replace
        it or its lock file, or if another run uses it.
    """
    action = f"Cannot use the state directory {directory}"
    try:
        check_parents(directory, action)  # before anything is created, and again afterwards
        create_private_directory(directory)
        warning = _check_directory(directory, action, check_mode=False)
        descriptor = _open_lock_file(directory, action, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise StateError(
            action,
            error.strerror or str(error),
            "Set O(state_dir) to a directory that is writable by this user",
        ) from error
    try:
        _acquire_lock(descriptor, fcntl.LOCK_EX, action)
        yield warning
    finally:
        os.close(descriptor)


@contextmanager
def shared_lock(directory: Path) -> Iterator[str]:
    """Lock the state directory for reading, without creating any file.

    Use this lock in check mode.

    :param directory: the state directory.
    :returns: a context manager whose value is a warning; empty if there is none.
    :raises StateError: if the directory cannot be read or locked, if other users can access it and it is not dedicated
        to the sync, if another user owns or can replace it or its lock file, or if another run changes it.
    """
    action = f"Cannot use the state directory {directory}"
    warning = ""
    try:
        warning = _check_directory(directory, action, check_mode=True)
        descriptor = _open_lock_file(directory, action, os.O_RDONLY)
    except FileNotFoundError:
        # No run has used the directory yet.
        yield warning
        return
    except OSError as error:
        raise StateError(
            action,
            error.strerror or str(error),
            "Run as the user who owns the state directory",
        ) from error
    try:
        _acquire_lock(descriptor, fcntl.LOCK_SH, action)
        yield warning
    finally:
        os.close(descriptor)


def _check_directory(directory: Path, action: str, *, check_mode: bool) -> str:
    """Check that no other user can replace the state directory, and make it private except in check mode.

    :returns: a warning; empty if there is none.
    """
    check_parents(directory, action)
    check_owner(directory.stat(), action, "it")
    return make_private(directory, check_mode=check_mode)


def _open_lock_file(directory: Path, action: str, flags: int) -> int:
    """Open the lock file, after checking that it is a regular file that belongs to this user."""
    path = directory / _LOCK_FILE
    with suppress(FileNotFoundError):
        status = path.lstat()
        check_owner(status, action, "its lock file")
        if not stat.S_ISREG(status.st_mode):
            raise StateError(
                action,
                "its lock file is not a regular file",
                f"Remove {path}",
            )
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _acquire_lock(descriptor: int, operation: int, action: str) -> None:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StateError(
            action,
            "another run is using it",
            "Wait until that run ends, and schedule the runs further apart",
        ) from error
    except OSError as error:
        raise StateError(
            action,
            f"it cannot be locked ({error.strerror})",
            "Set O(state_dir) to a directory on a file system that supports locks, "
            "such as a local one",
        ) from error
