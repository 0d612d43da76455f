# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guard: it checks a plan against the limits before anything is sent, and accepts the approval of one plan."""

from __future__ import annotations

import re

from .._errors import FrontdeskError
from .limits import Limits, find_exceeded
from .refusal import (
    UNUSED_APPROVAL,
    explain_first_upload,
    explain_limits,
    explain_other_plan,
)
from .transition import Transition

PLAN_ID = re.compile(r"[0-9a-f]{16}")
"""Form of the identifier of a plan."""


class GuardError(FrontdeskError):
    """An upload is refused, and nothing was sent.

    The plan exceeds a limit or is not the approved plan, or the administrator has not permitted a first upload or an
    upload to another address.
    """

    kind = "guard"


def check_transition(transition: Transition, limits: Limits) -> tuple[str, ...]:
    """Check a transition against all limits.

    An approval lets exactly one plan exceed all limits that are not absolute. It does not permit a first upload.

    :param transition: the transition to the new roster.
    :param limits: limits and permissions for this upload.
    :returns: warnings.
    :raises GuardError: if the transition exceeds a limit, if another plan is approved, or if this is a first upload
        without permission. Except for a first upload, the message names all exceeded limits that no approval permits.
    """
    if not transition.has_upload:
        return (UNUSED_APPROVAL,) if limits.approved_plan else ()
    if not transition.known and not limits.initial:
        raise GuardError(*explain_first_upload(transition))
    exceeded = find_exceeded(transition, limits)
    if _is_other_plan(transition, limits):
        raise GuardError(*explain_other_plan(transition, limits, exceeded))
    if limits.approved_plan or transition.earlier_approval:
        exceeded = tuple(each for each in exceeded if each.is_absolute)
    if exceeded:
        raise GuardError(*explain_limits(transition, limits, exceeded))
    return ()


def _is_other_plan(transition: Transition, limits: Limits) -> bool:
    """Return whether a plan is approved, but neither this plan nor that of an unresolved upload of the same roster."""
    approved = limits.approved_plan
    return approved is not None and approved not in (
        transition.plan_id,
        transition.earlier_approval,
    )
