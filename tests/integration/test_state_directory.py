# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state directory on volumes and hosts that other users share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.support.options import CHECK_MODE
from tests.integration.support.rosters import make_contacts, write_roster
from tests.integration.support.upload_runs import run_upload
from tests.integration.support.workspace import file_mode

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.support.workspace import Workspace
    from tests.lab.receiver import Receiver


def extend_modes(directory: Path) -> None:
    """Give the group access to a directory and its files, as Kubernetes does for a pod with an fsGroup."""
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
        assert file_mode(state_dir) == 0o2770 if "/" in name else 0o2775
        result = run_upload(service, workspace, state_dir=str(state_dir))
        assert result["uploaded"]
        assert result["plan"]["added"] == 1
        assert result["plan"] == preview["plan"]
        assert file_mode(state_dir) == 0o700
        for warning, change in (
            (preview.warnings, "A run without check mode sets it to 0700"),
            (result.warnings, "It was set to 0700"),
        ):
            assert [change in text and "OnRootMismatch" in text for text in warning] == [True]
