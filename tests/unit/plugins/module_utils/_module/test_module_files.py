# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two files of a roster in their place, or staged aside."""

from __future__ import annotations

import fcntl
import os
import tempfile
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
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._files import directory_lock
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import files
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.files import (
    InstalledRoster,
    ids_path,
    install_roster,
    load_roster,
    spill_directory,
    stage_roster,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.files import mode_of
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
GONE = LeftOut("id-2", "oslo", "x")
OLD: list[Contact | LeftOut] = [contact("id-1", "Lie"), GONE]
NEW: list[Contact | LeftOut] = [contact("id-3", "Ola"), GONE]
RENDERED, NEWER = make_roster(COLUMNS, OLD), make_roster(COLUMNS, NEW)
REMEDY = "Name a file in an existing folder that this user may write."


def _place(
    dest: Path, people: list[Contact | LeftOut], module: FakeModule | None = None
) -> InstalledRoster:
    return install_roster(
        module or FakeModule(), dest, build_roster(COLUMNS, [people]), None, MEMORY
    )


def _stage(dest: Path, people: list[Contact | LeftOut], module: FakeModule) -> InstalledRoster:
    return stage_roster(module, dest, build_roster(COLUMNS, [people]), None, MEMORY)


@pytest.fixture(name="dest")
def _dest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder" / "contacts.csv"


def test_identities_stand_beside_the_roster() -> None:
    assert ids_path(Path("/a/contacts.csv")) == Path("/a/contacts.csv.ids")


def test_both_files_are_written_private_and_once(dest: Path) -> None:
    placed = _place(dest, OLD)
    assert placed == InstalledRoster(RENDERED.written, dest, True)
    assert (dest.read_bytes(), ids_path(dest).read_bytes()) == (RENDERED.csv, RENDERED.ids)
    assert (mode_of(dest), mode_of(ids_path(dest))) == (0o600, 0o600)
    before = dest.stat().st_ino
    assert _place(dest, OLD) == InstalledRoster(RENDERED.written, dest, False)
    assert dest.stat().st_ino == before
    assert sorted(os.listdir(dest.parent)) == ["contacts.csv", "contacts.csv.ids"]


def test_only_what_differs_is_replaced(dest: Path) -> None:
    _place(dest, OLD)
    before = dest.stat().st_ino
    assert _place(dest, OLD[:1]).changed
    assert dest.stat().st_ino == before
    with load_roster(dest) as roster:
        assert (all_identities(roster), list(roster.left_out())) == (["id-1"], [])


@pytest.mark.parametrize("which", ["contacts.csv", "contacts.csv.ids"])
def test_a_mode_alone_is_a_change(dest: Path, which: str) -> None:
    _place(dest, OLD)
    (dest.parent / which).chmod(0o644)
    assert _stage(dest, OLD, FakeModule(check_mode=True)).changed
    assert mode_of(dest.parent / which) == 0o644
    assert _place(dest, OLD).changed
    assert mode_of(dest.parent / which) == 0o600


def test_the_mode_that_was_asked_for_is_set_before_the_file_takes_its_place(
    dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = []
    replace = os.replace

    def note(source: Path, target: Path) -> None:
        moved.append((target.name, mode_of(source)))
        replace(source, target)

    monkeypatch.setattr(os, "replace", note)
    _place(dest, OLD, FakeModule(mode="0640"))
    # The identities come last: they name the roster that they belong to.
    assert moved == [("contacts.csv", 0o640), ("contacts.csv.ids", 0o640)]
    assert not _stage(dest, OLD, FakeModule(check_mode=True, mode="0640")).changed
    assert _stage(dest, OLD, FakeModule(check_mode=True)).changed


@pytest.mark.parametrize("exists", [False, True])
def test_a_backup_is_made_of_what_is_replaced(dest: Path, exists: bool) -> None:
    module = FakeModule(backup=True)
    if exists:
        _place(dest, OLD)
    placed = _place(dest, NEW, module)
    assert placed.changed
    assert placed.backup == (f"{dest}.bak" if exists else None)
    assert module.backups == ([str(ids_path(dest)), str(dest)] if exists else [])
    assert _place(dest, NEW, module) == InstalledRoster(NEWER.written, dest, False)
    if exists:
        assert Path(f"{dest}.bak").read_bytes() == RENDERED.csv


def test_a_roster_without_identities_is_backed_up_alone(dest: Path) -> None:
    dest.write_bytes(RENDERED.csv)
    module = FakeModule(backup=True)
    assert _place(dest, NEW, module).backup == f"{dest}.bak"
    assert module.backups == [str(dest)]


def test_the_backup_is_the_roster_where_the_identities_alone_are_replaced(dest: Path) -> None:
    _place(dest, OLD)
    assert _place(dest, OLD[:1], FakeModule(backup=True)).backup == f"{dest}.bak"


def test_without_backup_none_is_made(dest: Path) -> None:
    module = FakeModule()
    _place(dest, OLD, module)
    _place(dest, NEW, module)
    assert module.backups == []


def test_what_killed_runs_left_is_removed(dest: Path) -> None:
    for name in (".contacts.csv.x.new", ".contacts.csv.ids.y.new"):
        (dest.parent / name).touch()
    _place(dest, OLD)
    assert sorted(os.listdir(dest.parent)) == ["contacts.csv", "contacts.csv.ids"]


@pytest.mark.parametrize("fails", ["pending_file", "write_roster", "move_into_place"])
def test_a_failure_is_told_and_the_old_roster_is_whole(
    dest: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    _place(dest, OLD)

    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, fails, fail)
    with pytest.raises(FrontdeskError) as caught:
        _place(dest, NEW)
    assert str(caught.value) == (
        f"Cannot write {dest}: No space left on device. Make room, or correct dest."
    )
    with load_roster(dest) as roster:
        assert all_identities(roster) == ["id-1"]
    assert sorted(os.listdir(dest.parent)) == ["contacts.csv", "contacts.csv.ids"]
    with pytest.raises(FrontdeskError) as caught:
        _stage(dest, NEW, FakeModule(check_mode=True))
    (place,) = str(caught.value).partition(": ")[0].split(" in ")[1:]
    assert str(caught.value) == (
        f"Cannot write the roster of check mode in {place}: No space left on device. "
        "Make room there."
    )
    assert place.startswith(f"{tempfile.gettempdir()}/frontdesk-contacts-")
    assert os.listdir(tempfile.gettempdir()) == []


def test_a_folder_that_somebody_else_keeps_locked_is_told(
    dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "directory_lock", partial(directory_lock, patience=0.0))
    descriptor = os.open(dest.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(FrontdeskError) as caught:
            _place(dest, NEW)
    finally:
        os.close(descriptor)
    assert str(caught.value) == (
        f"Cannot write {dest}: another process keeps {dest.parent} locked. "
        "Wait until it ends, or give dest a folder of its own."
    )
    assert os.listdir(dest.parent) == []


def test_check_mode_tells_whether_it_would_change(dest: Path) -> None:
    module = FakeModule(check_mode=True)
    assert _stage(dest, OLD, module).changed
    assert _stage(dest.parent / "nowhere" / "x.csv", OLD, module).changed
    _place(dest, OLD)
    assert not _stage(dest, OLD, module).changed
    assert _stage(dest, NEW, module).changed
    ids_path(dest).unlink()
    assert _stage(dest, OLD, module).changed
    assert dest.read_bytes() == RENDERED.csv
    assert os.listdir(dest.parent) == ["contacts.csv"]


def test_a_staged_roster_is_whole_and_private(dest: Path) -> None:
    before = os.umask(0)
    try:
        placed = _stage(dest, OLD, FakeModule(check_mode=True))
    finally:
        os.umask(before)
    path = placed.path
    assert path.name == "contacts.csv"
    assert path.parent.parent == Path(tempfile.gettempdir())
    assert path.parent.name.startswith("frontdesk-contacts-")
    assert mode_of(path.parent) == 0o700
    assert (mode_of(path), mode_of(ids_path(path))) == (0o600, 0o600)
    with load_roster(path) as roster:
        assert all_identities(roster) == ["id-1"]
    assert sorted(os.listdir(path.parent)) == ["contacts.csv", "contacts.csv.ids"]
    assert os.listdir(dest.parent) == []


def test_a_temporary_folder_that_is_not_there_is_told(
    dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(FrontdeskError) as caught:
        _stage(dest, NEW, FakeModule(check_mode=True))
    assert str(caught.value) == (
        "Cannot write the roster of check mode in /nowhere: No such file or directory. "
        "Make room there."
    )


@pytest.mark.parametrize("put", [_place, _stage])
def test_the_diff_is_made_when_it_is_asked_for(dest: Path, put: Any) -> None:
    _place(dest, OLD)
    check_mode = put is _stage
    assert put(dest, NEW, FakeModule(check_mode=check_mode)).diff is None
    _place(dest, OLD)
    assert put(dest, NEW, FakeModule(check_mode=check_mode, diff=True)).diff == {
        "before_header": "old roster (Name)",
        "after_header": "new roster (Name)",
        "before": "Lie\n",
        "after": "Ola\n",
    }
    dest.write_bytes(b"\xff")
    made = put(dest, NEW, FakeModule(check_mode=check_mode, diff=True)).diff
    assert (made["before"], made["after"]) == ("", "Ola\n")


def test_the_result_names_what_was_asked_for_and_what_was_made() -> None:
    placed = InstalledRoster(RENDERED.written, Path("/real/contacts.csv"), True)
    asked = {"dest": "contacts.csv", "changed": True, "checksum": RENDERED.written.sha256}
    module = FakeModule()
    assert placed.result(module) == {**asked, "roster": "contacts.csv"}
    more = placed._replace(backup="b", diff={"before": ""}, changed=False).result(module)
    assert (more["backup_file"], more["diff"], more["changed"]) == ("b", {"before": ""}, False)
    assert placed.result(FakeModule(check_mode=True)) == {
        **asked,
        "roster": "/real/contacts.csv",
        "staging_dir": "/real",
    }


def test_people_are_set_aside_where_the_roster_will_be(dest: Path) -> None:
    assert spill_directory(FakeModule(), dest) == dest.parent
    assert spill_directory(FakeModule(check_mode=True), dest) == Path(tempfile.gettempdir())
