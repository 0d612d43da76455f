# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of restricting the access to a state directory."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.lock import (
    exclusive_lock,
    shared_lock,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt import StateError
from ansible_collections.frontdesk.contacts.tests.unit.support.files import file_mode

MODES = [0o755, 0o710, 0o701, 0o770, 0o777, 0o2770, 0o2775]
# The files that a first run creates, and the directory that a new file system contains.
FIRST_RUN = ("contacts.csv", "contacts.csv.ids", "lock", "lost+found/")
PREVENTION = (
    "To preserve this mode in Kubernetes, set fsGroupChangePolicy to OnRootMismatch, and state_dir to a subdirectory of"
    " the volume. In a systemd unit, set StateDirectoryMode to 0700."
)


def create_entries(directory: Path, *names: str) -> None:
    """Create empty files, and directories for names that end with a slash."""
    for name in names:
        path = directory / name
        path.mkdir() if name.endswith("/") else path.touch()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("names", [(), FIRST_RUN, ("receipt.json", ".config", "corp/")])
def test_a_mode_with_access_for_others_is_reset_except_in_check_mode(
    names: tuple[str, ...], mode: int, tmp_path: Path
) -> None:
    create_entries(tmp_path, *names)
    tmp_path.chmod(mode)
    problem = f"The state directory {tmp_path} was accessible to other users (mode {mode:04o})."
    with shared_lock(tmp_path) as warning:
        assert warning.replace("O(state_dir)", "state_dir") == (
            f"{problem} A run without check mode sets its mode to 0700. {PREVENTION}"
        )
    assert file_mode(tmp_path) == mode
    with exclusive_lock(tmp_path) as warning:
        assert warning.replace("O(state_dir)", "state_dir") == (
            f"{problem} Its mode was set to 0700. {PREVENTION}"
        )
    assert file_mode(tmp_path) == 0o700
    with exclusive_lock(tmp_path) as warning:
        assert not warning


@pytest.mark.parametrize(
    ("mode", "names"),
    [
        (0o755, (".profile",)),
        (0o755, ("corp/",)),
        (0o1777, ()),
        (0o1777, ("receipt.json",)),
    ],
    ids=[
        "home directory",
        "parent directory",
        "temporary directory",
        "temporary directory with a receipt",
    ],
)
def test_a_directory_with_another_purpose_is_rejected_and_unchanged(
    mode: int, names: tuple[str, ...], tmp_path: Path
) -> None:
    create_entries(tmp_path, *names)
    tmp_path.chmod(mode)
    for lock in (exclusive_lock, shared_lock):
        with pytest.raises(StateError) as caught, lock(tmp_path):
            pass
        assert str(caught.value) == (
            f"Cannot use the state directory {tmp_path}: other users can access it (mode {mode:04o}), and it is not"
            " dedicated to the sync. Set state_dir to a dedicated directory with mode 0700, such as a new subdirectory."
        )
    assert file_mode(tmp_path) == mode
    assert {path.name for path in tmp_path.iterdir()} == {name.rstrip("/") for name in names}


def test_a_file_system_without_modes_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o777)
    monkeypatch.setattr(Path, "chmod", lambda *_arguments, **_options: None)
    with pytest.raises(StateError) as caught, exclusive_lock(tmp_path):
        pass
    assert str(caught.value) == (
        f"Cannot use the state directory {tmp_path}: other users can access it, and its mode cannot be changed (it is"
        " still 0777). Set its mode to 0700. In Kubernetes, set fsGroupChangePolicy to OnRootMismatch, and state_dir to"
        " a subdirectory of the volume. For a CIFS share, use the mount options dir_mode=0700,file_mode=0600."
    )


def test_a_read_only_file_system_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError(30, "Read-only file system")

    tmp_path.chmod(0o777)
    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(StateError) as caught, exclusive_lock(tmp_path):
        pass
    assert "its mode cannot be changed (Read-only file system). " in str(caught.value)
