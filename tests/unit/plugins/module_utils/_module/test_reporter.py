# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the output of modules: names of options in messages, unchanged data, and removal of control characters."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.reporter import Reporter


class _ModuleExitError(Exception):
    """Raised when the module exits."""


class _Module:
    """A fake module that records its output."""

    def __init__(self, option_names: dict[Any, Any] | None) -> None:
        self.params = {"option_names": option_names}
        self.output: list[Any] = []

    def warn(self, warning: str) -> None:
        self.output.append(warning)

    def fail_json(self, **result: Any) -> None:
        self.output.append(result)
        raise _ModuleExitError

    exit_json = fail_json


PROBLEM = {
    "where": "ldaps://dc1",
    "cause": "O(sources[].minimum) is 2",
    "remedy": "Set O(ca_path)",
}


@pytest.mark.parametrize(
    ("names", "ca_path"),
    [({}, "ca_path"), ({"ca_path": "the_ca"}, "the_ca"), ({"ca_path": 1}, "1")],
)
def test_all_messages_are_rendered(names: dict[Any, Any], ca_path: str) -> None:
    module = _Module(names)
    reporter = Reporter(module)
    reporter.warn("Check O(ca_path).")
    with pytest.raises(_ModuleExitError):
        reporter.fail("Set O(ca_path).", problems=[PROBLEM], attempts=1)
    with pytest.raises(_ModuleExitError):
        reporter.exit(problems=[PROBLEM], changed=False)
    problem = {
        "where": "ldaps://dc1",
        "cause": "minimum is 2",
        "remedy": f"Set {ca_path}",
    }
    assert module.output == [
        f"Check {ca_path}.",
        {"msg": f"Set {ca_path}.", "problems": [problem], "attempts": 1},
        {"problems": [problem], "changed": False},
    ]
    assert PROBLEM["remedy"] == "Set O(ca_path)"


def test_null_means_that_no_names_are_replaced() -> None:
    module = _Module(None)
    Reporter(module).warn("Check O(ca_path).")
    assert module.output == ["Check ca_path."]


def test_data_in_results_is_not_changed() -> None:
    module = _Module({"ca_path": "the_ca"})
    result: dict[str, Any] = {
        "diff": {"after": "O(ca_path)"},
        "left_out": [{"identity": "O(ca_path)"}],
    }
    with pytest.raises(_ModuleExitError):
        Reporter(module).exit(**result)
    assert module.output == [result]


def test_messages_contain_no_escape_sequences_and_no_line_breaks() -> None:
    module = _Module({})
    reporter = Reporter(module)
    text = "Check\x1b[31m\nO(ca_path)\x9b0m.\u202e"
    reporter.warn(text)
    with pytest.raises(_ModuleExitError):
        reporter.fail(text)
    with pytest.raises(_ModuleExitError):
        reporter.exit(problems=[dict.fromkeys(PROBLEM, text)])
    shown = "Check ca_path."
    assert module.output == [
        shown,
        {"msg": shown},
        {"problems": [dict.fromkeys(PROBLEM, shown)]},
    ]
