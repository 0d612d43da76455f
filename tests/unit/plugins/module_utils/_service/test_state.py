# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state directory: what is in it, who may read it, and who may write it."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import BinaryIO

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils import _files
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.roster_file import sha256
from ansible_collections.frontdesk.contacts.plugins.module_utils._service import state
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.receipt import (
    Binding,
    Receipt,
    StateError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.state import (
    default_state_dir,
    locked,
    read_accepted,
    write_accepted,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    cells_of,
    identities_of,
    ids_bytes,
    roster_of,
)

CSV = b"Name\r\nLie\r\n"
IDS = ids_bytes(CSV, ["id-1"])
ANEW = "Restore it from a backup, or remove the state directory and upload with initial: true."


def _receipt(csv: bytes = CSV, ids: bytes | None = IDS) -> Receipt:
    return Receipt(
        binding=Binding("https://x", "receptionist", ("Name",)),
        roster=sha256(csv),
        identities="" if ids is None else sha256(ids),
        rows=1,
        accepted_at="2026-01-02T03:04:05Z",
        plan="p",
        status=200,
        counts={},
    )


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_accepted(tmp_path, _receipt(), roster_of(CSV, IDS))
    accepted = read_accepted(tmp_path)
    assert accepted is not None
    assert accepted.receipt == _receipt()
    assert (cells_of(accepted.roster), identities_of(accepted.roster)) == ([("Lie",)], ["id-1"])
    names = {"receipt.json", f"{sha256(CSV)}.csv", f"{sha256(IDS)}.ids"}
    assert set(os.listdir(tmp_path)) == names
    assert {_mode(tmp_path / name) for name in names} == {0o600}


def test_a_roster_without_identities(tmp_path: Path) -> None:
    write_accepted(tmp_path, _receipt(ids=None), roster_of(CSV))
    accepted = read_accepted(tmp_path)
    assert accepted is not None
    assert accepted.roster.open_ids is None
    assert set(os.listdir(tmp_path)) == {"receipt.json", f"{sha256(CSV)}.csv"}


def test_identities_that_are_gone_count_as_none(tmp_path: Path) -> None:
    write_accepted(tmp_path, _receipt(), roster_of(CSV, IDS))
    (tmp_path / f"{sha256(IDS)}.ids").unlink()
    accepted = read_accepted(tmp_path)
    assert accepted is not None
    assert accepted.roster.open_ids is None


def test_without_a_receipt_there_is_nothing(tmp_path: Path) -> None:
    assert read_accepted(tmp_path) is None
    assert read_accepted(tmp_path / "nowhere") is None
    (tmp_path / f"{sha256(CSV)}.csv").write_bytes(CSV)
    assert read_accepted(tmp_path) is None


@pytest.mark.parametrize("damage", [None, b"", b"Name\r\nOla\r\n"])
def test_a_roster_that_is_not_the_accepted_one_is_told(
    tmp_path: Path, damage: bytes | None
) -> None:
    write_accepted(tmp_path, _receipt(), roster_of(CSV, IDS))
    path = tmp_path / f"{sha256(CSV)}.csv"
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    with pytest.raises(StateError) as caught:
        read_accepted(tmp_path)
    assert str(caught.value) == f"Cannot use {path}: it is missing or damaged. {ANEW}"


def test_a_damaged_receipt_is_told_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(b"{")
    with pytest.raises(StateError) as caught:
        read_accepted(tmp_path)
    assert str(caught.value) == f"Cannot use {path}: it is damaged (JSONDecodeError). {ANEW}"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "receipt.json").mkdir()
    with pytest.raises(StateError) as caught:
        read_accepted(tmp_path)
    assert str(caught.value) == (
        f"Cannot read {tmp_path / 'receipt.json'}: Is a directory. "
        "Run as the user who owns the state directory."
    )


def test_old_rosters_and_what_killed_runs_left_go_with_the_next_commit(tmp_path: Path) -> None:
    write_accepted(tmp_path, _receipt(), roster_of(CSV, IDS))
    old = sha256(b"old")
    gone = [f"{old}.csv", f"{old}.ids", f".{old}.csv.x1_y.new", f".{sha256(CSV)}.csv.z.new"]
    kept = [
        "lock",
        "contacts.csv",
        "contacts.csv.ids",
        f"{old}.txt",
        f"a{old}.csv",
        f"{old}.csv.gz",
    ]
    for name in (*gone, *kept):
        (tmp_path / name).touch()
    new = b"Name\r\nOla\r\n"
    write_accepted(tmp_path, _receipt(new, None), roster_of(new))
    assert sorted(os.listdir(tmp_path)) == sorted([*kept, "receipt.json", f"{sha256(new)}.csv"])


@pytest.mark.parametrize(("fails_at", "files"), [(1, 0), (2, 1), (3, 2)])
def test_the_receipt_is_replaced_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int, files: int
) -> None:
    old = b"Name\r\nOld\r\n"
    write_accepted(tmp_path, _receipt(old, None), roster_of(old))
    calls = []
    replace = _files.replace_file

    def run_out_of_space(path: Path, data: bytes | BinaryIO) -> None:
        calls.append(path.name)
        if len(calls) == fails_at:
            raise OSError(28, "No space left on device")
        replace(path, data)

    monkeypatch.setattr(state, "replace_file", run_out_of_space)
    with pytest.raises(StateError) as caught:
        write_accepted(tmp_path, _receipt(), roster_of(CSV, IDS))
    assert str(caught.value) == (
        f"Cannot write the state directory {tmp_path}: No space left on device. The service has "
        "accepted the roster; make room, and the next run sends it again."
    )
    accepted = read_accepted(tmp_path)
    assert accepted is not None
    assert cells_of(accepted.roster) == [("Old",)]
    assert len(os.listdir(tmp_path)) == 2 + files


def test_the_directory_is_made_private_and_its_lock_too(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    before = os.umask(0)
    try:
        with locked(path):
            assert _mode(path) == 0o700
            assert _mode(path / "lock") == 0o600
    finally:
        os.umask(before)


@pytest.mark.parametrize("mode", [0o755, 0o710, 0o701, 0o770])
def test_a_directory_that_others_may_enter_is_refused_and_kept(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(StateError) as caught, locked(tmp_path):
        pass
    assert str(caught.value) == (
        f"Cannot use the state directory {tmp_path}: others may look into it (mode {mode:04o}). "
        "Give state_dir a directory of its own with mode 0700."
    )
    assert _mode(tmp_path) == mode
    assert not list(tmp_path.iterdir())


def test_a_file_system_without_locks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    tmp_path.chmod(0o700)
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StateError) as caught, locked(tmp_path):
        pass
    assert str(caught.value) == (
        f"Cannot use the state directory {tmp_path}: it cannot be locked (No locks available). "
        "Put state_dir on a file system with locks, such as a local one."
    )


def test_a_private_directory_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o1700)
    with locked(tmp_path):
        assert _mode(tmp_path) == 0o1700


def test_another_run_is_kept_out_and_told(tmp_path: Path) -> None:
    with locked(tmp_path):
        with pytest.raises(StateError) as caught, locked(tmp_path):
            pass
        assert str(caught.value) == (
            f"Cannot use the state directory {tmp_path}: another run is using it. "
            "Wait until it ends, and schedule the runs further apart."
        )
    with locked(tmp_path):
        pass


def test_the_lock_is_given_back_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), locked(tmp_path):
        raise KeyboardInterrupt
    descriptor = os.open(tmp_path / "lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "state"
    with pytest.raises(StateError) as caught, locked(path):
        pass
    assert str(caught.value) == (
        f"Cannot use the state directory {path}: Not a directory. Give state_dir a directory that this user may write."
    )


@pytest.mark.parametrize(
    ("is_root", "environment", "path"),
    [
        (True, {"XDG_STATE_HOME": "/x", "HOME": "/root"}, "/var/lib/frontdesk-contacts/a"),
        (False, {"XDG_STATE_HOME": "/x", "HOME": "/home/o"}, "/x/frontdesk-contacts/a"),
        (False, {"HOME": "/home/o"}, "/home/o/.local/state/frontdesk-contacts/a"),
        (
            *(False, {"XDG_STATE_HOME": "", "HOME": "/home/o"}),
            "/home/o/.local/state/frontdesk-contacts/a",
        ),
        (False, {}, "/.local/state/frontdesk-contacts/a"),
    ],
)
def test_where_the_state_is_when_nothing_is_said(
    is_root: bool, environment: dict[str, str], path: str
) -> None:
    assert default_state_dir("a", is_root, environment) == Path(path)
