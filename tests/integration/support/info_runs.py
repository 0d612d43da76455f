# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of ad_contacts_info."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.support.modules import ModuleResult, run_module
from tests.integration.support.options import connection_options, site_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.support.workspace import Workspace
    from tests.lab.directory import RunningDirectory


def run_info(
    directory: RunningDirectory,
    workspace: Workspace,
    *,
    env: Mapping[str, str] | None = None,
    **overrides: Any,
) -> ModuleResult:
    """Check a directory with ad_contacts_info.

    Also assert that the module writes no files, issues no warnings and shows no passwords.

    :param env: additional environment variables of the module.
    :param overrides: options to replace, or to remove if the value is None.
    """
    options = {
        **connection_options(directory),
        "sources": site_sources(directory),
        "filter": directory.people_filter,
        **overrides,
    }
    module_options = {name: value for name, value in options.items() if value is not None}
    before = workspace.files()
    result = run_module(workspace, "ad_contacts_info", module_options, env=env)
    assert workspace.files() == before
    assert not result.warnings
    assert not result.data.get("changed")
    for password in (directory.bind_pw, options["bind_pw"] or directory.bind_pw):
        assert password not in result.output
    return result


def problem_causes(result: ModuleResult) -> list[str]:
    """Assert that each problem has `where` and `remedy`, and return the causes of all problems."""
    assert all(problem["where"] and problem["remedy"] for problem in result["problems"])
    return [problem["cause"] for problem in result["problems"]]
