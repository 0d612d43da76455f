# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Differences as Ansible shows them with --diff: only the contacts that differ, one a line.

This is the only text of the collection that holds people's values.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from .comparison import RosterRow
from .external_sort import SpillArea
from .files import RosterFile
from .plan import Plan, make_plan


def plan_diff(
    plan: Plan, header: Sequence[str], before_name: str, after_name: str
) -> dict[str, str]:
    """The contacts of a plan that are not as they were.

    :param plan: one with its changes.
    :param header: titles of the columns, shown in the names of both sides.
    :returns: a diff as modules return it.
    """
    titles = ", ".join(header)
    return {
        "before_header": f"{before_name} ({titles})",
        "after_header": f"{after_name} ({titles})",
        "before": _csv_lines(change.before for change in plan.changes),
        "after": _csv_lines(change.after for change in plan.changes),
    }


def roster_diff(
    old: RosterFile | None, new: RosterFile, location_column: str | None, spill: SpillArea
) -> dict[str, str]:
    """The contacts that differ between the roster on disk and a new one.

    :param old: None when there is none, or none that can be read.
    :param location_column: title of the column that holds the location; None without one.
    :raises FrontdeskError: as `make_plan` does.
    """
    if old is not None and old.header != new.header:
        old = None
    plan = make_plan(old, new, new.header, location_column, spill, with_changes=True)
    return plan_diff(plan, new.header, "old roster", "new roster")


def _csv_lines(rows: Iterable[RosterRow | None]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(row.cells for row in rows if row is not None)
    return text.getvalue()
