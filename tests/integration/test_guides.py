# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that run examples of playbooks and commands in the guides, and check the names of variables."""

from __future__ import annotations

import os
import re
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.integration.support.doc_examples import ROOT, example_commands, example_files
from tests.integration.support.lab_substitutions import (
    connection_substitutions,
    substitute_lab_names,
)
from tests.integration.support.options import role_variables
from tests.integration.support.playbooks import Inventory, run_command, run_playbook
from tests.integration.support.vault import VAULT_PASSWORD, create_vault

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

RUNNING = "docs/docsite/rst/running.rst"
CONNECTING = "docs/docsite/rst/connecting.rst"


def test_the_example_with_several_domains_runs(
    active_directory: RunningDirectory,
    open_ldap: RunningDirectory,
    service: Receiver,
    workspace: Workspace,
) -> None:
    """One domain is in Active Directory and the other is in OpenLDAP, but both contain the same people."""
    substitutions = {
        **connection_substitutions(active_directory, workspace),
        "ldaps://ldap.harbour.example": open_ldap.uri_ldaps,
        "https://frontdesk.example/api/contacts": service.url,
    }
    for path, text in example_files(RUNNING).items():
        if path.startswith("inventory/") and not path.endswith("vault.yml"):
            (workspace.root / path).parent.mkdir(parents=True, exist_ok=True)
            adapted = substitute_lab_names(text, substitutions, active_directory.company)
            (workspace.root / path).write_text(adapted, encoding="utf-8")
    create_command, *syncs = example_commands(RUNNING, "ansible-vault create")
    secrets = {
        "vault_bind_pw": {"corp": active_directory.bind_pw, "harbour": open_ldap.bind_pw},
        "vault_service_token": dict.fromkeys(("corp", "harbour"), service.token),
    }
    documented = yaml.safe_load(example_files(RUNNING)["inventory/group_vars/syncs/vault.yml"])
    assert {name: set(values) for name, values in documented.items()} == {
        name: set(values) for name, values in secrets.items()
    }
    create_vault(workspace, create_command, yaml.safe_dump(secrets))
    (workspace.home / ".frontdesk-vault").write_text(VAULT_PASSWORD, encoding="utf-8")
    # The inventory contains no CA for the service, because in the guide, a public CA issued the service's certificate.
    env = {"REQUESTS_CA_BUNDLE": str(service.ca_file)}
    runs = []
    for command, uploads in zip(syncs, (0, 2, 2), strict=True):
        runs.append(run_command(workspace, command, VAULT_PASSWORD, env=env))
        runs[-1].assert_clean()
        assert service.uploads == uploads
    counts = {
        host: set(exported["counts"]["by_location"])
        for host, exported in runs[0].module_results("ad_contacts_export").items()
    }
    assert counts == {"corp": {"oslo-hq", "tromso"}, "harbour": {"bergen"}}
    assert set(runs[2].module_results("contact_upload")) == {"corp"}
    for host in counts:
        assert (workspace.root / host / "receipt.json").exists()


@pytest.mark.both_ends
def test_the_delegation_and_defaults_examples_run(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
) -> None:
    """The delegated host determines the secrets and the location of the state directory.

    The name of the state directory is that of the play's host.
    """
    variables = role_variables(open_ldap, service, workspace)
    for name in ("state_dir", "dest", "bind_pw", "service_token", "ca_path", "service_ca_path"):
        del variables[f"contact_sync_{name}"]
    secrets = {"FRONTDESK_BIND_PW": open_ldap.bind_pw, "FRONTDESK_TOKEN": service.token}
    state_home = workspace.root / "states"
    target_python = workspace.make_python(
        "sync-host", {**secrets, "XDG_STATE_HOME": str(state_home)}
    )
    examples = {
        name: substitute_lab_names(
            text, connection_substitutions(open_ldap, workspace), open_ldap.company
        )
        for name, text in example_files(RUNNING).items()
    }
    (play,) = yaml.safe_load(examples["delegated.yml"])
    (defaults,) = yaml.safe_load(examples["defaults.yml"])
    assert set(defaults) - set(play) == {"module_defaults"}
    play["module_defaults"] = defaults["module_defaults"]
    (workspace.root / "delegated.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    groups = {
        "syncs": {"domain": {"ansible_python_interpreter": "/nonexistent"}},
        "sync_hosts": {"sync-host": {"ansible_python_interpreter": str(target_python)}},
    }
    run = run_playbook(workspace, "delegated.yml", Inventory(variables, groups), "--check")
    run.assert_clean()
    base = Path("/var/lib") if os.geteuid() == 0 else state_home
    state_dir = base / "frontdesk-contacts/domain"
    exported = run.module_results("ad_contacts_export")["domain"]
    assert exported["dest"] == str(state_dir / "contacts.csv")
    (created,) = [task.result for task in run.tasks if task.name == "Create the state directory"]
    assert created["path"] == str(state_dir)
    assert run.module_results("contact_upload")["domain"]["uploaded"]
    assert not state_home.exists()


def test_the_probe_example_runs(active_directory: RunningDirectory, workspace: Workspace) -> None:
    substitutions = connection_substitutions(active_directory, workspace)
    inventory = substitute_lab_names(
        example_files(CONNECTING)["inventory.yml"], substitutions, active_directory.company
    )
    (workspace.root / "inventory.yml").write_text(inventory, encoding="utf-8")
    _read_password, probe = example_commands(CONNECTING, "read -rs FRONTDESK_BIND_PW")
    run = run_command(workspace, probe, env={"FRONTDESK_BIND_PW": active_directory.bind_pw})
    run.assert_clean()
    (lines,) = (task.result["msg"] for task in run.tasks if task.name == "Show the probe report")
    assert (
        len([line for line in lines if line.endswith(", bound as svc-frontdesk@fjord.test")]) == 2
    )
    assert lines[-1] == "No problems found."


def test_the_commands_for_finding_a_person_work(
    active_directory: RunningDirectory, open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    company = active_directory.company
    documented = uuid.UUID("5d370aff-ffe8-505f-9b85-f1321005d5b9")
    identity = company.canary_person.identity
    escaped, expected = (
        "".join(f"\\{octet:02x}" for octet in each.bytes_le) for each in (documented, identity)
    )
    directories = [active_directory, active_directory, open_ldap]
    commands = [
        command
        for first in (
            "ldapsearch -LLL -x -W -H ldaps://dc1",
            "ldapsearch -LLL -x -W -H ldaps://ldap",
        )
        for command in example_commands(RUNNING, first)
    ]
    assert escaped in commands[1]
    for command, directory in zip(commands, directories, strict=True):
        substitutions = {
            **connection_substitutions(directory, workspace),
            # For localhost, libldap expects the full name of this host in the certificate.
            "ldaps://ldap.harbour.example": directory.uri_ldaps.replace("localhost", "127.0.0.1"),
            "cn=svc-frontdesk,dc=harbour,dc=example": f"'{directory.bind_dn}'",
            "dc=harbour,dc=example": directory.base_dn,
            str(documented): str(identity),
            escaped: expected,
            " -W ": " -w $PASSWORD ",
        }
        adapted = substitute_lab_names(command, substitutions, directory.company)
        environment = {
            **workspace.environment(),
            "LDAPTLS_CACERT": str(directory.ca_file),
            "PASSWORD": directory.bind_pw,
        }
        found = subprocess.run(
            ["sh", "-c", adapted], env=environment, capture_output=True, text=True, check=False
        )
        name = company.canary_person.display_name
        assert f"dn: cn={name},".lower() in found.stdout.lower(), (adapted, found.stderr)
    text = (ROOT / RUNNING).read_text("utf-8")
    assert f"Get-ADUser -Identity {documented}\n" in text


def test_every_role_variable_in_the_documentation_exists() -> None:
    variable_pattern = re.compile(r"\bcontact_sync_\w+")
    existing = {
        name
        for pattern in ("roles/*/meta/argument_specs.yml", "roles/*/tasks/*.yml", "playbooks/*.yml")
        for path in ROOT.glob(pattern)
        for name in variable_pattern.findall(path.read_text("utf-8"))
    }
    for document in (ROOT / "README.md", *ROOT.glob("docs/docsite/rst/*.rst")):
        documented = variable_pattern.findall(document.read_text("utf-8"))
        assert sorted(set(documented) - existing) == [], document.name
