# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contacts without which a roster is never sent: the option ``must_contain``."""

from __future__ import annotations

from collections.abc import Sequence

from .._errors import InputError
from .files import RosterFile

RequiredContact = tuple[tuple[str, str], ...]
"""Column titles and values, all of which one row must have."""


def find_unmatched(roster: RosterFile, required: Sequence[RequiredContact]) -> tuple[int, ...]:
    """Return the numbers of the required contacts that no row of a roster matches.

    :param required: required contacts, which are numbered from 1.
    :raises InputError: if the roster does not have one of the columns, or changed since it was checked.
    """
    if not required:
        return ()
    check_columns(roster, required)
    unmatched = {
        number: {roster.header.index(title): value for title, value in contact}
        for number, contact in enumerate(required, 1)
    }
    for row in roster.rows():
        matched = [
            number
            for number, cells in unmatched.items()
            if all(row.cells[index] == value for index, value in cells.items())
        ]
        for number in matched:
            del unmatched[number]
        if not unmatched:
            break
    return tuple(unmatched)


def check_columns(roster: RosterFile, required: Sequence[RequiredContact]) -> None:
    """Check that a roster has all columns of the required contacts.

    :raises InputError: if a column is missing.
    """
    for number, contact in enumerate(required, 1):
        for title, _value in contact:
            if title not in roster.header:
                raise InputError(
                    f"Cannot use element {number} of O(must_contain)",
                    f"{roster.name} has no column {title!r}",
                    # Do not list the titles: if the file has no header, its first line contains personal data.
                    "Correct the title of the column in O(must_contain)",
                )
