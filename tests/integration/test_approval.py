# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Approvals that are given elsewhere: with ansible-runner, in another container, and as extra variables of any type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.container import make_container
from tests.integration.support.options import CHECK_MODE, service_variables
from tests.integration.support.playbooks import (
    Inventory,
    PlaybookRun,
    run_playbook,
    run_with_ansible_runner,
)
from tests.integration.support.rosters import make_contacts, write_roster
from tests.integration.support.upload_runs import run_upload
from tests.integration.support.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.receiver import Receiver

SYNC = "frontdesk.contacts.sync"
UPLOAD = "contact_sync_upload"
APPROVAL = "contact_sync_approved_plan"


def upload_inventory(service: Receiver, directory: Path) -> Inventory:
    """Return an inventory for the upload stage, which does not connect to the directory server.

    :param directory: directory that contains the state directory and the roster of `stopped_plan`.
    """
    return Inventory(
        {
            "contact_sync_server_uri": "ldaps://localhost:1",
            "contact_sync_bind_dn": "CN=svc-frontdesk",
            "contact_sync_bind_pw": "Pw7.of-nobody",
            "contact_sync_locations": [{"location": "oslo-hq", "search_base": "DC=fjord,DC=test"}],
            "contact_sync_state_dir": str(directory / "state"),
            "contact_sync_dest": str(directory / "contacts.csv"),
            **service_variables(service),
        }
    )


@pytest.fixture
def stopped_plan(service: Receiver, workspace: Workspace) -> str:
    """The identifier of a plan that removes 5 of 40 contacts."""
    write_roster(workspace.dest, make_contacts(40))
    assert run_upload(service, workspace, initial=True)["uploaded"]
    write_roster(workspace.dest, make_contacts(35))
    checked, stopped = run_upload(service, workspace, **CHECK_MODE), run_upload(service, workspace)
    assert checked.data["plan"]["id"] == stopped.data["plan"]["id"]
    assert checked.data["kind"] == stopped.data["kind"] == "guard"
    return str(stopped.data["plan"]["id"])


@pytest.mark.both_ends
def test_ansible_runner_can_approve_a_plan(
    stopped_plan: str, service: Receiver, workspace: Workspace
) -> None:
    inventory = upload_inventory(service, workspace.root)
    stopped = run_playbook(workspace, SYNC, inventory, "--tags", UPLOAD)
    command = f"-e {APPROVAL}={stopped_plan} --tags {UPLOAD}"
    assert f"run once with {command}, which approves only this plan." in stopped.failure

    def run_again(**settings: Any) -> PlaybookRun:
        return run_with_ansible_runner(workspace, SYNC, inventory, tags=UPLOAD, **settings)

    approved = run_again(extravars={APPROVAL: stopped_plan})
    approved.assert_clean()
    assert approved.plans == stopped.plans
    assert (service.uploads, len(service.contacts)) == (2, 35)

    # AWX writes the extra variables of a job to this file, and marks answers to surveys as unsafe.
    extra_vars = workspace.root / "runner/env/extravars"
    extra_vars.write_text(f'{APPROVAL}: !unsafe " {stopped_plan.upper()}"\n', "utf-8")
    repeated = run_again()
    assert (repeated.code, repeated.changed) == (0, 0)
    assert service.requests == 2


def test_another_container_can_approve_a_plan(
    stopped_plan: str,
    service: Receiver,
    workspace: Workspace,
    tmp_path: Path,
    collections_path: Path,
) -> None:
    """The other container has its own home directory, temporary directory, host name and paths."""
    other = Workspace.create(tmp_path / "other", collections_path)
    container = make_container("other-container", workspace.root)
    inventory = upload_inventory(service, container.volume)

    def run(*arguments: str) -> PlaybookRun:
        return run_playbook(
            other, SYNC, inventory, "--tags", UPLOAD, *arguments, wrapper=container.wrapper
        )

    for stopped in (run("--check"), run()):
        assert f"Refused to apply plan {stopped_plan}: it removes 5 contacts" in stopped.failure
    approved = run("-e", f"{APPROVAL}={stopped_plan}")
    approved.assert_clean()
    assert approved.plans[0]["id"] == stopped_plan
    assert (service.uploads, len(service.contacts)) == (2, 35)


@pytest.mark.parametrize(
    ("given", "number"),
    [
        # A number in JSON, but not in YAML.
        ("1234567890123e45", "1.234567890123e+57"),
        # An octal number in YAML, but not valid in JSON.
        ("0123456701234567", "5744368105847"),
    ],
)
def test_an_identifier_that_looks_like_a_number_must_be_a_string(
    given: str, number: str, stopped_plan: str, service: Receiver, workspace: Workspace
) -> None:
    """A number is not converted back to the identifier, because digits and leading zeros may be lost."""
    inventory = upload_inventory(service, workspace.root)

    def run(extra_variable: str) -> PlaybookRun:
        return run_playbook(workspace, SYNC, inventory, "--tags", UPLOAD, "-e", extra_variable)

    assert run(f'{{"{APPROVAL}": {given}}}').failure == (
        f"Cannot use {APPROVAL}: it was parsed as the number {number}. Write it in quotes."
    )
    assert run(f"{APPROVAL}={given}").failure.startswith(
        f"Refused to apply plan {stopped_plan}: {APPROVAL} approves plan {given}, of which nothing"
    )
    assert service.requests == 1
