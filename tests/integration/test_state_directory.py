# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state directory on volumes and hosts that are shared with other users."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.options import CHECK_MODE, role_variables
from tests.integration.support.playbooks import Inventory, PlaybookRun, start_playbook
from tests.integration.support.rosters import make_contacts, write_roster
from tests.integration.support.upload_runs import run_upload
from tests.integration.support.workspace import file_mode

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.support.workspace import Workspace
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver


def extend_modes(directory: Path) -> None:
    """Grant the group access to a directory and its files, as Kubernetes does for a pod with an fsGroup."""
    for path in (directory, *directory.rglob("*")):
        path.chmod(path.stat().st_mode | (0o2770 if path.is_dir() else 0o660))


@pytest.mark.parametrize("name", ["volume", "volume/corp"])
def test_a_volume_whose_modes_are_extended_at_each_mount_keeps_working(
    name: str, service: Receiver, workspace: Workspace
) -> None:
    state_dir = workspace.root / name
    (workspace.root / "volume").mkdir()
    (workspace.root / "volume").chmod(0o2775)
    write_roster(workspace.dest, make_contacts(3))
    assert run_upload(service, workspace, state_dir=str(state_dir), initial=True)["uploaded"]
    for count in (4, 5):
        extend_modes(workspace.root / "volume")
        write_roster(workspace.dest, make_contacts(count))
        preview = run_upload(service, workspace, state_dir=str(state_dir), **CHECK_MODE)
        assert file_mode(state_dir) == 0o2770
        result = run_upload(service, workspace, state_dir=str(state_dir))
        assert result["uploaded"]
        assert result["plan"]["added"] == 1
        assert result["plan"] == preview["plan"]
        assert file_mode(state_dir) == 0o700
        for warning, change in (
            (preview.warnings, "A run without check mode sets its mode to 0700"),
            (result.warnings, "Its mode was set to 0700"),
        ):
            assert [change in text and "OnRootMismatch" in text for text in warning] == [True]


@pytest.fixture
def roster(workspace: Workspace) -> None:
    """Write a roster of three contacts."""
    write_roster(workspace.dest, make_contacts(3))


@pytest.mark.usefixtures("roster")
@pytest.mark.parametrize("name", ["state", "state/lock"])
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change an owner")
def test_the_state_of_another_user_is_refused(
    name: str, service: Receiver, workspace: Workspace
) -> None:
    assert run_upload(service, workspace, initial=True)["uploaded"]
    os.chown(workspace.root / name, 54321, -1)
    subject = "it" if name == "state" else "its lock file"
    for mode in ({}, CHECK_MODE):
        result = run_upload(service, workspace, **mode)
        assert result.message == (
            f"Cannot use the state directory {workspace.state_dir}: {subject} belongs to the user 54321. Run as the"
            " user who owns it, or set state_dir to another directory."
        )


@pytest.mark.usefixtures("roster")
def test_a_directory_below_a_world_writable_one_is_refused_without_the_sticky_bit(
    service: Receiver, workspace: Workspace
) -> None:
    shared = workspace.root / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    for mode in ({}, CHECK_MODE):
        state_dir = str(shared / "corp/state")
        result = run_upload(service, workspace, state_dir=state_dir, initial=True, **mode)
        assert result.message == (
            f"Cannot use the state directory {state_dir}: other users can write to {shared} (mode 0777). Correct the"
            " owner or the mode, or set state_dir to a directory whose parent directories can only be changed by this"
            " user and root."
        )
        assert not list(shared.iterdir())
    shared.chmod(0o1777)
    assert run_upload(service, workspace, state_dir=state_dir, initial=True)["uploaded"]
    assert [file_mode(shared / path) for path in ("corp", "corp/state")] == [0o700, 0o700]


@pytest.mark.usefixtures("roster")
def test_a_state_directory_of_systemd_is_accepted(service: Receiver, workspace: Workspace) -> None:
    # With DynamicUser, systemd creates the directory below "private", and a symbolic link to it.
    state_dir = workspace.root / "lib/frontdesk"
    (workspace.root / "lib/private").mkdir(mode=0o700, parents=True)
    (workspace.root / "lib/private/frontdesk").mkdir(mode=0o755)
    state_dir.symlink_to("private/frontdesk")
    options = {"state_dir": str(state_dir)}
    assert run_upload(service, workspace, **options, initial=True)["uploaded"]
    assert not run_upload(service, workspace, **options)["changed"]
    assert state_dir.is_symlink()
    assert file_mode(state_dir) == 0o700


def test_the_role_refuses_a_roster_that_replaces_the_exported_one(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
) -> None:
    variables = role_variables(open_ldap, service, workspace)
    process = start_playbook(workspace, "frontdesk.contacts.sync", Inventory(variables))
    deadline = time.monotonic() + 120
    while not workspace.dest.exists() and time.monotonic() < deadline:
        time.sleep(0.002)
    write_roster(workspace.dest, make_contacts(3))
    output, _errors = process.communicate(timeout=120)
    run = PlaybookRun(process.returncode, output)
    assert run.failure == (
        f"Cannot use {workspace.dest}: it is not the exported roster, because its SHA-256 checksum differs from"
        " checksum. Find out what replaced it, and export the roster again."
    )
    assert service.requests == 0
