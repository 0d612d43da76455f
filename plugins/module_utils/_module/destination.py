# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installation of a roster: both of its files are replaced together, and are private by default.

In check mode, the files are staged in another directory, and removed again unless a later task needs them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Union, cast

from .._errors import FrontdeskError, InputError
from .._files import (
    PendingFile,
    commit_files,
    directory_lock,
    has_same_bytes,
    pending_file,
    remove_leftovers,
)
from .._roster.builder import Roster
from .._roster.causes_file import RemovalCauses, causes_path, render_causes
from .._roster.diff import roster_diff
from .._roster.external_sort import SpillArea
from .._roster.files import RosterFile, ids_path, load_roster, read_roster, verify_roster
from .._roster.writer import WrittenRoster, write_roster

_SPOOL_BYTES = 1024 * 1024
"""Maximum number of bytes of identities kept in memory.

The first line of the identities file depends on all rows, so the identities are collected before they are written.
"""

_DEST_REMEDY = "Set O(dest) to a file in an existing directory that this user can write to"


Explain = Callable[[RosterFile], Union[RemovalCauses, None]]
"""Function that returns the causes for which contacts are missing from a roster that was written; None if the roster
needs no causes file."""


class Module(Protocol):
    """The part of AnsibleModule that is needed to install a roster.

    :ivar params: parameters of the module; they are only passed to `load_file_common_arguments`.
    """

    _diff: bool
    params: dict[str, Any]

    def backup_local(self, fn: str) -> str:
        """Copy a file to a new file with a timestamp in its name, and return the path of the copy."""

    def load_file_common_arguments(self, params: dict[str, Any], path: str) -> dict[str, Any]:
        """Return the owner, group and mode that the module's parameters specify for a path."""

    def set_fs_attributes_if_different(self, file_args: dict[str, Any], changed: bool) -> bool:
        """Set the owner, group and mode of a file.

        :param changed: value to return if the attributes do not change.
        :returns: True if the attributes changed, otherwise `changed`.
        """


@dataclass(frozen=True)
class WrittenFiles:
    """The files of a roster that was installed, or staged in check mode.

    :ivar summary: summary of the roster.
    :ivar path: path of the CSV file; None if the staged files were removed.
    :ivar changed: whether the content or the attributes of a file changed; in check mode, whether they would change.
    :ivar backup: path of the copy of the old roster; None if there is none.
    :ivar diff: differences from the old roster; None if they were not requested.
    """

    summary: WrittenRoster
    path: Path | None
    changed: bool
    backup: str | None = None
    diff: dict[str, str] | None = None

    def result(self, dest: str, check_mode: bool) -> dict[str, Any]:
        """Return the part of the module's result that describes the files.

        :param dest: value of the option ``dest``, before symbolic links are resolved.
        :param check_mode: whether the roster was staged instead of installed.
        """
        paths = {"roster": dest}
        if check_mode:
            # Without a staged roster, a later task must not use the old one, which would lead to a different plan.
            paths = (
                {"roster": str(self.path), "staging_dir": str(self.path.parent)}
                if self.path
                else {}
            )
        return {
            "dest": dest,
            "changed": self.changed,
            "checksum": self.summary.sha256,
            **paths,
            **({"backup_file": self.backup} if self.backup is not None else {}),
            **({"diff": self.diff} if self.diff is not None else {}),
        }


def choose_spill_directory(dest: Path, check_mode: bool) -> Path:
    """Return the directory for temporary files.

    Outside of check mode, this is the directory of the roster, which needs enough free space anyway. In check mode,
    nothing must be written there, so the system's temporary directory is used, even if it is in memory.

    :param dest: path of the roster.
    """
    return Path(tempfile.gettempdir()) if check_mode else dest.parent


def check_dest(dest: Path, check_mode: bool) -> None:
    """Check that a roster can be written to a path.

    :param check_mode: whether the module runs in check mode. The directory can then be missing, because an earlier task
        would create it.
    :raises InputError: if the roster cannot be written.
    """
    try:
        _check_dest(dest, check_mode)
    except OSError as error:
        raise InputError(
            f"Cannot write {dest}", error.strerror or str(error), _DEST_REMEDY
        ) from error


def _check_dest(dest: Path, check_mode: bool) -> None:
    for path in (dest, ids_path(dest), causes_path(dest)):
        if path.exists() and not path.is_file():
            # A device must not be replaced, and opening a pipe would block.
            kind = "a directory" if path.is_dir() else "not a regular file"
            raise InputError(f"Cannot write {path}", f"it is {kind}", _DEST_REMEDY)
    directory = dest.parent
    if not directory.is_dir():
        if check_mode and not directory.exists():
            return
        raise InputError(f"Cannot write {dest}", f"{directory} is not a directory", _DEST_REMEDY)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise InputError(
            f"Cannot write {dest}", f"this user cannot write to {directory}", _DEST_REMEDY
        )


def install_roster(
    module: Module,
    dest: Path,
    roster: Roster,
    location_column: str | None,
    spill: SpillArea,
    *,
    explain: Explain | None = None,
    backup: bool,
) -> WrittenFiles:
    """Replace the files of a roster.

    All new files are completely written to disk before the first old file is replaced, so a full disk leaves the old
    roster unchanged. An old causes file is removed if the new roster needs none.

    :param dest: path of the roster.
    :param location_column: title of the column that contains the location; None if there is none.
    :param spill: temporary storage for comparing the rosters.
    :param explain: function that finds the content of the causes file; None for a roster without it.
    :param backup: whether to copy the old files first if either of them changes.
    :raises FrontdeskError: if the files cannot be written. The old roster is then unchanged, unless the failure occurs
        while the files are moved into place or afterwards.
    """
    try:
        with directory_lock(dest.parent), ExitStack() as opened:
            for path in (dest, ids_path(dest), causes_path(dest)):
                remove_leftovers(path)
            files = [opened.enter_context(pending_file(path)) for path in (dest, ids_path(dest))]
            written = _write(roster, files)
            causes = _write_causes(
                causes_path(dest), written, roster.header, files, explain=explain, opened=opened
            )
            diff = _diff(module, dest, files, location_column, spill)
            new = [file for file in files if not has_same_bytes(file.path, file.temporary_path)]
            copy = _back_up(module, dest) if backup and new else None
            for file in (*new, *causes):
                _set_attributes(module, file.temporary_path)
            commit_files([*new, *causes])
            if not causes:
                causes_path(dest).unlink(missing_ok=True)
            attributes = [_set_attributes(module, file.path) for file in files]
    except TimeoutError as error:
        raise FrontdeskError(
            f"Cannot write {dest}",
            f"another process holds the lock on {dest.parent}",
            "Wait until it has finished, or set O(dest) to a file in another directory",
        ) from error
    except OSError as error:
        raise FrontdeskError(
            f"Cannot write {dest}",
            error.strerror or str(error),
            "Free some space, or correct O(dest)",
        ) from error
    return WrittenFiles(
        summary=written,
        path=dest,
        changed=bool(new) or any(attributes),
        backup=copy,
        diff=diff,
    )


def stage_roster(
    module: Module,
    dest: Path,
    roster: Roster,
    location_column: str | None,
    spill: SpillArea,
    *,
    explain: Explain | None = None,
    keep: bool,
) -> WrittenFiles:
    """Write a complete roster to a new private directory (mode 0700), and leave `dest` unchanged.

    :param dest: path at which the roster would be installed.
    :param location_column: title of the column that contains the location; None if there is none.
    :param spill: temporary storage for comparing the rosters.
    :param explain: as for `install_roster`.
    :param keep: whether the directory remains when the module ends. The caller of the module must then remove it.
    :raises FrontdeskError: if the roster cannot be written; the directory is then removed.
    """
    staging = Path(tempfile.gettempdir())
    try:
        with ExitStack() as undo:
            staging = Path(tempfile.mkdtemp(prefix="frontdesk-contacts-"))
            undo.callback(shutil.rmtree, staging, ignore_errors=True)
            path = staging / dest.name
            with ExitStack() as opened:
                files = [
                    opened.enter_context(pending_file(each)) for each in (path, ids_path(path))
                ]
                written = _write(roster, files)
                causes = _write_causes(
                    causes_path(path), written, roster.header, files, explain=explain, opened=opened
                )
                diff = _diff(module, dest, files, location_column, spill)
                for new in files:
                    # In check mode, this changes nothing, but an unknown owner is an error, as in a real run.
                    _set_attributes(module, new.temporary_path)
                changed = any(
                    not has_same_bytes(old, new.temporary_path) or _set_attributes(module, old)
                    for old, new in zip((dest, ids_path(dest)), files)
                )
                commit_files([*files, *causes])
            if keep:
                undo.pop_all()
    except OSError as error:
        raise FrontdeskError(
            f"Cannot write the staged roster in {staging}",
            error.strerror or str(error),
            "Free some space there, or make it writable",
        ) from error
    return WrittenFiles(summary=written, path=path if keep else None, changed=changed, diff=diff)


def _write(roster: Roster, files: Sequence[PendingFile]) -> WrittenRoster:
    csv_file, ids_file = files
    directory = str(csv_file.path.parent)
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES, dir=directory) as identities:
        written = write_roster(roster, csv_file.file, ids_file.file, cast(BinaryIO, identities))
    for new in files:
        # From now on, the files are read through their paths.
        new.file.flush()
    return written


def _write_causes(
    path: Path,
    written: WrittenRoster,
    header: tuple[str, ...],
    files: Sequence[PendingFile],
    *,
    explain: Explain | None,
    opened: ExitStack,
) -> list[PendingFile]:
    """Write the causes file of a roster that was written.

    :param path: path of the causes file.
    :param written: summary of the roster.
    :param header: titles of its columns.
    :param files: the other files of the roster.
    :param opened: context that deletes the causes file at its end, unless it was committed.
    :returns: the causes file; empty if the roster needs none.
    """
    if explain is None:
        return []
    csv_file, ids_file = files
    new = verify_roster(
        "the new roster",
        written.sha256,
        header,
        written.row_count,
        open_file=lambda: csv_file.temporary_path.open("rb"),
        open_ids=lambda: ids_file.temporary_path.open("rb"),
    )
    if new is None:
        raise FrontdeskError(
            f"Cannot read {csv_file.temporary_path} again",
            "it changed while it was being written",
            "Run the task again",
        )
    causes = explain(new)
    if causes is None:
        return []
    file = opened.enter_context(pending_file(path))
    file.file.writelines(render_causes(new, causes))
    file.file.flush()
    return [file]


def _diff(
    module: Module,
    dest: Path,
    files: Sequence[PendingFile],
    location_column: str | None,
    spill: SpillArea,
) -> dict[str, str] | None:
    if not module._diff:
        return None
    csv_file, ids_file = files
    new = read_roster(
        "the new roster",
        lambda: csv_file.temporary_path.open("rb"),
        lambda: ids_file.temporary_path.open("rb"),
    )
    with ExitStack() as opened:
        old = None
        with suppress(InputError):
            old = opened.enter_context(load_roster(dest))
        return roster_diff(old, new, location_column, spill)


def _back_up(module: Module, dest: Path) -> str | None:
    """Create a backup of both files, because they belong together.

    :returns: path of the copy of the roster; None if there is no roster.
    """
    if not dest.exists():
        return None
    if ids_path(dest).exists():
        module.backup_local(str(ids_path(dest)))
    return module.backup_local(str(dest))


def _set_attributes(module: Module, path: Path) -> bool:
    attributes = module.load_file_common_arguments(module.params, path=str(path))
    attributes["mode"] = attributes["mode"] or "0600"
    return module.set_fs_attributes_if_different(attributes, changed=False)
