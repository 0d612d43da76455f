# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guard: the limits that a plan must respect before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass

from .._errors import FrontdeskError
from .plan import ADDED, REMOVED, REMOVED_INVALID, Plan

MAX_SMALL_ROSTER = 20
"""Up to so many known contacts the limit in percent does not count: one of ten is 10 percent."""


@dataclass(frozen=True)
class Limits:
    """How much a plan may remove, and whether it may be a first upload.

    :ivar max_removed: most contacts that one plan may remove; None for any number.
    :ivar max_removed_percent: most contacts that one plan may remove, in percent of those known.
    :ivar initial: permits an upload without a receipt of an earlier one.
    """

    max_removed: int | None = None
    max_removed_percent: float = 10.0
    initial: bool = False


class GuardError(FrontdeskError):
    """The plan does not respect the limits; nothing was sent."""


def check_plan(plan: Plan, limits: Limits, no_receipt_cause: str | None) -> None:
    """Let a plan pass, or say why not.

    :param no_receipt_cause: why no earlier upload is known; None when there is a receipt.
    :raises GuardError: names the limit and by how much the plan is over it.
    """
    if no_receipt_cause is not None and not limits.initial:
        raise GuardError(
            f"Stopped before a first upload that adds {plan.count(ADDED)} contacts",
            no_receipt_cause,
            "If this is the first upload, set initial: true for this run",
        )
    removed = plan.count(REMOVED)
    if plan.baseline_rows and removed == plan.baseline_rows:
        raise GuardError(
            f"Stopped before removing all {plan.baseline_rows} contacts",
            "this always stops" + _describe_invalid(plan),
            "Look at the sources and the export; to start anew, remove the state directory and set initial: true",
        )
    if limits.max_removed is not None and removed > limits.max_removed:
        raise _limit_error(plan, f"max_removed permits {limits.max_removed}", "max_removed")
    if plan.baseline_rows > MAX_SMALL_ROSTER:
        percent = 100 * removed / plan.baseline_rows
        if percent > limits.max_removed_percent:
            permits = f"max_removed_percent permits {limits.max_removed_percent:g} %"
            raise _limit_error(plan, f"that is {percent:.1f} %, {permits}", "max_removed_percent")


def _limit_error(plan: Plan, cause: str, option: str) -> GuardError:
    return GuardError(
        f"Stopped before removing {plan.count(REMOVED)} of {plan.baseline_rows} contacts",
        cause + _describe_invalid(plan),
        f"See who it is by --check --diff with a higher {option}; if it is right, run once with that",
    )


def _describe_invalid(plan: Plan) -> str:
    invalid = plan.count(REMOVED_INVALID)
    return f"; {invalid} of them are in the directory without a valid row" if invalid else ""
