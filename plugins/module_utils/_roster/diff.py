# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Differences in the form that Ansible shows with --diff: one CSV line for each old or new row that differs.

Apart from identities, no other part of a module's result contains personal data.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .comparison import RosterRow
from .external_sort import SpillArea
from .files import RosterFile
from .plan import Plan, make_plan
from .removal_cause import UNKNOWN


class DiffSide(NamedTuple):
    """One of the two rosters that a diff compares.

    :ivar name: name of the roster.
    :ivar header: titles of its columns.
    """

    name: str
    header: Sequence[str]

    def describe(self) -> str:
        """Return the name of the roster, followed by the titles of its columns."""
        return f"{self.name} ({', '.join(self.header)})"


def plan_diff(plan: Plan, before: DiffSide, after: DiffSide) -> dict[str, str]:
    """Return the changes of a plan as a diff.

    :param plan: plan made with `with_changes`.
    :param before: the old roster.
    :param after: the new roster.
    :returns: a diff in the format of module results.
    """
    return {
        "before_header": before.describe(),
        "after_header": after.describe(),
        "before": _csv_lines((change.before, change.cause) for change in plan.changes),
        "after": _csv_lines((change.after, "") for change in plan.changes),
    }


def roster_diff(
    old: RosterFile | None, new: RosterFile, location_column: str | None, spill: SpillArea
) -> dict[str, str]:
    """Return the differences between the existing and the new roster as a diff.

    :param old: existing roster; None if there is none, or if it cannot be read. A roster with other columns is ignored.
    :param new: new roster.
    :param location_column: title of the location column; None if there is none.
    :param spill: spill area for rows that do not fit in memory.
    :raises InputError: if a roster changed since it was checked.
    :raises FrontdeskError: if a temporary file cannot be written.
    """
    if old is not None and old.header != new.header:
        old = None
    plan = make_plan(old, new, new.header, location_column, spill, with_changes=True)
    return plan_diff(plan, DiffSide("old roster", new.header), DiffSide("new roster", new.header))


def _csv_lines(rows: Iterable[tuple[RosterRow | None, str]]) -> str:
    """Return rows as CSV, each followed by the cause of its removal, if it is known."""
    text = io.StringIO(newline="")
    for row, cause in rows:
        if row is not None:
            comment = f" # {cause}" if cause not in ("", UNKNOWN) else ""
            csv.writer(text, lineterminator=f"{comment}\n").writerow(row.cells)
    return text.getvalue()
