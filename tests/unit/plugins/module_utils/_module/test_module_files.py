# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two files of a roster in their place, or staged aside."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.contact import LeftOut
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.roster import Roster
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.roster_file import sha256
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.roster_writer import (
    render_csv,
    render_ids,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    FrontdeskError,
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import files
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.files import (
    check_dest,
    ids_path,
    load_roster,
    read_if_there,
    render,
    stage_roster,
    would_change,
    write_roster,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import FakeModule
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    cells_of,
    contact,
    identities_of,
)

ROSTER = Roster(("Name",), (contact("id-1", "Lie"),), (LeftOut("id-2", "oslo", "x"),), ())
RENDERED = render(ROSTER)
NEWER = render(ROSTER._replace(contacts=(contact("id-3", "Ola"),)))
REMEDY = "Name a file in an existing folder that this user may write."


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(name="dest")
def _dest(tmp_path: Path) -> Path:
    return tmp_path / "contacts.csv"


def test_what_is_rendered_belongs_together() -> None:
    assert RENDERED.csv == render_csv(ROSTER)
    assert RENDERED.checksum == sha256(RENDERED.csv)
    assert RENDERED.ids == render_ids(ROSTER, RENDERED.checksum)
    assert ids_path(Path("/a/contacts.csv")) == Path("/a/contacts.csv.ids")


def test_both_files_are_written_private_and_once(dest: Path) -> None:
    module = FakeModule()
    assert write_roster(module, dest, RENDERED) == (True, None)
    assert (dest.read_bytes(), ids_path(dest).read_bytes()) == (RENDERED.csv, RENDERED.ids)
    assert (_mode(dest), _mode(ids_path(dest))) == (0o600, 0o600)
    before = dest.stat().st_ino
    assert write_roster(module, dest, RENDERED) == (False, None)
    assert dest.stat().st_ino == before
    assert sorted(os.listdir(dest.parent)) == ["contacts.csv", "contacts.csv.ids"]


@pytest.mark.parametrize("which", ["contacts.csv", "contacts.csv.ids"])
def test_a_mode_alone_is_a_change(dest: Path, which: str) -> None:
    write_roster(FakeModule(), dest, RENDERED)
    (dest.parent / which).chmod(0o644)
    assert would_change(FakeModule(check_mode=True), dest, RENDERED) is True
    assert _mode(dest.parent / which) == 0o644
    assert write_roster(FakeModule(), dest, RENDERED) == (True, None)
    assert _mode(dest.parent / which) == 0o600


def test_the_mode_that_was_asked_for_is_set_before_the_file_takes_its_place(
    dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = []
    replace = os.replace

    def note(source: str, target: Path) -> None:
        moved.append((target.name, _mode(Path(source))))
        replace(source, target)

    monkeypatch.setattr(os, "replace", note)
    write_roster(FakeModule(mode="0640"), dest, RENDERED)
    # The identities come last: they name the roster that they belong to.
    assert moved == [("contacts.csv", 0o640), ("contacts.csv.ids", 0o640)]
    assert would_change(FakeModule(mode="0640"), dest, RENDERED) is False
    assert would_change(FakeModule(check_mode=True), dest, RENDERED) is True


@pytest.mark.parametrize("exists", [False, True])
def test_a_backup_is_made_of_what_is_replaced(dest: Path, exists: bool) -> None:
    module = FakeModule(backup=True)
    if exists:
        write_roster(FakeModule(), dest, RENDERED)
    changed, backup = write_roster(module, dest, NEWER)
    assert changed
    assert backup == (f"{dest}.bak" if exists else None)
    assert module.backups == ([str(dest), str(ids_path(dest))] if exists else [])
    assert write_roster(module, dest, NEWER) == (False, None)
    if exists:
        assert Path(f"{dest}.bak").read_bytes() == RENDERED.csv


def test_without_backup_none_is_made(dest: Path) -> None:
    module = FakeModule()
    write_roster(module, dest, RENDERED)
    write_roster(module, dest, NEWER)
    assert module.backups == []


def test_what_killed_runs_left_is_removed(dest: Path) -> None:
    for name in (".contacts.csv.x.new", ".contacts.csv.ids.y.new"):
        (dest.parent / name).touch()
    write_roster(FakeModule(), dest, RENDERED)
    assert sorted(os.listdir(dest.parent)) == ["contacts.csv", "contacts.csv.ids"]


def test_a_failure_is_told_and_the_old_roster_is_whole(
    dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_roster(FakeModule(), dest, RENDERED)

    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "replace_files", fail)
    with pytest.raises(FrontdeskError) as caught:
        write_roster(FakeModule(), dest, NEWER)
    assert str(caught.value) == (
        f"Cannot write {dest}: No space left on device. Make room, or correct dest."
    )
    with load_roster(dest) as roster:
        assert identities_of(roster) == ["id-1"]


def test_would_it_change(dest: Path) -> None:
    module = FakeModule(check_mode=True)
    assert would_change(module, dest, RENDERED) is True
    assert would_change(module, dest.parent / "nowhere" / "x.csv", RENDERED) is True
    write_roster(FakeModule(), dest, RENDERED)
    assert would_change(module, dest, RENDERED) is False
    assert would_change(module, dest, NEWER) is True
    ids_path(dest).unlink()
    assert would_change(module, dest, RENDERED) is True
    assert dest.read_bytes() == RENDERED.csv


def test_a_staged_roster_is_whole_and_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = os.umask(0)
    try:
        path = stage_roster(RENDERED, "contacts.csv")
    finally:
        os.umask(before)
    assert path.name == "contacts.csv"
    assert path.parent.parent == tmp_path
    assert path.parent.name.startswith("frontdesk-contacts-")
    assert _mode(path.parent) == 0o700
    assert (_mode(path), _mode(ids_path(path))) == (0o600, 0o600)
    with load_roster(path) as roster:
        assert identities_of(roster) == ["id-1"]


def test_a_roster_is_loaded_with_its_identities_and_stays_what_it_was(dest: Path) -> None:
    write_roster(FakeModule(), dest, RENDERED)
    with load_roster(dest) as roster:
        write_roster(FakeModule(), dest, NEWER)
        assert (cells_of(roster), identities_of(roster)) == ([("Lie",)], ["id-1"])
        assert list(roster.left_out()) == [LeftOut("id-2", "oslo", "x")]
        assert roster.content().read() == RENDERED.csv
        assert roster.open_ids is not None
        assert roster.open_ids().read() == RENDERED.ids


def test_a_byte_order_mark_is_not_sent_on(dest: Path) -> None:
    write_roster(FakeModule(), dest, RENDERED)
    dest.write_bytes(b"\xef\xbb\xbf" + RENDERED.csv)
    with load_roster(dest) as roster:
        assert (roster.content().read(), roster.header) == (RENDERED.csv, ("Name",))
        assert identities_of(roster) == ["id-1"]


@pytest.mark.parametrize("ids", [None, b"", NEWER.ids])
def test_identities_that_do_not_match_are_left(dest: Path, ids: bytes | None) -> None:
    dest.write_bytes(RENDERED.csv)
    if ids is not None:
        ids_path(dest).write_bytes(ids)
    with load_roster(dest) as roster:
        assert roster.open_ids is None


def _problem_of_loading(path: Path) -> str:
    with pytest.raises(InputError) as caught, load_roster(path):
        pass
    return str(caught.value)


def test_a_roster_that_cannot_be_read_is_told(dest: Path) -> None:
    again = "Export a roster to it first."
    assert _problem_of_loading(dest) == f"Cannot read {dest}: No such file or directory. {again}"
    dest.mkdir()
    assert _problem_of_loading(dest) == f"Cannot read {dest}: Is a directory. {again}"
    dest.rmdir()
    os.mkfifo(dest)
    assert _problem_of_loading(dest) == f"Cannot read {dest}: Illegal seek. {again}"
    dest.unlink()
    dest.write_bytes(RENDERED.csv)
    ids_path(dest).symlink_to(ids_path(dest).name)
    looped = f"Cannot read {ids_path(dest)}: Too many levels of symbolic links. {again}"
    assert _problem_of_loading(dest) == looped


def test_a_file_that_is_there_and_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert read_if_there(tmp_path / "nowhere") is None
    (tmp_path / "file").write_bytes(b"x")
    assert read_if_there(tmp_path / "file") == b"x"
    assert read_if_there(tmp_path / "file" / "below") is None
    with pytest.raises(InputError) as caught:
        read_if_there(tmp_path)
    assert str(caught.value) == f"Cannot read {tmp_path}: Is a directory. Check its permissions."


@pytest.mark.parametrize("check_mode", [True, False])
def test_where_a_roster_can_be_written(tmp_path: Path, check_mode: bool) -> None:
    check_dest(tmp_path / "contacts.csv", check_mode)
    (tmp_path / "contacts.csv").touch()
    check_dest(tmp_path / "contacts.csv", check_mode)
    with pytest.raises(InputError) as caught:
        check_dest(tmp_path, check_mode)
    assert str(caught.value) == f"Cannot write {tmp_path}: it is a folder. {REMEDY}"
    below = tmp_path / "contacts.csv" / "x"
    with pytest.raises(InputError) as caught:
        check_dest(below, check_mode)
    assert str(caught.value) == f"Cannot write {below}: {below.parent} is no folder. {REMEDY}"


def test_a_folder_that_an_earlier_task_may_make_is_missed_in_a_real_run_only(
    tmp_path: Path,
) -> None:
    dest = tmp_path / "nowhere" / "contacts.csv"
    check_dest(dest, check_mode=True)
    with pytest.raises(InputError) as caught:
        check_dest(dest, check_mode=False)
    assert str(caught.value) == f"Cannot write {dest}: {dest.parent} is no folder. {REMEDY}"


def test_a_folder_that_may_not_be_written_is_told(
    dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def refuse(path: Path, kind: int) -> bool:
        asked.append((path, kind))
        return False

    monkeypatch.setattr(os, "access", refuse)
    with pytest.raises(InputError) as caught:
        check_dest(dest, check_mode=False)
    assert str(caught.value) == (
        f"Cannot write {dest}: no permission to write in {dest.parent}. {REMEDY}"
    )
    assert asked == [(dest.parent, os.W_OK | os.X_OK)]
