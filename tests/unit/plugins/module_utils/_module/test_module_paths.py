# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rosters as modules load them, and paths that they are told to use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import LeftOut
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._files import replace_file
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.files import (
    check_dest,
    check_paths,
    ids_path,
    load_roster,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.roster_factory import (
    MadeRoster,
    make_roster,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    all_cells,
    all_identities,
    columns,
    contact,
)

COLUMNS = columns({"header": "Name", "value": "sn"})
GONE = LeftOut("id-2", "oslo", "x")
OLD, NEW = (
    make_roster(COLUMNS, [contact("id-1", "Lie"), GONE]),
    make_roster(COLUMNS, [contact("id-3", "Ola")]),
)
REMEDY = "Name a file in an existing folder that this user may write."


@pytest.fixture(name="dest")
def _dest(tmp_path: Path) -> Path:
    return tmp_path / "contacts.csv"


def _put(dest: Path, made: MadeRoster) -> None:
    replace_file(dest, made.csv)
    replace_file(ids_path(dest), made.ids)


def test_a_roster_is_loaded_with_its_identities_and_stays_what_it_was(dest: Path) -> None:
    _put(dest, OLD)
    with load_roster(dest) as roster:
        _put(dest, NEW)
        assert (all_cells(roster), all_identities(roster)) == ([("Lie",)], ["id-1"])
        assert list(roster.left_out()) == [GONE]
        assert roster.open_content().read() == OLD.csv
        assert roster.open_ids is not None
        assert roster.open_ids().read() == OLD.ids


def test_a_byte_order_mark_is_not_sent_on(dest: Path) -> None:
    _put(dest, OLD)
    dest.write_bytes(b"\xef\xbb\xbf" + OLD.csv)
    with load_roster(dest) as roster:
        assert (roster.open_content().read(), roster.header) == (OLD.csv, ("Name",))
        assert all_identities(roster) == ["id-1"]


@pytest.mark.parametrize("ids", [None, b"", NEW.ids])
def test_identities_that_do_not_match_are_left(dest: Path, ids: bytes | None) -> None:
    dest.write_bytes(OLD.csv)
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
    dest.write_bytes(OLD.csv)
    ids_path(dest).symlink_to(ids_path(dest).name)
    looped = f"Cannot read {ids_path(dest)}: Too many levels of symbolic links. {again}"
    assert _problem_of_loading(dest) == looped


@pytest.mark.parametrize("option", ["dest", "ca_path"])
def test_a_nul_byte_in_a_path_is_told(option: str) -> None:
    params = {"dest": "/a", "ca_path": None}
    check_paths(params, "dest", "ca_path")
    with pytest.raises(InputError) as caught:
        check_paths({**params, option: "/a\0b"}, "dest", "ca_path")
    assert str(caught.value) == (
        f"Cannot use {option}: it holds a NUL byte, which no path can. Correct it."
    )


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


@pytest.mark.parametrize("name", ["contacts.csv", "contacts.csv.ids"])
def test_a_pipe_or_a_device_is_neither_waited_for_nor_replaced(dest: Path, name: str) -> None:
    pipe = dest.with_name(name)
    os.mkfifo(pipe)
    with pytest.raises(InputError) as caught:
        check_dest(dest, check_mode=False)
    assert str(caught.value) == f"Cannot write {pipe}: it is no regular file. {REMEDY}"


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


def test_a_path_that_cannot_be_looked_at_is_told(tmp_path: Path) -> None:
    dest = tmp_path / ("x" * 300)
    with pytest.raises(InputError) as caught:
        check_dest(dest, check_mode=False)
    assert str(caught.value) == f"Cannot write {dest}: File name too long. {REMEDY}"
