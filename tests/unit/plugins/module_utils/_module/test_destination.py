# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the installation and staging of the two files of a roster."""

from __future__ import annotations

import fcntl
import os
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    FrontdeskError,
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._files import directory_lock
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import destination
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.destination import (
    WrittenFiles,
    check_dest,
    choose_spill_directory,
    install_roster,
    stage_roster,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import (
    ids_path,
    load_roster,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.files import file_mode
from ansible_collections.frontdesk.contacts.tests.unit.support.module import FakeModule
from ansible_collections.frontdesk.contacts.tests.unit.support.roster_factory import (
    build_roster,
    make_roster,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    MEMORY,
    all_identities,
    columns,
    contact,
)

COLUMNS = columns({"header": "Name", "value": "sn"})
LEFT_OUT = LeftOut("id-2", "oslo", "x")
OLD: list[Contact | LeftOut] = [contact("id-1", "Lie"), LEFT_OUT]
NEW: list[Contact | LeftOut] = [contact("id-3", "Ola"), LEFT_OUT]
OLD_ROSTER, NEW_ROSTER = make_roster(COLUMNS, OLD), make_roster(COLUMNS, NEW)


def _install(
    dest: Path,
    people: list[Contact | LeftOut],
    module: FakeModule | None = None,
    *,
    backup: bool = False,
) -> WrittenFiles:
    roster = build_roster(COLUMNS, [people])
    return install_roster(module or FakeModule(), dest, roster, None, MEMORY, backup=backup)


def _stage(dest: Path, people: list[Contact | LeftOut], module: FakeModule) -> WrittenFiles:
    roster = build_roster(COLUMNS, [people])
    return stage_roster(module, dest, roster, None, MEMORY, keep=True)


@pytest.fixture(name="dest")
def _dest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "directory").mkdir()
    return tmp_path / "directory" / "contacts.csv"


def test_the_identities_file_is_next_to_the_roster() -> None:
    assert ids_path(Path("/a/contacts.csv")) == Path("/a/contacts.csv.ids")


def test_both_files_are_private_and_only_replaced_if_they_change(dest: Path) -> None:
    installed = _install(dest, OLD)
    assert installed == WrittenFiles(OLD_ROSTER.written, dest, True)
    assert (dest.read_bytes(), ids_path(dest).read_bytes()) == (OLD_ROSTER.csv, OLD_ROSTER.ids)
    assert (file_mode(dest), file_mode(ids_path(dest))) == (0o600, 0o600)
    inode = dest.stat().st_ino
    assert _install(dest, OLD) == WrittenFiles(OLD_ROSTER.written, dest, False)
    assert dest.stat().st_ino == inode
    assert sorted(os.listdir(dest.parent)) == ["contacts.csv", "contacts.csv.ids"]


def test_only_the_file_that_differs_is_replaced(dest: Path) -> None:
    _install(dest, OLD)
    inode = dest.stat().st_ino
    assert _install(dest, OLD[:1]).changed
    assert dest.stat().st_ino == inode
    with load_roster(dest) as roster:
        assert (all_identities(roster), list(roster.left_out())) == (["id-1"], [])


@pytest.mark.parametrize("which", ["contacts.csv", "contacts.csv.ids"])
def test_a_different_mode_is_a_change(dest: Path, which: str) -> None:
    _install(dest, OLD)
    (dest.parent / which).chmod(0o644)
    assert _stage(dest, OLD, FakeModule(check_mode=True)).changed
    assert file_mode(dest.parent / which) == 0o644
    assert _install(dest, OLD).changed
    assert file_mode(dest.parent / which) == 0o600


def test_the_mode_is_set_before_a_file_is_moved_into_place(
    dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = []
    original_replace = os.replace

    def record_and_replace(source: Path, target: Path) -> None:
        moved.append((target.name, file_mode(source)))
        original_replace(source, target)

    monkeypatch.setattr(os, "replace", record_and_replace)
    _install(dest, OLD, FakeModule(mode="0640"))
    # The identities file is moved last, because it contains the checksum of the roster.
    assert moved == [("contacts.csv", 0o640), ("contacts.csv.ids", 0o640)]
    assert not _stage(dest, OLD, FakeModule(check_mode=True, mode="0640")).changed
    assert _stage(dest, OLD, FakeModule(check_mode=True)).changed


@pytest.mark.parametrize("exists", [False, True])
def test_files_are_backed_up_before_they_are_replaced(dest: Path, exists: bool) -> None:
    module = FakeModule()
    if exists:
        _install(dest, OLD)
    installed = _install(dest, NEW, module, backup=True)
    assert installed.changed
    assert installed.backup == (f"{dest}.bak" if exists else None)
    assert module.backups == ([str(ids_path(dest)), str(dest)] if exists else [])
    assert _install(dest, NEW, module, backup=True) == WrittenFiles(NEW_ROSTER.written, dest, False)
    if exists:
        assert Path(f"{dest}.bak").read_bytes() == OLD_ROSTER.csv


def test_a_roster_without_identities_is_backed_up(dest: Path) -> None:
    dest.write_bytes(OLD_ROSTER.csv)
    module = FakeModule()
    assert _install(dest, NEW, module, backup=True).backup == f"{dest}.bak"
    assert module.backups == [str(dest)]


def test_the_result_names_the_backup_of_the_roster_even_if_only_the_identities_change(
    dest: Path,
) -> None:
    _install(dest, OLD)
    assert _install(dest, OLD[:1], backup=True).backup == f"{dest}.bak"


def test_nothing_is_backed_up_by_default(dest: Path) -> None:
    module = FakeModule()
    _install(dest, OLD, module)
    _install(dest, NEW, module)
    assert module.backups == []


def test_temporary_files_of_killed_runs_are_removed(dest: Path) -> None:
    for name in (".contacts.csv.x.new", ".contacts.csv.ids.y.new"):
        (dest.parent / name).touch()
    _install(dest, OLD)
    assert sorted(os.listdir(dest.parent)) == ["contacts.csv", "contacts.csv.ids"]


@pytest.mark.parametrize("step", ["pending_file", "write_roster", "commit_files"])
def test_the_old_roster_is_unchanged_after_a_failure(
    dest: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    _install(dest, OLD)

    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(destination, step, fail)
    with pytest.raises(FrontdeskError) as caught:
        _install(dest, NEW)
    assert str(caught.value) == (
        f"Cannot write {dest}: No space left on device. Free some space, or correct dest."
    )
    with load_roster(dest) as roster:
        assert all_identities(roster) == ["id-1"]
    assert sorted(os.listdir(dest.parent)) == ["contacts.csv", "contacts.csv.ids"]
    with pytest.raises(FrontdeskError) as caught:
        _stage(dest, NEW, FakeModule(check_mode=True))
    (staging,) = str(caught.value).partition(": ")[0].split(" in ")[1:]
    assert str(caught.value) == (
        f"Cannot write the staged roster in {staging}: No space left on device. Free some space there, or make it"
        " writable."
    )
    assert staging.startswith(f"{tempfile.gettempdir()}/frontdesk-contacts-")
    assert os.listdir(tempfile.gettempdir()) == []


def test_a_directory_that_another_process_has_locked_is_an_error(
    dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destination, "directory_lock", partial(directory_lock, timeout=0.0))
    descriptor = os.open(dest.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(FrontdeskError) as caught:
            _install(dest, NEW)
    finally:
        os.close(descriptor)
    assert str(caught.value) == (
        f"Cannot write {dest}: another process holds the lock on {dest.parent}. "
        "Wait until it has finished, or set dest to a file in another directory."
    )
    assert os.listdir(dest.parent) == []


def test_check_mode_reports_whether_a_file_would_change(dest: Path) -> None:
    module = FakeModule(check_mode=True)
    assert _stage(dest, OLD, module).changed
    assert _stage(dest.parent / "nowhere" / "x.csv", OLD, module).changed
    _install(dest, OLD)
    assert not _stage(dest, OLD, module).changed
    assert _stage(dest, NEW, module).changed
    ids_path(dest).unlink()
    assert _stage(dest, OLD, module).changed
    assert dest.read_bytes() == OLD_ROSTER.csv
    assert os.listdir(dest.parent) == ["contacts.csv"]


def test_a_staged_roster_is_complete_and_private(dest: Path) -> None:
    umask = os.umask(0)
    try:
        path = _stage(dest, OLD, FakeModule(check_mode=True)).path
    finally:
        os.umask(umask)
    assert path is not None
    assert path.name == "contacts.csv"
    assert path.parent.parent == Path(tempfile.gettempdir())
    assert path.parent.name.startswith("frontdesk-contacts-")
    assert file_mode(path.parent) == 0o700
    assert (file_mode(path), file_mode(ids_path(path))) == (0o600, 0o600)
    with load_roster(path) as roster:
        assert all_identities(roster) == ["id-1"]
    assert sorted(os.listdir(path.parent)) == ["contacts.csv", "contacts.csv.ids"]
    assert os.listdir(dest.parent) == []


@pytest.mark.parametrize("people", [OLD, NEW])
def test_a_staged_roster_that_is_not_kept_leaves_no_files(
    people: list[Contact | LeftOut], dest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    _install(dest, OLD)
    before = sorted(tmp_path.rglob("*"))
    roster = build_roster(COLUMNS, [people])
    module = FakeModule(check_mode=True, diff=True)
    staged = stage_roster(module, dest, roster, None, MEMORY, keep=False)
    assert staged.changed is (people is NEW)
    assert bool(staged.diff and staged.diff["after"]) is (people is NEW)
    assert sorted(tmp_path.rglob("*")) == before
    assert {"roster", "staging_dir"}.isdisjoint(staged.result(str(dest), check_mode=True))


def test_a_missing_temporary_directory_is_an_error(
    dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(FrontdeskError) as caught:
        _stage(dest, NEW, FakeModule(check_mode=True))
    assert str(caught.value) == (
        "Cannot write the staged roster in /nowhere: No such file or directory. Free some space there, or make it"
        " writable."
    )


@pytest.mark.parametrize("write", [_install, _stage])
def test_the_diff_is_only_returned_in_diff_mode(dest: Path, write: Any) -> None:
    _install(dest, OLD)
    check_mode = write is _stage
    assert write(dest, NEW, FakeModule(check_mode=check_mode)).diff is None
    _install(dest, OLD)
    assert write(dest, NEW, FakeModule(check_mode=check_mode, diff=True)).diff == {
        "before_header": "old roster (Name)",
        "after_header": "new roster (Name)",
        "before": "Lie\n",
        "after": "Ola\n",
    }
    dest.write_bytes(b"\xff")
    diff = write(dest, NEW, FakeModule(check_mode=check_mode, diff=True)).diff
    assert (diff["before"], diff["after"]) == ("", "Ola\n")


def test_the_result_contains_dest_and_the_path_of_the_roster() -> None:
    installed = WrittenFiles(OLD_ROSTER.written, Path("/real/contacts.csv"), True)
    common = {"dest": "contacts.csv", "changed": True, "checksum": OLD_ROSTER.written.sha256}
    result = installed.result("contacts.csv", check_mode=False)
    assert result == {**common, "roster": "contacts.csv"}
    unchanged = replace(installed, backup="b", diff={"before": ""}, changed=False)
    result = unchanged.result("contacts.csv", check_mode=False)
    assert (result["backup_file"], result["diff"], result["changed"]) == (
        "b",
        {"before": ""},
        False,
    )
    assert installed.result("contacts.csv", check_mode=True) == {
        **common,
        "roster": "/real/contacts.csv",
        "staging_dir": "/real",
    }


def test_contacts_are_spilled_to_the_directory_of_the_roster_except_in_check_mode(
    dest: Path,
) -> None:
    assert choose_spill_directory(dest, check_mode=False) == dest.parent
    assert choose_spill_directory(dest, check_mode=True) == Path(tempfile.gettempdir())


@pytest.mark.parametrize("name", ["contacts.csv", "contacts.csv.ids", "contacts.csv.causes"])
def test_a_directory_instead_of_a_file_is_an_error_before_anything_is_read(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=f"Cannot write .*/{name}: it is a directory"):
        check_dest(tmp_path / "contacts.csv", check_mode=False)
