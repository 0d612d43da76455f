# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histories of uploads: a directory that changes, a service that fails, and checks of the invariants.

The runs execute the code of the module with a real state directory. Only `send_file` and `check_tls_files` are
replaced, and faults can be injected into file operations.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import FrontdeskError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import submission, upload
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_options import (
    parse_upload_options,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_outcome import (
    Outcome,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_spec import (
    upload_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.causes_file import (
    Baseline,
    RemovalCauses,
    causes_path,
    render_causes,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import load_roster
from ansible_collections.frontdesk.contacts.tests.unit.support.changing_directory import (
    ChangingDirectory,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.fault_injection import (
    Fault,
    FaultInjector,
    SimulatedKill,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import complete_params
from ansible_collections.frontdesk.contacts.tests.unit.support.service_limits import (
    find_violations,
    unite,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.simulated_service import (
    RESULT_OPTION,
    Reaction,
    ServiceContact,
    SimulatedService,
)

_SPEC = upload_spec()

DEFAULT_LIMITS: Mapping[str, Any] = {
    "max_removed": None,
    "max_removed_percent": 10.0,
    "max_removed_per_location_percent": 50.0,
    "max_moved_percent": 25.0,
    "max_changed_percent": 50.0,
    "max_added_percent": 100.0,
}
STRICT_LIMITS: Mapping[str, Any] = {**DEFAULT_LIMITS, "max_removed": 0}
NO_LIMITS: Mapping[str, Any] = {
    "max_removed": None,
    "max_removed_percent": 100.0,
    "max_removed_per_location_percent": 100.0,
    "max_moved_percent": 100.0,
    "max_changed_percent": 100.0,
    "max_added_percent": 10_000.0,
}
_MEMORY = Path("/dev/shm")  # noqa: S108  # each test creates a private directory there


def memory_directory() -> Path | None:
    """Return a writable directory in memory, because fsync is slow on a disk; None if there is none."""
    return _MEMORY if os.access(_MEMORY, os.W_OK) else None


@dataclass(frozen=True)
class Run:
    """The settings of one run.

    :ivar reaction: reaction of the service.
    :ivar limits: values of the limits, by option name.
    :ivar initial: whether the administrator permits a first upload.
    :ivar rebind: whether the administrator confirms another address of the same account.
    :ivar approved: identifier of the plan that the administrator approved; empty if there is none.
    :ivar fault: fault to inject; None if there is none.
    :ivar position: number of operations before the one with the fault.
    :ivar has_forecast: whether to run in check mode first, and to compare the results.
    """

    reaction: Reaction = Reaction.ACCEPT
    limits: Mapping[str, Any] = field(default_factory=lambda: DEFAULT_LIMITS)
    initial: bool = False
    rebind: bool = False
    approved: str = ""
    fault: Fault | None = None
    position: int = 0
    has_forecast: bool = True


@dataclass
class Result:
    """The result of one run.

    :ivar outcome: outcome of the upload; None if the run raised an error or was killed.
    :ivar error: error of the run, raised or in the outcome; None if it succeeded or was killed.
    :ivar is_killed: whether the run was killed.
    """

    outcome: Outcome | None = None
    error: FrontdeskError | None = None
    is_killed: bool = False

    @property
    def is_stopped(self) -> bool:
        """Whether the guard stopped the run."""
        return self.error is not None and self.error.kind == "guard"


@dataclass(frozen=True)
class Backup:
    """A copy of the state directory, and the contacts that were known when it was made."""

    directory: Path
    known: tuple[ServiceContact, ...]


@dataclass(frozen=True)
class Snapshot:
    """Copies of the state directory, the contacts of the service, and the model, made at the same time."""

    directory: Path
    contacts: tuple[ServiceContact, ...]
    known: tuple[ServiceContact, ...]
    settled: tuple[bytes, str, str] | None
    pending_approval: tuple[bytes, str]
    used_approvals: tuple[str, ...]


class UploadHistory:
    """A history of uploads to one account.

    :param root: an empty directory, preferably in memory.
    :ivar people: the directory whose roster is uploaded.
    :ivar service: the service.
    :ivar url: URL of the service.
    :ivar profile: name of the profile.
    :ivar is_restored: whether the state directory was restored, and no run has succeeded since.
    """

    def __init__(self, root: Path) -> None:
        self.src = root / "contacts.csv"
        self.state_dir = root / "state"
        self.people = ChangingDirectory()
        self.service = SimulatedService(self.people.find_owners)
        self.faults = FaultInjector(root)
        self.url = "https://service.test/a"
        self.profile = "receptionist"
        self.is_restored = False
        self._root = root
        self._backup: Backup | None = None
        self._was_without_state = True
        # The body and the approved plan of the last attempt with an approval. A successful run, or an attempt to send
        # another body without an approval, resets them.
        self._pending_approval = (b"", "")
        self._used_approvals: list[str] = []
        # All contacts that the service may have: those of the last successful run, of all later attempts, and of a
        # restored backup.
        self._known: list[ServiceContact] = []
        # The body, the URL and the profile of the last upload, if the state describes exactly what the service has.
        self._settled: tuple[bytes, str, str] | None = None

    @property
    def last_approval(self) -> str:
        """The last approval that was used; empty if there is none."""
        return self._used_approvals[-1] if self._used_approvals else ""

    @property
    def is_first(self) -> bool:
        """Whether the state directory contains no record of an upload."""
        return not (self.state_dir / "receipt.json").exists()

    def run(self, run: Run) -> Result:
        """Export the roster, upload it, and check the invariants of this run."""
        body = self.people.export(self.src)
        self._write_causes()
        forecast = self._run_in_check_mode(run) if run.has_forecast else None
        is_initial, attempts = self.is_first, self.service.attempts

        def check_body(sent: bytes) -> None:
            assert sent == body, "the body is not the roster"
            self._check_limits(body, run, is_initial=is_initial)

        with self._service(run, check_body):
            result = self._upload(run)
        attempted = self.service.attempts > attempts
        if attempted:
            assert result.is_killed or result.outcome, "the attempt is not in the result"
            self._check_need(body)
            self._check_approval(run, body, result)
        if run.fault is None and result.outcome is not None:
            self.check_files()
        if run.fault is None and forecast is not None:
            self._check_forecast(forecast, result, attempted=attempted)
        self._record(run, body, result, attempted=attempted)
        return result

    def _write_causes(self) -> None:
        """Write the causes file, as an export with the same state directory does."""
        receipt = None if self.is_first else self._read_receipt()["receipt"]
        baseline = receipt and Baseline(receipt["roster"], receipt["sequence"])
        with load_roster(self.src) as roster:
            lines = render_causes(roster, RemovalCauses(baseline))
            causes_path(self.src).write_bytes(b"".join(lines))

    def _check_need(self, body: bytes) -> None:
        """Check that an upload was necessary.

        It is necessary if the state was not settled or was restored, or if the roster, the URL or the profile has
        changed.
        """
        is_unchanged = self._settled == (body, self.url, self.profile)
        assert self.is_restored or not is_unchanged, "an unchanged roster was sent again"

    def _check_approval(self, run: Run, body: bytes, result: Result) -> None:
        """Check that an approval is used only once, and only for its plan or to repeat an unresolved upload."""
        assert run.approved not in self._used_approvals, "an approval was used twice"
        pending_body, pending_plan = self._pending_approval
        if run.approved and result.outcome is not None and not self.is_restored:
            approved = {result.outcome.plan.id, pending_plan if pending_body == body else None}
            assert run.approved in approved, "the approval is for another plan"
        if run.approved:
            self._pending_approval = (body, run.approved)
        elif pending_body != body:
            self._pending_approval = (b"", "")

    def _record(self, run: Run, body: bytes, result: Result, *, attempted: bool) -> None:
        """Record which contacts the service may have after a run, and whether the state is settled."""
        contacts = self.service.parse(body)
        if attempted:
            self._known = unite(self._known, contacts)
        if result.error is None and not result.is_killed:
            self._settle(body, contacts)
            if attempted and run.approved:
                self._used_approvals.append(run.approved)
        elif attempted or run.fault is not None:
            self._settled = None
            if run.approved:
                # A run can fail after it has recorded the approved upload, but before it sends the roster.
                self._pending_approval = (body, run.approved)

    def _settle(self, body: bytes, contacts: list[ServiceContact]) -> None:
        """Check that the service has exactly the roster and that the state is settled, and record this."""
        have = sorted(each.cells for each in self.service.contacts)
        assert have == sorted(each.cells for each in contacts), "the service has another roster"
        assert self.read_state() == (True, 0), "the state is not settled"
        # The service cannot distinguish people with equal rows, so it may have recorded other owners.
        self.service.contacts = contacts
        self._known = contacts
        self._pending_approval = (b"", "")
        self._settled = (body, self.url, self.profile)
        self.is_restored = False

    def check_recovery(
        self, limits: Mapping[str, Any] = DEFAULT_LIMITS, approved: str = ""
    ) -> None:
        """Check that one run without faults settles the state, and that the next run sends nothing.

        :param limits: limits of the first of these runs.
        :param approved: identifier of the plan that is approved in the first of these runs; empty if there is none.
        """
        run = Run(limits=limits, initial=self.is_first, approved=approved, has_forecast=False)
        result = self.run(run)
        assert result.error is None, result.error
        assert self.read_state() == (True, 0)
        attempts = self.service.attempts
        assert self.run(Run(has_forecast=False)).error is None
        assert self.service.attempts == attempts, "the roster was sent again"

    def converge(self) -> None:
        """Check that the next runs without faults settle the state, unless they would remove everyone.

        If the guard stops the first run, the second run follows the advice in the message of the first one.
        """
        result = self.run(Run(initial=self.is_first))
        if result.is_stopped:
            assert result.outcome is not None
            result = self.run(self.approve(result.outcome))
            if result.is_stopped and "never allowed" in str(result.error):
                return
        assert result.error is None, result.error
        self.check_recovery()

    def approve(self, stopped: Outcome) -> Run:
        """Return a run with the settings that the message of a stopped run advises."""
        assert stopped.plan.id is not None
        return Run(initial=self.is_first, rebind=True, approved=stopped.plan.id)

    def save(self) -> Snapshot:
        """Return a snapshot, so that the next run can be repeated with another fault."""
        directory = self._root / "snapshot"
        self.state_dir.mkdir(mode=0o700, exist_ok=True)
        shutil.copytree(self.state_dir, directory)
        return Snapshot(
            directory=directory,
            contacts=tuple(self.service.contacts),
            known=tuple(self._known),
            settled=self._settled,
            pending_approval=self._pending_approval,
            used_approvals=tuple(self._used_approvals),
        )

    def rewind(self, snapshot: Snapshot) -> None:
        """Return to a snapshot."""
        shutil.rmtree(self.state_dir)
        shutil.copytree(snapshot.directory, self.state_dir)
        self.service.contacts = list(snapshot.contacts)
        self._known = list(snapshot.known)
        self._settled = snapshot.settled
        self._pending_approval = snapshot.pending_approval
        self._used_approvals = list(snapshot.used_approvals)

    def back_up(self) -> None:
        """Copy the state directory, if it exists."""
        if self.state_dir.exists():
            directory = self._root / "backup"
            shutil.rmtree(directory, ignore_errors=True)
            shutil.copytree(self.state_dir, directory)
            self._backup = Backup(directory, tuple(self._known))

    def restore(self) -> None:
        """Restore the state directory from the last copy, if there is one."""
        if self._backup is not None:
            shutil.rmtree(self.state_dir)
            shutil.copytree(self._backup.directory, self.state_dir)
            self._known = unite(self._known, self._backup.known)
            self._settled = None
            # With the earlier state, the earlier plans are possible again.
            self._used_approvals = []
            self.is_restored = True

    def read_state(self) -> tuple[bool, int]:
        """Return whether the receipt is complete, and the number of unresolved uploads."""
        document = self._read_receipt()
        receipt = document["receipt"]
        return bool(receipt and receipt["complete"]), len(document["unresolved"])

    def check_files(self) -> None:
        """Check that the state directory contains only receipt.json, the lock file and the files of known rosters."""
        document = (
            self._read_receipt() if not self.is_first else {"receipt": None, "unresolved": []}
        )
        records = [*filter(None, [document["receipt"]]), *document["unresolved"]]
        allowed = {"receipt.json", "lock"}
        for record in records:
            allowed |= {f"{record['roster']}.csv", f"{record['identities']}.ids"}
            previous = record.get("previous")
            if previous:
                allowed |= {f"{previous['roster']}.csv", f"{previous['identities']}.ids"}
        found = {path.name for path in self.state_dir.glob("*")}
        assert found <= allowed, found - allowed

    def _read_receipt(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.state_dir / "receipt.json").read_bytes())
        return document

    def _options(self, run: Run) -> dict[str, Any]:
        """Return the parameters of the module."""
        options = {
            "src": str(self.src),
            "url": self.url,
            "token": "t0ken",
            "profile": self.profile,
            "state_dir": str(self.state_dir),
            "key": ["Email"],
            "retries": 0,
            "result": complete_params(_SPEC["result"]["options"], **RESULT_OPTION),
            # The message about a corrupted state directory advises this after a backup was restored.
            "force": self.is_restored,
            "initial": run.initial,
            "rebind": run.rebind,
            "approved_plan": run.approved or None,
            **run.limits,
        }
        return complete_params(_SPEC, **options)

    def _run_in_check_mode(self, run: Run) -> Result:
        before, attempts = self._state_files(), self.service.attempts
        self._was_without_state = self.is_first
        result = self._upload(replace(run, fault=None), check_mode=True)
        assert self._state_files() == before
        assert self.service.attempts == attempts
        return result

    def _state_files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.state_dir.glob("*")}

    def _upload(self, run: Run, *, check_mode: bool = False) -> Result:
        options = parse_upload_options(self._options(run))
        try:
            # Loading certificates, which are not used here, would account for most of the run time.
            with (
                mock.patch.object(upload, "check_tls_files"),
                self.faults.inject(run.fault, run.position),
            ):
                outcome = upload.upload(options, check_mode, with_diff=True)
        except SimulatedKill:
            return Result(is_killed=True)
        except FrontdeskError as error:
            return Result(error=error)
        return Result(outcome, outcome.error)

    @contextmanager
    def _service(self, run: Run, check_body: Any) -> Iterator[None]:
        self.service.reaction = run.reaction
        self.service.on_body = check_body
        self.service.on_send = lambda: self.faults.reach("send")
        self.service.on_receive = lambda: self.faults.reach("receive")
        with mock.patch.object(submission, "send_file", self.service.send_file):
            yield

    def _check_limits(self, body: bytes, run: Run, *, is_initial: bool) -> None:
        if is_initial or self.is_restored:
            # Nothing is known about the contacts of the service, or the restored state is outdated.
            return
        violations = find_violations(
            self.service.contacts,
            self.service.parse(body),
            self._known,
            run.limits,
            is_approved=bool(run.approved) or self._pending_approval[0] == body,
        )
        assert not violations, violations

    def _check_forecast(self, forecast: Result, result: Result, *, attempted: bool) -> None:
        if forecast.outcome is None:
            assert result.outcome is None
            assert str(result.error) == str(forecast.error)
            return
        assert result.outcome is not None, result.error
        plan = forecast.outcome.plan
        if plan.id is None:
            assert self._was_without_state
            plan = replace(plan, id=result.outcome.plan.id)
        assert result.outcome.plan == plan
        assert attempted == forecast.outcome.uploaded
        if not attempted:
            assert str(result.error) == str(forecast.error)
            assert result.outcome.changed == forecast.outcome.changed
