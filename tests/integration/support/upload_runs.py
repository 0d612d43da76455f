# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of contact_upload."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.integration.support.modules import ModuleResult, run_module
from tests.integration.support.options import upload_options

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.support.workspace import Workspace
    from tests.lab.receiver import Receiver


def run_upload(service: Receiver, workspace: Workspace, **overrides: Any) -> ModuleResult:
    """Run an upload, and assert that its output contains no tokens.

    :param overrides: options to replace, or to remove if the value is None.
    """
    options = upload_options(service, workspace, **overrides)
    result = run_module(workspace, "contact_upload", options)
    for token in (service.token, options.get("token")):
        assert not token or token not in result.output
    return result


def run_failing_upload(service: Receiver, workspace: Workspace, **overrides: Any) -> ModuleResult:
    """Run a first upload in the same way as `run_upload`, and assert that it fails and leaves no receipt.

    If it is unknown whether the service has the roster, the state directory must contain a record of the upload.
    """
    result = run_upload(service, workspace, initial=True, **overrides)
    assert result.failed
    assert result.data["uploaded"] is False
    assert not result.data.get("changed")
    assert service.uploads == 0
    receipt = workspace.state_dir / "receipt.json"
    if receipt.exists() or result.data["kind"] == "service_unsure":
        state = json.loads(receipt.read_text("utf-8"))
        assert (state["receipt"], len(state["unresolved"])) == (None, 1)
    else:
        assert [path.name for path in state_files(workspace)] in ([], ["lock"])
    return result


def state_files(workspace: Workspace) -> list[Path]:
    """Return the paths of all files in the state directory."""
    return sorted(workspace.state_dir.iterdir()) if workspace.state_dir.exists() else []
