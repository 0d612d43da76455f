# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of a roster: written both or not at all, private, and staged aside in check mode."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from .._contacts.roster import Roster
from .._contacts.roster_file import RosterFile, read_roster, sha256
from .._contacts.roster_writer import render_csv, render_ids
from .._errors import FrontdeskError, InputError
from .._files import only_writer, remove_unfinished, replace_files, snapshot


class Module(Protocol):
    """What is used of AnsibleModule here."""

    check_mode: bool
    params: dict[str, Any]

    def backup_local(self, fn: str) -> str: ...
    def load_file_common_arguments(self, params: dict[str, Any], path: str) -> dict[str, Any]: ...
    def set_fs_attributes_if_different(self, file_args: dict[str, Any], changed: bool) -> bool: ...


class Rendered(NamedTuple):
    """The bytes of a roster's two files."""

    csv: bytes
    ids: bytes
    checksum: str


def render(roster: Roster) -> Rendered:
    """Make the bytes of both files."""
    csv_data = render_csv(roster)
    checksum = sha256(csv_data)
    return Rendered(csv_data, render_ids(roster, checksum), checksum)


def ids_path(path: Path) -> Path:
    """The identities file that belongs to a roster's file."""
    return path.with_name(path.name + ".ids")


def check_dest(dest: Path, check_mode: bool) -> None:
    """See that a file can be written, before anything is read.

    :param check_mode: whether a folder that is missing is tolerated: an earlier task may make it.
    :raises InputError: when it cannot be written.
    """
    remedy = "Name a file in an existing folder that this user may write"
    for path in (dest, ids_path(dest)):
        if path.is_dir():
            raise InputError(f"Cannot write {path}", "it is a folder", remedy)
    folder = dest.parent
    if not folder.is_dir():
        if check_mode and not folder.exists():
            return
        raise InputError(f"Cannot write {dest}", f"{folder} is no folder", remedy)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"Cannot write {dest}", f"no permission to write in {folder}", remedy)


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


def read_if_there(path: Path) -> bytes | None:
    """The file's bytes, or None when there is none.

    :raises InputError: when it is there and cannot be read.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(
            f"Cannot read {path}", error.strerror or str(error), "Check its permissions"
        ) from error


def write_roster(module: Module, dest: Path, rendered: Rendered) -> tuple[bool, str | None]:
    """Put both files in place. They are written before either is moved, so a full disk changes nothing.

    :returns: whether anything changed, and the path of the roster's backup if one was made.
    :raises FrontdeskError: when they cannot be written; the old roster is whole then.
    """
    files = ((dest, rendered.csv), (ids_path(dest), rendered.ids))
    try:
        with only_writer(dest.parent):
            for path, _data in files:
                remove_unfinished(path)
            new = [(path, data) for path, data in files if read_if_there(path) != data]
            backup = _back_up(module, [path for path, _data in new])
            replace_files(new, lambda temporary: _set_attributes(module, temporary))
            attributes = [_set_attributes(module, str(path)) for path, _data in files]
    except OSError as error:
        raise FrontdeskError(
            f"Cannot write {dest}", error.strerror or str(error), "Make room, or correct dest"
        ) from error
    return bool(new) or any(attributes), backup


def _back_up(module: Module, paths: Sequence[Path]) -> str | None:
    if not module.params["backup"]:
        return None
    made = [module.backup_local(str(path)) for path in paths if path.exists()]
    return made[0] if made else None


def _set_attributes(module: Module, path: str) -> bool:
    attributes = module.load_file_common_arguments(module.params, path=path)
    attributes["mode"] = attributes["mode"] or "0600"
    return module.set_fs_attributes_if_different(attributes, changed=False)


def would_change(module: Module, dest: Path, rendered: Rendered) -> bool:
    """Whether writing would change a file's content, owner or mode; for check mode."""
    for path, data in ((dest, rendered.csv), (ids_path(dest), rendered.ids)):
        if read_if_there(path) != data or _set_attributes(module, str(path)):
            return True
    return False


def stage_roster(rendered: Rendered, name: str) -> Path:
    """Write a complete roster to a private folder (0700) that outlives the module.

    :returns: path of the CSV in it; whoever asked for check mode removes the folder.
    :raises FrontdeskError: when there is no room for it; nothing is left then.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="frontdesk-contacts-"))
    except OSError as error:
        raise _staging_error(tempfile.gettempdir(), error) from error
    path = folder / name
    try:
        replace_files([(path, rendered.csv), (ids_path(path), rendered.ids)])
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _staging_error(str(folder), error) from error
    return path


def _staging_error(folder: str, error: OSError) -> FrontdeskError:
    return FrontdeskError(
        f"Cannot write the roster of check mode in {folder}",
        error.strerror or str(error),
        "Make room there",
    )
