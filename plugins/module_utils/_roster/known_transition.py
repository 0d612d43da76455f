# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Summaries of the changes from the known rosters, which are a part of the input of the guard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .known_plans import KnownPlans
from .plan import ADDED, CHANGED, MOVED, REMOVED, REMOVED_INVALID, Plan
from .transition import RosterChanges


def summarize_plans(plans: KnownPlans, labels: Sequence[str]) -> tuple[RosterChanges, ...]:
    """Return the changes from each known roster.

    :param plans: plans for the known rosters.
    :param labels: names of the known rosters in messages, in the order of the plans; empty if no roster is known.
    """
    return tuple(
        replace(
            _summarize(plan, label, plan.counts, plan.moved_from),
            removal_causes=plan.removal_causes,
        )
        for label, plan in zip(labels, plans.plans)
    )


def summarize_union(
    plans: KnownPlans, labels: Sequence[str], *, has_baseline: bool
) -> RosterChanges | None:
    """Return the changes from the union of the known rosters; None if fewer than two rosters are known.

    Percentages refer to the baseline or, if there is none, to the smallest known roster.

    :param plans: plans for the known rosters, and the changes from their union.
    :param labels: names of the known rosters in messages, in the order of the plans.
    :param has_baseline: whether the first known roster is the baseline. If not, there is none.
    """
    if len(labels) < 2:
        return None
    numbered = list(zip(labels, plans.plans))
    label, plan = (
        numbered[0] if has_baseline else min(numbered, key=lambda item: item[1].baseline_rows)
    )
    return _summarize(plan, label, plans.union.counts, plans.union.moved_from)


def _summarize(
    plan: Plan,
    label: str,
    counts: Mapping[tuple[str, str], int],
    moved_from: Mapping[str, int],
) -> RosterChanges:
    by_kind: dict[str, Counter[str]] = {}
    for (location, key), number in counts.items():
        by_kind.setdefault(key, Counter())[location] += number
    return RosterChanges(
        label=label,
        rows=plan.baseline_rows,
        by_location=plan.baseline_by_location,
        removed=by_kind.get(REMOVED, {}),
        moved_from=moved_from,
        moved_to=by_kind.get(MOVED, {}),
        changed=by_kind.get(CHANGED, {}),
        added=by_kind.get(ADDED, {}),
        removed_invalid=sum(by_kind.get(REMOVED_INVALID, {}).values()),
    )
