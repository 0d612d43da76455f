# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What contact_upload does: roster, plan, guard, upload, receipt."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .._contacts.diff import plan_diff
from .._contacts.guard import GuardError, Limits, check_plan
from .._contacts.plan import Plan, make_plan
from .._contacts.roster_file import RosterFile
from .._errors import FrontdeskError, InputError
from .._scratch import scratch_files
from .._service.answer import Answer, ResultFormat, read_answer
from .._service.client import ServiceError, check_endpoint, problem_of_answer, send
from .._service.endpoint import BodyFormat, Credential, Endpoint, Tls
from .._service.receipt import Binding, Receipt, endpoint_of, with_history
from .._service.state import (
    Accepted,
    default_state_dir,
    locked,
    read_accepted,
    watched,
    write_accepted,
)
from .files import check_paths, load_roster

MAX_ERRORS = 50
"""Row errors in a result; the rest is counted only."""


class Job(NamedTuple):
    """One upload as the administrator asked for it, checked."""

    src: Path
    endpoint: Endpoint
    profile: str
    location_column: str
    key: tuple[str, ...]
    state_dir: Path
    limits: Limits
    force: bool
    result: ResultFormat


class Outcome(NamedTuple):
    """What became of an upload.

    :ivar changed: whether anything was sent or the state was updated, or would be.
    :ivar uploaded: whether the service accepted a roster, or would have been sent one.
    :ivar error: why the run must fail; what is known of the plan is returned all the same.
    """

    changed: bool
    uploaded: bool
    plan: Plan
    header: tuple[str, ...]
    receipt: Receipt | None = None
    answer: Answer | None = None
    error: FrontdeskError | None = None

    def result(self, show_diff: bool) -> dict[str, Any]:
        """The module's result; people's values stand in its diff only."""
        result: dict[str, Any] = {
            "changed": self.changed,
            "uploaded": self.uploaded,
            "plan": self.plan.summary(),
            "service": _service_result(self.answer),
            "receipt": _receipt_result(self.receipt),
        }
        if show_diff:
            result["diff"] = plan_diff(self.plan, self.header, "last accepted roster", "new roster")
        return result


def _service_result(answer: Answer | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    errors = [error._asdict() for error in answer.errors[:MAX_ERRORS]]
    return {
        "status": answer.status,
        "counts": answer.counts,
        "errors": errors,
        "error_count": len(answer.errors),
    }


def _receipt_result(receipt: Receipt | None) -> dict[str, Any] | None:
    if receipt is None:
        return None
    shown = {
        key: value for key, value in receipt._asdict().items() if key not in ("binding", "history")
    }
    return {**shown, **receipt.binding._asdict()}


def job_of(params: Mapping[str, Any]) -> Job:
    """The upload, checked, from the module's parameters.

    :raises InputError: for anything in them that can be seen to be wrong without the service.
    """
    check_paths(params, "src", "state_dir", "ca_path")
    prefix = params["token_prefix"]
    if prefix is None:
        # The scheme of RFC 6750 belongs to this one header; others carry the bare token.
        prefix = "Bearer" if params["token_header"].lower() == "authorization" else ""
    endpoint = Endpoint(
        url=params["url"],
        credential=Credential(params["token"], params["token_header"], prefix),
        body=BodyFormat(params["field_name"]),
        tls=Tls(params["ca_path"], params["validate_certs"]),
        timeout=params["timeout"],
    )
    check_endpoint(endpoint)
    if not params["key"]:
        raise InputError(
            "Cannot tell contacts apart", "key is empty", "Name the columns that identify a contact"
        )
    return Job(
        src=Path(params["src"]),
        endpoint=endpoint,
        profile=params["profile"],
        location_column=params["location_column"],
        key=tuple(params["key"]),
        state_dir=_state_dir(params["state_dir"], endpoint),
        limits=_limits(params),
        force=params["force"],
        result=ResultFormat(**(params["result"] or {})),
    )


def _state_dir(given: str | None, endpoint: Endpoint) -> Path:
    if given:
        return Path(given)
    return default_state_dir(
        urlsplit(endpoint.url).hostname or "service", os.geteuid() == 0, dict(os.environ)
    )


def _limits(params: Mapping[str, Any]) -> Limits:
    most, percent = params["max_removed"], params["max_removed_percent"]
    if most is not None and most < 0:
        raise InputError(f"Cannot use max_removed {most}", "it is less than 0")
    if not 0 <= percent <= 100:
        raise InputError(f"Cannot use max_removed_percent {percent:g}", "it is not from 0 to 100")
    return Limits(most, percent, params["initial"])


def upload(job: Job, check_mode: bool, with_diff: bool = False) -> Outcome:
    """Send the roster if it differs from the last accepted one and the guard lets the plan pass.

    :param with_diff: whether the plan is to hold what a diff shows.
    :raises FrontdeskError: when roster or state cannot be used, before anything is sent.
    """
    with _load_src(job):  # a bad roster is said before anything is made
        pass
    lock = watched(job.state_dir) if check_mode else locked(job.state_dir)
    # Only under the lock: a run that held it may have come with a newer roster.
    with lock, _load_src(job) as roster:
        return _upload(job, roster, check_mode, with_diff)


def _upload(job: Job, roster: RosterFile, check_mode: bool, with_diff: bool) -> Outcome:
    accepted = read_accepted(job.state_dir)
    binding = Binding(endpoint_of(job.endpoint.url), job.profile, roster.header)
    why_none = _why_no_receipt(accepted, binding, job.state_dir)
    base = accepted if accepted is not None and why_none is None else None
    # The state directory must have room for the roster anyway; check mode leaves it alone.
    with scratch_files(Path(tempfile.gettempdir()) if check_mode else job.state_dir) as scratch:
        plan = make_plan(
            base.roster if base else None,
            roster,
            job.key,
            job.location_column,
            scratch,
            with_changes=with_diff,
        )
    outcome = Outcome(False, False, plan, roster.header, base.receipt if base else None)
    try:
        check_plan(plan, job.limits, why_none)
    except GuardError as error:
        return outcome._replace(error=error)
    if base is not None and plan.is_empty and not job.force:
        return _keep(job, outcome, base.receipt, roster, check_mode)
    if check_mode:
        return outcome._replace(changed=True, uploaded=True)
    return _send(job, outcome, roster, binding, accepted)


@contextmanager
def _load_src(job: Job) -> Iterator[RosterFile]:
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


def _why_no_receipt(accepted: Accepted | None, binding: Binding, directory: Path) -> str | None:
    if accepted is None:
        return f"no receipt of an earlier upload is in {directory}"
    for part, old, new in zip(Binding._fields, accepted.receipt.binding, binding):
        if old != new:
            return f"the receipt in {directory} belongs to another {part}"
    return None


def _keep(
    job: Job, outcome: Outcome, receipt: Receipt, roster: RosterFile, check_mode: bool
) -> Outcome:
    """Nothing to send. When the people behind the same rows have other identities, remember those."""
    if roster.open_ids is None or roster.ids_sha256 == receipt.identities:
        return outcome
    receipt = receipt._replace(roster=roster.sha256, identities=roster.ids_sha256)
    if not check_mode:
        write_accepted(job.state_dir, receipt, roster)
    return outcome._replace(changed=True, receipt=receipt)


def _send(
    job: Job, outcome: Outcome, roster: RosterFile, binding: Binding, accepted: Accepted | None
) -> Outcome:
    try:
        with roster.content() as file:
            status, body = send(job.endpoint, f"{job.profile}.csv", file, roster.size)
    except ServiceError as error:
        return outcome._replace(error=error)
    rows = list(roster.rows())
    answer = read_answer(
        status,
        body,
        job.result,
        [row.cells for row in rows],
        [row.identity or "" for row in rows] if roster.open_ids is not None else None,
    )
    refused = problem_of_answer(job.endpoint, answer)
    if refused is not None:
        return outcome._replace(answer=answer, error=refused)
    receipt = Receipt(
        binding=binding,
        roster=roster.sha256,
        identities=roster.ids_sha256,
        rows=roster.row_count,
        accepted_at=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        plan=outcome.plan.id,
        status=status,
        counts=answer.counts,
    )
    receipt = with_history(receipt, accepted.receipt if accepted else None)
    write_accepted(job.state_dir, receipt, roster)
    return outcome._replace(changed=True, uploaded=True, receipt=receipt, answer=answer)
