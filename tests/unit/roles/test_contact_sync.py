# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that the files of the role are consistent with each other and with the modules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_spec import (
    export_spec,
    info_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_spec import (
    upload_spec,
)
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._variables import (
    EXPORT,
    MODULES,
    PROBE,
    UPLOAD,
    VARIABLES,
)

ROLE = Path(__file__).resolve().parents[3] / "roles" / "contact_sync"
TASKS = {path.name: path.read_text(encoding="utf-8") for path in (ROLE / "tasks").glob("*.yml")}
TEMPLATES = [path.read_text(encoding="utf-8") for path in (ROLE / "templates").glob("*")]
# Internal variables start with two underscores.
_PUBLIC_NAME = re.compile(r"\b(?<!__)contact_sync_\w+")


def _options_set_by_the_task(stage: str) -> set[str]:
    """Return the module options that the task of a stage sets, in addition to those from the variables of the role."""
    action = f"frontdesk.contacts.{MODULES[stage]}"
    (task,) = (task for task in yaml.safe_load(TASKS[f"{stage}.yml"]) if action in task)
    assert task["module_defaults"] == {
        "group/frontdesk.contacts.contact_sync": f"{{{{ __contact_sync_settings.options.{stage} }}}}"
    }
    options: dict[str, Any] = task[action]
    return set(options)


@pytest.mark.parametrize(
    ("stage", "spec", "unused"),
    [
        # No backup is needed: the state directory contains the last accepted roster.
        (EXPORT, export_spec(), {"backup"}),
        # The role shows the report first, and then fails in a separate task if there are problems.
        (PROBE, info_spec(), {"fail_on_problems"}),
        (UPLOAD, upload_spec(), set()),
    ],
)
def test_each_module_option_in_use_is_set_by_a_variable_or_by_the_task(
    stage: str, spec: dict[str, Any], unused: set[str]
) -> None:
    forwarded = {each.options[stage] for each in VARIABLES.values() if stage in each.options}
    in_task = _options_set_by_the_task(stage)
    assert forwarded & in_task == set()
    assert forwarded | in_task | {"option_names"} == set(spec) - unused


def test_tasks_use_the_checked_settings_instead_of_the_variables() -> None:
    names = set(_PUBLIC_NAME.findall("\n".join([*TASKS.values(), *TEMPLATES])))
    assert "contact_sync_export" in names  # a tag
    assert names & set(VARIABLES) == set()


def test_every_task_file_is_imported_or_an_entry_point() -> None:
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    entry_points = {f"{name}.yml" for name in specs["argument_specs"]}
    imported = {
        name
        for entry_point in entry_points
        for name in re.findall(r"import_tasks: (\S+)", TASKS[entry_point])
    }
    assert imported == set(TASKS) - entry_points
