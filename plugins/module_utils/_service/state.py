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
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .._contacts.roster_file import RosterFile, parse_csv, parse_ids, sha256
from .._files import replace_file
from .receipt import Receipt, StateError, parse_receipt, render_receipt

_RECEIPT = "receipt.json"
_LOCK = "lock"
# A roster or its identities, or what a killed run left of one.
_ROSTER_NAME = re.compile(r"\.?[0-9a-f]{64}\.(?:csv|ids)(?:\..*\.new)?")
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
    csv_path = directory / f"{receipt.roster}.csv"
    csv_data = _read(csv_path)
    if csv_data is None or sha256(csv_data) != receipt.roster:
        raise StateError(
            f"Cannot use {csv_path}",
            "it is missing or damaged",
            "Restore it from a backup, or remove the state directory and upload with initial: true",
        )
    roster = parse_csv(csv_data, str(csv_path))
    ids_data = _read(directory / f"{receipt.identities}.ids") if receipt.identities else None
    return Accepted(
        receipt, roster._replace(identities=parse_ids(ids_data, roster) if ids_data else None)
    )


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(
            f"Cannot read {path}",
            error.strerror or str(error),
            "Run as the user who owns the state directory",
        ) from error


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Make the directory, private to its user, and keep other runs out while this one uses it.

    :raises StateError: when it cannot be made, or another run is using it.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(directory.stat().st_mode) & 0o077:
            directory.chmod(0o700)
        lock = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(
            f"Cannot use the state directory {directory}",
            error.strerror or str(error),
            "Set state_dir",
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise StateError(
            f"Cannot use the state directory {directory}",
            "another run is using it",
            "Wait until it ends, and schedule the runs further apart",
        ) from error
    try:
        yield
    finally:
        os.close(lock)


def write_accepted(
    directory: Path, receipt: Receipt, csv_data: bytes, ids_data: bytes | None
) -> None:
    """Make a roster the last accepted one. The receipt is replaced last: that is the commit.

    :raises StateError: when it cannot be written; the state is as it was then.
    """
    try:
        replace_file(directory / f"{receipt.roster}.csv", csv_data)
        if ids_data is not None:
            replace_file(directory / f"{receipt.identities}.ids", ids_data)
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
        if path.name not in kept and _ROSTER_NAME.fullmatch(path.name):
            path.unlink(missing_ok=True)
