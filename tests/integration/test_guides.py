# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What README and guides show is run: their playbooks and their commands."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration.support.documents import ROOT, commands, files
from tests.integration.support.lab_names import for_the_lab, names_of
from tests.integration.support.options import role_variables
from tests.integration.support.playbooks import Inventory, run_command, run_playbook

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

GUIDE = "docs/docsite/rst/running.rst"
CONNECTING = "docs/docsite/rst/connecting.rst"
VAULT = "Vp7.of-the-vault"


def create_vault(place: Place, command: str, secrets: dict[str, Any]) -> None:
    """Run the command that makes a file of secrets, with an editor that writes them."""
    plain = place.home / "plain.yml"
    plain.write_text(yaml.safe_dump(secrets), encoding="utf-8")
    made = run_command(place, command, VAULT, VAULT, env={"EDITOR": f"cp {plain}"})
    assert made.code == 0, made.output
    plain.unlink()
    assert place.holding([command.rpartition("/")[2], "$ANSIBLE_VAULT;1.1;AES256"])


def test_the_first_playbook_of_the_readme(
    active_directory: RunningDirectory, service: Receiver, place: Place
) -> None:
    names = {
        **names_of(active_directory, place),
        "https://frontdesk.example/api/contacts": service.url,
    }
    text = for_the_lab(files("README.md")["contacts.yml"], names, active_directory.company)
    (place.root / "contacts.yml").write_text(text, encoding="utf-8")
    create, *syncs = commands("README.md", "ansible-vault create")
    secrets = {
        "contact_sync_bind_pw": active_directory.bind_pw,
        "contact_sync_service_token": service.token,
    }
    create_vault(place, create, secrets)
    # The lab's certificates, and a place that everybody may write.
    more = {
        "contact_sync_ca_path": str(active_directory.ca_file),
        "contact_sync_service_ca_path": str(service.ca_file),
        "contact_sync_state_dir": str(place.state),
    }
    Inventory(more).write(place.root / "inventory.yml")
    changed, files_after = [], []
    for command, uploads in zip(syncs, (0, 1, 1), strict=True):
        run = run_command(place, command, VAULT, env={"ANSIBLE_INVENTORY": "inventory.yml"})
        run.check()
        assert service.uploads == uploads
        changed.append(run.changed)
        files_after.append(place.files())
    # The second sync has nothing left to do.
    assert changed[0] == changed[1] > changed[2] == 0
    assert files_after[1] == files_after[2]
    assert {contact["Location"] for contact in service.contacts} == {"oslo-hq", "bergen"}
    assert place.holding(secrets.values()) == []


def test_the_fleet_of_the_guide(
    active_directory: RunningDirectory,
    open_ldap: RunningDirectory,
    service: Receiver,
    place: Place,
) -> None:
    """One domain is Active Directory, the other OpenLDAP; both have the same people here."""
    names = {
        **names_of(active_directory, place),
        "ldaps://ldap.harbour.example": open_ldap.uri_ldaps,
        "https://frontdesk.example/api/contacts": service.url,
    }
    for path, text in files(GUIDE).items():
        if path.startswith("inventory/") and not path.endswith("vault.yml"):
            (place.root / path).parent.mkdir(parents=True, exist_ok=True)
            own = for_the_lab(text, names, active_directory.company)
            (place.root / path).write_text(own, encoding="utf-8")
    create, *syncs = commands(GUIDE, "ansible-vault create")
    secrets = {
        "vault_bind_pw": {"corp": active_directory.bind_pw, "harbour": open_ldap.bind_pw},
        "vault_service_token": dict.fromkeys(("corp", "harbour"), service.token),
    }
    shown = yaml.safe_load(files(GUIDE)["inventory/group_vars/syncs/vault.yml"])
    assert {name: set(of) for name, of in shown.items()} == {
        n: set(of) for n, of in secrets.items()
    }
    create_vault(place, create, secrets)
    (place.home / ".frontdesk-vault").write_text(VAULT, encoding="utf-8")
    # The documentation's service has a certificate that everybody trusts.
    env = {"REQUESTS_CA_BUNDLE": str(service.ca_file)}
    runs = []
    for command, uploads in zip(syncs, (0, 2, 2), strict=True):
        runs.append(run_command(place, command, VAULT, env=env))
        runs[-1].check()
        assert service.uploads == uploads
    counts = {
        host: set(exported["counts"]["by_location"])
        for host, exported in runs[0].returned("ad_contacts_export").items()
    }
    assert counts == {"corp": {"oslo-hq", "tromso"}, "harbour": {"bergen"}}
    assert set(runs[2].returned("contact_upload")) == {"corp"}
    for host in counts:
        assert (place.root / host / "receipt.json").exists()


@pytest.mark.both_ends
def test_delegation_and_defaults_of_the_guide(
    open_ldap: RunningDirectory, service: Receiver, place: Place
) -> None:
    """The other host's secrets and home; the files have the name of the sync, which is the play's host."""
    variables = role_variables(open_ldap, service, place)
    for name in ("state_dir", "dest", "bind_pw", "service_token", "ca_path", "service_ca_path"):
        del variables[f"contact_sync_{name}"]
    secrets = {"FRONTDESK_BIND_PW": open_ldap.bind_pw, "FRONTDESK_TOKEN": service.token}
    states = place.root / "states"
    keeper = place.python("keeper", {**secrets, "XDG_STATE_HOME": str(states)})
    shown = {
        name: for_the_lab(text, names_of(open_ldap, place), open_ldap.company)
        for name, text in files(GUIDE).items()
    }
    (play,) = yaml.safe_load(shown["delegated.yml"])
    (defaults,) = yaml.safe_load(shown["defaults.yml"])
    assert set(defaults) - set(play) == {"module_defaults"}
    play["module_defaults"] = defaults["module_defaults"]
    (place.root / "delegated.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    groups = {
        "syncs": {"domain": {"ansible_python_interpreter": "/nonexistent"}},
        "keepers": {"keeper": {"ansible_python_interpreter": str(keeper)}},
    }
    run = run_playbook(place, "delegated.yml", Inventory(variables, groups), "--check")
    run.check()
    home = Path("/var/lib") if os.geteuid() == 0 else states
    folder = home / "frontdesk-contacts/domain"
    exported = run.returned("ad_contacts_export")["domain"]
    assert exported["dest"] == str(folder / "contacts.csv")
    (made,) = [task.result for task in run.tasks if task.name == "Create the state directory"]
    assert made["path"] == str(folder)
    assert run.returned("contact_upload")["domain"]["uploaded"]
    assert not states.exists()


def test_the_probe_of_the_guide(active_directory: RunningDirectory, place: Place) -> None:
    names = names_of(active_directory, place)
    shown = for_the_lab(files(CONNECTING)["inventory.yml"], names, active_directory.company)
    (place.root / "inventory.yml").write_text(shown, encoding="utf-8")
    _ask, probe = commands(CONNECTING, "read -rs FRONTDESK_BIND_PW")
    run = run_command(place, probe, env={"FRONTDESK_BIND_PW": active_directory.bind_pw})
    run.check()
    (lines,) = (task.result["msg"] for task in run.tasks if task.name == "Show the probe report")
    assert (
        len([line for line in lines if line.endswith(", bound as svc-frontdesk@fjord.test")]) == 2
    )
    assert lines[-1] == "No problems found."


def test_messages_of_the_guide_are_those_of_the_code() -> None:
    text = (ROOT / CONNECTING).read_text("utf-8")
    listed = re.findall(r"^   \* - ``(.+)``$", text[text.index("   * - Message") :], re.MULTILINE)
    rooms = [f"plugins/module_utils/{room}" for room in ("", "_directory", "_module")]
    code = "".join(path.read_text("utf-8") for room in rooms for path in (ROOT / room).glob("*.py"))
    assert len(listed) > 20
    assert [message for message in listed if f'"{message}' not in code] == []


def test_variables_of_the_guides_are_those_of_the_role_and_the_playbooks() -> None:
    names = re.compile(r"\bcontact_sync_\w+")
    known = {
        name
        for pattern in ("roles/*/meta/argument_specs.yml", "playbooks/*.yml")
        for path in ROOT.glob(pattern)
        for name in names.findall(path.read_text("utf-8"))
    }
    for document in (ROOT / "README.md", *ROOT.glob("docs/docsite/rst/*.rst")):
        shown = names.findall(document.read_text("utf-8"))
        assert sorted(set(shown) - known) == [], document.name
