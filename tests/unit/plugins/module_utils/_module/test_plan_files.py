# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the option plan_dest of contact_upload, with real files."""

from __future__ import annotations

import csv
import fcntl
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import FrontdeskError
from ansible_collections.frontdesk.contacts.plugins.module_utils._files import directory_lock
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import (
    plan_files,
    submission,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.plan_files import (
    prepare_plan_dest,
    write_plan_files,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_outcome import (
    Outcome,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.change_table import (
    ChangeTable,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.comparison import RosterRow
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import ids_path
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.known_plans import (
    UnionCounts,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.plan import (
    ADDED,
    Change,
    Plan,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.fault_injection import (
    Fault,
    FaultInjector,
    SimulatedKill,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import plain
from ansible_collections.frontdesk.contacts.tests.unit.support.upload_runs import (
    A,
    B,
    C,
    Uploader,
)

D, E = ("D", "d@x", "oslo"), ("E", "e@x", "oslo")
ZEROS = {"added": 0, "changed": 0, "moved": 0, "removed": 0, "removed_invalid": 0}


@pytest.fixture(name="dest")
def _dest(tmp_path: Path) -> Path:
    """Return the path of a directory that does not exist. Its parent directory is private."""
    tmp_path.chmod(0o700)
    return tmp_path / "review" / "plan"


def _upload(uploader: Uploader, dest: Path, **changes: Any) -> Outcome:
    return uploader.upload(plan_dest=str(dest), **changes)


def _read_numbers(dest: Path) -> dict[str, Any]:
    numbers = json.loads((dest / "plan.json").read_text("utf-8"))
    assert isinstance(numbers, dict)
    return numbers


def _read_changes(dest: Path) -> list[dict[str, str]]:
    with (dest / "plan.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _is_complete(dest: Path) -> bool:
    """Return whether the files belong together."""
    checksum = hashlib.sha256((dest / "plan.csv").read_bytes()).hexdigest()
    return bool(_read_numbers(dest)["csv_sha256"] == checksum)


def _names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_plan_is_written_to_two_private_files(
    uploader: Uploader, dest: Path, check_mode: bool
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, ("B", "b2@x", "oslo"), C, D)
    outcome = _upload(uploader, dest, check_mode=check_mode)
    assert (outcome.error, outcome.uploaded, outcome.warnings) == (None, True, ())
    assert _names(dest) == {"plan.csv", "plan.json"}
    assert {path.stat().st_mode & 0o777 for path in dest.iterdir()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (dest, dest.parent)} == {0o700}
    numbers = _read_numbers(dest)
    assert numbers.pop("created_at").endswith("Z")
    assert _is_complete(dest)
    counts = {**ZEROS, "added": 1, "changed": 1}
    assert numbers == {
        "format": 1,
        "id": outcome.plan.id,
        **counts,
        "unchanged": 2,
        "removal_causes": [],
        "by_location": {"bergen": {**ZEROS, "unchanged": 1}, "oslo": {**counts, "unchanged": 1}},
        "new_columns": {},
        "dropped_columns": {},
        "changed_settings": None,
        "unconfigured_locations": [],
        "union": counts,
        "csv_sha256": numbers["csv_sha256"],
    }
    added, changed = _read_changes(dest)
    assert added == {
        "kind": "added",
        "identity": "d",
        "location_before": "",
        "location_after": "oslo",
        "cause": "",
        "Name before": "",
        "Name after": "D",
        "Email before": "",
        "Email after": "d@x",
        "Location before": "",
        "Location after": "oslo",
    }
    assert (changed["identity"], changed["Email before"], changed["Email after"]) == (
        "b",
        "b@x",
        "b2@x",
    )


def test_the_numbers_and_the_result_contain_no_personal_data(
    uploader: Uploader, dest: Path
) -> None:
    with_plan = _upload(uploader, dest, initial=True, check_mode=True)
    result = with_plan.result(show_diff=False)
    assert result == uploader.upload(initial=True, check_mode=True).result(show_diff=False)
    for text in (json.dumps(result), (dest / "plan.json").read_text("utf-8")):
        assert not any(cell in text for row in (A, B, C) for cell in row[1:2])
        assert str(dest) not in text


def test_the_plan_of_a_first_upload_is_written_with_an_identifier_only_outside_of_check_mode(
    uploader: Uploader, dest: Path
) -> None:
    _upload(uploader, dest, initial=True, check_mode=True)
    assert _read_numbers(dest)["id"] is None
    assert not uploader.state_dir.exists()
    outcome = _upload(uploader, dest)
    assert outcome.error is not None
    assert outcome.plan.id is not None
    assert _read_numbers(dest)["id"] == outcome.plan.id
    assert [row["kind"] for row in _read_changes(dest)] == ["added"] * 3


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_plan_is_written_if_the_guard_stops_the_run(
    uploader: Uploader, dest: Path, check_mode: bool
) -> None:
    uploader.write_roster(A, B, C, D, E)
    uploader.upload(initial=True)
    uploader.write_roster(A, C)
    outcome = _upload(uploader, dest, check_mode=check_mode)
    assert outcome.error is not None
    assert outcome.error.kind == "guard"
    assert len(uploader.sent_bodies) == 1
    assert _read_numbers(dest)["id"] == outcome.plan.id
    assert [row["identity"] for row in _read_changes(dest)] == ["b", "d", "e"]


def test_a_run_without_changes_replaces_the_files_and_reports_no_change(
    uploader: Uploader, dest: Path
) -> None:
    _upload(uploader, dest, initial=True)
    outcome = _upload(uploader, dest)
    assert (outcome.changed, outcome.uploaded) == (False, False)
    assert (_read_numbers(dest)["unchanged"], _read_changes(dest)) == (3, [])


def test_the_files_exist_before_anything_is_sent(
    uploader: Uploader, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []
    send_file: Any = vars(submission)["send_file"]

    def observe(*arguments: Any) -> Any:
        names.append(_names(dest))
        return send_file(*arguments)

    monkeypatch.setattr(submission, "send_file", observe)
    _upload(uploader, dest, initial=True)
    assert names == [{"plan.csv", "plan.json"}]


def test_the_union_includes_uploads_with_an_unknown_outcome(uploader: Uploader, dest: Path) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, D)
    uploader.next_responses = [plain("500 Internal Server Error", b"")]
    uploader.upload()
    uploader.write_roster(A, B, C)
    _upload(uploader, dest)
    numbers = _read_numbers(dest)
    assert (numbers["removed"], numbers["union"]["removed"], _read_changes(dest)) == (0, 1, [])


def test_contacts_that_are_matched_by_the_key_have_no_identity(
    uploader: Uploader, dest: Path
) -> None:
    ids_path(uploader.src).unlink()
    _upload(uploader, dest, initial=True)
    assert {row["identity"] for row in _read_changes(dest)} == {""}


def _refusal(uploader: Uploader, dest: Path, **changes: Any) -> str:
    """Return the message with which a run refuses a destination, with and without check mode.

    Also check that nothing was sent, and that no state directory was created.
    """
    messages = set()
    for check_mode in (False, True):
        with pytest.raises(FrontdeskError) as caught:
            _upload(uploader, dest, check_mode=check_mode, initial=True, **changes)
        messages.add(str(caught.value))
    assert not uploader.state_dir.exists()
    assert not uploader.sent_bodies
    (message,) = messages
    return message.replace(str(dest), "DEST")


def test_a_destination_that_is_a_file_is_refused(uploader: Uploader, dest: Path) -> None:
    dest.parent.mkdir()
    dest.write_bytes(b"kept")
    remedy = " Set plan_dest to a directory that only this user can write to, or that does not exist yet."
    assert (
        _refusal(uploader, dest) == f"Cannot write the plan to DEST: it is not a directory.{remedy}"
    )
    assert dest.read_bytes() == b"kept"
    below = _refusal(uploader, dest / "below")
    assert below == f"Cannot write the plan to DEST: Not a directory.{remedy}"


def test_a_directory_that_other_users_can_write_to_is_refused(
    uploader: Uploader, dest: Path
) -> None:
    dest.mkdir(parents=True)
    for mode in (0o777, 0o1777, 0o702):
        dest.chmod(mode)
        assert f"DEST: other users can write to it (mode {mode:04o}). Set plan_dest" in _refusal(
            uploader, dest
        )
    dest.chmod(0o755)
    dest.parent.chmod(0o777)
    message = _refusal(uploader, dest)
    assert f"other users can write to {dest.parent} (mode 0777). Correct the owner" in message
    assert "or set plan_dest to a directory whose parent" in message
    assert _names(dest) == set()
    dest.parent.chmod(0o755)
    assert _upload(uploader, dest, initial=True).uploaded


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can change the owner of a file.")
def test_a_directory_of_another_user_is_refused(uploader: Uploader, dest: Path) -> None:
    dest.mkdir(parents=True)
    os.chown(dest, 54321, -1)
    assert _refusal(uploader, dest) == (
        "Cannot write the plan to DEST: it belongs to the user 54321. Run as the user who owns it, or set plan_dest to"
        " another directory."
    )


@pytest.mark.parametrize("name", ["plan.csv", "plan.json"])
def test_only_regular_files_are_replaced(uploader: Uploader, dest: Path, name: str) -> None:
    (dest / name).mkdir(parents=True)
    assert _refusal(uploader, dest) == (
        f"Cannot write the plan to DEST: DEST/{name} is not a regular file. Remove or rename DEST/{name}."
    )


def test_the_roster_is_not_replaced(uploader: Uploader, dest: Path) -> None:
    dest.mkdir(parents=True)
    for path in (uploader.src, ids_path(uploader.src)):
        path.rename(dest / path.name.replace("contacts", "plan"))
    src = dest / "plan.csv"
    link = dest.parent / "link"
    link.symlink_to(dest)
    for path in (src, link / "plan.csv"):
        assert f"it would replace the roster {path}".replace(str(dest), "DEST") in _refusal(
            uploader, dest, src=str(path)
        )
    assert src.read_bytes().startswith(b"Name,")


def test_the_plan_can_be_in_the_state_directory(uploader: Uploader) -> None:
    assert _upload(uploader, uploader.state_dir, initial=True).uploaded
    outcome = _upload(uploader, uploader.state_dir, check_mode=True)
    assert (outcome.error, outcome.changed, outcome.warnings) == (None, False, ())
    assert {"plan.csv", "plan.json", "receipt.json"} < _names(uploader.state_dir)


def test_a_nul_byte_is_refused(uploader: Uploader) -> None:
    with pytest.raises(FrontdeskError, match=r"plan_dest: it contains a NUL byte"):
        _upload(uploader, Path("a\0b"))


def test_a_locked_directory_is_refused(
    uploader: Uploader, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dest.mkdir(parents=True)
    monkeypatch.setattr(
        plan_files, "directory_lock", lambda path: directory_lock(path, timeout=0.0)
    )
    descriptor = os.open(dest, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(FrontdeskError, match="another process holds the lock on it"):
            _upload(uploader, dest, initial=True)
    finally:
        os.close(descriptor)
    assert not uploader.sent_bodies


class _FaultyRuns:
    """Runs that write a different plan each time, some of them with a fault."""

    def __init__(self, dest: Path) -> None:
        self.dest = dest
        self.injector = FaultInjector(dest.parent)
        self._count = 0

    def run(self, fault: Fault | None = None, position: int | None = None) -> str:
        """Write a new plan, and return the error message, or the fault that killed the run; empty on success."""
        self._count += 1
        table = ChangeTable((), ("Name",), MEMORY)
        row = RosterRow("oslo", ("A",), (str(self._count),))
        table.add(ADDED, Change(ADDED, None, row))
        plan = Plan(counts={("oslo", ADDED): 1}, unchanged={}, baseline_rows=0, by_identity=True)
        with self.injector.inject(fault, position):
            try:
                prepare_plan_dest(self.dest, self.dest / "contacts.csv")
                write_plan_files(self.dest, plan, UnionCounts(plan.counts), table)
            except (FrontdeskError, SimulatedKill) as error:
                if fault is None:
                    raise
                return str(error) or fault.value
        return ""


@pytest.mark.parametrize("fault", [Fault.IO_ERROR, Fault.DISK_FULL])
@pytest.mark.parametrize("is_first", [False, True])
def test_after_an_error_both_files_belong_together_or_none_exists(
    dest: Path, fault: Fault, is_first: bool
) -> None:
    runs = _FaultyRuns(dest)
    runs.run()
    for position in range(len(runs.injector.operations) + is_first):
        if is_first:
            shutil.rmtree(dest)
        message = runs.run(fault, position)
        assert message == "" or message.startswith(f"Cannot write the plan to {dest}: ")
        names = _names(dest) if dest.exists() else set()
        assert (names == {"plan.csv", "plan.json"} and _is_complete(dest)) or (
            message and not names
        )
        assert runs.run() == ""
        assert _is_complete(dest)


def test_the_next_run_recovers_after_a_run_was_killed(dest: Path) -> None:
    runs = _FaultyRuns(dest)
    runs.run()
    runs.run()
    operations = list(runs.injector.operations)
    assert operations.count("rename") == 2
    mismatches = set()
    for position, operation in enumerate(operations):
        assert runs.run(Fault.KILL, position) == "SIGKILL"
        if not _is_complete(dest):
            mismatches.add((operation, operations[:position].count("rename")))
        assert runs.run() == ""
        assert _names(dest) == {"plan.csv", "plan.json"}
        assert _is_complete(dest)
    assert mismatches == {("rename", 1)}
