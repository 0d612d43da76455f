# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The submission of a roster: it is recorded as unresolved, sent, and recorded according to the service's response."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from .._errors import FrontdeskError
from .._roster.external_sort import SpillArea
from .._roster.files import RosterFile
from .._roster.union import unite_rosters
from .._service.answer import Answer, read_answer
from .._service.client import send_file
from .._service.masking import Masker
from .._service.refusals import SentRoster
from .._service.request_body import FileContent
from .._service.response import Response
from .._service.transport import find_secrets
from .._service.verdict import PARTIAL, UNKNOWN, decide
from .._state.directory import KnownRosters, abort_upload, begin_upload, commit_upload
from .._state.receipt import Binding, Receipt, State, UnresolvedUpload, with_history
from .._text import format_now
from .partial_acceptance import partially_accepted_roster
from .unchanged import summarize_roster
from .upload_options import UploadOptions
from .upload_outcome import Outcome


@dataclass(frozen=True)
class Submission:
    """A roster to send, and what is known about the service before the upload.

    :ivar roster: new roster.
    :ivar binding: endpoint, profile and header of the new roster.
    :ivar known: rosters that the service may have.
    :ivar approval: identifier of the plan that was approved for this upload; None if none was.
    """

    roster: RosterFile
    binding: Binding
    known: KnownRosters
    approval: str | None = None

    @property
    def state_before(self) -> State:
        """State after a rejection: no approval is valid after the service received another roster."""
        state = self.known.state
        if not self.known.unresolved:
            return state
        latest = self.known.unresolved[-1].roster
        is_same = (latest.sha256, latest.identities_sha256) == (
            self.roster.sha256,
            self.roster.identities_sha256,
        )
        return state if is_same else state.without_approvals()


def submit_roster(
    options: UploadOptions, outcome: Outcome, submission: Submission, spill: SpillArea
) -> Outcome:
    """Send a roster, and record the outcome in the state directory.

    :param outcome: outcome so far, with the plan.
    :param spill: spill area for the union of earlier rosters.
    :raises FrontdeskError: if the upload cannot be recorded, or if the roster changed after it was read. Nothing is
        then sent.
    """
    upload = UnresolvedUpload(
        binding=submission.binding,
        roster=submission.roster.sha256,
        identities=submission.roster.ids_sha256,
        rows=submission.roster.row_count,
        sent_at=format_now(),
        plan=outcome.plan.id or "",
        missing=options.limits.missing,
        approval=submission.approval,
    )
    unite = partial(
        unite_rosters, key=options.key, location_column=options.location_column, spill=spill
    )
    state, roster = begin_upload(
        options.state_dir, submission.known, upload, submission.roster, unite
    )
    submission = replace(submission, roster=roster)
    try:
        with roster.open_content() as file:
            content = FileContent(file, roster.size, roster.start)
            response = send_file(options.endpoint, f"{options.profile}.csv", content)
    except FrontdeskError as error:
        # Only ServiceError has these attributes.
        may_be_accepted = getattr(error, "may_be_accepted", False)
        before = submission.known.state
        outcome = _abort(options, outcome, before, state, may_be_accepted=may_be_accepted)
        attempts, duration = getattr(error, "attempts", 0), getattr(error, "duration", 0.0)
        return replace(outcome, attempts=attempts, duration=duration, error=error)
    return _record_response(options, outcome, submission, state, response)


def _record_response(
    options: UploadOptions,
    outcome: Outcome,
    submission: Submission,
    state: State,
    response: Response,
) -> Outcome:
    """Interpret the response, and record the outcome in the state directory."""
    outcome = replace(outcome, attempts=response.attempts, duration=response.duration)
    try:
        answer = _read_answer(options, submission, response)
    except FrontdeskError as error:
        # A roster could not be read to interpret the response, so the upload stays unresolved.
        return replace(outcome, state=state, error=error)
    verdict = decide(answer, options.endpoint, options.result, is_in_doubt=response.may_be_accepted)
    outcome = replace(outcome, answer=answer, verdict=verdict)
    refusal = verdict.error(options.endpoint)
    if refusal is not None:
        refusal.report_attempts(response.attempts, response.duration)
    if refusal is not None and verdict.outcome != PARTIAL:
        may_be_accepted = verdict.outcome == UNKNOWN
        before = submission.state_before
        outcome = _abort(options, outcome, before, state, may_be_accepted=may_be_accepted)
        return replace(outcome, error=refusal)
    outcome = replace(outcome, changed=True, uploaded=verdict.is_accepted)
    try:
        receipt = _commit(options, outcome, submission, answer)
    except FrontdeskError as error:
        # In the state directory, the upload is still unresolved.
        return replace(outcome, state=state, error=error)
    return replace(outcome, state=State(receipt), error=refusal)


def _abort(
    options: UploadOptions,
    outcome: Outcome,
    before: State,
    state: State,
    *,
    may_be_accepted: bool,
) -> Outcome:
    """End an upload as `abort_upload` does, and return its outcome.

    :param before: the state to record if the service did not accept the roster.
    :param state: the state in which the upload is unresolved.
    """
    recorded = abort_upload(options.state_dir, before, state, may_be_accepted=may_be_accepted)
    return replace(outcome, state=recorded)


def _read_answer(options: UploadOptions, submission: Submission, response: Response) -> Answer:
    roster = submission.roster
    sent = SentRoster(
        header=roster.header,
        row_count=roster.row_count,
        read_rows=roster.rows,
        location_column=options.location_column,
    )
    masker = _create_masker(options, submission)
    return read_answer(response, options.endpoint, options.result, sent, masker)


def _create_masker(options: UploadOptions, submission: Submission) -> Masker:
    """Return a masker for the secrets, the new roster, and the known rosters, which also contain people who have left.

    The titles of columns and the names of counts are configuration, so they are not masked.
    """
    rosters = [submission.roster, *(stored.roster for stored in submission.known.all)]
    return Masker(
        find_secrets(options.endpoint),
        [partial(_read_personal_cells, each, options.location_column) for each in rosters],
        public=(*submission.roster.header, *options.result.refused),
    )


def _read_personal_cells(roster: RosterFile, location_column: str) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each row without the location, which is configuration."""
    columns = [index for index, title in enumerate(roster.header) if title != location_column]
    return (tuple(row.cells[index] for index in columns) for row in roster.rows())


def _commit(
    options: UploadOptions, outcome: Outcome, submission: Submission, answer: Answer
) -> Receipt:
    """Store the roster that the service has after the upload as the new baseline, and return its receipt.

    :raises StateError: if the state cannot be written.
    :raises FrontdeskError: if a roster cannot be read again.
    """
    known = [stored.roster for stored in submission.known.all]
    with partially_accepted_roster(
        options, known, submission.roster, answer.refused_rows
    ) as roster:
        receipt = Receipt(
            binding=submission.binding,
            roster=roster.sha256,
            identities=roster.ids_sha256,
            rows=roster.row_count,
            accepted_at=format_now(),
            plan=outcome.plan.id or "",
            status=answer.status,
            counts=answer.counts,
            missing=options.limits.missing,
            complete=not answer.refused_rows,
            summary=None
            if answer.refused_rows
            else summarize_roster(options, outcome.plan, submission.roster),
        )
        receipt = with_history(receipt, submission.known.state.receipt)
        commit_upload(options.state_dir, receipt, roster)
    return receipt
