# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan that contact_upload and the role write to files."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.options import CHECK_MODE, role_variables
from tests.integration.support.playbooks import Inventory, run_playbook
from tests.integration.support.rosters import make_contacts, write_roster
from tests.integration.support.upload_runs import run_failing_upload, run_upload
from tests.integration.support.workspace import file_mode

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.support.workspace import Workspace
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver


def read_changes(plan_dest: Path) -> list[dict[str, str]]:
    """Return the rows of plan.csv, after checking the modes of the files."""
    assert file_mode(plan_dest) == 0o700
    assert {path.name: file_mode(path) for path in plan_dest.iterdir()} == {
        "plan.csv": 0o600,
        "plan.json": 0o600,
    }
    with (plan_dest / "plan.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("mode", [{}, CHECK_MODE])
def test_the_plan_of_a_stopped_upload_is_written(
    service: Receiver, workspace: Workspace, mode: dict[str, Any]
) -> None:
    write_roster(workspace.dest, make_contacts(40))
    assert run_upload(service, workspace, initial=True)["uploaded"]
    write_roster(workspace.dest, make_contacts(35))
    plan_dest = workspace.root / "plan"
    result = run_upload(service, workspace, plan_dest=str(plan_dest), **mode)
    assert result.data["kind"] == "guard"
    changes = read_changes(plan_dest)
    assert [(row["kind"], row["location_before"]) for row in changes] == [
        ("removed", "oslo-hq")
    ] * 5
    numbers = json.loads((plan_dest / "plan.json").read_text("utf-8"))
    plan = result.data["plan"]
    assert plan.pop("invalid") == []
    assert {key: numbers[key] for key in plan} == plan
    assert not any(row["Email before"] in result.output for row in changes)


def test_nothing_is_sent_if_the_plan_cannot_be_written(
    service: Receiver, workspace: Workspace
) -> None:
    write_roster(workspace.dest, make_contacts(1))
    plan_dest = workspace.root / "plan"
    plan_dest.mkdir(mode=0o500)
    result = run_failing_upload(service, workspace, plan_dest=str(plan_dest))
    assert result.message == (
        f"Cannot write the plan to {plan_dest}: Permission denied. Free some space there, or set plan_dest to a"
        " directory that this user can write to."
    )
    assert service.requests == 0


@pytest.mark.both_ends
def test_the_role_writes_the_plan_and_names_its_variable_in_errors(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
) -> None:
    plan_dest = workspace.root / "plan"
    variables = role_variables(open_ldap, service, workspace)
    inventory = Inventory(
        {**variables, "contact_sync_plan_dest": str(plan_dest)}, {"syncs": {"sync": {}}}
    )
    command = ("frontdesk.contacts.sync", inventory, "-e", "contact_sync_hosts=syncs", "--check")
    run_playbook(workspace, *command).assert_clean()
    assert {row["kind"] for row in read_changes(plan_dest)} == {"added"}
    assert service.requests == 0
    plan_dest.chmod(0o777)
    run = run_playbook(workspace, *command)
    assert (
        f"Cannot write the plan to {plan_dest}: other users can write to it (mode 0777). Set contact_sync_plan_dest to"
        in run.output
    )
