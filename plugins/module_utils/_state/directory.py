# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state directory: the receipt, the baseline, and the two-phase commit of an upload.

`begin_upload` stores the new roster and marks the receipt as incomplete. After the response,
`commit_upload` makes this roster the baseline, or `abort_upload` restores the receipt unless the
service may have accepted the roster.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from .._errors import InputError
from .._files import sha256_file, write_atomically
from .._roster.files import OpenFile, RosterFile, read_roster
from .receipt import (
    RECEIPT_FILE,
    RESTORE_REMEDY,
    Receipt,
    StateError,
    parse_receipt,
    render_receipt,
)

NOTHING_SENT_REMEDY = "Nothing was sent. Free some space there, or make it writable"
ACCEPTED_REMEDY = (
    "The service has accepted the roster. Free some space there; "
    "the next run sends the roster again"
)

# A roster, its identities file, or a temporary file of a killed run.
_REMOVABLE_NAME = re.compile(r"\.?[0-9a-f]{64}\.(?:csv|ids)(?:\..*\.new)?|\.receipt\.json\..*\.new")
_ROOT_STATE = Path("/var/lib/frontdesk-contacts")


@dataclass(frozen=True)
class Baseline:
    """The last roster that the service accepted.

    :ivar receipt: the receipt of the upload.
    :ivar roster: the files of the roster.
    :ivar warning: a problem that does not prevent the use of the baseline; empty if there is none.
    """

    receipt: Receipt
    roster: RosterFile
    warning: str = ""


def find_default_state_dir(name: str) -> Path:
    """Return the default state directory of a sync for the user who runs the module.

    :param name: name that identifies the sync on its host.
    :raises InputError: if the user has no home directory, and XDG_STATE_HOME does not contain an absolute path.
    """
    home = os.environ.get("HOME", "")
    if not os.path.isabs(home):
        with suppress(KeyError):
            home = pwd.getpwuid(os.geteuid()).pw_dir
    return default_state_dir(name, os.geteuid() == 0, {**os.environ, "HOME": home})


def default_state_dir(name: str, is_root: bool, environment: Mapping[str, str]) -> Path:
    """Return the default state directory of a sync.

    :param name: name that identifies the sync on its host.
    :param is_root: whether the module runs as root.
    :param environment: the environment variables, for XDG_STATE_HOME (XDG Base Directory Specification, which requires
        relative paths to be ignored) and HOME.
    :raises InputError: if the module does not run as root, and neither of these variables contains an absolute path.
    """
    if is_root:
        return _ROOT_STATE / name
    state_home, home = (environment.get(key, "") for key in ("XDG_STATE_HOME", "HOME"))
    if os.path.isabs(state_home):
        return Path(state_home) / "frontdesk-contacts" / name
    if os.path.isabs(home):
        return Path(home) / ".local" / "state" / "frontdesk-contacts" / name
    raise InputError(
        "Cannot choose a state directory",
        "the environment variable HOME is not set, and the user has no home directory",
        "Set O(state_dir)",
    )


def read_baseline(directory: Path) -> Baseline | None:
    """Read the last accepted roster.

    :param directory: the state directory.
    :returns: the baseline; None if there is no receipt.
    :raises StateError: if the receipt or the roster cannot be used.
    """
    path = directory / RECEIPT_FILE
    data = _read_if_exists(path)
    if data is None:
        return None
    receipt = parse_receipt(data, str(path))
    roster = _read_roster(directory, receipt)
    if roster.ids_sha256 == receipt.identities:
        return Baseline(receipt=receipt, roster=roster)
    return Baseline(
        receipt=receipt,
        roster=replace(roster, open_ids=None, ids_sha256=""),
        warning=(
            f"{directory / receipt.identities}.ids is missing or corrupted, "
            "so this run identifies contacts by O(key). Restore the file from a backup; otherwise, "
            "the next accepted or unchanged roster replaces it."
        ),
    )


def _read_if_exists(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _read_error(path, error) from error


def _read_roster(directory: Path, receipt: Receipt) -> RosterFile:
    csv_path = directory / f"{receipt.roster}.csv"
    ids_path = directory / f"{receipt.identities}.ids"
    try:
        roster = read_roster(
            str(csv_path),
            lambda: csv_path.open("rb"),
            (lambda: ids_path.open("rb")) if receipt.identities and ids_path.exists() else None,
        )
    except (FileNotFoundError, InputError):
        roster = None
    except OSError as error:
        raise _read_error(csv_path, error) from error
    if roster is None or roster.sha256 != receipt.roster:
        raise StateError(f"Cannot use {csv_path}", "it is missing or corrupted", RESTORE_REMEDY)
    return roster


def _read_error(path: Path, error: OSError) -> StateError:
    return StateError(
        f"Cannot read {path}",
        error.strerror or str(error),
        "Run as the user who owns the state directory",
    )


def begin_upload(directory: Path, receipt: Receipt | None, roster: RosterFile) -> RosterFile:
    """Store a roster before it is sent, and mark the receipt as incomplete.

    The receipt stays incomplete until the outcome is known. If the run is killed, or receives no
    response, the next run therefore sends the roster again.

    :param directory: the state directory.
    :param receipt: the last receipt; None if there is none.
    :param roster: the roster to send.
    :returns: the stored roster. Send the stored roster, because the original files may change in
        the meantime.
    :raises StateError: if the state cannot be written. In that case, the caller must not send anything.
    :raises InputError: if the roster changed after it was read. In that case, the caller must not send
        anything.
    """
    roster = _store_roster(directory, roster, NOTHING_SENT_REMEDY)
    if receipt is not None and receipt.complete:
        _write_receipt(directory, replace(receipt, complete=False), NOTHING_SENT_REMEDY)
    return roster


def abort_upload(directory: Path, receipt: Receipt | None, *, may_be_accepted: bool) -> None:
    """Record that the service did not accept the roster, or that the outcome is unknown.

    :param directory: the state directory.
    :param receipt: the receipt before the upload began; None if there was none.
    :param may_be_accepted: whether the service may have accepted the roster. If so, the receipt stays
        incomplete.
    """
    # If the receipt cannot be written, it stays incomplete. The next run then sends the roster
    # again, which is safe.
    with suppress(StateError):
        if receipt is not None and receipt.complete and not may_be_accepted:
            _write_receipt(directory, receipt, "")
    _remove_old_rosters(directory, receipt)


def commit_upload(
    directory: Path, receipt: Receipt, roster: RosterFile, remedy: str = ACCEPTED_REMEDY
) -> None:
    """Make a roster the baseline.

    The receipt is replaced last, which commits the upload.

    :param directory: the state directory.
    :param receipt: the receipt of the upload.
    :param roster: the roster that the service accepted.
    :param remedy: the remedy in the error message if the state cannot be written.
    :raises StateError: if the state cannot be written; the baseline is then unchanged.
    :raises InputError: if the roster changed after it was read; the baseline is then unchanged.
    """
    _store_roster(directory, roster, remedy)
    _write_receipt(directory, receipt, remedy)
    _remove_old_rosters(directory, receipt)


def _store_roster(directory: Path, roster: RosterFile, remedy: str) -> RosterFile:
    """Copy the files of a roster to the state directory, and name them after their checksums.

    :returns: the roster in the state directory.
    :raises StateError: if the files cannot be written.
    :raises InputError: if the roster changed after it was read.
    """
    csv_path = directory / f"{roster.sha256}.csv"
    ids_path = directory / f"{roster.ids_sha256}.ids"
    with _explain_write_errors(directory, remedy):
        _store_file(csv_path, roster.open_content, roster)
        if roster.open_ids is not None:
            _store_file(ids_path, roster.open_ids, roster)
    return replace(
        roster,
        start=0,
        open_file=lambda: csv_path.open("rb"),
        open_ids=None if roster.open_ids is None else lambda: ids_path.open("rb"),
    )


def _store_file(path: Path, open_file: OpenFile, roster: RosterFile) -> None:
    with open_file() as file:
        write_atomically(path, file)
    with path.open("rb") as file:
        if sha256_file(file) == path.stem:
            return
    path.unlink()
    raise InputError(
        f"Cannot use {roster.name}",
        "it or its identities file changed while it was being read",
        "Replace the file atomically instead of writing to it",
    )


def _write_receipt(directory: Path, receipt: Receipt, remedy: str) -> None:
    """Replace the receipt.

    :raises StateError: if it cannot be written; the old receipt is then unchanged.
    """
    with _explain_write_errors(directory, remedy):
        write_atomically(directory / RECEIPT_FILE, render_receipt(receipt))


@contextmanager
def _explain_write_errors(directory: Path, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(
            f"Cannot write to the state directory {directory}", error.strerror or str(error), remedy
        ) from error


def _remove_old_rosters(directory: Path, receipt: Receipt | None) -> None:
    """Remove all rosters except the baseline, so that no unneeded personal data is kept."""
    kept = {f"{receipt.roster}.csv", f"{receipt.identities}.ids"} if receipt else set()
    # The outcome is already recorded, and the next run tries again to remove the remaining files.
    with suppress(OSError):
        for path in directory.iterdir():
            if path.name not in kept and _REMOVABLE_NAME.fullmatch(path.name):
                with suppress(OSError):
                    path.unlink()
