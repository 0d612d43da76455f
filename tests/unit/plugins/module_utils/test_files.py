# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacing files: whole, private from the first byte, nothing left behind."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils import _files
from ansible_collections.frontdesk.contacts.plugins.module_utils._files import (
    only_writer,
    remove_unfinished,
    replace_file,
    replace_files,
)


def _mode(path: Path | str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_file_is_replaced_and_private(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"old")
    path.chmod(0o644)
    before = os.umask(mask)
    try:
        replace_file(path, b"new\r\n")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"new\r\n"
    assert _mode(path) == 0o600
    assert os.listdir(tmp_path) == ["contacts.csv"]


def test_it_is_prepared_before_it_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"old")
    seen = []

    def prepare(temporary: str) -> None:
        seen.append((Path(temporary).parent, _mode(temporary), Path(temporary).read_bytes()))
        assert path.read_bytes() == b"old"
        os.chmod(temporary, 0o640)

    replace_files([(path, b"new")], prepare)
    assert seen == [(tmp_path, 0o600, b"new")]
    assert _mode(path) == 0o640


def test_it_is_on_the_disk_before_it_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "contacts.csv"
    acts = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        acts.append("folder" if is_folder else f"file of {os.fstat(descriptor).st_size} bytes")
        fsync(descriptor)

    def note_replace(source: str, target: Path) -> None:
        acts.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    replace_file(path, b"1234")
    assert acts == ["file of 4 bytes", "replace", "folder"]


@pytest.mark.parametrize("removes", [False, True])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, removes: bool) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"old")

    def fail(temporary: str) -> None:
        if removes:
            os.unlink(temporary)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_files([(path, b"new")], fail)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["contacts.csv"]


def test_of_several_files_none_is_replaced_before_all_are_written(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "a.csv.ids"
    first.write_bytes(b"old")
    written = []

    def prepare(temporary: str) -> None:
        written.append(Path(temporary).read_bytes())
        assert first.read_bytes() == b"old"
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        replace_files([(first, b"new"), (second, b"ids")], prepare)
    assert written == [b"new", b"ids"]
    assert first.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.csv"]
    replace_files([(first, b"new"), (second, b"ids")])
    assert (first.read_bytes(), second.read_bytes()) == (b"new", b"ids")


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "nowhere" / "contacts.csv", b"new")


def _killed_while_writing(path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "import importlib.util\n"
        f"spec = importlib.util.spec_from_file_location('files', {_files.__file__!r})\n"
        "files = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(files)\n"
        "from pathlib import Path\n"
        f"new = [(Path({str(path)!r}), b'new')]\n"
        "files.replace_files(new, lambda temporary: os.kill(os.getpid(), 9))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False)
    assert ended.returncode == -9


@pytest.mark.parametrize("name", ["contacts.csv", "contacts[1].csv", "co*cts.csv"])
def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")
    others = [f"{name}.new", ".contactsX.csv.1.new", f".{name}.swp", "x.new"]
    for other in others:
        (tmp_path / other).touch()
    _killed_while_writing(path)
    assert path.read_bytes() == b"old"
    assert len(os.listdir(tmp_path)) == len(others) + 2
    remove_unfinished(path)
    assert sorted(os.listdir(tmp_path)) == sorted([name, *others])


def test_only_one_writer_at_a_time(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        with only_writer(tmp_path), pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)


def test_a_folder_that_cannot_be_locked_is_used_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError

    monkeypatch.setattr(fcntl, "flock", refuse)
    with only_writer(tmp_path):
        pass


def test_a_folder_to_lock_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), only_writer(tmp_path / "nowhere"):
        pass
