# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exports to a full disk, which must keep the old roster and leave no temporary files."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.modules import ModuleRunner, build_module_request, run_module
from tests.integration.support.options import export_options

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.directory import RunningDirectory


@pytest.mark.parametrize("check_mode", [False, True])
def test_an_export_to_a_full_disk_keeps_the_old_roster(
    check_mode: bool, open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    options = export_options(open_ldap, workspace)
    workspace.dest.write_text("the old roster", encoding="utf-8")
    workspace.dest.with_name("contacts.csv.ids").write_text("the old identities", encoding="utf-8")
    before = workspace.files()
    with ModuleRunner(workspace.collections_path) as runner:
        # A write beyond this file size fails like a write to a full disk, except for the error code.
        resource.prlimit(runner.pid, resource.RLIMIT_FSIZE, (1024, 1024))
        runner.start(
            build_module_request(
                workspace, "ad_contacts_export", {**options, "_ansible_check_mode": check_mode}
            )
        )
        result = runner.wait()
    target = (
        f" the staged roster in {workspace.temp_dir}/" if check_mode else f" {workspace.dest}: "
    )
    assert result.message.startswith(f"Cannot write{target}")
    assert ": File too large. Free some space" in result.message
    assert workspace.files() == before
    assert not list(workspace.temp_dir.iterdir())
    assert run_module(workspace, "ad_contacts_export", options)["changed"]
    assert workspace.dest.stat().st_size > 1024
