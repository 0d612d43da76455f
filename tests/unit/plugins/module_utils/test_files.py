# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacing files: whole, private from the first byte, nothing left behind."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils import _files
from ansible_collections.frontdesk.contacts.plugins.module_utils._files import (
    commit_files,
    directory_lock,
    has_same_bytes,
    pending_file,
    remove_leftovers,
    write_atomically,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.files import file_mode


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_file_is_replaced_and_private(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"old")
    path.chmod(0o644)
    before = os.umask(mask)
    try:
        write_atomically(path, b"new\r\n")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"new\r\n"
    assert file_mode(path) == 0o600
    assert os.listdir(tmp_path) == ["contacts.csv"]


def test_what_a_file_holds_is_copied(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    data = os.urandom(1_000_000)
    file = io.BytesIO(data)
    file.seek(3)
    write_atomically(path, file)
    assert path.read_bytes() == data[3:]


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
    write_atomically(path, b"1234")
    assert acts == ["file of 4 bytes", "replace", "folder"]


def test_a_new_file_is_private_beside_its_place_and_gone_unless_moved(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"old")
    before = os.umask(0)
    try:
        with pending_file(path) as new:
            assert (new.path, new.temporary_path.parent) == (path, tmp_path)
            assert file_mode(new.temporary_path) == 0o600
            new.file.write(b"new")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["contacts.csv"]
    assert new.file.closed


@pytest.mark.parametrize("removes", [False, True])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, removes: bool) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"old")

    def fail() -> None:
        with pending_file(path) as new:
            if removes:
                new.temporary_path.unlink()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["contacts.csv"]


def test_a_file_that_cannot_be_written_to_its_end_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"

    def fail() -> None:
        with pending_file(path) as new:
            new.file.write(b"new")
            # As on a full disk: what still waits to be written cannot be.
            os.close(new.file.fileno())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert os.listdir(tmp_path) == []


def test_of_several_files_none_is_moved_before_all_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "a.csv.ids"
    first.write_bytes(b"old")
    synced: list[int] = []
    fsync = os.fsync

    def fail_at_the_second(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)
        if len(synced) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    def write() -> None:
        with pending_file(first) as one, pending_file(second) as two:
            one.file.write(b"new")
            two.file.write(b"more")
            commit_files([one, two])

    monkeypatch.setattr(os, "fsync", fail_at_the_second)
    with pytest.raises(OSError, match="No space left"):
        write()
    assert synced == [3, 4]
    assert first.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.csv"]
    monkeypatch.setattr(os, "fsync", fsync)
    write()
    assert (first.read_bytes(), second.read_bytes()) == (b"new", b"more")
    assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b"", b"", True),
        (b"a", b"a", True),
        (b"a", b"b", False),
        (b"a", b"ab", False),
        (b"a" * 1_000_000, b"a" * 1_000_000, True),
        (b"a" * 999_999 + b"b", b"a" * 1_000_000, False),
        (b"b" + b"a" * 999_999, b"a" * 1_000_000, False),
    ],
)
def test_files_are_the_same_when_their_bytes_are(
    tmp_path: Path, one: bytes, other: bytes, same: bool
) -> None:
    (tmp_path / "one").write_bytes(one)
    (tmp_path / "other").write_bytes(other)
    assert has_same_bytes(tmp_path / "one", tmp_path / "other") is same


def test_a_file_that_is_not_there_is_the_same_as_none(tmp_path: Path) -> None:
    (tmp_path / "one").touch()
    assert has_same_bytes(tmp_path / "nowhere", tmp_path / "one") is False
    assert has_same_bytes(tmp_path / "one" / "below", tmp_path / "one") is False
    with pytest.raises(IsADirectoryError):
        has_same_bytes(tmp_path, tmp_path / "one")


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "nowhere" / "contacts.csv", b"new")


def _killed_while_writing(path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "import importlib.util\n"
        f"spec = importlib.util.spec_from_file_location('files', {_files.__file__!r})\n"
        "files = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(files)\n"
        "from pathlib import Path\n"
        f"with files.pending_file(Path({str(path)!r})) as new:\n"
        "    new.file.write(b'new')\n"
        "    os.kill(os.getpid(), 9)\n"
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
    remove_leftovers(path)
    assert sorted(os.listdir(tmp_path)) == sorted([name, *others])


def test_only_one_writer_at_a_time(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        with directory_lock(tmp_path), pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)


def test_a_writer_waits_for_another_one(tmp_path: Path) -> None:
    order = []
    waits = threading.Event()

    def write_too() -> None:
        waits.set()
        with directory_lock(tmp_path):
            order.append("second")

    thread = threading.Thread(target=write_too)
    with directory_lock(tmp_path):
        thread.start()
        assert waits.wait(30)
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]


def test_nobody_waits_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(_files, "time", _Clock(now))
    with directory_lock(tmp_path), pytest.raises(TimeoutError), directory_lock(tmp_path):
        pass
    assert 60 <= now[0] < 61
    with directory_lock(tmp_path), pytest.raises(TimeoutError), directory_lock(tmp_path, 0.0):
        pass
    assert now[0] < 61


class _Clock:
    def __init__(self, now: list[float]) -> None:
        self._now = now

    def monotonic(self) -> float:
        return self._now[0]

    def sleep(self, seconds: float) -> None:
        self._now[0] += seconds


def test_a_folder_that_cannot_be_locked_is_used_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError

    monkeypatch.setattr(fcntl, "flock", refuse)
    with directory_lock(tmp_path):
        pass


def test_a_folder_to_lock_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), directory_lock(tmp_path / "nowhere"):
        pass
