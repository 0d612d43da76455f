# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Implementation of contact_upload.

It compares a roster with the baseline, checks the plan, uploads the roster, and writes the receipt.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

from .._errors import InputError
from .._roster.comparison import choose_layout
from .._roster.external_sort import SpillArea, open_spill_area
from .._roster.files import RosterFile, ids_path, load_roster
from .._roster.guard import GuardError, check_plan
from .._roster.key_check import count_ambiguous_keys
from .._roster.plan import make_plan
from .._service.transport import check_tls_files
from .._state.directory import (
    NOTHING_SENT_REMEDY,
    StoredRoster,
    commit_upload,
    read_known_rosters,
    remove_unused_files,
)
from .._state.lock import exclusive_lock, shared_lock
from .._state.receipt import Binding, State, strip_query
from .._text import format_count
from .submission import Submission, submit_roster
from .upload_options import UploadOptions
from .upload_outcome import Outcome


def upload(options: UploadOptions, check_mode: bool, with_diff: bool = False) -> Outcome:
    """Upload a roster if it differs from the baseline and the plan passes the guard.

    :param check_mode: whether to return the expected outcome without sending anything or changing the state.
    :param with_diff: whether the plan must contain the changes that a diff shows.
    :raises FrontdeskError: if the roster or the state cannot be used; nothing is then sent.
    """
    check_tls_files(options.endpoint.tls)
    with _load_source(options):  # fail before anything is created if it is invalid
        pass
    lock = shared_lock if check_mode else exclusive_lock
    # Read the roster again under the lock: it might have been replaced while this run waited for the lock.
    with lock(options.state_dir) as warning, _load_source(options) as roster:
        outcome = _upload(options, roster, check_mode, with_diff)
    return replace(outcome, warnings=(warning, *outcome.warnings)) if warning else outcome


@contextmanager
def _load_source(options: UploadOptions) -> Iterator[RosterFile]:
    with load_roster(options.src) as roster:
        if options.checksum not in ("", roster.sha256):
            raise InputError(
                f"Cannot use {options.src}",
                "it is not the exported roster, because its SHA-256 checksum differs from O(checksum)",
                "Find out what replaced it, and export the roster again",
            )
        missing = [name for name in options.key if name not in roster.header]
        if missing:
            columns = " and no column ".join(map(repr, missing))
            raise InputError(
                f"Cannot use {options.src}",
                f"it has no column {columns}, {'which is' if len(missing) == 1 else 'which are'} in O(key)",
                # Do not list the titles: if the file has no header, its first line contains personal data.
                "Correct O(key), or make sure that the first line contains the titles of the"
                f" {len(roster.header)} columns",
            )
        if not roster.row_count:
            raise InputError(
                f"Cannot use {options.src}",
                "it contains a header but no contacts",
                "Export a roster to it first",
            )
        yield roster


def _upload(
    options: UploadOptions, roster: RosterFile, check_mode: bool, with_diff: bool
) -> Outcome:
    known = read_known_rosters(options.state_dir)
    if not check_mode:
        # A killed run leaves files behind, and this run might have nothing to send.
        remove_unused_files(options.state_dir, known.state)
    binding = Binding(
        endpoint=strip_query(options.endpoint.url_without_query),
        profile=options.profile,
        header=roster.header,
    )
    no_baseline_cause = _explain_missing_baseline(known.state, binding, options.state_dir)
    baseline = known.baseline if no_baseline_cause is None else None
    # The state directory needs space for the roster anyway. Check mode must not write there.
    spill_directory = Path(tempfile.gettempdir()) if check_mode else options.state_dir
    with open_spill_area(spill_directory) as spill:
        plan = make_plan(
            baseline.roster if baseline else None,
            roster,
            options.key,
            options.location_column,
            spill,
            with_changes=with_diff,
        )
        warnings = list(_baseline_warnings(options, baseline))
        if not plan.by_identity:
            warnings += _key_warnings(options, roster, spill)
        outcome = Outcome(
            plan=plan, header=roster.header, state=known.state, warnings=tuple(warnings)
        )
        try:
            check_plan(plan, options.limits, no_baseline_cause)
        except GuardError as error:
            return replace(outcome, error=error)
        if baseline and known.state.is_settled and plan.is_empty and not options.force:
            return _update_identities(options, outcome, baseline, roster, check_mode)
        if check_mode:
            return replace(outcome, changed=True, uploaded=True)
        return submit_roster(options, outcome, Submission(roster, binding, known), spill)


def _baseline_warnings(options: UploadOptions, baseline: StoredRoster | None) -> Iterator[str]:
    if baseline is None:
        return
    if baseline.warning:
        yield baseline.warning
    if options.limits.initial:
        yield (
            f"O(initial=true) has no effect: {options.state_dir} contains the receipt of an earlier upload."
            " Remove O(initial), because without the receipt it would allow an upload without limits."
        )


def _key_warnings(options: UploadOptions, roster: RosterFile, spill: SpillArea) -> Iterator[str]:
    """Yield a warning for each reason why the key does not identify all contacts.

    :param roster: new roster; its contacts are compared by the key.
    """
    layout = choose_layout(
        None, replace(roster, open_ids=None), options.key, options.location_column
    )
    counts = count_ambiguous_keys(layout, roster, spill)
    key = " and ".join(map(repr, options.key))
    reason = "the roster or the last accepted one has no identities"
    remedy = (
        "Set O(key) to columns that identify each contact, or keep the identities file"
        f" {ids_path(options.src)} with the roster."
    )
    contacts = format_count(roster.row_count, "contact")
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


def _explain_missing_baseline(state: State, binding: Binding, directory: Path) -> str | None:
    """Return the reason why there is no baseline for this binding; None if there is one."""
    receipt = state.receipt
    if receipt is None:
        return f"{directory} contains no receipt of an earlier upload"
    for part in fields(Binding):
        if getattr(receipt.binding, part.name) != getattr(binding, part.name):
            return f"the receipt in {directory} belongs to another {part.name}"
    return None


def _update_identities(
    options: UploadOptions,
    outcome: Outcome,
    baseline: StoredRoster,
    roster: RosterFile,
    check_mode: bool,
) -> Outcome:
    """Store the identities of a roster whose rows are unchanged, if the identities have changed.

    Nothing is sent.
    """
    receipt = outcome.receipt
    if (
        receipt is None
        or roster.open_ids is None
        or roster.ids_sha256 == baseline.roster.ids_sha256
    ):
        return outcome
    receipt = replace(receipt, roster=roster.sha256, identities=roster.ids_sha256)
    if not check_mode:
        commit_upload(options.state_dir, receipt, roster, NOTHING_SENT_REMEDY)
    return replace(outcome, changed=True, state=State(receipt))
