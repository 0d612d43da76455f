# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages and results about values that several people at a location have in a unique column.

None of them contains the values. The messages name people by their identities.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .._contacts.model import GLOBAL_LOCATION
from .._directory.diagnosis import DirectoryError
from .._roster.builder import Roster
from .._roster.writer import ContestedColumn, select_new, summarize_contested
from .._text import format_count

CONTESTED_REMEDY = "Correct the entries of the people who do not own the value"

_MAX_COLUMNS_LISTED = 5
"""Maximum number of contested columns that an error lists."""


def check_contested(roster: Roster, maximum: int) -> None:
    """Check that not too many people newly lose a value in a unique column.

    :param maximum: value of the option ``max_contested``.
    :raises DirectoryError: if more people newly lose a value.
    """
    count = roster.count_new_losers()
    if count <= maximum:
        return
    columns = list(summarize_contested(select_new(roster.contested())))
    listed = [
        f"in the unique column {each.column!r} at {each.location or GLOBAL_LOCATION}, {describe_contested(each)}"
        for each in columns[:_MAX_COLUMNS_LISTED]
    ]
    more = len(columns) - len(listed)
    listed += [f"{format_count(more, 'more column')}, counted at each location"] if more else []
    people = format_count(count, "person newly loses", "people newly lose")
    raise DirectoryError(
        f"Stopped because {people} a value of a unique column to another person, but O(max_contested) allows only"
        f" {maximum}",
        "; ".join(listed),
        f"{CONTESTED_REMEDY}, or set O(max_contested) to {count} or more",
    )


def contested_result(contested: Iterable[ContestedColumn]) -> list[dict[str, Any]]:
    """Return the part of a module's result that counts the contested values."""
    return [
        {
            "location": each.location,
            "column": each.column,
            "value_count": each.values,
            "count": each.count,
            "left_out": each.left_out,
            "new": each.new,
        }
        for each in contested
    ]


def contested_warnings(contested: Sequence[ContestedColumn], identities_file: str) -> list[str]:
    """Return a warning for each contested column at each location.

    :param contested: columns with the losses to warn about.
    :param identities_file: path of the file that lists all people concerned; empty if there is none.
    """
    return [
        f"Cannot keep all values of the unique column {each.column!r} at {each.location or GLOBAL_LOCATION}:"
        f" {describe_contested(each, identities_file)}. {CONTESTED_REMEDY}."
        for each in contested
    ]


def describe_contested(contested: ContestedColumn, identities_file: str = "") -> str:
    """Return a clause about the people whose value in a unique column is omitted, because another person keeps it.

    :param identities_file: as for `contested_warnings`.
    """
    count, left_out = contested.count, contested.left_out
    people = format_count(count, "person has", "people have")
    keepers = (
        "another person, who keeps it"
        if contested.values == 1
        else f"one of {contested.values} other people, who keep their values"
    )
    those = "" if count == 1 else f"{left_out} of them "
    rows = f", and {those}{'has' if left_out == 1 else 'have'} no valid row without it"
    listed = ", ".join(f"{cell.identity} (kept by {cell.holder})" for cell in contested.first)
    more = count - len(contested.first)
    if more:
        listed += f", and {more} more" + (f" in {identities_file}" if identities_file else "")
    return f"{people} the same value as {keepers}{rows if left_out else ''}: {listed}"
