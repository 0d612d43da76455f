# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of ad_contacts_export that must fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.directory import RunningDirectory


def run_failing_export(directory: RunningDirectory, workspace: Workspace, **overrides: Any) -> str:
    """Run an export, assert that it fails, changes no files and shows no passwords, and return its error message.

    :param overrides: options to replace, or to remove if the value is None.
    """
    workspace.dest.write_text("the old roster", encoding="utf-8")
    workspace.dest.with_name("contacts.csv.ids").write_text("the old identities", encoding="utf-8")
    before = workspace.files()
    options = export_options(directory, workspace, **overrides)
    result = run_module(workspace, "ad_contacts_export", options)
    assert workspace.files() == before
    for password in (directory.bind_pw, options["bind_pw"]):
        assert password not in result.output
    return result.message
