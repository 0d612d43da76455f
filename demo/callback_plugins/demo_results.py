# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what each task returned, as JSON Lines: the demo reads facts, not screens."""

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
short_description: Writes what each task returned to the file that DEMO_RESULTS names
description:
  - For the demo alone.
requirements:
  - The environment variable E(DEMO_RESULTS).
"""


class CallbackModule(CallbackBase):  # type: ignore[misc] # ansible-core has no types
    """One line for each result, and a last one for the recap."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "demo_results"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        """Note a task that did its work."""
        self._note_result(result, failed=False)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        """Note a task that failed."""
        self._note_result(result, failed=True)

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        """Note the recap's numbers, of all hosts together."""
        names = ("ok", "changed", "failures")
        _note({"recap": {name: sum(getattr(stats, name).values()) for name in names}})

    def _note_result(self, result: CallbackTaskResult, *, failed: bool) -> None:
        action = result.task.resolved_action
        _note({"action": action, "failed": failed, "returned": result.result})


def _note(line: dict[str, Any]) -> None:
    with Path(os.environ["DEMO_RESULTS"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, default=str) + "\n")
