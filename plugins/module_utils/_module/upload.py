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
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from .._errors import FrontdeskError, InputError
from .._roster.comparison import choose_layout
from .._roster.diff import plan_diff
from .._roster.external_sort import SpillArea, open_spill_area
from .._roster.files import RosterFile, ids_path, load_roster
from .._roster.guard import GuardError, check_plan
from .._roster.key_check import count_ambiguous_keys
from .._roster.plan import Plan, make_plan, verify_plan
from .._service.answer import Answer, read_answer
from .._service.client import send_file
from .._service.masking import Masker
from .._service.refusals import RefusalCause, SentRoster
from .._service.request_body import FileContent
from .._service.response import Response
from .._service.transport import check_tls_files, find_secrets
from .._service.verdict import (
    CONFIRMED,
    PARTIAL,
    UNCONFIRMED,
    UNKNOWN,
    Verdict,
    decide,
    explain_acceptance,
)
from .._state.directory import (
    NOTHING_SENT_REMEDY,
    Baseline,
    abort_upload,
    begin_upload,
    commit_upload,
    read_baseline,
)
from .._state.lock import exclusive_lock, shared_lock
from .._state.receipt import Binding, Receipt, StateError, strip_query, with_history
from .._text import make_printable, make_values_printable
from .partial_acceptance import partially_accepted_roster
from .upload_options import UploadOptions


@dataclass(frozen=True)
class Outcome:
    """Outcome of an upload.

    :ivar plan: differences between the baseline and the new roster.
    :ivar header: column titles of the new roster.
    :ivar changed: whether the service accepted at least part of the roster, or the state was updated; in check mode,
        whether this would happen.
    :ivar uploaded: whether the service accepted the complete roster; in check mode, whether it would be sent.
    :ivar receipt: receipt in the state directory; None if there is none for this endpoint, profile and header.
    :ivar answer: parsed response of the service; None if nothing was sent or no response was received.
    :ivar verdict: meaning of the response; None if there is none.
    :ivar attempts: number of attempts to send the roster.
    :ivar duration: time in seconds from the start of the first attempt to the end of the last one.
    :ivar warnings: problems that did not prevent the upload.
    :ivar error: error with which the module must fail, in addition to returning the other fields; None on success.
    """

    plan: Plan
    header: tuple[str, ...]
    changed: bool = False
    uploaded: bool = False
    receipt: Receipt | None = None
    answer: Answer | None = None
    verdict: Verdict | None = None
    attempts: int = 0
    duration: float = 0.0
    warnings: tuple[str, ...] = ()
    error: FrontdeskError | None = None

    @property
    def message(self) -> str:
        """The message of a successful upload that the service has not confirmed; otherwise empty."""
        if self.answer is None or self.verdict is None or self.verdict.outcome != UNCONFIRMED:
            return ""
        return explain_acceptance(self.answer)

    def result(self, show_diff: bool) -> dict[str, Any]:
        """Return the module's result.

        Only the diff contains personal data.

        :param show_diff: whether to include the diff.
        """
        result: dict[str, Any] = {
            "changed": self.changed,
            "uploaded": self.uploaded,
            "plan": {
                **self.plan.summary(),
                "invalid": [person._asdict() for person in self.plan.invalid],
            },
            "service": _service_result(self.answer, self.verdict),
            "receipt": _receipt_result(self.receipt),
            "attempts": self.attempts,
            "duration": round(self.duration, 1),
        }
        if show_diff:
            result["diff"] = plan_diff(self.plan, self.header, "last accepted roster", "new roster")
        return result


def _service_result(answer: Answer | None, verdict: Verdict | None) -> dict[str, Any] | None:
    if answer is None or verdict is None:
        return None
    return {
        "status": answer.status,
        "confirmed": verdict.outcome in (CONFIRMED, PARTIAL),
        "message": make_printable(answer.message),
        "counts": make_values_printable(answer.counts),
        "errors": make_values_printable([asdict(error) for error in answer.errors]),
        "error_count": answer.error_count,
        "causes": make_values_printable([_cause_result(cause) for cause in answer.causes]),
        "refused": answer.refused_count,
    }


def _cause_result(cause: RefusalCause) -> dict[str, Any]:
    locations = [{"location": name, "rows": rows} for name, rows in cause.locations]
    return {**asdict(cause), "locations": locations}


def _receipt_result(receipt: Receipt | None) -> dict[str, Any] | None:
    if receipt is None:
        return None
    result = {
        key: value for key, value in vars(receipt).items() if key not in ("binding", "history")
    }
    return {**result, "counts": dict(receipt.counts), **vars(receipt.binding)}


def upload(options: UploadOptions, check_mode: bool, with_diff: bool = False) -> Outcome:
    """Upload a roster if it differs from the baseline and the plan passes the guard.

    :param check_mode: whether to return the expected outcome without sending anything or changing the state.
    :param with_diff: whether the plan must contain the changes that a diff shows.
    :raises FrontdeskError: if the roster or the state cannot be used; nothing is then sent.
    """
    check_tls_files(options.endpoint.tls)
    with _load_source(options):  # with an invalid roster, fail before anything is created
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


@dataclass(frozen=True)
class _Transition:
    """The transition from one roster to the next.

    :ivar roster: new roster.
    :ivar binding: endpoint, profile and header of the new roster.
    :ivar stored: baseline in the state directory, regardless of its binding; None if there is none.
    :ivar baseline: baseline with which the plan compares the roster; None if there is none for this binding.
    """

    roster: RosterFile
    binding: Binding
    stored: Baseline | None
    baseline: Baseline | None

    @property
    def stored_receipt(self) -> Receipt | None:
        """Receipt in the state directory; None if there is none."""
        return self.stored.receipt if self.stored else None


def _upload(
    options: UploadOptions, roster: RosterFile, check_mode: bool, with_diff: bool
) -> Outcome:
    stored = read_baseline(options.state_dir)
    binding = Binding(
        endpoint=strip_query(options.endpoint.url_without_query),
        profile=options.profile,
        header=roster.header,
    )
    no_baseline_cause = _explain_missing_baseline(stored, binding, options.state_dir)
    baseline = stored if no_baseline_cause is None else None
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
        verify_plan(plan, roster)
        warnings = list(_baseline_warnings(options, baseline))
        if not plan.by_identity:
            warnings += _key_warnings(options, roster, spill)
    outcome = Outcome(
        plan=plan,
        header=roster.header,
        receipt=baseline.receipt if baseline else None,
        warnings=tuple(warnings),
    )
    try:
        check_plan(plan, options.limits, no_baseline_cause)
    except GuardError as error:
        return replace(outcome, error=error)
    if baseline and baseline.receipt.complete and plan.is_empty and not options.force:
        return _update_identities(options, outcome, baseline, roster, check_mode)
    if check_mode:
        return replace(outcome, changed=True, uploaded=True)
    return _send(options, outcome, _Transition(roster, binding, stored, baseline))


def _baseline_warnings(options: UploadOptions, baseline: Baseline | None) -> Iterator[str]:
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
    if counts.empty:
        yield (
            f"Cannot identify {counts.empty} of {roster.row_count} contacts: {reason}, and the cells in {key}"
            f" are empty. {remedy}"
        )
    if counts.repeated:
        yield (
            f"Cannot distinguish {counts.repeated} of {roster.row_count} contacts: {reason}, and other contacts"
            f" at their location have the same {key}. {remedy}"
        )


def _explain_missing_baseline(
    stored: Baseline | None, binding: Binding, directory: Path
) -> str | None:
    """Return the reason why there is no baseline for this binding; None if there is one."""
    if stored is None:
        return f"{directory} contains no receipt of an earlier upload"
    for part in fields(Binding):
        if getattr(stored.receipt.binding, part.name) != getattr(binding, part.name):
            return f"the receipt in {directory} belongs to another {part.name}"
    return None


def _update_identities(
    options: UploadOptions,
    outcome: Outcome,
    baseline: Baseline,
    roster: RosterFile,
    check_mode: bool,
) -> Outcome:
    """Store the identities of a roster whose rows are unchanged, if the identities have changed.

    Nothing is sent.
    """
    if roster.open_ids is None or roster.ids_sha256 == baseline.roster.ids_sha256:
        return outcome
    receipt = replace(baseline.receipt, roster=roster.sha256, identities=roster.ids_sha256)
    if not check_mode:
        commit_upload(options.state_dir, receipt, roster, NOTHING_SENT_REMEDY)
    return replace(outcome, changed=True, receipt=receipt)


def _send(options: UploadOptions, outcome: Outcome, transition: _Transition) -> Outcome:
    """Send the roster, and record the outcome in the state directory."""
    roster = begin_upload(
        options.state_dir,
        # Also if the receipt belongs to another binding: the service may be the same.
        transition.stored_receipt,
        transition.roster,
    )
    transition = replace(transition, roster=roster)
    try:
        with roster.open_content() as file:
            content = FileContent(file, roster.size, roster.start)
            response = send_file(options.endpoint, f"{options.profile}.csv", content)
    except FrontdeskError as error:
        # Only ServiceError has these attributes.
        may_be_accepted = getattr(error, "may_be_accepted", False)
        outcome = _abort(options, outcome, transition, may_be_accepted=may_be_accepted)
        attempts, duration = getattr(error, "attempts", 0), getattr(error, "duration", 0.0)
        return replace(outcome, attempts=attempts, duration=duration, error=error)
    answer = _read_answer(options, transition, response)
    verdict = decide(answer, options.endpoint, options.result, is_in_doubt=response.may_be_accepted)
    outcome = replace(
        outcome,
        answer=answer,
        verdict=verdict,
        attempts=response.attempts,
        duration=response.duration,
    )
    refusal = verdict.error(options.endpoint)
    if refusal is not None:
        refusal.report_attempts(response.attempts, response.duration)
    if refusal is not None and verdict.outcome != PARTIAL:
        may_be_accepted = verdict.outcome == UNKNOWN
        outcome = _abort(options, outcome, transition, may_be_accepted=may_be_accepted)
        return replace(outcome, error=refusal)
    outcome = replace(outcome, changed=True, uploaded=verdict.is_accepted)
    try:
        receipt = _commit(options, outcome, transition, answer)
    except StateError as error:
        # A receipt in the state directory is still marked as incomplete.
        return replace(_with_incomplete_receipt(outcome), error=error)
    return replace(outcome, receipt=receipt, error=refusal)


def _abort(
    options: UploadOptions, outcome: Outcome, transition: _Transition, *, may_be_accepted: bool
) -> Outcome:
    """Record that the service did not accept the roster, or that the outcome is unknown."""
    abort_upload(options.state_dir, transition.stored_receipt, may_be_accepted=may_be_accepted)
    return _with_incomplete_receipt(outcome) if may_be_accepted else outcome


def _with_incomplete_receipt(outcome: Outcome) -> Outcome:
    """Return the outcome with its receipt marked as incomplete, as `begin_upload` stored it."""
    if outcome.receipt is None:
        return outcome
    return replace(outcome, receipt=replace(outcome.receipt, complete=False))


def _read_answer(options: UploadOptions, transition: _Transition, response: Response) -> Answer:
    roster = transition.roster
    sent = SentRoster(
        header=roster.header,
        row_count=roster.row_count,
        read_rows=roster.rows,
        location_column=options.location_column,
    )
    masker = _create_masker(options, transition)
    return read_answer(response, options.endpoint, options.result, sent, masker)


def _create_masker(options: UploadOptions, transition: _Transition) -> Masker:
    """Return a masker that knows the secrets, the new roster and the baseline, which also contains former people.

    The titles of columns and the names of counts are configuration.
    """
    rosters = [transition.roster, *([transition.stored.roster] if transition.stored else [])]
    return Masker(
        find_secrets(options.endpoint),
        [partial(_read_personal_cells, each, options.location_column) for each in rosters],
        public=(*transition.roster.header, *options.result.refused),
    )


def _read_personal_cells(roster: RosterFile, location_column: str) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each row without the location, which is configuration."""
    columns = [index for index, title in enumerate(roster.header) if title != location_column]
    return (tuple(row.cells[index] for index in columns) for row in roster.rows())


def _commit(
    options: UploadOptions, outcome: Outcome, transition: _Transition, answer: Answer
) -> Receipt:
    """Store the roster that the service has after the upload as the new baseline, and return its receipt.

    :raises StateError: if the state cannot be written.
    """
    old = transition.baseline.roster if transition.baseline else None
    with partially_accepted_roster(options, old, transition.roster, answer.refused_rows) as roster:
        receipt = Receipt(
            binding=transition.binding,
            roster=roster.sha256,
            identities=roster.ids_sha256,
            rows=roster.row_count,
            accepted_at=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            plan=outcome.plan.id,
            status=answer.status,
            counts=answer.counts,
            complete=not answer.refused_rows,
        )
        receipt = with_history(receipt, transition.stored_receipt)
        commit_upload(options.state_dir, receipt, roster)
    return receipt
