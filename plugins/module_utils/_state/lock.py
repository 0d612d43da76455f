# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock on a state directory: one run at a time changes it."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .receipt import StateError

_LOCK_FILE = "lock"


@contextmanager
def exclusive_lock(directory: Path) -> Iterator[None]:
    """Make the directory, private to its user, and keep other runs out while this one uses it.

    :raises StateError: when it cannot be made, others may look into it, or another run is using it.
    """
    action = f"Cannot use the state directory {directory}"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_private(directory, action)
        descriptor = os.open(directory / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(
            action,
            error.strerror or str(error),
            "Give state_dir a directory that this user may write",
        ) from error
    try:
        _acquire_lock(descriptor, fcntl.LOCK_EX, action)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def shared_lock(directory: Path) -> Iterator[None]:
    """Read the state while nobody changes it, without leaving a trace; for check mode.

    :raises StateError: when it cannot be read, others may look into it, or another run is changing it.
    """
    action = f"Cannot use the state directory {directory}"
    try:
        _check_private(directory, action)
        descriptor = os.open(directory / _LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        # No run has been here yet.
        yield
        return
    except OSError as error:
        raise StateError(
            action,
            error.strerror or str(error),
            "Run as the user who owns the state directory",
        ) from error
    try:
        _acquire_lock(descriptor, fcntl.LOCK_SH, action)
        yield
    finally:
        os.close(descriptor)


def _check_private(directory: Path, action: str) -> None:
    mode = stat.S_IMODE(directory.stat().st_mode)
    if mode & 0o077:
        # Not made private here: it may be one that others need, such as /srv.
        raise StateError(
            action,
            f"others may look into it (mode {mode:04o})",
            "Give state_dir a directory of its own with mode 0700",
        )


def _acquire_lock(descriptor: int, operation: int, action: str) -> None:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StateError(
            action,
            "another run is using it",
            "Wait until it ends, and schedule the runs further apart",
        ) from error
    except OSError as error:
        raise StateError(
            action,
            f"it cannot be locked ({error.strerror})",
            "Put state_dir on a file system with locks, such as a local one",
        ) from error
