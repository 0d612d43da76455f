# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as files: its numbers as JSON, and its changes as CSV.

The CSV file contains personal data.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from .._errors import FrontdeskError, InputError
from .._files import (
    PendingFile,
    commit_files,
    create_private_directory,
    directory_lock,
    pending_file,
    remove_leftovers,
    sha256_file,
)
from .._roster.change_table import ChangeTable
from .._roster.known_plans import UnionCounts
from .._roster.plan import KINDS, REMOVED_INVALID, Plan
from .._state.ownership import check_owner, check_parents, is_writable_by_others
from .._text import format_now

NUMBERS_FILE, CHANGES_FILE = "plan.json", "plan.csv"

_FORMAT = 1
"""Version of the format of both files."""

_OPTION = "plan_dest"
_REMEDY = (
    f"Set O({_OPTION}) to a directory that only this user can write to, or that does not exist yet"
)


def prepare_plan_dest(dest: Path, src: Path) -> None:
    """Create the directory of the plan if it does not exist, and check that no other user can change its files.

    :param dest: the directory.
    :param src: path of the roster, which must not be replaced.
    :raises FrontdeskError: if the plan cannot be written there.
    """
    action = _action(dest)
    try:
        check_parents(dest, action, _OPTION)  # before anything is created, and again afterwards
        if dest.exists() and not dest.is_dir():
            raise InputError(action, "it is not a directory", _REMEDY)
        create_private_directory(dest)
        check_parents(dest, action, _OPTION)
        _check_directory(dest, action)
        _check_files(dest, src, action)
    except OSError as error:
        raise InputError(action, error.strerror or str(error), _REMEDY) from error


def _action(dest: Path) -> str:
    return f"Cannot write the plan to {dest}"


def _check_directory(dest: Path, action: str) -> None:
    status = dest.stat()
    check_owner(status, action, "it", _OPTION)
    if is_writable_by_others(status):
        mode = stat.S_IMODE(status.st_mode)
        raise InputError(action, f"other users can write to it (mode {mode:04o})", _REMEDY)


def _check_files(dest: Path, src: Path, action: str) -> None:
    rosters = {src.resolve(), src.parent.resolve() / src.name}
    for name in (CHANGES_FILE, NUMBERS_FILE):
        path = dest / name
        if dest.resolve() / name in rosters:
            raise InputError(
                action,
                f"it would replace the roster {src}",
                f"Set O({_OPTION}) to another directory",
            )
        if path.exists() and not path.is_file():
            raise InputError(action, f"{path} is not a regular file", f"Remove or rename {path}")


def write_plan_files(dest: Path, plan: Plan, union: UnionCounts, changes: ChangeTable) -> None:
    """Replace both files of the plan, with mode 0600.

    The file with the numbers is replaced last. It contains the checksum of the file with the changes, because a run can
    be killed between the two replacements.

    :param dest: directory of the files, from `prepare_plan_dest`.
    :param plan: the plan, with its identifier.
    :param union: changes from everything that the service may have.
    :param changes: all changes of the plan.
    :raises FrontdeskError: if the files cannot be written. Either the old files or none then exist.
    """
    paths = (dest / CHANGES_FILE, dest / NUMBERS_FILE)
    try:
        with directory_lock(dest), ExitStack() as opened:
            for path in paths:
                remove_leftovers(path)
            files = [opened.enter_context(pending_file(path)) for path in paths]
            csv_file, json_file = files
            changes.write(csv_file.file, by_identity=plan.by_identity)
            csv_file.file.flush()
            with csv_file.temporary_path.open("rb") as file:
                checksum = sha256_file(file)
            json_file.file.write(_render_numbers(plan, union, checksum))
            _commit(files)
    except TimeoutError as error:
        raise FrontdeskError(
            _action(dest),
            "another process holds the lock on it",
            f"Wait until it has finished, and set O({_OPTION}) to a separate directory for each sync",
        ) from error
    except OSError as error:
        raise FrontdeskError(
            _action(dest),
            error.strerror or str(error),
            f"Free some space there, or set O({_OPTION}) to a directory that this user can write to",
        ) from error


def _render_numbers(plan: Plan, union: UnionCounts, checksum: str) -> bytes:
    numbers = {
        "format": _FORMAT,
        "created_at": format_now(),
        **plan.summary(),
        "union": {kind: union.count(kind) for kind in (*KINDS, REMOVED_INVALID)},
        "csv_sha256": checksum,
    }
    return (json.dumps(numbers, ensure_ascii=False, indent=2) + "\n").encode()


def _commit(files: Sequence[PendingFile]) -> None:
    try:
        commit_files(files)
    except OSError:
        if not all(pending.temporary_path.exists() for pending in files):
            # One file has been replaced, so the two files no longer belong together.
            for pending in files:
                with suppress(OSError):
                    pending.path.unlink()
        raise
