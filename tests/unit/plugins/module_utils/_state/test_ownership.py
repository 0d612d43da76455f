# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the ownership of a state directory and of the directories in its path."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.lock import (
    exclusive_lock,
    shared_lock,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt import StateError

OTHER_USER = 54321
PARENT_REMEDY = (
    " Correct the owner or the mode, or set state_dir to a directory whose parent directories can only be changed by"
    " this user and root."
)

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="Only root can change the owner of a file."
)


def refusal(directory: Path) -> str:
    """Return the cause and remedy with which both locks reject a directory, and assert that nothing is created."""
    messages = set()
    before = sorted(directory.parent.rglob("*")) if directory.parent.exists() else []
    for lock in (exclusive_lock, shared_lock):
        with pytest.raises(StateError) as caught, lock(directory):
            pass
        messages.add(str(caught.value))
    assert (sorted(directory.parent.rglob("*")) if directory.parent.exists() else []) == before
    (message,) = messages
    action = f"Cannot use the state directory {directory}: "
    assert message.startswith(action)
    return message[len(action) :]


def assert_usable(directory: Path) -> None:
    """Assert that both locks accept a directory."""
    with exclusive_lock(directory):
        assert (directory / "lock").exists()
    with shared_lock(directory):
        pass


@pytest.fixture(autouse=True)
def private_root(tmp_path: Path) -> None:
    """Make the directory of a test private, because a default access control list can give other users access to it."""
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("child", ["state", "missing/state"])
def test_a_parent_that_others_can_write_to_is_rejected(child: str, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    assert (
        refusal(shared / child) == f"other users can write to {shared} (mode 0777).{PARENT_REMEDY}"
    )


def test_a_parent_with_the_sticky_bit_is_accepted(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    assert_usable(shared / "corp/state")


def test_the_directories_of_a_symbolic_link_and_of_its_target_are_checked(tmp_path: Path) -> None:
    (tmp_path / "private/corp").mkdir(mode=0o700, parents=True)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/corp").symlink_to("../private/corp")
    assert_usable(tmp_path / "lib/corp")
    assert_usable(tmp_path / "lib/../lib/corp")
    for name in ("lib", "private"):
        (tmp_path / name).chmod(0o777)
        with pytest.raises(StateError, match=rf"other users can write to {tmp_path / name} "):
            assert_usable(tmp_path / "lib/corp")
        (tmp_path / name).chmod(0o755)


def test_a_loop_of_symbolic_links_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(StateError, match="Too many levels of symbolic links"):
        assert_usable(tmp_path / "a")


@needs_root
@pytest.mark.parametrize("name", ["state", "state/lock"])
def test_a_directory_or_lock_file_of_another_user_is_rejected(name: str, tmp_path: Path) -> None:
    directory = tmp_path / "state"
    assert_usable(directory)
    os.chown(tmp_path / name, OTHER_USER, -1)
    subject = "it" if name == "state" else "its lock file"
    assert refusal(directory) == (
        f"{subject} belongs to the user {OTHER_USER}. Run as the user who owns it, or set state_dir to another"
        " directory."
    )


@needs_root
def test_a_parent_of_another_user_is_rejected(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    os.chown(home, OTHER_USER, -1)
    assert refusal(home / "state") == (
        f"the user {OTHER_USER} can replace {home / 'state'}.{PARENT_REMEDY}"
    )


@needs_root
def test_a_symbolic_link_of_another_user_in_a_shared_directory_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "state").symlink_to(tmp_path / "state")
    os.chown(shared / "state", OTHER_USER, -1, follow_symlinks=False)
    with pytest.raises(StateError) as caught, exclusive_lock(shared / "state"):
        pass
    assert f"the user {OTHER_USER} can replace {shared / 'state'}." in str(caught.value)


@needs_root
@pytest.mark.parametrize(
    ("members", "primary_members", "accepted"),
    [
        ((), (), True),
        (("root",), (), True),
        (("root", "bob"), (), False),
        ((), ("bob",), False),
    ],
    ids=["no members", "only root", "another member", "primary group of another user"],
)
def test_a_parent_that_a_group_can_write_to_is_accepted_if_the_group_has_no_other_members(
    members: tuple[str, ...],
    primary_members: tuple[str, ...],
    accepted: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    users = [SimpleNamespace(pw_name=name, pw_gid=OTHER_USER) for name in primary_members]
    monkeypatch.setattr(pwd, "getpwall", lambda: users)
    monkeypatch.setattr(grp, "getgrgid", lambda _group: SimpleNamespace(gr_mem=list(members)))
    volume = tmp_path / "volume"
    volume.mkdir()
    os.chown(volume, -1, OTHER_USER)
    volume.chmod(0o2775)
    if accepted:
        assert_usable(volume / "state")
    else:
        assert "other users can write to" in refusal(volume / "state")
