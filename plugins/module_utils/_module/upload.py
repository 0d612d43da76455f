# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Implementation of contact_upload.

It compares a roster with the known rosters, checks the plan, uploads the roster, and writes the receipt.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from .._roster.change_table import ChangeTable
from .._roster.configuration import compare_configurations
from .._roster.diff import DiffSide
from .._roster.external_sort import SpillArea, open_spill_area
from .._roster.files import RosterFile
from .._roster.guard import GuardError, check_transition
from .._roster.known_plans import KnownPlans, plan_from_known
from .._roster.plan import NO_CAUSES, verify_plan
from .._service.tls_context import check_tls_files
from .._state.directory import (
    NOTHING_SENT_REMEDY,
    KnownRosters,
    commit_upload,
    read_known_rosters,
    remove_unused_files,
)
from .._state.lock import exclusive_lock, shared_lock
from .._state.receipt import Binding, State
from .plan_files import prepare_plan_dest, write_plan_files
from .plan_id import compute_plan_id
from .removal_causes import read_causes
from .unchanged import find_unchanged, needs_refresh, summarize_roster
from .upload_checks import (
    check_account,
    describe_transition,
    find_key_warnings,
    find_warnings,
    name_first_known,
)
from .upload_options import UploadOptions
from .upload_outcome import Outcome
from .upload_source import open_source


def upload(options: UploadOptions, check_mode: bool, with_diff: bool = False) -> Outcome:
    """Upload a roster if the service may have another one, and if the plan passes the guard.

    :param check_mode: whether to return the expected outcome without sending anything or changing the state.
    :param with_diff: whether the plan must contain the changes that a diff shows.
    :raises FrontdeskError: if the roster or the state cannot be used; nothing is then sent.
    :raises LibraryError: if requests is missing or too old; it is not needed if the roster is unchanged.
    """
    check_tls_files(options.endpoint.tls)
    lock = shared_lock if check_mode else exclusive_lock
    warning, outcome = "", None
    with ExitStack() as stack:
        has_state = os.path.isdir(options.state_dir)
        if has_state:
            warning = stack.enter_context(lock(options.state_dir))
            outcome = find_unchanged(options, check_mode)
        if outcome is None:
            _require_requests()
            roster = stack.enter_context(open_source(options))
            if options.plan_dest is not None:
                prepare_plan_dest(options.plan_dest, options.src)
            if not has_state:
                # The lock creates the directory, so everything that can be wrong is checked before.
                warning = stack.enter_context(lock(options.state_dir))
            outcome = _compare_and_submit(options, roster, check_mode, with_diff)
    return replace(outcome, warnings=(warning, *outcome.warnings)) if warning else outcome


def _require_requests() -> None:
    """Check that requests is installed, before the rosters are compared.

    It is imported only here, because a run with an unchanged roster does not need it, and the import would be a large
    part of such a run.

    :raises LibraryError: if requests is missing or too old.
    """
    from .._service.library import REQUESTS  # noqa: PLC0415  # see above

    REQUESTS.require()


def _compare_and_submit(
    options: UploadOptions,
    roster: RosterFile,
    check_mode: bool,
    with_diff: bool,
) -> Outcome:
    known = read_known_rosters(options.state_dir)
    if not check_mode:
        # A killed run leaves files behind, and this run might have nothing to send.
        remove_unused_files(options.state_dir, known.state)
    # The state directory needs space for the roster anyway. Check mode must not write there.
    spill_directory = Path(tempfile.gettempdir()) if check_mode else options.state_dir
    with open_spill_area(spill_directory) as spill:
        plans, outcome = _compare(
            *(options, known, roster, spill), check_mode=check_mode, with_diff=with_diff
        )
        has_upload = (
            options.force
            or needs_refresh(options, known.state)
            or _differs(known, options.bind(roster.header), plans)
        )
        transition = describe_transition(
            options, known, roster, plans, plan=outcome.plan, has_upload=has_upload
        )
        try:
            check_account(options, known.state)
            warnings = check_transition(transition, options.limits)
        except GuardError as error:
            return replace(outcome, error=error)
        outcome = replace(outcome, warnings=(*outcome.warnings, *warnings))
        if not has_upload:
            return _update_identities(options, outcome, known, roster, check_mode)
        if check_mode:
            return replace(outcome, changed=True, uploaded=True)
        approval = transition.earlier_approval or options.limits.approved_plan
        from .submission import Submission, submit_roster  # noqa: PLC0415  # needs requests

        submission = Submission(roster, options.bind(roster.header), known, approval)
        return submit_roster(options, outcome, submission, spill)


def _compare(
    options: UploadOptions,
    known: KnownRosters,
    roster: RosterFile,
    spill: SpillArea,
    *,
    check_mode: bool,
    with_diff: bool,
) -> tuple[KnownPlans, Outcome]:
    """Compare a roster with all known rosters, and write the files of the plan.

    :returns: the plans, and the outcome so far.
    """
    rosters = [stored.roster for stored in known.all]
    changes = ChangeTable(rosters[0].header if rosters else (), roster.header, spill)
    plans = plan_from_known(
        *(rosters, roster, options.key, options.location_column, spill),
        with_changes=with_diff,
        observe=changes.add if options.plan_dest else None,
        causes=NO_CAUSES if options.undo else read_causes(options, roster, known.state),
    )
    verify_plan(plans.plan, roster)
    warnings = [*find_warnings(options, known)]
    if not all(plan.by_identity for plan in plans.plans):
        warnings += find_key_warnings(options, roster, spill)
    plan = replace(
        plans.plan,
        id=_identify_plan(options, known, roster, check_mode),
        configuration=compare_configurations(
            [each.configuration for each in rosters], roster.configuration
        ),
    )
    if options.plan_dest is not None:
        write_plan_files(options.plan_dest, plan, plans.union, changes)
    outcome = Outcome(
        plan=plan,
        before=DiffSide(name_first_known(known), rosters[0].header if rosters else roster.header),
        after=DiffSide("new roster", roster.header),
        state=known.state,
        warnings=tuple(warnings),
    )
    return plans, outcome


def _identify_plan(
    options: UploadOptions, known: KnownRosters, roster: RosterFile, check_mode: bool
) -> str | None:
    # An approval refers to a recorded state. If there is none, a run in check mode does not create one.
    if check_mode and known.state.is_empty:
        return None
    return compute_plan_id(
        options,
        known.state,
        known_identities=[stored.roster.identities_sha256 for stored in known.all],
        rows=roster.sha256,
        identities=roster.identities_sha256,
    )


def _differs(known: KnownRosters, binding: Binding, plans: KnownPlans) -> bool:
    """Return whether the service may have another roster, or received the roster with other settings."""
    receipt = known.state.receipt
    is_same = known.state.is_settled and receipt is not None and receipt.binding == binding
    return not (is_same and plans.plan.is_empty)


def _update_identities(
    options: UploadOptions,
    outcome: Outcome,
    known: KnownRosters,
    roster: RosterFile,
    check_mode: bool,
) -> Outcome:
    """Store the identities of a roster whose rows are unchanged, if the identities have changed.

    Nothing is sent.
    """
    receipt = known.state.receipt
    if receipt is None or known.baseline is None or roster.open_ids is None:
        return outcome
    if roster.ids_sha256 == known.baseline.roster.ids_sha256:
        return outcome
    receipt = replace(
        receipt,
        roster=roster.sha256,
        identities=roster.ids_sha256,
        summary=summarize_roster(options, outcome.plan, roster),
    )
    if not check_mode:
        commit_upload(options.state_dir, receipt, roster, NOTHING_SENT_REMEDY)
    return replace(outcome, changed=True, state=State(receipt))
