# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Transitions from known rosters to a new roster, for tests of the guard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.transition import (
    LAST_ACCEPTED,
    RosterChanges,
    Transition,
)

PLAN_ID, OTHER_ID = "5a1f0c9be0d2a4f7", "00112233445566ff"

UNRESOLVED = "the roster sent at 2026-11-30T04:00:00Z with an unknown outcome"
"""Label of the roster of an unresolved upload."""


def roster_changes(
    rows: int | Mapping[str, int], label: str = LAST_ACCEPTED, **counts: Any
) -> RosterChanges:
    """Return the changes from a known roster.

    :param rows: number of contacts at each location, or only the number at the location oslo.
    :param label: name of the known roster in messages.
    :param counts: for each kind of change, the number at each location, or only the number at the location oslo.
        ``removed_invalid`` is the number at all locations.
    """
    by_location = {"oslo": rows} if isinstance(rows, int) else rows
    changes: dict[str, Any] = {
        kind: {"oslo": number} if isinstance(number, int) and kind != "removed_invalid" else number
        for kind, number in counts.items()
    }
    return RosterChanges(label, sum(by_location.values()), by_location, **changes)


def transition(*known: RosterChanges, **fields: Any) -> Transition:
    """Return a transition to a new roster, which by default has one contact at each location of the known rosters.

    :param known: changes from each known roster.
    :param fields: other fields of the transition.
    """
    new = {location: 1 for changes in known for location in changes.by_location}
    return Transition(**{"plan_id": PLAN_ID, "new_by_location": new, "known": known, **fields})
