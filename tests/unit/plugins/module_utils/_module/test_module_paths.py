# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of loading rosters and of checking the paths in options."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import LeftOut
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._files import write_atomically
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.arguments import (
    check_paths,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.destination import (
    check_dest,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import (
    ids_path,
    load_roster,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.roster_factory import (
    RosterInMemory,
    make_roster,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    all_cells,
    all_identities,
    columns,
    contact,
)

COLUMNS = columns({"header": "Name", "value": "sn"})
LEFT_OUT = LeftOut("id-2", "oslo", "x")
OLD = make_roster(COLUMNS, [contact("id-1", "Lie"), LEFT_OUT])
NEW = make_roster(COLUMNS, [contact("id-3", "Ola")])
REMEDY = "Set dest to a file in an existing directory that this user can write to."


@pytest.fixture(name="dest")
def _dest(tmp_path: Path) -> Path:
    return tmp_path / "contacts.csv"


def _write(dest: Path, roster: RosterInMemory) -> None:
    write_atomically(dest, roster.csv)
    write_atomically(ids_path(dest), roster.ids)


def test_a_loaded_roster_stays_readable_after_its_files_are_replaced(dest: Path) -> None:
    _write(dest, OLD)
    with load_roster(dest) as roster:
        _write(dest, NEW)
        assert (all_cells(roster), all_identities(roster)) == ([("Lie",)], ["id-1"])
        assert list(roster.left_out()) == [LEFT_OUT]
        assert roster.open_content().read() == OLD.csv
        assert roster.open_ids is not None
        assert roster.open_ids().read() == OLD.ids


def test_a_byte_order_mark_is_skipped(dest: Path) -> None:
    _write(dest, OLD)
    dest.write_bytes(b"\xef\xbb\xbf" + OLD.csv)
    with load_roster(dest) as roster:
        assert (roster.open_content().read(), roster.header) == (OLD.csv, ("Name",))
        assert all_identities(roster) == ["id-1"]


@pytest.mark.parametrize("ids", [None, b"", NEW.ids])
def test_only_the_identities_of_the_same_roster_are_used(dest: Path, ids: bytes | None) -> None:
    dest.write_bytes(OLD.csv)
    if ids is not None:
        ids_path(dest).write_bytes(ids)
    with load_roster(dest) as roster:
        assert roster.open_ids is None


def _loading_error(path: Path) -> str:
    with pytest.raises(InputError) as caught, load_roster(path):
        pass
    return str(caught.value)


def test_a_roster_that_cannot_be_read_is_an_error(dest: Path) -> None:
    message = f"Cannot read {dest}: No such file or directory. Export a roster to it first."
    assert _loading_error(dest) == message
    remedy = "Make sure that it is a readable file."
    dest.mkdir()
    assert _loading_error(dest) == f"Cannot read {dest}: Is a directory. {remedy}"
    dest.rmdir()
    os.mkfifo(dest)
    assert _loading_error(dest) == f"Cannot read {dest}: Illegal seek. {remedy}"
    dest.unlink()
    dest.write_bytes(OLD.csv)
    ids_path(dest).symlink_to(ids_path(dest).name)
    message = f"Cannot read {ids_path(dest)}: Too many levels of symbolic links. {remedy}"
    assert _loading_error(dest) == message


@pytest.mark.parametrize("option", ["dest", "ca_path"])
def test_a_nul_byte_in_a_path_is_an_error(option: str) -> None:
    params = {"dest": "/a", "ca_path": None}
    check_paths(params, "dest", "ca_path")
    with pytest.raises(InputError) as caught:
        check_paths({**params, option: "/a\0b"}, "dest", "ca_path")
    assert str(caught.value) == f"Cannot use {option}: it contains a NUL byte. Correct {option}."


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_roster_can_only_be_written_to_a_file_in_a_directory(
    tmp_path: Path, check_mode: bool
) -> None:
    check_dest(tmp_path / "contacts.csv", check_mode)
    (tmp_path / "contacts.csv").touch()
    check_dest(tmp_path / "contacts.csv", check_mode)
    with pytest.raises(InputError) as caught:
        check_dest(tmp_path, check_mode)
    assert str(caught.value) == f"Cannot write {tmp_path}: it is a directory. {REMEDY}"
    below = tmp_path / "contacts.csv" / "x"
    with pytest.raises(InputError) as caught:
        check_dest(below, check_mode)
    assert str(caught.value) == f"Cannot write {below}: {below.parent} is not a directory. {REMEDY}"


@pytest.mark.parametrize("name", ["contacts.csv", "contacts.csv.ids"])
def test_a_pipe_is_rejected(dest: Path, name: str) -> None:
    pipe = dest.with_name(name)
    os.mkfifo(pipe)
    with pytest.raises(InputError) as caught:
        check_dest(dest, check_mode=False)
    assert str(caught.value) == f"Cannot write {pipe}: it is not a regular file. {REMEDY}"


def test_only_check_mode_accepts_a_directory_that_an_earlier_task_would_create(
    tmp_path: Path,
) -> None:
    dest = tmp_path / "nowhere" / "contacts.csv"
    check_dest(dest, check_mode=True)
    with pytest.raises(InputError) as caught:
        check_dest(dest, check_mode=False)
    assert str(caught.value) == f"Cannot write {dest}: {dest.parent} is not a directory. {REMEDY}"


def test_a_directory_without_write_permission_is_an_error(
    dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = []

    def deny(path: Path, mode: int) -> bool:
        checks.append((path, mode))
        return False

    monkeypatch.setattr(os, "access", deny)
    with pytest.raises(InputError) as caught:
        check_dest(dest, check_mode=False)
    assert str(caught.value) == (
        f"Cannot write {dest}: this user cannot write to {dest.parent}. {REMEDY}"
    )
    assert checks == [(dest.parent, os.W_OK | os.X_OK)]


def test_a_path_whose_name_is_too_long_is_an_error(tmp_path: Path) -> None:
    dest = tmp_path / ("x" * 300)
    with pytest.raises(InputError) as caught:
        check_dest(dest, check_mode=False)
    assert str(caught.value) == f"Cannot write {dest}: File name too long. {REMEDY}"
