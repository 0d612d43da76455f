# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fast path of contact_upload for a roster that equals the last accepted roster.

Only the checksums of the roster's files are computed. Neither the rows nor the baseline are read.
"""

from __future__ import annotations

from datetime import datetime, timezone

from .._roster.configuration import ConfigurationChanges
from .._roster.diff import DiffSide
from .._roster.files import RosterFile, compute_checksums
from .._roster.plan import Plan
from .._roster.refusal import UNUSED_APPROVAL
from .._state.directory import (
    KnownRosters,
    has_stored_sizes,
    read_state,
    remove_unused_files,
)
from .._state.receipt import Receipt, RosterSummary, State
from .plan_id import compute_plan_id
from .upload_checks import find_warnings
from .upload_options import UploadOptions
from .upload_outcome import Outcome


def find_unchanged(options: UploadOptions, check_mode: bool) -> Outcome | None:
    """Return the outcome of a run with an unchanged roster.

    The caller must hold the lock of the state directory.

    :returns: the outcome; None if the roster must be compared with the known rosters, or must be sent.
    :raises StateError: if the state directory cannot be used.
    """
    if options.force or options.undo or options.plan_dest is not None:
        return None
    state = read_state(options.state_dir)
    receipt = state.receipt
    if receipt is None or receipt.summary is None or needs_refresh(options, state):
        return None
    if not _is_unchanged(options, state, receipt):
        return None
    if not check_mode:
        remove_unused_files(options.state_dir, state)
    warnings = [
        *find_warnings(options, KnownRosters(state)),
        *([UNUSED_APPROVAL] if options.limits.approved_plan else []),
    ]
    header = receipt.binding.header
    plan = _describe_plan(options, state, receipt, receipt.summary)
    return Outcome(
        plan=plan,
        before=DiffSide("last accepted roster", header),
        after=DiffSide("new roster", header),
        state=state,
        warnings=tuple(warnings),
    )


def needs_refresh(options: UploadOptions, state: State) -> bool:
    """Return whether even an unchanged roster must be sent again, because the last upload is too long ago."""
    days = options.refresh_after
    return days is not None and state.is_older_than(days, datetime.now(timezone.utc))


def summarize_roster(
    options: UploadOptions, plan: Plan, roster: RosterFile
) -> RosterSummary | None:
    """Return what `find_unchanged` needs to know of a roster that the service accepted completely.

    :param plan: plan of the upload.
    :param roster: roster that was uploaded, with the configuration of its export.
    :returns: the summary; None if there are no identities, or if only the new roster has locations, because the plan
        then does not count the contacts by location.
    """
    if roster.open_ids is None or options.location_column in plan.new_columns:
        return None
    return RosterSummary(
        location_column=options.location_column,
        by_location=dict(plan.new_by_location),
        row_identities=roster.identities_sha256,
        has_configuration=roster.configuration is not None,
    )


def _is_unchanged(options: UploadOptions, state: State, receipt: Receipt) -> bool:
    """Return whether the service is known to have exactly the roster, received with the same settings.

    The result is also False if an option does not fit the roster, so that the comparison reports the error.
    """
    header, summary = receipt.binding.header, receipt.summary
    required = (title for each in options.limits.must_contain for title, _value in each)
    titles = {*options.key, *required}
    has_same_settings = (
        state.is_settled
        and receipt.binding == options.bind(header)
        and summary is not None
        and summary.location_column == options.location_column
        and titles.issubset(header)
        and options.checksum in ("", receipt.roster)
    )
    if not has_same_settings:
        return False
    checksums = compute_checksums(options.src)
    return (
        checksums is not None
        and (checksums.sha256, checksums.ids_sha256) == (receipt.roster, receipt.identities)
        and has_stored_sizes(options.state_dir, receipt, checksums.sizes)
    )


def _describe_plan(
    options: UploadOptions, state: State, receipt: Receipt, summary: RosterSummary
) -> Plan:
    return Plan(
        counts={},
        unchanged=summary.by_location,
        baseline_rows=receipt.rows,
        by_identity=True,
        id=compute_plan_id(
            options,
            state,
            known_identities=[summary.row_identities],
            rows=receipt.roster,
            identities=summary.row_identities,
        ),
        baseline_by_location=summary.by_location,
        new_by_location=summary.by_location,
        configuration=ConfigurationChanges(() if summary.has_configuration else None),
    )
