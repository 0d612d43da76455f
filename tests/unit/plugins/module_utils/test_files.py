# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of file operations: atomic writes, comparisons, advisory locks on directories, and snapshots."""

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
    snapshot,
    write_atomically,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.files import file_mode


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_replaced_file_is_private(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"old")
    path.chmod(0o644)
    old_mask = os.umask(mask)
    try:
        write_atomically(path, b"new\r\n")
    finally:
        os.umask(old_mask)
    assert path.read_bytes() == b"new\r\n"
    assert file_mode(path) == 0o600
    assert os.listdir(tmp_path) == ["contacts.csv"]


def test_file_is_copied_from_its_current_position(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    data = os.urandom(1_000_000)
    file = io.BytesIO(data)
    file.seek(3)
    write_atomically(path, file)
    assert path.read_bytes() == data[3:]


def test_file_is_flushed_to_the_disk_before_it_is_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "contacts.csv"
    calls = []
    fsync, replace = os.fsync, os.replace

    def record_fsync(descriptor: int) -> None:
        is_directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        size = os.fstat(descriptor).st_size
        calls.append("fsync directory" if is_directory else f"fsync file of {size} bytes")
        fsync(descriptor)

    def record_replace(source: str, target: Path) -> None:
        calls.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "replace", record_replace)
    write_atomically(path, b"1234")
    assert calls == ["fsync file of 4 bytes", "replace", "fsync directory"]


def test_pending_file_is_private_and_deleted_unless_committed(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"old")
    old_mask = os.umask(0)
    try:
        with pending_file(path) as new:
            assert (new.path, new.temporary_path.parent) == (path, tmp_path)
            assert file_mode(new.temporary_path) == 0o600
            new.file.write(b"new")
    finally:
        os.umask(old_mask)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["contacts.csv"]
    assert new.file.closed


@pytest.mark.parametrize("removes_file", [False, True])
def test_interrupted_write_leaves_only_the_old_file(tmp_path: Path, removes_file: bool) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"old")

    def fail() -> None:
        with pending_file(path) as new:
            if removes_file:
                new.temporary_path.unlink()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["contacts.csv"]


def test_file_that_cannot_be_closed_is_deleted(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"

    def fail() -> None:
        with pending_file(path) as new:
            new.file.write(b"new")
            # Close the descriptor, so that closing the file fails, as on a full disk.
            os.close(new.file.fileno())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert os.listdir(tmp_path) == []


def test_files_are_moved_only_after_all_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "a.csv.ids"
    first.write_bytes(b"old")
    synced_sizes: list[int] = []
    fsync = os.fsync

    def fail_at_the_second_file(descriptor: int) -> None:
        synced_sizes.append(os.fstat(descriptor).st_size)
        if len(synced_sizes) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    def write() -> None:
        with pending_file(first) as one, pending_file(second) as two:
            one.file.write(b"new")
            two.file.write(b"more")
            commit_files([one, two])

    monkeypatch.setattr(os, "fsync", fail_at_the_second_file)
    with pytest.raises(OSError, match="No space left"):
        write()
    assert synced_sizes == [3, 4]
    assert first.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.csv"]
    monkeypatch.setattr(os, "fsync", fsync)
    write()
    assert (first.read_bytes(), second.read_bytes()) == (b"new", b"more")
    assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
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
def test_files_are_compared_by_their_bytes(
    tmp_path: Path, one: bytes, other: bytes, is_same: bool
) -> None:
    (tmp_path / "one").write_bytes(one)
    (tmp_path / "other").write_bytes(other)
    assert has_same_bytes(tmp_path / "one", tmp_path / "other") is is_same


def test_missing_file_differs_from_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "one").touch()
    assert has_same_bytes(tmp_path / "missing", tmp_path / "one") is False
    assert has_same_bytes(tmp_path / "one" / "below", tmp_path / "one") is False
    with pytest.raises(IsADirectoryError):
        has_same_bytes(tmp_path, tmp_path / "one")


def test_writing_to_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "missing" / "contacts.csv", b"new")


def _kill_while_writing(path: Path) -> None:
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
    process = subprocess.run([sys.executable, "-c", code], check=False)
    assert process.returncode == -9


@pytest.mark.parametrize("name", ["contacts.csv", "contacts[1].csv", "co*cts.csv"])
def test_only_temporary_files_of_killed_runs_are_removed(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")
    others = [f"{name}.new", ".contactsX.csv.1.new", f".{name}.swp", "x.new"]
    for other in others:
        (tmp_path / other).touch()
    _kill_while_writing(path)
    assert path.read_bytes() == b"old"
    assert len(os.listdir(tmp_path)) == len(others) + 2
    remove_leftovers(path)
    assert sorted(os.listdir(tmp_path)) == sorted([name, *others])


def test_directory_lock_is_exclusive(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        with directory_lock(tmp_path), pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)


def test_directory_lock_waits_for_another_holder(tmp_path: Path) -> None:
    order = []
    is_waiting = threading.Event()

    def write_second() -> None:
        is_waiting.set()
        with directory_lock(tmp_path):
            order.append("second")

    thread = threading.Thread(target=write_second)
    with directory_lock(tmp_path):
        thread.start()
        assert is_waiting.wait(30)
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]


def test_directory_lock_times_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(_files, "time", _Clock(now))
    with directory_lock(tmp_path), pytest.raises(TimeoutError), directory_lock(tmp_path):
        pass
    assert 60 <= now[0] < 61
    with directory_lock(tmp_path), pytest.raises(TimeoutError), directory_lock(tmp_path, 0.0):
        pass
    assert now[0] < 61


class _Clock:
    """A substitute for the module `time` that advances its clock instead of sleeping."""

    def __init__(self, now: list[float]) -> None:
        self._now = now

    def monotonic(self) -> float:
        return self._now[0]

    def sleep(self, seconds: float) -> None:
        self._now[0] += seconds


def test_file_system_without_locks_is_tolerated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError

    monkeypatch.setattr(fcntl, "flock", refuse)
    with directory_lock(tmp_path):
        pass


def test_missing_directory_cannot_be_locked(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), directory_lock(tmp_path / "missing"):
        pass


def test_snapshot_outlives_replacement_and_has_independent_readers(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"0123456789")
    with snapshot(path) as open_file:
        write_atomically(path, b"new")
        with open_file() as one, open_file() as other:
            assert one.read(4) == b"0123"
            assert other.read(2) == b"01"
            assert (one.tell(), other.tell()) == (4, 2)
            assert one.seek(-3, os.SEEK_END) == 7
            assert one.seek(1, os.SEEK_CUR) == 8
            assert one.read() == b"89"
            assert one.seek(3) == 3
            assert one.read(1) == b"3"
            assert one.readable()
            assert one.seekable()
            assert other.read() == b"23456789"
    with pytest.raises(OSError, match="Bad file descriptor"):
        open_file().read()
    with pytest.raises(FileNotFoundError), snapshot(tmp_path / "missing"):
        pass


def test_pipe_without_a_writer_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with snapshot(tmp_path / "pipe") as open_file, pytest.raises(OSError, match="Illegal seek"):
        open_file().read()
