# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roster that an upload sends: the exported roster or, to undo the last upload, the one before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from .._errors import InputError
from .._files import FileVersion, file_version
from .._roster.files import RosterFile, ids_path, load_roster
from .._roster.required_contacts import check_columns
from .._state.directory import read_previous_roster
from .plan_files import prepare_plan_dest
from .upload_options import UploadOptions

Lock = Callable[[Path], AbstractContextManager[str]]
"""Function that locks a state directory; the value of the context is a warning."""


def open_source(options: UploadOptions, lock: Lock, stack: ExitStack) -> tuple[RosterFile, str]:
    """Open the roster to upload, and lock the state directory.

    :param lock: function that locks the state directory.
    :param stack: context in which the roster stays open and the state directory stays locked.
    :returns: the roster, and the warning of the lock.
    :raises FrontdeskError: if the roster or the state directory cannot be used. Nothing is created if the exported
        roster is invalid.
    """
    if options.undo:
        _prepare_plan_dest(options)
        warning = stack.enter_context(lock(options.state_dir))
        roster = read_previous_roster(options.state_dir)
        _check(options, roster)
        return roster, warning
    versions = _file_versions(options.src)
    roster = stack.enter_context(_load_exported(options))
    _prepare_plan_dest(options)
    warning = stack.enter_context(lock(options.state_dir))
    if _file_versions(options.src) != versions:
        # Another run might have uploaded the new roster in the meantime, and must not be undone.
        roster = stack.enter_context(_load_exported(options))
    return roster, warning


def _prepare_plan_dest(options: UploadOptions) -> None:
    if options.plan_dest is not None:
        prepare_plan_dest(options.plan_dest, options.src)


def _file_versions(src: Path) -> list[FileVersion | None]:
    """Return the versions of both files of the roster; None for a file that does not exist."""
    return [file_version(path) for path in (src, ids_path(src))]


@contextmanager
def _load_exported(options: UploadOptions) -> Iterator[RosterFile]:
    with load_roster(options.src) as roster:
        if options.checksum not in ("", roster.sha256):
            raise InputError(
                f"Cannot use {options.src}",
                "it is not the exported roster, because its SHA-256 checksum differs from O(checksum)",
                "Find out what replaced it, and export the roster again",
            )
        _check(options, roster)
        yield roster


def _check(options: UploadOptions, roster: RosterFile) -> None:
    """Check that a roster has contacts, and all columns that options name."""
    missing = [name for name in options.key if name not in roster.header]
    if missing:
        columns = " and no column ".join(map(repr, missing))
        raise InputError(
            f"Cannot use {roster.name}",
            f"it has no column {columns}, {'which is' if len(missing) == 1 else 'which are'} in O(key)",
            # Do not list the titles: if the file has no header, its first line contains personal data.
            "Correct O(key), or make sure that the first line contains the titles of the"
            f" {len(roster.header)} columns",
        )
    if not roster.row_count:
        raise InputError(
            f"Cannot use {roster.name}",
            "it contains a header but no contacts",
            "Export a roster to it first",
        )
    check_columns(roster, options.limits.must_contain)
