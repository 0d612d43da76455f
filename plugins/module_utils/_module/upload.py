# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What contact_upload does: roster, plan, guard, upload, receipt."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from .._errors import FrontdeskError, InputError
from .._roster.diff import plan_diff
from .._roster.external_sort import open_spill_area
from .._roster.files import RosterFile
from .._roster.guard import GuardError, check_plan
from .._roster.plan import Plan, make_plan
from .._service.answer import Answer, read_answer
from .._service.body import Content
from .._service.client import Response, send
from .._service.refusals import Sent
from .._service.status import answer_error
from .._service.transport import check_files
from .._state.directory import (
    NOTHING_SENT,
    Baseline,
    abort_upload,
    begin_upload,
    commit_upload,
    read_baseline,
)
from .._state.lock import exclusive_lock, shared_lock
from .._state.receipt import Binding, Receipt, StateError, strip_query, with_history
from .files import load_roster
from .partial_acceptance import partially_accepted_roster
from .upload_options import UploadOptions


class Outcome(NamedTuple):
    """What became of an upload.

    :ivar changed: whether anything was sent or the state was updated, or would be.
    :ivar uploaded: whether the service accepted a roster, or would have been sent one.
    :ivar attempts: how often it was sent.
    :ivar warnings: what is not as it should be and does no harm.
    :ivar error: why the run must fail; what is known of the plan is returned all the same.
    """

    changed: bool
    uploaded: bool
    plan: Plan
    header: tuple[str, ...]
    receipt: Receipt | None = None
    answer: Answer | None = None
    attempts: int = 0
    warnings: tuple[str, ...] = ()
    error: FrontdeskError | None = None

    def result(self, show_diff: bool) -> dict[str, Any]:
        """The module's result; people's values stand in its diff only."""
        result: dict[str, Any] = {
            "changed": self.changed,
            "uploaded": self.uploaded,
            "plan": {
                **self.plan.summary(),
                "invalid": [person._asdict() for person in self.plan.invalid],
            },
            "service": _service_result(self.answer),
            "receipt": _receipt_result(self.receipt),
            "attempts": self.attempts,
        }
        if show_diff:
            result["diff"] = plan_diff(self.plan, self.header, "last accepted roster", "new roster")
        return result


def _service_result(answer: Answer | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    return {
        "status": answer.status,
        "counts": dict(answer.counts),
        "errors": [error._asdict() for error in answer.errors],
        "error_count": answer.error_count,
        "refused": answer.refused_count,
    }


def _receipt_result(receipt: Receipt | None) -> dict[str, Any] | None:
    if receipt is None:
        return None
    shown = {
        key: value for key, value in receipt._asdict().items() if key not in ("binding", "history")
    }
    shown["counts"] = dict(receipt.counts)
    return {**shown, **receipt.binding._asdict()}


def upload(job: UploadOptions, check_mode: bool, with_diff: bool = False) -> Outcome:
    """Send the roster if it differs from the last accepted one and the guard lets the plan pass.

    :param with_diff: whether the plan is to hold what a diff shows.
    :raises FrontdeskError: when roster or state cannot be used, before anything is sent.
    """
    check_files(job.endpoint.tls)
    with _load_src(job):  # a bad roster is said before anything is made
        pass
    lock = shared_lock(job.state_dir) if check_mode else exclusive_lock(job.state_dir)
    # Only under the lock: a run that held it may have come with a newer roster.
    with lock, _load_src(job) as roster:
        return _upload(job, roster, check_mode, with_diff)


def _upload(job: UploadOptions, roster: RosterFile, check_mode: bool, with_diff: bool) -> Outcome:
    accepted = read_baseline(job.state_dir)
    binding = Binding(strip_query(job.endpoint.url), job.profile, roster.header)
    why_none = _why_no_receipt(accepted, binding, job.state_dir)
    base = accepted if accepted is not None and why_none is None else None
    # The state directory must have room for the roster anyway; check mode leaves it alone.
    with open_spill_area(Path(tempfile.gettempdir()) if check_mode else job.state_dir) as scratch:
        plan = make_plan(
            base.roster if base else None,
            roster,
            job.key,
            job.location_column,
            scratch,
            with_changes=with_diff,
        )
    outcome = Outcome(False, False, plan, roster.header, base.receipt if base else None)
    if base is not None and base.warning:
        outcome = outcome._replace(warnings=(base.warning,))
    try:
        check_plan(plan, job.limits, why_none)
    except GuardError as error:
        return outcome._replace(error=error)
    if base is not None and base.receipt.complete and plan.is_empty and not job.force:
        return _keep(job, outcome, base, roster, check_mode)
    if check_mode:
        return outcome._replace(changed=True, uploaded=True)
    return _send(job, outcome, _Step(roster, binding, base, accepted))


class _Step(NamedTuple):
    """One step from a roster to the next.

    :ivar base: what the plan compares with; None when no receipt counts.
    :ivar accepted: what lies in the state directory, whatever it belongs to.
    """

    roster: RosterFile
    binding: Binding
    base: Baseline | None
    accepted: Baseline | None

    @property
    def last(self) -> Receipt | None:
        """The receipt in the state directory."""
        return self.accepted.receipt if self.accepted else None


@contextmanager
def _load_src(job: UploadOptions) -> Iterator[RosterFile]:
    with load_roster(job.src) as roster:
        missing = [name for name in job.key if name not in roster.header]
        if missing:
            raise InputError(
                f"Cannot use {job.src}",
                f"it has no column {missing[0]!r}, which is in key",
                # Not their titles: without a header these would be a person's values.
                f"Its first line must hold the titles of its {len(roster.header)} columns",
            )
        if not roster.row_count:
            raise InputError(
                f"Cannot use {job.src}",
                "it has a header and no contacts",
                "Export a roster to it first",
            )
        yield roster


def _why_no_receipt(accepted: Baseline | None, binding: Binding, directory: Path) -> str | None:
    if accepted is None:
        return f"no receipt of an earlier upload is in {directory}"
    for part, old, new in zip(Binding._fields, accepted.receipt.binding, binding):
        if old != new:
            return f"the receipt in {directory} belongs to another {part}"
    return None


def _keep(
    job: UploadOptions, outcome: Outcome, base: Baseline, roster: RosterFile, check_mode: bool
) -> Outcome:
    """Nothing to send. When the people behind the same rows have other identities, remember those."""
    if roster.open_ids is None or roster.ids_sha256 == base.roster.ids_sha256:
        return outcome
    receipt = base.receipt._replace(roster=roster.sha256, identities=roster.ids_sha256)
    if not check_mode:
        commit_upload(job.state_dir, receipt, roster, NOTHING_SENT)
    return outcome._replace(changed=True, receipt=receipt)


def _send(job: UploadOptions, outcome: Outcome, step: _Step) -> Outcome:
    """Send the roster, and note what became of it."""
    roster = begin_upload(job.state_dir, step.base.receipt if step.base else None, step.roster)
    step = step._replace(roster=roster)
    try:
        with roster.open_content() as file:
            content = Content(file, roster.size, roster.start)
            reply = send(job.endpoint, f"{job.profile}.csv", content)
    except FrontdeskError as error:
        outcome = _not_taken(
            job, outcome, step, may_be_accepted=getattr(error, "may_be_accepted", False)
        )
        return outcome._replace(attempts=getattr(error, "attempts", 0), error=error)
    answer = _answer(job, roster, reply)
    outcome = outcome._replace(answer=answer, attempts=reply.attempts)
    problem = answer_error(job.endpoint, answer)
    if problem is not None and not (job.endpoint.accepts(answer.status) and answer.is_partial):
        return _not_taken(job, outcome, step, may_be_accepted=reply.may_be_accepted)._replace(
            error=problem
        )
    outcome = outcome._replace(changed=True, uploaded=problem is None)
    try:
        receipt = _commit(job, outcome, step, answer)
    except StateError as error:
        # It stays as it was announced.
        return _in_doubt(outcome)._replace(error=error)
    return outcome._replace(receipt=receipt, error=problem)


def _not_taken(
    job: UploadOptions, outcome: Outcome, step: _Step, *, may_be_accepted: bool
) -> Outcome:
    """Note that the service has not accepted the roster, or that this is not sure."""
    abort_upload(job.state_dir, step.last, may_be_accepted=may_be_accepted)
    return _in_doubt(outcome) if may_be_accepted else outcome


def _in_doubt(outcome: Outcome) -> Outcome:
    """The outcome with its receipt as it stands in the state directory since the roster was announced."""
    if outcome.receipt is None:
        return outcome
    return outcome._replace(receipt=outcome.receipt._replace(complete=False))


def _answer(job: UploadOptions, roster: RosterFile, reply: Response) -> Answer:
    sent = Sent(roster.header, roster.row_count, roster.rows)
    answer = read_answer(reply.status, reply.reading, job.result, sent)
    return answer._replace(retry_after=reply.retry_after)


def _commit(job: UploadOptions, outcome: Outcome, step: _Step, answer: Answer) -> Receipt:
    """Make what the service has now the last accepted roster.

    :raises StateError: when that cannot be written.
    """
    old = step.base.roster if step.base else None
    with partially_accepted_roster(job, old, step.roster, answer.refused) as roster:
        receipt = Receipt(
            binding=step.binding,
            roster=roster.sha256,
            identities=roster.ids_sha256,
            rows=roster.row_count,
            accepted_at=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            plan=outcome.plan.id,
            status=answer.status,
            counts=answer.counts,
            complete=not answer.refused,
        )
        receipt = with_history(receipt, step.last)
        commit_upload(job.state_dir, receipt, roster)
    return receipt
