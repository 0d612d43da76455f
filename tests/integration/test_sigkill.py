# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that are killed by SIGKILL: existing files stay intact, and the next run recovers."""

from __future__ import annotations

import json
import shutil
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.integration.support.modules import ModuleRunner, build_module_request, run_module
from tests.integration.support.options import export_options, role_variables, upload_options
from tests.integration.support.playbooks import Inventory, run_playbook, start_playbook
from tests.integration.support.processes import find_descendants, kill_tree, wait_until
from tests.integration.support.rosters import make_contacts, write_roster
from tests.integration.support.stalling_proxy import stalling_proxy
from tests.integration.support.workspace import file_mode
from tests.lab.process_supervisor import ProcessSupervisor

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

STALL_AFTER = 20_000
"""Number of response bytes after which the proxy stalls: more than the size of a page of ten people, but less than the
size of all pages."""


def kill(pid: int) -> None:
    """Kill a process and its descendants, and wait until they have ended.

    There must be at least one descendant.
    """
    children = find_descendants(pid)
    assert children
    pids = {pid, *children}
    kill_tree(pid)
    assert wait_until(lambda: not any(map(ProcessSupervisor.is_running, pids)))


def assert_leftovers_are_private(workspace: Workspace, *personal_data: str) -> None:
    """Assert that all files that contain personal data are private, except for the inventory."""
    leftovers = [
        name for name in workspace.files_containing(personal_data) if name != "inventory.yml"
    ]
    assert all(workspace.is_private(name) for name in leftovers), leftovers


def read_state(workspace: Workspace) -> dict[str, Any]:
    """Return the content of receipt.json."""
    document: dict[str, Any] = json.loads((workspace.state_dir / "receipt.json").read_text("utf-8"))
    return document


def test_a_killed_export_keeps_the_old_roster(
    open_ldap: RunningDirectory, company: Company, workspace: Workspace
) -> None:
    options = export_options(open_ldap, workspace)
    workspace.dest.write_text("the old roster", encoding="utf-8")
    workspace.dest.with_name("contacts.csv.ids").write_text("the old identities", encoding="utf-8")
    before = workspace.files()
    port = urlsplit(open_ldap.uri_ldaps).port or 0
    with (
        stalling_proxy(port, stall_after=STALL_AFTER) as proxy,
        ModuleRunner(workspace.collections_path) as runner,
    ):
        slow_options = {
            **options,
            "server_uri": [f"ldaps://localhost:{proxy.port}"],
            "page_size": 10,
        }
        runner.start(build_module_request(workspace, "ad_contacts_export", slow_options))
        assert proxy.stalled.wait(30)
        kill(runner.pid)
    assert workspace.files() == before
    assert_leftovers_are_private(
        workspace, *(person.mail for person in company.people if person.mail)
    )
    assert run_module(workspace, "ad_contacts_export", options)["changed"]
    assert company.canary_person.mail in workspace.dest.read_text("utf-8")


def test_an_export_removes_the_partial_files_of_a_killed_export(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    """The test creates the partial files itself, because a real export keeps them too briefly for a reliable kill."""
    leftovers = [
        workspace.root / ".contacts.csv.abcd1234.new",
        workspace.root / ".contacts.csv.ids.x.new",
    ]
    for leftover in leftovers:
        leftover.write_text("half a roster", encoding="utf-8")
    other = workspace.root / ".contacts.csv.kept"
    other.touch()
    assert run_module(workspace, "ad_contacts_export", export_options(open_ldap, workspace))[
        "changed"
    ]
    assert not any(leftover.exists() for leftover in leftovers)
    assert other.exists()


@pytest.mark.parametrize("accepted", [True, False])
def test_a_killed_upload_is_repeated_by_the_next_run(
    accepted: bool, service: Receiver, workspace: Workspace
) -> None:
    """Even if the service accepted the new roster, the receipt describes the old one, so the upload is repeated."""
    options = upload_options(service, workspace)
    write_roster(workspace.dest, make_contacts(30))
    assert run_module(workspace, "contact_upload", {**options, "initial": True})["uploaded"]
    receipt = read_state(workspace)["receipt"]
    contacts = make_contacts(31)
    write_roster(workspace.dest, contacts)
    if not accepted:
        service.queue_response(500)
    with service.hold() as arrived, ModuleRunner(workspace.collections_path) as runner:
        runner.start(build_module_request(workspace, "contact_upload", options))
        assert arrived.wait(30)
        kill(runner.pid)
    # The receiver evaluates and logs the held request in another thread, after the end of the block.
    assert wait_until(lambda: service.log_file.read_text("utf-8").count('"POST"') == 2)
    assert service.uploads == 1 + accepted
    state_after_kill = read_state(workspace)
    assert state_after_kill["receipt"] == receipt
    assert [upload["rows"] for upload in state_after_kill["unresolved"]] == [31]
    assert_leftovers_are_private(workspace, contacts[0].email)

    result = run_module(workspace, "contact_upload", options)
    assert (result["uploaded"], result["plan"]["added"]) == (True, 1)
    assert result["service"]["counts"]["added"] == int(not accepted)
    assert len(service.contacts) == 31
    assert not run_module(workspace, "contact_upload", options)["changed"]


def find_unneeded_files(workspace: Workspace) -> set[str]:
    """Return the names of the files in the state directory that no record names."""
    receipt = read_state(workspace)["receipt"]
    needed = {"receipt.json", "lock"}
    for record in filter(None, (receipt, receipt["previous"])):
        needed |= {f"{record['roster']}.csv", f"{record['identities']}.ids"}
    return {path.name for path in workspace.state_dir.iterdir()} - needed


def test_the_next_run_recovers_from_a_kill_at_any_file_operation(
    service: Receiver, workspace: Workspace
) -> None:
    """A first upload and an update are killed at each of their file operations in turn."""
    options = {**upload_options(service, workspace), "initial": True}
    kills, rows = 0, 30
    with ModuleRunner(workspace.collections_path) as runner:
        for is_first in (True, False):
            for kill_at in count():
                rows += 1
                if is_first:
                    shutil.rmtree(workspace.state_dir, ignore_errors=True)
                write_roster(workspace.dest, make_contacts(rows))
                request = build_module_request(
                    workspace, "contact_upload", options, kill_at=kill_at
                )
                runner.start(request)
                if not runner.wait_for_kill():
                    break
                kills += 1
                run_module(workspace, "contact_upload", options)
                assert len(service.contacts) == rows
                assert not find_unneeded_files(workspace)
                assert not run_module(workspace, "contact_upload", options)["changed"]
    assert kills >= 30


def test_a_killed_playbook_leaves_no_receipt_and_can_run_again(
    open_ldap: RunningDirectory, company: Company, service: Receiver, workspace: Workspace
) -> None:
    """ansible-playbook and all its child processes are killed while the service handles the request."""
    variables = role_variables(open_ldap, service, workspace)
    inventory = Inventory(variables)
    with service.hold() as arrived:
        process = start_playbook(workspace, "frontdesk.contacts.sync", inventory)
        assert arrived.wait(60)
        kill(process.pid)
        process.communicate()
    assert wait_until(lambda: service.requests == 1)
    assert read_state(workspace)["receipt"] is None
    assert_leftovers_are_private(workspace, company.canary_person.mail)
    # The inventory contains the secrets, and Ansible can leave a file with the module and its options.
    secrets = workspace.files_containing([open_ldap.bind_pw, service.token])
    assert all(workspace.is_private(name) for name in secrets)

    inventory = Inventory({**variables, "contact_sync_initial": False})
    run = run_playbook(workspace, "frontdesk.contacts.sync", inventory)
    run.assert_clean()
    (upload,) = run.uploads
    assert upload["uploaded"]
    receipt = read_state(workspace)["receipt"]
    assert receipt["rows"] == len(service.contacts)
    assert file_mode(workspace.state_dir) == 0o700
