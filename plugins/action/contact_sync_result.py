# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of the module contact_sync_result, which publishes the result of a sync."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible.plugins.action import ActionBase

from ..plugin_utils._report import report_lines, summary
from ..plugin_utils._result import TaskResults, make_result
from ..plugin_utils._values import plain

_REGISTERED = {
    "settings": "__contact_sync_settings",
    "creation": "__contact_sync_creation",
    "export": "__contact_sync_export",
    "upload": "__contact_sync_upload",
}
"""Variables in which the role registers the results of its tasks."""


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core is not a typed package
    """Combine the results of the role's tasks, and remove a roster that was staged in check mode."""

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the result of the sync, and add it to the statistics of the run."""
        returned: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        tasks = TaskResults(
            **{
                task: plain(variables[name])
                for task, name in _REGISTERED.items()
                if name in variables and not variables[name].get("skipped")
            }
        ).until_failure()
        result = make_result(tasks, variables["inventory_hostname"], datetime.now(timezone.utc))
        published = {**result.to_dict(), "summary": summary(result)}
        staging_dir = tasks.export.get("staging_dir")
        if staging_dir:
            removal = self._execute_module(
                module_name="ansible.builtin.file",
                module_args={"path": staging_dir, "state": "absent"},
                task_vars=variables,
            )
            if removal.get("failed"):
                return {**returned, **removal}
        return {
            **returned,
            **published,
            "changed": False,
            "report": report_lines(result, tasks.settings.get("dest", "")),
            "ansible_stats": {
                "data": {"frontdesk_contacts": {result.name: published}},
                "per_host": False,
                "aggregate": True,
            },
        }
