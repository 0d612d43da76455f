# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the locks on a state directory and of its permissions."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.lock import (
    exclusive_lock,
    shared_lock,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt import StateError
from ansible_collections.frontdesk.contacts.tests.unit.support.files import file_mode


def test_directory_and_lock_file_are_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    old_mask = os.umask(0)
    try:
        with exclusive_lock(path):
            assert file_mode(path) == 0o700
            assert file_mode(path / "lock") == 0o600
    finally:
        os.umask(old_mask)


def test_file_system_without_locks_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    tmp_path.chmod(0o700)
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StateError) as caught, exclusive_lock(tmp_path):
        pass
    assert str(caught.value) == (
        f"Cannot use the state directory {tmp_path}: it cannot be locked (No locks available). "
        "Set state_dir to a directory on a file system that supports locks, such as a local one."
    )


def test_mode_of_a_private_directory_is_unchanged(tmp_path: Path) -> None:
    tmp_path.chmod(0o1700)
    with exclusive_lock(tmp_path):
        assert file_mode(tmp_path) == 0o1700


def test_lock_held_by_another_run_is_reported(tmp_path: Path) -> None:
    with exclusive_lock(tmp_path):
        with pytest.raises(StateError) as caught, exclusive_lock(tmp_path):
            pass
        assert str(caught.value) == (
            f"Cannot use the state directory {tmp_path}: another run is using it. "
            "Wait until that run ends, and schedule the runs further apart."
        )
    with exclusive_lock(tmp_path):
        pass


def test_lock_is_released_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), exclusive_lock(tmp_path):
        raise KeyboardInterrupt
    descriptor = os.open(tmp_path / "lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)


@pytest.mark.parametrize(
    ("lock", "remedy"),
    [
        (exclusive_lock, "Set state_dir to a directory that is writable by this user"),
        (shared_lock, "Run as the user who owns the state directory"),
    ],
)
def test_unusable_directory_is_reported(
    tmp_path: Path, lock: Callable[[Path], AbstractContextManager[str]], remedy: str
) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "state"
    with pytest.raises(StateError) as caught, lock(path):
        pass
    assert str(caught.value) == (
        f"Cannot use the state directory {path}: Not a directory. {remedy}."
    )


@pytest.mark.parametrize("lock", [exclusive_lock, shared_lock])
@pytest.mark.parametrize(
    "create",
    [lambda path: path.symlink_to("victim"), os.mkfifo, Path.mkdir],
    ids=["symbolic link", "pipe", "directory"],
)
def test_lock_file_that_is_not_a_regular_file_is_rejected(
    tmp_path: Path,
    create: Callable[[Path], None],
    lock: Callable[[Path], AbstractContextManager[str]],
) -> None:
    directory = tmp_path / "state"
    directory.mkdir(mode=0o700)
    create(directory / "lock")
    with pytest.raises(StateError) as caught, lock(directory):
        pass
    assert str(caught.value) == (
        f"Cannot use the state directory {directory}: its lock file is not a regular file."
        f" Remove {directory / 'lock'}."
    )
    assert [path.name for path in directory.iterdir()] == ["lock"]


@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
def test_all_created_directories_are_private(tmp_path: Path, mask: int) -> None:
    old_mask = os.umask(mask)
    try:
        with exclusive_lock(tmp_path / "a" / "b" / "c"):
            pass
    finally:
        os.umask(old_mask)
    assert {file_mode(tmp_path / path) for path in ("a", "a/b", "a/b/c")} == {0o700}
