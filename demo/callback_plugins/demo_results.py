# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Callback plugin that writes the results of tasks to a JSON Lines file for the demo."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.plugins.callback import CallbackBase

if TYPE_CHECKING:
    from ansible.executor.stats import AggregateStats
    from ansible.executor.task_result import CallbackTaskResult

DOCUMENTATION = """
name: demo_results
type: notification
short_description: Write the results of tasks to a JSON Lines file
description:
  - Appends the result of each successful or failed task, and the recap, to the file specified by the environment
    variable E(DEMO_RESULTS).
  - Only used by the demo.
requirements:
  - The environment variable E(DEMO_RESULTS).
"""


class CallbackModule(CallbackBase):  # type: ignore[misc] # ansible-core is not a typed package
    """Callback plugin that writes one line for each successful or failed task, and one for the recap."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "demo_results"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        """Write the result of a successful task."""
        self._write_result(result, failed=False)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        """Write the result of a failed task."""
        self._write_result(result, failed=True)

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        """Write the recap, with the totals of all hosts."""
        names = ("ok", "changed", "failures")
        _write({"recap": {name: sum(getattr(stats, name).values()) for name in names}})

    def _write_result(self, result: CallbackTaskResult, *, failed: bool) -> None:
        action = result.task.resolved_action
        _write({"action": action, "failed": failed, "returned": result.result})


def _write(line: dict[str, Any]) -> None:
    with Path(os.environ["DEMO_RESULTS"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, default=str) + "\n")
