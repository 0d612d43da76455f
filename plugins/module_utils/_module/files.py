# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of a roster: written both or not at all, private, and staged aside in check mode."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

from .._errors import FrontdeskError, InputError
from .._files import (
    PendingFile,
    directory_lock,
    has_same_bytes,
    move_into_place,
    pending_file,
    remove_unfinished,
    snapshot,
)
from .._roster.builder import Roster
from .._roster.diff import roster_diff
from .._roster.external_sort import SpillArea
from .._roster.files import RosterFile, read_roster
from .._roster.writer import WrittenRoster, write_roster

_SPOOL_BYTES = 1024 * 1024
"""Identities that wait in memory for the head of their file."""


class Module(Protocol):
    """What is used of AnsibleModule here."""

    _diff: bool
    check_mode: bool
    params: dict[str, Any]

    def backup_local(self, fn: str) -> str:
        """Copy a file to one with the time in its name, and return that one's path."""

    def load_file_common_arguments(self, params: dict[str, Any], path: str) -> dict[str, Any]:
        """Take owner, group and mode for a path from the module's options."""

    def set_fs_attributes_if_different(self, file_args: dict[str, Any], changed: bool) -> bool:
        """Set these, and tell whether anything changed."""


class InstalledRoster(NamedTuple):
    """A roster that was written.

    :ivar written: what it turned out to be.
    :ivar path: where it stands.
    :ivar changed: whether a file's content, owner or mode changed, or would.
    :ivar backup: the copy of the old roster, if one was made.
    :ivar diff: what differs from the old roster, if that was asked for.
    """

    written: WrittenRoster
    path: Path
    changed: bool
    backup: str | None = None
    diff: dict[str, str] | None = None

    def result(self, module: Module) -> dict[str, Any]:
        """What the module returns of it."""
        dest = module.params["dest"]
        staged = {"roster": str(self.path), "staging_dir": str(self.path.parent)}
        return {
            "dest": dest,
            "changed": self.changed,
            "checksum": self.written.sha256,
            **(staged if module.check_mode else {"roster": dest}),
            **({"backup_file": self.backup} if self.backup is not None else {}),
            **({"diff": self.diff} if self.diff is not None else {}),
        }


def check_paths(params: Mapping[str, Any], *options: str) -> None:
    """See that the paths among a module's options can be paths.

    :raises InputError: names the option.
    """
    for option in options:
        if "\0" in (params[option] or ""):
            raise InputError(
                f"Cannot use {option}", "it holds a NUL byte, which no path can", "Correct it"
            )


def spill_directory(module: Module, dest: Path) -> Path:
    """Where people are set aside: where the roster will be written, for there must be room for it anyway.

    A temporary folder may well be memory, and in a real run is not used.
    """
    return Path(tempfile.gettempdir()) if module.check_mode else dest.parent


def ids_path(path: Path) -> Path:
    """The identities file that belongs to a roster's file."""
    return path.with_name(path.name + ".ids")


def check_dest(dest: Path, check_mode: bool) -> None:
    """See that a file can be written, before anything is read.

    :param check_mode: whether a folder that is missing is tolerated: an earlier task may make it.
    :raises InputError: when it cannot be written.
    """
    try:
        _check_dest(dest, check_mode)
    except OSError as error:
        raise InputError(f"Cannot write {dest}", error.strerror or str(error), _REMEDY) from error


_REMEDY = "Name a file in an existing folder that this user may write"


def _check_dest(dest: Path, check_mode: bool) -> None:
    for path in (dest, ids_path(dest)):
        if path.exists() and not path.is_file():
            # A device would be replaced, and a pipe waited for.
            kind = "a folder" if path.is_dir() else "no regular file"
            raise InputError(f"Cannot write {path}", f"it is {kind}", _REMEDY)
    folder = dest.parent
    if not folder.is_dir():
        if check_mode and not folder.exists():
            return
        raise InputError(f"Cannot write {dest}", f"{folder} is no folder", _REMEDY)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"Cannot write {dest}", f"no permission to write in {folder}", _REMEDY)


@contextmanager
def load_roster(path: Path) -> Iterator[RosterFile]:
    """Read a roster and, when they match, its identities; both stay open, whatever takes their places.

    :raises InputError: when the file is missing, unreadable or no roster.
    """
    with ExitStack() as opened:
        try:
            open_file = opened.enter_context(snapshot(path))
            open_ids = None
            with suppress(FileNotFoundError):
                open_ids = opened.enter_context(snapshot(ids_path(path)))
            roster = read_roster(str(path), open_file, open_ids)
        except OSError as error:
            raise InputError(
                f"Cannot read {error.filename or path}",
                error.strerror or str(error),
                "Export a roster to it first",
            ) from error
        yield roster


def install_roster(
    module: Module, dest: Path, roster: Roster, location_column: str | None, scratch: SpillArea
) -> InstalledRoster:
    """Put both files in place. They are written before either is moved, so a full disk changes nothing.

    :param location_column: title of the column that holds the location; None without one.
    :raises FrontdeskError: when they cannot be written; the old roster is whole then.
    """
    try:
        with directory_lock(dest.parent), ExitStack() as opened:
            for path in (dest, ids_path(dest)):
                remove_unfinished(path)
            files = [opened.enter_context(pending_file(path)) for path in (dest, ids_path(dest))]
            written = _write(roster, files)
            diff = _diff(module, dest, files, location_column, scratch)
            new = [file for file in files if not has_same_bytes(file.path, file.written)]
            backup = _back_up(module, dest) if new else None
            for file in new:
                _set_attributes(module, file.written)
            move_into_place(new)
            attributes = [_set_attributes(module, file.path) for file in files]
    except TimeoutError as error:
        raise FrontdeskError(
            f"Cannot write {dest}",
            f"another process keeps {dest.parent} locked",
            "Wait until it ends, or give dest a folder of its own",
        ) from error
    except OSError as error:
        raise FrontdeskError(
            f"Cannot write {dest}", error.strerror or str(error), "Make room, or correct dest"
        ) from error
    return InstalledRoster(written, dest, bool(new) or any(attributes), backup, diff)


def stage_roster(
    module: Module, dest: Path, roster: Roster, location_column: str | None, scratch: SpillArea
) -> InstalledRoster:
    """Write a complete roster to a private folder (0700) that outlives the module, and leave dest alone.

    :returns: its path is that of the CSV in it; whoever asked for check mode removes the folder.
    :raises FrontdeskError: when there is no room for it; nothing is left then.
    """
    place = Path(tempfile.gettempdir())
    try:
        with ExitStack() as undo:
            place = Path(tempfile.mkdtemp(prefix="frontdesk-contacts-"))
            undo.callback(shutil.rmtree, place, ignore_errors=True)
            path = place / dest.name
            with pending_file(path) as csv_file, pending_file(ids_path(path)) as ids_file:
                files = (csv_file, ids_file)
                written = _write(roster, files)
                diff = _diff(module, dest, files, location_column, scratch)
                for new in files:
                    # Nothing is changed, but an owner that there is not fails here as in a real run.
                    _set_attributes(module, new.written)
                changed = any(
                    not has_same_bytes(old, new.written) or _set_attributes(module, old)
                    for old, new in zip((dest, ids_path(dest)), files)
                )
                move_into_place(files)
            undo.pop_all()
    except OSError as error:
        raise FrontdeskError(
            f"Cannot write the roster of check mode in {place}",
            error.strerror or str(error),
            "Make room there",
        ) from error
    return InstalledRoster(written, path, changed, None, diff)


def _write(roster: Roster, files: Sequence[PendingFile]) -> WrittenRoster:
    csv_file, ids_file = files
    folder = str(csv_file.path.parent)
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES, dir=folder) as identities:
        written = write_roster(roster, csv_file.file, ids_file.file, cast(BinaryIO, identities))
    for new in files:
        # From here on they are read too.
        new.file.flush()
    return written


def _diff(
    module: Module,
    dest: Path,
    files: Sequence[PendingFile],
    location_column: str | None,
    scratch: SpillArea,
) -> dict[str, str] | None:
    if not module._diff:
        return None
    csv_file, ids_file = files
    new = read_roster(
        "the new roster",
        lambda: csv_file.written.open("rb"),
        lambda: ids_file.written.open("rb"),
    )
    with ExitStack() as opened:
        old = None
        with suppress(InputError):
            old = opened.enter_context(load_roster(dest))
        return roster_diff(old, new, location_column, scratch)


def _back_up(module: Module, dest: Path) -> str | None:
    """Copy both files, for neither says much without the other; gives the path of the roster's copy."""
    if not (module.params["backup"] and dest.exists()):
        return None
    if ids_path(dest).exists():
        module.backup_local(str(ids_path(dest)))
    return module.backup_local(str(dest))


def _set_attributes(module: Module, path: Path) -> bool:
    attributes = module.load_file_common_arguments(module.params, path=str(path))
    attributes["mode"] = attributes["mode"] or "0600"
    return module.set_fs_attributes_if_different(attributes, changed=False)
