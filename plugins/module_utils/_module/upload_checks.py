# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks and warnings before an upload, and the input of the guard."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from dataclasses import replace

from .._roster.comparison import choose_layout
from .._roster.external_sort import SpillArea
from .._roster.files import RosterFile, ids_path
from .._roster.guard import GuardError
from .._roster.key_check import count_ambiguous_keys
from .._roster.known_plans import KnownPlans
from .._roster.known_transition import summarize_plans, summarize_union
from .._roster.limits import KEEP
from .._roster.plan import Plan
from .._roster.required_contacts import find_unmatched
from .._roster.transition import LAST_ACCEPTED, KnownPlan, Transition
from .._state.directory import KnownRosters
from .._state.receipt import State, UnresolvedUpload
from .._text import format_count
from .upload_options import UploadOptions


def check_account(options: UploadOptions, state: State) -> None:
    """Check that the roster is sent to the address of the last recorded upload, or that O(rebind) permits another one.

    :raises GuardError: if the address differs, and O(rebind) is not set.
    """
    latest, endpoint = state.latest, options.bind(()).endpoint
    if latest is None or latest.binding.endpoint == endpoint or options.rebind:
        return
    raise GuardError(
        f"Refused to upload to {endpoint}",
        f"the last upload recorded in {options.state_dir} was sent to {latest.binding.endpoint}",
        "If both are addresses of the same account, run once with O(rebind=true); for another account, set another"
        " O(state_dir)",
    )


def find_warnings(options: UploadOptions, known: KnownRosters) -> Iterator[str]:
    """Yield warnings about the state, and about options without an effect."""
    for stored in known.all:
        if stored.warning:
            yield stored.warning
    if options.limits.initial and not known.state.is_empty:
        yield (
            f"O(initial=true) has no effect: {options.state_dir} contains the record of an earlier upload."
            " Remove O(initial), because without that record, only O(must_contain) would limit the upload."
        )
    latest, endpoint = known.state.latest, options.bind(()).endpoint
    if options.rebind and (latest is None or latest.binding.endpoint == endpoint):
        yield (
            f"O(rebind=true) has no effect: the last upload recorded in {options.state_dir}, if any, was sent to the"
            " same address. Remove O(rebind), because it would allow an upload to any other address."
        )


def find_key_warnings(
    options: UploadOptions, roster: RosterFile, spill: SpillArea
) -> Iterator[str]:
    """Yield a warning that contacts are identified by their key, and one about each kind of unsuitable key.

    A key is unsuitable if it is empty, or if several contacts at a location have it.

    :param roster: new roster.
    """
    layout = choose_layout(
        None, replace(roster, open_ids=None), options.key, options.location_column
    )
    counts = count_ambiguous_keys(layout, roster, spill)
    key = " and ".join(map(repr, options.key))
    reason = "the new roster or a known roster has no identities"
    remedy = (
        "Set O(key) to columns that identify each contact, or keep the identities file"
        f" {ids_path(options.src)} with the roster."
    )
    contacts = format_count(roster.row_count, "contact")
    yield f"The new roster or a known roster has no identities: contacts are identified by {', '.join(options.key)}"
    if counts.empty:
        yield (
            f"Cannot identify {counts.empty} of {contacts}: {reason}, and the cells in {key}"
            f" are empty. {remedy}"
        )
    if counts.repeated:
        yield (
            f"Cannot distinguish {counts.repeated} of {contacts}: {reason}, and other contacts"
            f" at their location have the same {key}. {remedy}"
        )


def describe_transition(
    options: UploadOptions,
    known: KnownRosters,
    roster: RosterFile,
    plans: KnownPlans,
    *,
    plan: Plan,
    has_upload: bool,
) -> Transition:
    """Return the transition to the new roster, which the guard checks.

    :param plan: plan for the first known roster, with its identifier and the changed configuration.
    :param has_upload: whether the roster would be sent.
    """
    state = known.state
    labels = [_label(stored.record) for stored in known.all]
    required = options.limits.must_contain if has_upload else ()
    return Transition(
        plan_id=plan.id,
        # A plan has only one location if the known roster has no location column.
        new_by_location=dict(ChainMap(*(dict(plan.new_by_location) for plan in plans.plans))),
        known=summarize_plans(plans, labels),
        union=summarize_union(plans, labels, has_baseline=known.baseline is not None),
        first_upload_cause=(
            f"{options.state_dir} contains no record of an earlier upload" if state.is_empty else ""
        ),
        configuration=plan.configuration,
        missing_before=_find_missing_before(state),
        unmatched=find_unmatched(roster, required),
        earlier_approval=_find_earlier_approval(options, known, roster),
        approved=_find_approved(state, options.limits.approved_plan),
        has_upload=has_upload,
        is_undo=options.undo,
    )


def _label(record: object) -> str:
    """Return the name of a known roster in messages."""
    if isinstance(record, UnresolvedUpload):
        return f"the roster sent at {record.sent_at} with an unknown outcome"
    return LAST_ACCEPTED


def name_first_known(known: KnownRosters) -> str:
    """Return the name of the roster from which the plan starts, for the diff."""
    label = _label(known.all[0].record) if known.all else LAST_ACCEPTED
    return label.removeprefix("the ")


def _find_missing_before(state: State) -> str | None:
    """Return `KEEP` if the service may have kept missing contacts, otherwise the value of the last accepted upload."""
    accepted = state.receipt.missing if state.receipt else None
    return KEEP if KEEP in [each.missing for each in state.unresolved] else accepted


def _find_earlier_approval(
    options: UploadOptions, known: KnownRosters, roster: RosterFile
) -> str | None:
    """Return the approval of the latest upload if it is unresolved and sent the same rows and identities; else None.

    If O(missing) has changed, the same rows can remove contacts that the approved plan did not remove.
    """
    if not known.unresolved:
        return None
    latest, stored = known.state.unresolved[-1], known.unresolved[-1].roster
    is_same = (stored.sha256, stored.identities_sha256, latest.missing) == (
        roster.sha256,
        roster.identities_sha256,
        options.limits.missing,
    )
    return latest.approval if is_same else None


def _find_approved(state: State, approved: str | None) -> KnownPlan | None:
    """Return what is known of the approved plan; None if nothing is known."""
    for upload in state.unresolved:
        if approved in (upload.plan, upload.approval):
            return KnownPlan(f"was sent at {upload.sent_at} with an unknown outcome")
    receipt = state.receipt
    if receipt is not None and approved == receipt.plan:
        return KnownPlan(f"was uploaded at {receipt.accepted_at}")
    for earlier in receipt.history if receipt else ():
        if approved == earlier.get("plan"):
            return KnownPlan(f"was uploaded at {earlier.get('accepted_at')}")
    return None
