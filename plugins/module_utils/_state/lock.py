# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Advisory locks on a state directory, so that only one run at a time changes it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .privacy import make_private
from .receipt import StateError

_LOCK_FILE = "lock"


@contextmanager
def exclusive_lock(directory: Path) -> Iterator[str]:
    """Lock the state directory for changes, and create it with mode 0700 if it does not exist.

    The access of other users to an existing directory is removed.

    :param directory: the state directory.
    :returns: a context manager whose value is a warning; empty if there is none.
    :raises StateError: if the directory cannot be created or made private, or another run uses it.
    """
    action = f"Cannot use the state directory {directory}"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        warning = make_private(directory, check_mode=False)
        descriptor = os.open(directory / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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
    :raises StateError: if the directory cannot be read or made private, or another run changes it.
    """
    action = f"Cannot use the state directory {directory}"
    warning = ""
    try:
        warning = make_private(directory, check_mode=True)
        descriptor = os.open(directory / _LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
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
