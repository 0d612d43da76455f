# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the files in a state directory and of the two-phase commit."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils import _files
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    open_spill_area,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import (
    RosterFile,
    read_roster,
    sha256,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.union import unite_rosters
from ansible_collections.frontdesk.contacts.plugins.module_utils._state import directory
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.directory import (
    MAX_UNRESOLVED,
    KnownRosters,
    abort_upload,
    begin_upload,
    commit_upload,
    default_state_dir,
    find_default_state_dir,
    read_known_rosters,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt import (
    Binding,
    Receipt,
    State,
    StateError,
    UnresolvedUpload,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.files import file_mode
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    all_cells,
    all_identities,
    ids_bytes,
    parse_roster,
)

CSV = b"Name\r\nLie\r\n"
IDS = ids_bytes(CSV, ["id-1"])
ROSTER = parse_roster(CSV, IDS)
RESTORE = (
    "Restore it from a backup and run once with force: true, because the backup might be older than the last"
    " upload; or remove the state directory and run once with initial: true."
)


def _receipt(csv: bytes = CSV, ids: bytes | None = IDS) -> Receipt:
    return Receipt(
        binding=Binding(endpoint="https://x", profile="receptionist", header=("Name",)),
        roster=sha256(csv),
        identities="" if ids is None else sha256(ids),
        rows=1,
        accepted_at="2026-01-02T03:04:05Z",
        plan="p",
        status=200,
        counts={},
    )


def _upload(roster: RosterFile) -> UnresolvedUpload:
    return UnresolvedUpload(
        binding=Binding(endpoint="https://x", profile="receptionist", header=roster.header),
        roster=roster.sha256,
        identities=roster.ids_sha256,
        rows=roster.row_count,
        sent_at="2026-01-03T03:04:05Z",
        plan="q",
        missing="unknown",
    )


def _begin(directory: Path, roster: RosterFile) -> tuple[State, RosterFile]:
    """Begin the upload of a roster with the known rosters that the directory contains."""
    with open_spill_area(directory) as spill:
        unite = partial(unite_rosters, key=["Name"], location_column="Location", spill=spill)
        return begin_upload(
            directory, read_known_rosters(directory), _upload(roster), roster, unite
        )


def test_committed_roster_is_the_baseline(tmp_path: Path) -> None:
    commit_upload(tmp_path, _receipt(), parse_roster(CSV, IDS))
    baseline = read_known_rosters(tmp_path).baseline
    assert baseline is not None
    assert baseline.record == _receipt()
    assert (all_cells(baseline.roster), all_identities(baseline.roster)) == ([("Lie",)], ["id-1"])
    names = {"receipt.json", f"{sha256(CSV)}.csv", f"{sha256(IDS)}.ids"}
    assert set(os.listdir(tmp_path)) == names
    assert {file_mode(tmp_path / name) for name in names} == {0o600}


def test_roster_without_identities_is_committed(tmp_path: Path) -> None:
    commit_upload(tmp_path, _receipt(ids=None), parse_roster(CSV))
    baseline = read_known_rosters(tmp_path).baseline
    assert baseline is not None
    assert baseline.roster.open_ids is None
    assert set(os.listdir(tmp_path)) == {"receipt.json", f"{sha256(CSV)}.csv"}


def test_missing_identities_file_is_ignored(tmp_path: Path) -> None:
    commit_upload(tmp_path, _receipt(), parse_roster(CSV, IDS))
    (tmp_path / f"{sha256(IDS)}.ids").unlink()
    baseline = read_known_rosters(tmp_path).baseline
    assert baseline is not None
    assert baseline.roster.open_ids is None


def test_there_is_no_baseline_without_a_receipt(tmp_path: Path) -> None:
    assert read_known_rosters(tmp_path) == KnownRosters()
    assert read_known_rosters(tmp_path / "missing") == KnownRosters()
    (tmp_path / f"{sha256(CSV)}.csv").write_bytes(CSV)
    assert read_known_rosters(tmp_path) == KnownRosters()


@pytest.mark.parametrize("damage", [None, b"", b"Name\r\nOla\r\n"])
def test_missing_or_corrupted_roster_is_reported(tmp_path: Path, damage: bytes | None) -> None:
    commit_upload(tmp_path, _receipt(), parse_roster(CSV, IDS))
    path = tmp_path / f"{sha256(CSV)}.csv"
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    with pytest.raises(StateError) as caught:
        read_known_rosters(tmp_path)
    assert str(caught.value) == f"Cannot use {path}: it is missing or corrupted. {RESTORE}"


def test_corrupted_receipt_is_reported_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(b"{")
    with pytest.raises(StateError) as caught:
        read_known_rosters(tmp_path)
    assert str(caught.value) == f"Cannot use {path}: it is corrupted (JSONDecodeError). {RESTORE}"


@pytest.mark.parametrize("name", ["receipt.json", f"{sha256(CSV)}.csv"])
def test_unreadable_file_is_reported(tmp_path: Path, name: str) -> None:
    commit_upload(tmp_path, _receipt(), parse_roster(CSV, IDS))
    path = (tmp_path / name).replace(tmp_path / "away").with_name(name)
    path.mkdir()
    with pytest.raises(StateError) as caught:
        read_known_rosters(tmp_path)
    assert str(caught.value) == (
        f"Cannot read {path}: Is a directory. Run as the user who owns the state directory."
    )


def test_commit_removes_old_rosters_and_leftovers_of_killed_runs(tmp_path: Path) -> None:
    commit_upload(tmp_path, _receipt(), parse_roster(CSV, IDS))
    old = sha256(b"old")
    removed = [f"{old}.csv", f"{old}.ids", f".{old}.csv.x1_y.new", f".{sha256(CSV)}.csv.z.new"]
    kept = [
        "lock",
        "contacts.csv",
        "contacts.csv.ids",
        f"{old}.txt",
        f"a{old}.csv",
        f"{old}.csv.gz",
    ]
    for name in (*removed, *kept):
        (tmp_path / name).touch()
    new = b"Name\r\nOla\r\n"
    commit_upload(tmp_path, _receipt(new, None), parse_roster(new))
    assert sorted(os.listdir(tmp_path)) == sorted([*kept, "receipt.json", f"{sha256(new)}.csv"])


@pytest.mark.parametrize(("fails_at", "new_files"), [(1, 0), (2, 1), (3, 2)])
def test_receipt_is_replaced_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int, new_files: int
) -> None:
    old = b"Name\r\nOld\r\n"
    commit_upload(tmp_path, _receipt(old, None), parse_roster(old))
    calls = []
    write_atomically = _files.write_atomically

    def run_out_of_space(path: Path, data: bytes | BinaryIO) -> None:
        calls.append(path.name)
        if len(calls) == fails_at:
            raise OSError(28, "No space left on device")
        write_atomically(path, data)

    monkeypatch.setattr(directory, "write_atomically", run_out_of_space)
    with pytest.raises(StateError) as caught:
        commit_upload(tmp_path, _receipt(), parse_roster(CSV, IDS))
    assert str(caught.value) == (
        f"Cannot write to the state directory {tmp_path}: No space left on device. The service has "
        "accepted the roster or a part of it. Free some space there; the next run sends the roster again."
    )
    baseline = read_known_rosters(tmp_path).baseline
    assert baseline is not None
    assert all_cells(baseline.roster) == [("Old",)]
    assert len(os.listdir(tmp_path)) == 2 + new_files


def test_begin_upload_stores_the_new_roster_and_records_the_upload(tmp_path: Path) -> None:
    commit_upload(tmp_path, _receipt(), ROSTER)
    new = parse_roster(b"Name\r\nOla\r\n")
    state, _roster = _begin(tmp_path, new)
    known = read_known_rosters(tmp_path)
    assert known.state == state == State(_receipt(), (_upload(new),))
    assert [all_cells(stored.roster) for stored in known.all] == [[("Lie",)], [("Ola",)]]


@pytest.mark.parametrize("may_be_accepted", [True, False])
def test_abort_keeps_the_roster_only_if_the_service_may_have_it(
    tmp_path: Path, may_be_accepted: bool
) -> None:
    commit_upload(tmp_path, _receipt(), ROSTER)
    files_before = set(os.listdir(tmp_path))
    before = read_known_rosters(tmp_path)
    new = parse_roster(b"Name\r\nOla\r\n")
    state, _roster = _begin(tmp_path, new)
    recorded = abort_upload(tmp_path, before.state, state, may_be_accepted=may_be_accepted)
    assert recorded == (state if may_be_accepted else before.state)
    assert read_known_rosters(tmp_path).state == recorded
    added = {f"{new.sha256}.csv"} if may_be_accepted else set()
    assert set(os.listdir(tmp_path)) == files_before | added


@pytest.mark.parametrize("may_be_accepted", [True, False])
def test_a_first_upload_stays_recorded_only_if_the_service_may_have_accepted_it(
    tmp_path: Path, may_be_accepted: bool
) -> None:
    state, _roster = _begin(tmp_path, ROSTER)
    abort_upload(tmp_path, State(), state, may_be_accepted=may_be_accepted)
    known = read_known_rosters(tmp_path)
    assert known.baseline is None
    assert [all_cells(stored.roster) for stored in known.all] == [[("Lie",)]] * may_be_accepted
    assert len(os.listdir(tmp_path)) == 3 * may_be_accepted


def test_a_rejection_does_not_resolve_an_earlier_upload_of_the_same_roster(tmp_path: Path) -> None:
    _begin(tmp_path, ROSTER)
    before = read_known_rosters(tmp_path)
    state, _roster = _begin(tmp_path, ROSTER)
    abort_upload(tmp_path, before.state, state, may_be_accepted=False)
    assert read_known_rosters(tmp_path).state == State(None, (_upload(ROSTER),))


def test_an_accepted_roster_resolves_all_uploads(tmp_path: Path) -> None:
    for name in ("Ola", "Liv"):
        _begin(tmp_path, parse_roster(f"Name\r\n{name}\r\n".encode()))
    commit_upload(tmp_path, _receipt(), ROSTER)
    assert read_known_rosters(tmp_path).state == State(_receipt())
    assert len(os.listdir(tmp_path)) == 3


def test_the_oldest_unresolved_uploads_are_united_if_there_are_too_many(tmp_path: Path) -> None:
    names = [f"Name{number}" for number in range(8)]
    for number, name in enumerate(names):
        header = "Name" if number % 2 else "Name,Title"
        cells = name if number % 2 else f"{name},Clerk"
        csv = f"{header}\r\nLie{'' if number % 2 else ','}\r\n{cells}\r\n".encode()
        _begin(tmp_path, parse_roster(csv, ids_bytes(csv, ["id-1", f"id-{name}"])))
    known = read_known_rosters(tmp_path)
    assert len(known.unresolved) == MAX_UNRESOLVED
    assert [len(all_cells(stored.roster)) for stored in known.all] == [5, 2, 2, 2, 2]
    union = known.unresolved[0].roster
    assert union.header == ("Name", "Title")
    assert set(all_cells(union)) == {
        ("Lie", ""),
        *(("Name0", "Clerk"), ("Name1", ""), ("Name2", "Clerk"), ("Name3", "")),
    }
    assert len(all_identities(union)) == 5


def test_a_union_has_no_identities_if_one_of_its_rosters_has_none(tmp_path: Path) -> None:
    for csv, ids in ((b"Name\r\nOla\r\n", None), (CSV, IDS)):
        _begin(tmp_path, parse_roster(csv, ids))
    known = read_known_rosters(tmp_path)
    with open_spill_area(tmp_path) as spill:
        older, newer = (stored.roster for stored in known.all)
        united = unite_rosters(older, newer, ["Name"], "Location", spill)
        assert (united.open_ids, all_cells(united)) == (None, [("Lie",), ("Ola",)])


def test_abort_ignores_a_missing_directory(tmp_path: Path) -> None:
    state = State(_receipt(), (_upload(ROSTER),))
    abort_upload(tmp_path / "missing", State(_receipt()), state, may_be_accepted=False)


@pytest.mark.parametrize(
    "changed",
    [
        replace(ROSTER, open_file=parse_roster(b"Name\r\nLiv\r\n").open_file),
        replace(ROSTER, open_ids=parse_roster(CSV, ids_bytes(CSV, ["id-2"])).open_ids),
    ],
)
def test_upload_of_a_changed_roster_is_not_started(tmp_path: Path, changed: RosterFile) -> None:
    old = b"Name\r\nAas\r\n"
    commit_upload(tmp_path, _receipt(old, None), parse_roster(old))
    with pytest.raises(
        InputError, match="it or its identities file changed while it was being read"
    ):
        _begin(tmp_path, changed)
    assert read_known_rosters(tmp_path).state == State(_receipt(old, None))


def test_the_roster_to_send_is_read_from_the_state_directory(tmp_path: Path) -> None:
    src = tmp_path / "src"
    src.write_bytes(b"\xef\xbb\xbf" + CSV)
    _state, stored = _begin(tmp_path, read_roster("src", lambda: src.open("rb")))
    src.write_bytes(b"something else")
    with stored.open_content() as file:
        assert file.read() == CSV
    assert [row.cells for row in stored.rows()] == [("Lie",)]


def test_an_upload_stays_unresolved_if_the_abort_cannot_be_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_upload(tmp_path, _receipt(), ROSTER)
    state, _roster = _begin(tmp_path, ROSTER)

    def run_out_of_space(_path: Path, _data: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(directory, "write_atomically", run_out_of_space)
    recorded = abort_upload(tmp_path, State(_receipt()), state, may_be_accepted=False)
    assert read_known_rosters(tmp_path).state == recorded == state
    with pytest.raises(StateError) as caught:
        _begin(tmp_path, parse_roster(b"Name\r\nOla\r\n"))
    assert str(caught.value) == (
        f"Cannot write to the state directory {tmp_path}: No space left on device. "
        "Nothing was sent. Free some space there, or make it writable."
    )


@pytest.mark.parametrize("damage", [None, b"", b"{}", IDS[:-1] + b"x"])
def test_corrupted_identities_are_reported_and_ignored(
    tmp_path: Path, damage: bytes | None
) -> None:
    commit_upload(tmp_path, _receipt(), ROSTER)
    path = tmp_path / f"{sha256(IDS)}.ids"
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    baseline = read_known_rosters(tmp_path).baseline
    assert baseline is not None
    assert baseline.roster.open_ids is None
    assert baseline.warning == (
        f"{path} is missing or corrupted, so this run identifies contacts by O(key). "
        "Restore the file from a backup; otherwise, the next accepted or unchanged roster "
        "replaces it."
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
        (
            *(False, {"XDG_STATE_HOME": "x", "HOME": "/home/o"}),
            "/home/o/.local/state/frontdesk-contacts/a",
        ),
    ],
)
def test_default_state_directory_depends_on_the_user_and_the_environment(
    is_root: bool, environment: dict[str, str], path: str
) -> None:
    assert default_state_dir("a", is_root, environment) == Path(path)


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}, {"HOME": "o", "XDG_STATE_HOME": "x"}])
def test_without_a_home_directory_the_state_directory_must_be_set(
    environment: dict[str, str],
) -> None:
    with pytest.raises(InputError) as caught:
        default_state_dir("a", False, environment)
    assert str(caught.value) == (
        "Cannot choose a state directory: the environment variable HOME does not contain an absolute path, and the"
        " user has no home directory. Set state_dir."
    )


def test_the_user_database_provides_a_missing_home_directory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    home = Path(pwd.getpwuid(1).pw_dir)
    assert find_default_state_dir("a") == home / ".local/state/frontdesk-contacts/a"
