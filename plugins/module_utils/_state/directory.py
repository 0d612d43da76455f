# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state directory: the receipt, the rosters that the service may have, and the two-phase commit of an upload.

`begin_upload` stores the new roster, and records the upload as unresolved. After the response, `commit_upload` makes
this roster the baseline, or `abort_upload` removes the record unless the service may have accepted the roster.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from .._errors import InputError
from .._files import sha256_file, write_atomically
from .._roster.external_sort import SPILL_PREFIX
from .._roster.files import OpenFile, RosterFile, verify_roster
from .._roster.limits import KEEP
from .receipt import (
    RESTORE_REMEDY,
    PreviousRoster,
    Receipt,
    State,
    StateError,
    UnresolvedUpload,
)
from .receipt_file import RECEIPT_FILE, parse_state, render_state

_NO_UNDO = "Remove O(undo), correct the cause in the directory, and run the sync again"
NOTHING_SENT_REMEDY = "Nothing was sent. Free some space there, or make it writable"
ACCEPTED_REMEDY = (
    "The service has accepted the roster or a part of it. Free some space there; "
    "the next run sends the roster again"
)

MAX_UNRESOLVED = 5
"""Maximum number of unresolved uploads. If there are more, the two oldest ones are united, so that none is lost."""

# A roster, its identities file, or a temporary file of a killed run.
_REMOVABLE_NAME = re.compile(
    r"\.?[0-9a-f]{64}\.(?:csv|ids)(?:\..*\.new)?|\.receipt\.json\..*\.new"
    rf"|{re.escape(SPILL_PREFIX)}.*"
)
_ROOT_STATE = Path("/var/lib/frontdesk-contacts")


@dataclass(frozen=True)
class StoredRoster:
    """A roster that the service may have.

    :ivar record: receipt of the roster, or its unresolved upload.
    :ivar roster: files of the roster.
    :ivar warning: a problem that does not prevent the use of the roster; empty if there is none.
    """

    record: Receipt | UnresolvedUpload
    roster: RosterFile
    warning: str = ""


@dataclass(frozen=True)
class KnownRosters:
    """All rosters that the service may have, because it accepted them or because it is unknown whether it did.

    :ivar state: the state with the receipt and the unresolved uploads.
    :ivar baseline: the last accepted roster; None if no roster was accepted.
    :ivar unresolved: rosters of the unresolved uploads, in the order of `state`.
    """

    state: State = field(default_factory=State)
    baseline: StoredRoster | None = None
    unresolved: tuple[StoredRoster, ...] = ()

    @property
    def all(self) -> tuple[StoredRoster, ...]:
        """The baseline, if there is one, and the rosters of the unresolved uploads."""
        return (*([self.baseline] if self.baseline else []), *self.unresolved)


def find_default_state_dir(name: str) -> Path:
    """Return the default state directory of a sync for the user who runs the module.

    :param name: name that identifies the sync on its host.
    :raises InputError: if the user is not root and has no home directory, and XDG_STATE_HOME does not contain an
        absolute path.
    """
    home = os.environ.get("HOME", "")
    if not os.path.isabs(home):
        with suppress(KeyError):
            home = pwd.getpwuid(os.geteuid()).pw_dir
    return default_state_dir(name, os.geteuid() == 0, {**os.environ, "HOME": home})


def default_state_dir(name: str, is_root: bool, environment: Mapping[str, str]) -> Path:
    """Return the default state directory of a sync in a given environment.

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
        "the environment variable HOME does not contain an absolute path, and the user has no home directory",
        "Set O(state_dir)",
    )


def read_state(directory: Path) -> State:
    """Read the record of all uploads, without the rosters.

    :param directory: the state directory.
    :raises StateError: if receipt.json is corrupted or cannot be read.
    """
    path = directory / RECEIPT_FILE
    data = _read_if_exists(path)
    return State() if data is None else parse_state(data, str(path))


def has_stored_sizes(directory: Path, receipt: Receipt, sizes: tuple[int, int]) -> bool:
    """Return whether the state directory contains the files of the baseline, with the given sizes in bytes.

    :param directory: the state directory.
    :param receipt: the receipt of the baseline.
    :param sizes: size of the CSV file without a byte order mark, and size of the identities file.
    """
    paths = (directory / f"{receipt.roster}.csv", directory / f"{receipt.identities}.ids")
    try:
        return tuple(path.stat().st_size for path in paths) == sizes
    except OSError:
        return False


def _open_by_path(path: Path) -> OpenFile:
    return lambda: path.open("rb")


def read_known_rosters(
    directory: Path, open_path: Callable[[Path], OpenFile] = _open_by_path
) -> KnownRosters:
    """Read all rosters that the service may have.

    :param directory: the state directory.
    :param open_path: function that returns, for the path of a file, the function that opens the file; it raises OSError
        if the file cannot be opened.
    :raises StateError: if the receipt or a roster is corrupted or cannot be read.
    """
    state = read_state(directory)
    return KnownRosters(
        state=state,
        baseline=None
        if state.receipt is None
        else _read_stored(directory, state.receipt, open_path),
        unresolved=tuple(_read_stored(directory, upload, open_path) for upload in state.unresolved),
    )


def read_previous_roster(directory: Path) -> RosterFile:
    """Read the roster to which an undo returns.

    This is the roster that was accepted before the last one. If the outcome of a later upload is unknown, it is the
    last accepted roster.

    :param directory: the state directory.
    :raises StateError: if there is no such roster, or if it is corrupted or cannot be read.
    """
    state = read_state(directory)
    receipt = state.receipt
    previous = None if receipt is None else receipt.previous
    if receipt is not None and state.unresolved:
        return _read_stored(directory, receipt, _open_by_path).roster
    if receipt is None or previous is None:
        raise StateError(
            "Cannot undo the last upload",
            f"{directory} contains no roster that was accepted before the last one",
            _NO_UNDO,
        )
    record = replace(
        receipt,
        binding=replace(receipt.binding, header=previous.header),
        roster=previous.roster,
        identities=previous.identities,
        rows=previous.rows,
    )
    # The state is still usable without this roster, so it must be neither removed nor restored.
    return _read_stored(directory, record, _open_by_path, _NO_UNDO).roster


def _read_if_exists(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _read_error(path, error) from error


def _read_stored(
    directory: Path,
    record: Receipt | UnresolvedUpload,
    open_path: Callable[[Path], OpenFile],
    remedy: str = RESTORE_REMEDY,
) -> StoredRoster:
    """Read a roster in the state directory.

    :param remedy: the remedy if the roster is missing or corrupted.
    """
    roster = _read_roster(directory, record, open_path, remedy)
    if roster.ids_sha256 == record.identities:
        return StoredRoster(record, roster)
    return StoredRoster(
        record,
        replace(roster, open_ids=None, ids_sha256="", identities_sha256=""),
        f"{directory / record.identities}.ids is missing or corrupted, "
        "so this run identifies contacts by O(key). Restore the file from a backup; otherwise, "
        "the next accepted or unchanged roster replaces it.",
    )


def _read_roster(
    directory: Path,
    record: Receipt | UnresolvedUpload,
    open_path: Callable[[Path], OpenFile],
    remedy: str,
) -> RosterFile:
    csv_path = directory / f"{record.roster}.csv"
    ids_path = directory / f"{record.identities}.ids"
    try:
        roster = verify_roster(
            str(csv_path),
            record.roster,
            record.binding.header,
            record.rows,
            open_file=open_path(csv_path),
            open_ids=open_path(ids_path) if record.identities and ids_path.exists() else None,
        )
    except FileNotFoundError:
        roster = None
    except OSError as error:
        raise _read_error(csv_path, error) from error
    if roster is None:
        raise StateError(f"Cannot use {csv_path}", "it is missing or corrupted", remedy)
    return roster


def _read_error(path: Path, error: OSError) -> StateError:
    return StateError(
        f"Cannot read {path}",
        error.strerror or str(error),
        "Run as the user who owns the state directory",
    )


def begin_upload(
    directory: Path,
    known: KnownRosters,
    upload: UnresolvedUpload,
    roster: RosterFile,
    unite: Callable[[RosterFile, RosterFile], RosterFile],
) -> tuple[State, RosterFile]:
    """Store a roster before it is sent, and record the upload as unresolved.

    The upload stays unresolved until its outcome is known. If the run is killed or receives no response, the next run
    therefore sends a roster even if that roster equals the baseline.

    :param directory: the state directory.
    :param known: the rosters that the service may have; the same upload may already be unresolved, and is then
        recorded only as the latest one.
    :param upload: the upload.
    :param roster: the roster to send.
    :param unite: function that returns the union of an older and a newer roster.
    :returns: the recorded state, and the stored roster. Send the stored roster, because the original files may change
        in the meantime.
    :raises FrontdeskError: if the state cannot be written, or if the roster changed after it was read. The caller must
        then not send anything.
    """
    roster = _store_roster(directory, roster, NOTHING_SENT_REMEDY)
    earlier = known.state.unresolved
    if earlier and earlier[-1].is_repeated_by(upload) and earlier[-1].approval == upload.approval:
        return known.state, roster
    unresolved = (*(each for each in earlier if not each.is_repeated_by(upload)), upload)
    if len(unresolved) > MAX_UNRESOLVED:
        unresolved = (_unite_oldest(directory, known, unite), *unresolved[2:])
    state = replace(known.state, unresolved=unresolved)
    _write_state(directory, state, NOTHING_SENT_REMEDY)
    return state, roster


def _unite_oldest(
    directory: Path, known: KnownRosters, unite: Callable[[RosterFile, RosterFile], RosterFile]
) -> UnresolvedUpload:
    """Store the union of the rosters of the two oldest unresolved uploads, and return its record."""
    oldest, second = known.unresolved[:2]
    record = known.state.unresolved[1]
    with _explain_write_errors(directory, NOTHING_SENT_REMEDY):
        union = unite(oldest.roster, second.roster)
    _store_roster(directory, union, NOTHING_SENT_REMEDY)
    return replace(
        record,
        binding=replace(record.binding, header=union.header),
        roster=union.sha256,
        identities=union.ids_sha256,
        rows=union.row_count,
        missing=KEEP if KEEP in (oldest.record.missing, record.missing) else record.missing,
    )


def abort_upload(directory: Path, before: State, current: State, *, may_be_accepted: bool) -> State:
    """End an upload without a new baseline: remove its record unless the service may have accepted the roster.

    A rejection resolves only the upload that was rejected. An earlier unresolved upload of the same roster stays
    unresolved. Files that no record names are removed.

    :param directory: the state directory.
    :param before: the state before the upload began.
    :param current: the recorded state.
    :param may_be_accepted: whether the service may have accepted the roster.
    :returns: the recorded state.
    """
    if not may_be_accepted and before != current:
        # If the state cannot be written, the upload stays unresolved. The next run then sends a roster again, which
        # is safe.
        with suppress(StateError):
            _write_state(directory, before, "")
            current = before
    remove_unused_files(directory, current)
    return current


def commit_upload(
    directory: Path, receipt: Receipt, roster: RosterFile, remedy: str = ACCEPTED_REMEDY
) -> None:
    """Make a roster the baseline, which resolves all uploads.

    The receipt is replaced last, which commits the upload.

    :param directory: the state directory.
    :param receipt: the receipt of the upload.
    :param roster: the roster that the service accepted.
    :param remedy: the remedy in the error message if the state cannot be written.
    :raises StateError: if the state cannot be written. The recorded state is then unchanged, unless only the flush of
        the directory to the disk failed.
    :raises FrontdeskError: if the roster changed after it was read, or cannot be read again; the recorded state is then
        unchanged.
    """
    state = State(receipt)
    _store_roster(directory, roster, remedy)
    _write_state(directory, state, remedy)
    remove_unused_files(directory, state)


def _store_roster(directory: Path, roster: RosterFile, remedy: str) -> RosterFile:
    """Copy the files of a roster to the state directory, and name them after their checksums.

    :returns: the roster in the state directory.
    :raises StateError: if the files cannot be written.
    :raises FrontdeskError: if the roster changed after it was read, or cannot be read again.
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


def _write_state(directory: Path, state: State, remedy: str) -> None:
    """Replace receipt.json, or remove it if the state contains no uploads.

    :raises StateError: if the file cannot be written or removed. The old state is then unchanged, unless only the flush
        of the directory to the disk failed.
    """
    path = directory / RECEIPT_FILE
    with _explain_write_errors(directory, remedy):
        if state.is_empty:
            path.unlink(missing_ok=True)
        else:
            write_atomically(path, render_state(state))


@contextmanager
def _explain_write_errors(directory: Path, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(
            f"Cannot write to the state directory {directory}", error.strerror or str(error), remedy
        ) from error


def remove_unused_files(directory: Path, state: State) -> None:
    """Remove the rosters that the state does not name, and the temporary files of killed runs.

    They contain personal data. The caller must hold the exclusive lock.
    """
    receipts = [state.receipt] if state.receipt else []
    records: list[Receipt | UnresolvedUpload | PreviousRoster] = [*receipts, *state.unresolved]
    records += [each.previous for each in receipts if each.previous]
    kept = {name for each in records for name in (f"{each.roster}.csv", f"{each.identities}.ids")}
    # The outcome is already recorded, and the next run tries again to remove the remaining files.
    with suppress(OSError):
        for path in directory.iterdir():
            if path.name not in kept and _REMOVABLE_NAME.fullmatch(path.name):
                with suppress(OSError):
                    path.unlink()
