# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock on a state directory: who may use it, and one at a time."""

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


def test_the_directory_is_made_private_and_its_lock_too(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    before = os.umask(0)
    try:
        with exclusive_lock(path):
            assert file_mode(path) == 0o700
            assert file_mode(path / "lock") == 0o600
    finally:
        os.umask(before)


@pytest.mark.parametrize("enter", [exclusive_lock, shared_lock])
@pytest.mark.parametrize("mode", [0o755, 0o710, 0o701, 0o770])
def test_a_directory_that_others_may_enter_is_refused_and_kept(
    tmp_path: Path, mode: int, enter: Callable[[Path], AbstractContextManager[None]]
) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(StateError) as caught, enter(tmp_path):
        pass
    assert str(caught.value) == (
        f"Cannot use the state directory {tmp_path}: others may look into it (mode {mode:04o}). "
        "Give state_dir a directory of its own with mode 0700."
    )
    assert file_mode(tmp_path) == mode
    assert not list(tmp_path.iterdir())


def test_a_file_system_without_locks_is_told(
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
        "Put state_dir on a file system with locks, such as a local one."
    )


def test_a_private_directory_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o1700)
    with exclusive_lock(tmp_path):
        assert file_mode(tmp_path) == 0o1700


def test_another_run_is_kept_out_and_told(tmp_path: Path) -> None:
    with exclusive_lock(tmp_path):
        with pytest.raises(StateError) as caught, exclusive_lock(tmp_path):
            pass
        assert str(caught.value) == (
            f"Cannot use the state directory {tmp_path}: another run is using it. "
            "Wait until it ends, and schedule the runs further apart."
        )
    with exclusive_lock(tmp_path):
        pass


def test_the_lock_is_given_back_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), exclusive_lock(tmp_path):
        raise KeyboardInterrupt
    descriptor = os.open(tmp_path / "lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)


@pytest.mark.parametrize(
    ("enter", "remedy"),
    [
        (exclusive_lock, "Give state_dir a directory that this user may write"),
        (shared_lock, "Run as the user who owns the state directory"),
    ],
)
def test_a_directory_that_cannot_be_used_is_told(
    tmp_path: Path, enter: Callable[[Path], AbstractContextManager[None]], remedy: str
) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "state"
    with pytest.raises(StateError) as caught, enter(path):
        pass
    assert str(caught.value) == (
        f"Cannot use the state directory {path}: Not a directory. {remedy}."
    )
