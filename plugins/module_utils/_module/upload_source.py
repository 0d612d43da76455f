# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roster that an upload sends: the exported roster or, to undo the last upload, the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .._errors import InputError
from .._roster.files import RosterFile, load_roster
from .._roster.required_contacts import check_columns
from .._state.directory import read_previous_roster
from .upload_options import UploadOptions


@contextmanager
def open_source(options: UploadOptions) -> Iterator[RosterFile]:
    """Open the roster to upload.

    The roster can be read until the context ends, even if another roster replaces it.

    :raises FrontdeskError: if there is no roster to upload, or if it does not fit the options.
    """
    if options.undo:
        roster = read_previous_roster(options.state_dir)
        _check(options, roster)
        yield roster
        return
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
