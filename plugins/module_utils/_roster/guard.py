# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guard: limits against which a plan is checked before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass

from .._errors import FrontdeskError
from .plan import ADDED, REMOVED, REMOVED_INVALID, Plan

MAX_SMALL_ROSTER = 20
"""Maximum number of contacts in a small roster.

The percentage limit does not apply if the last accepted roster is small. In a small roster, even a few removals are a
large percentage: removing one of ten contacts is already 10%."""


@dataclass(frozen=True)
class Limits:
    """Limits for removals, and permission for a first upload.

    :ivar max_removed: maximum number of contacts that one plan may remove; None for no limit.
    :ivar max_removed_percent: maximum percentage of the contacts in the last accepted roster that one plan may remove.
    :ivar initial: whether an upload without a receipt of an earlier upload is allowed.
    """

    max_removed: int | None = None
    max_removed_percent: float = 10.0
    initial: bool = False


class GuardError(FrontdeskError):
    """A plan exceeds a limit, removes all contacts, or is a first upload without permission.

    Nothing was sent.
    """

    kind = "guard"


def check_plan(plan: Plan, limits: Limits, no_receipt_cause: str | None) -> None:
    """Check a plan against the limits.

    :param plan: plan for the upload.
    :param limits: limits and permission for this upload.
    :param no_receipt_cause: reason why no receipt of an earlier upload can be used; None if one can be used.
    :raises GuardError: if the plan exceeds a limit, removes all contacts, or is a first upload without permission.
    """
    if no_receipt_cause is not None and not limits.initial:
        raise GuardError(
            f"Refused a first upload that adds {_contacts(plan.count(ADDED))}",
            no_receipt_cause,
            "If this is the first upload to this account, run once with O(initial=true)",
        )
    removed = plan.count(REMOVED)
    if plan.baseline_rows and removed == plan.baseline_rows:
        raise GuardError(
            f"Refused to remove {'the only contact' if removed == 1 else f'all {removed} contacts'}",
            "this is never allowed" + _describe_invalid(plan),
            "Check the sources and the export; to start over, remove the state directory and run once with"
            " O(initial=true)",
        )
    if limits.max_removed is not None and removed > limits.max_removed:
        raise _limit_error(plan, f"O(max_removed) allows {limits.max_removed}", "max_removed")
    if plan.baseline_rows > MAX_SMALL_ROSTER:
        percent = 100 * removed / plan.baseline_rows
        if percent > limits.max_removed_percent:
            limit = f"O(max_removed_percent) allows {limits.max_removed_percent:g}%"
            raise _limit_error(plan, f"this is {percent:.1f}%, and {limit}", "max_removed_percent")


def _limit_error(plan: Plan, cause: str, option: str) -> GuardError:
    return GuardError(
        f"Refused to remove {plan.count(REMOVED)} of {plan.baseline_rows} contacts",
        cause + _describe_invalid(plan),
        f"Review the removals with --check --diff and a higher O({option}); if they are correct, run once with"
        " that value",
    )


def _describe_invalid(plan: Plan) -> str:
    invalid = plan.count(REMOVED_INVALID)
    verb = "is" if invalid == 1 else "are"
    return f"; {invalid} of them {verb} in the directory without a valid row" if invalid else ""


def _contacts(number: int) -> str:
    return "1 contact" if number == 1 else f"{number} contacts"
