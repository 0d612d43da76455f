# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check in sync.yml and probe.yml that contact_sync_hosts and --limit select the intended hosts."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.integration.support.playbooks import PlaybookRun, run_command

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace

SYNC, PROBE = "frontdesk.contacts.sync", "frontdesk.contacts.probe"
# An attempt to connect to one of these hosts would cause an error that no test expects.
NOT_CONNECTABLE = {"ansible_connection": "nonexistent"}
SYNCS = {"corp": {"ansible_connection": "local"}, "harbour": {"ansible_connection": "local"}}
INVENTORY = {
    "syncs": {"hosts": SYNCS},
    "sites": {"hosts": {"oslo": NOT_CONNECTABLE, "bergen": NOT_CONNECTABLE}},
    "retired": {},
}
IN_INVENTORY = {**INVENTORY, "syncs": {"hosts": SYNCS, "vars": {"contact_sync_hosts": "syncs"}}}
REMEDY = "Correct contact_sync_hosts or the inventory (-i)."

pytestmark = [pytest.mark.both_ends]


def run_with_hosts(
    workspace: Workspace, playbook: str, hosts: object, *arguments: str
) -> PlaybookRun:
    """Run a playbook with the inventory in the workspace.

    :param hosts: value of contact_sync_hosts; None to leave it unset.
    """
    extra = [] if hosts is None else ["-e", json.dumps({"contact_sync_hosts": hosts})]
    command = ["ansible-playbook", "-i", "inventory.yml", playbook, *extra, *arguments]
    return run_command(workspace, shlex.join(command))


def write_inventory(workspace: Workspace, inventory: object) -> None:
    (workspace.root / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")


@pytest.mark.parametrize(
    ("hosts", "arguments", "message"),
    [
        pytest.param(
            "sincs", (), f"no host matches sincs in contact_sync_hosts. {REMEDY}", id="unknown name"
        ),
        pytest.param(
            "corp:harbor:bregen",
            ("--check",),
            f"no host matches harbor, bregen in contact_sync_hosts. {REMEDY}",
            id="unknown names in a pattern with colons",
        ),
        pytest.param(
            "corp:harbour, oslo",
            (),
            f"no host matches corp:harbour in contact_sync_hosts. {REMEDY}",
            id="colon and comma",
        ),
        pytest.param(
            ["corp", "harbor"],
            ("--tags", "contact_sync_export"),
            f"no host matches harbor in contact_sync_hosts. {REMEDY}",
            id="unknown name in a list",
        ),
        pytest.param(
            "syncs:!harbor",
            (),
            f"no host matches harbor in contact_sync_hosts. {REMEDY}",
            id="unknown name to exclude",
        ),
        pytest.param(
            "retired",
            (),
            f"no host matches retired in contact_sync_hosts. {REMEDY}",
            id="empty group",
        ),
        pytest.param(
            "syncs:!syncs",
            (),
            f"no host matches contact_sync_hosts=syncs:!syncs. {REMEDY}",
            id="all hosts excluded",
        ),
        pytest.param(
            "syncs",
            ("--limit", "oslo"),
            "--limit oslo excludes all hosts that match contact_sync_hosts=syncs. Correct --limit, or set"
            " contact_sync_hosts as an extra variable (-e).",
            id="limit to another host",
        ),
        pytest.param(
            "",
            ("--limit", "corp"),
            "--limit corp excludes all hosts that match contact_sync_hosts=localhost. Correct --limit, or set"
            " contact_sync_hosts as an extra variable (-e).",
            id="limit and blank contact_sync_hosts",
        ),
        pytest.param(
            "syncs",
            ("--limit", "corp,harbor"),
            "no host matches harbor in --limit. Correct --limit or the inventory (-i).",
            id="unknown name in the limit",
        ),
    ],
)
def test_a_pattern_that_matches_no_host_fails(
    workspace: Workspace, hosts: object, arguments: tuple[str, ...], message: str
) -> None:
    write_inventory(workspace, INVENTORY)
    run = run_with_hosts(workspace, SYNC, hosts, *arguments)
    assert run.failure == f"Cannot select the hosts: {message}"
    assert len(run.tasks) == 1


@pytest.mark.parametrize("playbook", [SYNC, PROBE])
def test_contact_sync_hosts_in_the_inventory_fails(workspace: Workspace, playbook: str) -> None:
    write_inventory(workspace, IN_INVENTORY)
    assert run_with_hosts(workspace, playbook, None).failure == (
        "Cannot select the hosts: contact_sync_hosts is set in the inventory, where it has no effect. Set it as an"
        " extra variable, such as -e contact_sync_hosts=syncs."
    )


@pytest.mark.parametrize("playbook", [SYNC, PROBE])
def test_an_undefined_variable_in_contact_sync_hosts_fails(
    workspace: Workspace, playbook: str
) -> None:
    """Without the check, the default of contact_sync_hosts would hide the error, and localhost would be synced."""
    write_inventory(workspace, INVENTORY)
    assert run_with_hosts(workspace, playbook, "{{ no_such_variable }}").failure == (
        "Cannot evaluate contact_sync_hosts: 'no_such_variable' is undefined. Correct the template."
    )


@pytest.mark.parametrize("playbook", [SYNC, PROBE])
def test_an_empty_inventory_fails(workspace: Workspace, playbook: str) -> None:
    write_inventory(workspace, {"syncs": {}})
    assert run_with_hosts(workspace, playbook, "syncs").failure == (
        f"Cannot select the hosts: no host matches syncs in contact_sync_hosts. {REMEDY}"
    )
    limited = run_with_hosts(workspace, playbook, "syncs", "--limit", "corp")
    assert limited.code != 0
    # Ansible prints this error without a task, and may wrap the line.
    assert (
        ": Cannot select the hosts: no host matches --limit corp, because the inventory is empty. Correct the"
        " inventory (-i)."
    ) in " ".join(limited.output.split())


@pytest.mark.parametrize(
    ("hosts", "arguments", "expected"),
    [
        pytest.param("syncs", (), {"corp", "harbour"}, id="group"),
        pytest.param(["corp", "harbour"], (), {"corp", "harbour"}, id="list"),
        pytest.param(["corp:harbour", "corp"], (), {"corp", "harbour"}, id="colon in a list"),
        pytest.param("~co.*:syncs[1]", (), {"corp", "harbour"}, id="regular expression and index"),
        pytest.param("all:!sites:!retired", (), {"corp", "harbour"}, id="excluded groups"),
        pytest.param("syncs", ("--limit", "corp"), {"corp"}, id="limit to one host"),
        pytest.param("syncs", ("--limit", "corp,oslo"), {"corp"}, id="limit with another host"),
        pytest.param("syncs", ("--limit", "@hosts.retry"), {"corp"}, id="limit in a file"),
        pytest.param(None, (), {"localhost"}, id="not set"),
        pytest.param("", (), {"localhost"}, id="blank"),
    ],
)
def test_the_playbook_runs_on_the_selected_hosts(
    workspace: Workspace, hosts: object, arguments: tuple[str, ...], expected: set[str]
) -> None:
    # The role fails immediately on each of these hosts, because its required variables are not set.
    write_inventory(workspace, INVENTORY)
    (workspace.root / "hosts.retry").write_text("corp\n", encoding="utf-8")
    run = run_with_hosts(workspace, SYNC, hosts, *arguments)
    assert set(run.failures) == expected
    assert all("contact_sync_server_uri" in message for message in run.failures.values())


def test_contact_sync_hosts_can_be_a_variable_of_import_playbook(workspace: Workspace) -> None:
    write_inventory(workspace, IN_INVENTORY)
    imported = {"import_playbook": SYNC, "vars": {"contact_sync_hosts": "corp"}}
    (workspace.root / "nightly.yml").write_text(yaml.safe_dump([imported]), encoding="utf-8")
    assert set(run_with_hosts(workspace, "nightly.yml", None).failures) == {"corp"}
