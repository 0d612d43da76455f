# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads with a fault at each operation: the next run recovers, and removes the files that were left behind."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.directory import (
    MAX_UNRESOLVED,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.fault_injection import READS, Fault
from ansible_collections.frontdesk.contacts.tests.unit.support.simulated_service import Reaction
from ansible_collections.frontdesk.contacts.tests.unit.support.upload_histories import (
    NO_LIMITS,
    Result,
    Run,
    UploadHistory,
    memory_directory,
)

Scenario = Callable[[UploadHistory], Run]
"""A function that prepares a history, and returns the run into which faults are injected."""


def _first_upload(history: UploadHistory) -> Run:
    history.people.add(3, "oslo")
    return Run(initial=True)


def _update(history: UploadHistory) -> Run:
    history.run(_first_upload(history))
    history.people.add(1, "bergen")
    return Run()


def _identities_only(history: UploadHistory) -> Run:
    history.run(_first_upload(history))
    history.people.migrate()
    return Run()


def _unchanged(history: UploadHistory) -> Run:
    history.run(_first_upload(history))
    return Run()


def _partial_acceptance(history: UploadHistory) -> Run:
    return replace(_update(history), reaction=Reaction.REFUSE_ROWS)


def _rejection(history: UploadHistory) -> Run:
    return replace(_update(history), reaction=Reaction.REJECT)


def _lost_response(history: UploadHistory) -> Run:
    return replace(_update(history), reaction=Reaction.LOSE_RESPONSE)


def _first_upload_with_a_lost_response(history: UploadHistory) -> Run:
    return replace(_first_upload(history), reaction=Reaction.LOSE_RESPONSE)


def _revert_after_a_lost_response(history: UploadHistory) -> Run:
    history.run(_first_upload(history))
    people = dict(history.people.people)
    history.people.add(1, "bergen")
    history.run(Run(Reaction.LOSE_RESPONSE))
    history.people.people = people
    return Run(limits=NO_LIMITS)


def _one_unresolved_upload_too_many(history: UploadHistory) -> Run:
    history.run(_first_upload(history))
    for _each in range(MAX_UNRESOLVED):
        history.people.add(1, "oslo")
        history.run(Run(Reaction.LOSE_REQUEST, NO_LIMITS))
    history.people.add(1, "oslo")
    return Run(Reaction.LOSE_RESPONSE, NO_LIMITS)


def _approval(history: UploadHistory) -> Run:
    history.run(_first_upload(history))
    history.people.add(5, "oslo")
    history.run(Run(limits=NO_LIMITS))
    history.people.remove(5)
    stopped = history.run(Run())
    assert stopped.is_stopped
    assert stopped.outcome is not None
    return history.approve(stopped.outcome)


def _approval_with_a_lost_response(history: UploadHistory) -> Run:
    return replace(_approval(history), reaction=Reaction.LOSE_RESPONSE)


SCENARIOS = [
    _first_upload,
    _update,
    _identities_only,
    _unchanged,
    _partial_acceptance,
    _rejection,
    _lost_response,
    _first_upload_with_a_lost_response,
    _revert_after_a_lost_response,
    _one_unresolved_upload_too_many,
    _approval,
    _approval_with_a_lost_response,
]


@pytest.fixture(name="root")
def _root() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="frontdesk-", dir=memory_directory()))
    yield root
    shutil.rmtree(root)


def _run_with_faults(
    root: Path, scenario: Scenario, fault: Fault
) -> Iterator[tuple[UploadHistory, Run]]:
    """Run a scenario repeatedly, with a fault at each operation in turn, and yield the history and the run each time.

    At operations that do not change anything, only I/O errors are injected.
    """
    history = UploadHistory(root)
    run = replace(scenario(history), has_forecast=False)
    snapshot = history.save()
    history.run(run)
    operations = history.faults.operations
    for position, name in enumerate(operations):
        if name in READS and fault is not Fault.IO_ERROR:
            continue
        history.rewind(snapshot)
        result = history.run(replace(run, fault=fault, position=position))
        # The order of operations can differ between runs, but the fault must have been injected.
        assert len(history.faults.operations) > position
        _check_result(result, fault)
        yield history, run


def _check_result(result: Result, fault: Fault) -> None:
    """Check that the run was killed if and only if the fault is a kill, and that an error has a remedy."""
    assert result.is_killed == (fault is Fault.KILL)
    if result.error is not None:
        assert result.error.remedy


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_next_run_recovers_from_a_fault_at_any_operation(
    root: Path, scenario: Scenario, fault: Fault
) -> None:
    for history, run in _run_with_faults(root, scenario, fault):
        # An approval must still be valid if the upload was not accepted, so it is tested with the limits it exceeds.
        limits = run.limits if run.approved else NO_LIMITS
        history.check_recovery(limits, run.approved)


@pytest.mark.parametrize("scenario", [_update, _partial_acceptance])
def test_the_next_run_removes_the_named_temporary_files_of_a_killed_run(
    root: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulate a file system without O_TMPFILE, on which a killed run can also leave the files of a spill area."""
    monkeypatch.delattr("os.O_TMPFILE")
    monkeypatch.setattr(tempfile, "_O_TMPFILE_WORKS", False)
    for history, _run in _run_with_faults(root, scenario, Fault.KILL):
        history.check_recovery()
