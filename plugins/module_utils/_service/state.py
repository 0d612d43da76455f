# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state directory on disk: rosters, receipt and lock."""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from .._contacts.roster_file import RosterFile, read_roster
from .._errors import InputError
from .._files import replace_file
from .receipt import Receipt, StateError, parse_receipt, render_receipt

_RECEIPT = "receipt.json"
_LOCK = "lock"
# A roster or its identities, or what a killed run left of one or of a receipt.
_OLD_NAME = re.compile(r"\.?[0-9a-f]{64}\.(?:csv|ids)(?:\..*\.new)?|\.receipt\.json\..*\.new")
_ROOT_STATE = Path("/var/lib/frontdesk-contacts")


class Accepted(NamedTuple):
    """A roster as the service accepted it."""

    receipt: Receipt
    roster: RosterFile


def default_state_dir(name: str, is_root: bool, environment: dict[str, str]) -> Path:
    """Where the state of one sync is kept when no directory is given.

    :param name: tells the syncs of one host apart.
    :param environment: XDG_STATE_HOME is looked up in it (XDG Base Directory Specification), else HOME.
    """
    if is_root:
        return _ROOT_STATE / name
    home = environment.get("XDG_STATE_HOME") or os.path.join(
        environment.get("HOME", "/"), ".local", "state"
    )
    return Path(home) / "frontdesk-contacts" / name


def read_accepted(directory: Path) -> Accepted | None:
    """The last accepted roster; None when there is no receipt.

    :raises StateError: when receipt or roster are damaged or cannot be read.
    """
    path = directory / _RECEIPT
    data = _read(path)
    if data is None:
        return None
    receipt = parse_receipt(data, str(path))
    return Accepted(receipt, _read_roster(directory, receipt))


def _read_roster(directory: Path, receipt: Receipt) -> RosterFile:
    csv_path = directory / f"{receipt.roster}.csv"
    ids = directory / f"{receipt.identities}.ids"
    try:
        roster = read_roster(
            str(csv_path),
            lambda: csv_path.open("rb"),
            (lambda: ids.open("rb")) if receipt.identities and ids.exists() else None,
        )
    except (FileNotFoundError, InputError):
        roster = None
    except OSError as error:
        raise _unreadable(csv_path, error) from error
    if roster is None or roster.sha256 != receipt.roster:
        raise StateError(
            f"Cannot use {csv_path}",
            "it is missing or damaged",
            "Restore it from a backup, or remove the state directory and upload with initial: true",
        )
    return roster


def _unreadable(path: Path, error: OSError) -> StateError:
    return StateError(
        f"Cannot read {path}",
        error.strerror or str(error),
        "Run as the user who owns the state directory",
    )


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Make the directory, private to its user, and keep other runs out while this one uses it.

    :raises StateError: when it cannot be made, others may look into it, or another run is using it.
    """
    tried = f"Cannot use the state directory {directory}"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(directory.stat().st_mode)
        if mode & 0o077:
            # Not made private here: it may be one that others need, such as /srv.
            raise StateError(
                tried,
                f"others may look into it (mode {mode:04o})",
                "Give state_dir a directory of its own with mode 0700",
            )
        lock = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(
            tried,
            error.strerror or str(error),
            "Give state_dir a directory that this user may write",
        ) from error
    try:
        _lock(lock, fcntl.LOCK_EX, tried)
        yield
    finally:
        os.close(lock)


@contextmanager
def watched(directory: Path) -> Iterator[None]:
    """Read the state while nobody changes it, without leaving a trace; for check mode.

    :raises StateError: when it cannot be read, or another run is changing it.
    """
    tried = f"Cannot use the state directory {directory}"
    try:
        lock = os.open(directory / _LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        # No run has been here yet.
        yield
        return
    except OSError as error:
        raise StateError(
            tried,
            error.strerror or str(error),
            "Run as the user who owns the state directory",
        ) from error
    try:
        _lock(lock, fcntl.LOCK_SH, tried)
        yield
    finally:
        os.close(lock)


def _lock(descriptor: int, kind: int, tried: str) -> None:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StateError(
            tried,
            "another run is using it",
            "Wait until it ends, and schedule the runs further apart",
        ) from error
    except OSError as error:
        raise StateError(
            tried,
            f"it cannot be locked ({error.strerror})",
            "Put state_dir on a file system with locks, such as a local one",
        ) from error


def write_accepted(directory: Path, receipt: Receipt, roster: RosterFile) -> None:
    """Make a roster the last accepted one. The receipt is replaced last: that is the commit.

    :raises StateError: when it cannot be written; the state is as it was then.
    """
    try:
        with roster.content() as file:
            replace_file(directory / f"{receipt.roster}.csv", file)
        if roster.open_ids is not None:
            with roster.open_ids() as file:
                replace_file(directory / f"{receipt.identities}.ids", file)
        replace_file(directory / _RECEIPT, render_receipt(receipt))
    except OSError as error:
        raise StateError(
            f"Cannot write the state directory {directory}",
            error.strerror or str(error),
            "The service has accepted the roster; make room, and the next run sends it again",
        ) from error
    _remove_old(directory, receipt)


def _remove_old(directory: Path, receipt: Receipt) -> None:
    """Remove people's data that nothing needs any more: rosters other than the accepted one."""
    kept = {f"{receipt.roster}.csv", f"{receipt.identities}.ids"}
    for path in directory.iterdir():
        if path.name not in kept and _OLD_NAME.fullmatch(path.name):
            # The upload is accepted and noted; what cannot be removed now, the next run tries again.
            with suppress(OSError):
                path.unlink()
