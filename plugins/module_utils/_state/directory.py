# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state directory on disk: rosters and receipt."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from .._errors import InputError
from .._files import replace_file, sha256_file
from .._roster.files import OpenFile, RosterFile, read_roster
from .receipt import Receipt, StateError, parse_receipt, render_receipt

_RECEIPT = "receipt.json"
# A roster or its identities, or what a killed run left of one or of a receipt.
_OLD_NAME = re.compile(r"\.?[0-9a-f]{64}\.(?:csv|ids)(?:\..*\.new)?|\.receipt\.json\..*\.new")
_ROOT_STATE = Path("/var/lib/frontdesk-contacts")


class Baseline(NamedTuple):
    """A roster as the service accepted it.

    :ivar warning: what is wrong with it and does no harm; empty when nothing is.
    """

    receipt: Receipt
    roster: RosterFile
    warning: str = ""


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


def read_baseline(directory: Path) -> Baseline | None:
    """The last accepted roster; None when there is no receipt.

    :raises StateError: when receipt or roster are damaged or cannot be read.
    """
    path = directory / _RECEIPT
    data = _read(path)
    if data is None:
        return None
    receipt = parse_receipt(data, str(path))
    roster = _read_roster(directory, receipt)
    if roster.ids_sha256 == receipt.identities:
        return Baseline(receipt, roster)
    return Baseline(
        receipt,
        replace(roster, open_ids=None, ids_sha256=""),
        f"{directory / receipt.identities}.ids is missing or damaged: this run tells contacts apart by key. "
        "It is written anew with the next roster that is accepted or the same; or restore it from a backup.",
    )


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


def write_state_roster(directory: Path, roster: RosterFile, remedy: str) -> RosterFile:
    """Put a roster's files in place, named by their content: nothing refers to them yet.

    :param remedy: what to do when there is no room for them.
    :returns: the same roster, to be read from there.
    :raises StateError: when they cannot be written; the state is as it was then.
    :raises InputError: when the roster is not any more what it was; the state is as it was then.
    """
    csv_path = directory / f"{roster.sha256}.csv"
    ids_path = directory / f"{roster.ids_sha256}.ids"
    with _writing(directory, remedy):
        _put(csv_path, roster.open_content, roster)
        if roster.open_ids is not None:
            _put(ids_path, roster.open_ids, roster)
    return replace(
        roster,
        start=0,
        open_file=lambda: csv_path.open("rb"),
        open_ids=None if roster.open_ids is None else lambda: ids_path.open("rb"),
    )


def _put(path: Path, open_file: OpenFile, roster: RosterFile) -> None:
    with open_file() as file:
        replace_file(path, file)
    with path.open("rb") as file:
        if sha256_file(file) == path.stem:
            return
    path.unlink()
    raise InputError(
        f"Cannot use {roster.name}",
        "it or its identities changed while it was read",
        "Replace the file instead of writing into it",
    )


def write_receipt(directory: Path, receipt: Receipt, remedy: str) -> None:
    """Replace the receipt: that is the commit.

    :raises StateError: when it cannot be written; the state is as it was then.
    """
    with _writing(directory, remedy):
        replace_file(directory / _RECEIPT, render_receipt(receipt))


NOTHING_SENT = "Nothing has been sent. Make room there, or have it writable"
TAKEN = "The service has accepted the roster; make room, and the next run sends it again"


def begin_upload(directory: Path, receipt: Receipt | None, roster: RosterFile) -> RosterFile:
    """Note that a roster is about to be sent, and see by that, before, that the state can be written.

    Until the outcome is noted, the receipt counts as incomplete: a run that is killed, or whose answer
    is lost, makes the next one send.

    :param receipt: the last one; None when there is none.
    :returns: the roster to send: what is sent is then what is remembered, whatever becomes of its source.
    :raises StateError: when it cannot be written; nothing must be sent then.
    :raises InputError: when the roster is not any more what it was; nothing must be sent then either.
    """
    roster = write_state_roster(directory, roster, NOTHING_SENT)
    if receipt is not None and receipt.complete:
        write_receipt(directory, receipt._replace(complete=False), NOTHING_SENT)
    return roster


def abort_upload(directory: Path, receipt: Receipt | None, *, may_be_accepted: bool) -> None:
    """Note that the service has not taken what was announced.

    :param receipt: the last one as it was before; None when there is none.
    :param may_be_accepted: whether that is not sure; the receipt stays incomplete then.
    """
    # What cannot be noted stays incomplete, too: the next run sends, and that is harmless.
    with suppress(StateError):
        if receipt is not None and receipt.complete and not may_be_accepted:
            write_receipt(directory, receipt, "")
    _remove_old(directory, receipt)


def commit_upload(
    directory: Path, receipt: Receipt, roster: RosterFile, remedy: str = TAKEN
) -> None:
    """Make a roster the last accepted one. The receipt is replaced last: that is the commit.

    :param remedy: what to do when there is no room for it.
    :raises StateError: when it cannot be written; the state is as it was then.
    """
    write_state_roster(directory, roster, remedy)
    write_receipt(directory, receipt, remedy)
    _remove_old(directory, receipt)


@contextmanager
def _writing(directory: Path, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(
            f"Cannot write the state directory {directory}", error.strerror or str(error), remedy
        ) from error


def _remove_old(directory: Path, receipt: Receipt | None) -> None:
    """Remove people's data that nothing needs any more: rosters other than the accepted one."""
    kept = {f"{receipt.roster}.csv", f"{receipt.identities}.ids"} if receipt else set()
    # The outcome is noted; what cannot be removed now, the next run tries again.
    with suppress(OSError):
        for path in directory.iterdir():
            if path.name not in kept and _OLD_NAME.fullmatch(path.name):
                with suppress(OSError):
                    path.unlink()
