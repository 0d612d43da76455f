# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""What the documentation shows is run: playbooks and commands of README and guide, examples of plugins."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.integration.support.documents import ROOT, commands, files
from tests.integration.support.options import role_variables
from tests.integration.support.playbooks import Inventory, run_command, run_playbook
from tests.lab.dns import name_server
from tests.lab.receiver import Manner, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.support.place import Place
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

PLUGINS = sorted([*ROOT.glob("plugins/modules/*.py"), *ROOT.glob("plugins/filter/*.py")])
GUIDE = "docs/docsite/rst/running.rst"
CONNECTING = "docs/docsite/rst/connecting.rst"
VAULT = "Vp7.of-the-vault"
SERVICE_URL = "https://frontdesk.example/api/contacts/import"


def examples() -> dict[str, str]:
    """The EXAMPLES of every module and filter, by the file's name."""
    found = {}
    for path in PLUGINS:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXAMPLES":
                found[path.stem] = str(ast.literal_eval(node.value))
    return found


def for_the_lab(text: str, names: dict[str, str], company: Company) -> str:
    """An example with the lab's names in place of those of the documentation's companies."""
    oslo, bergen = (company.site_dn(company.site(name)) for name in ("oslo-hq", "bergen"))
    names = {
        **names,
        "OU=Oslo,OU=Staff,DC=corp,DC=example": oslo,
        "OU=Bergen,OU=Staff,DC=corp,DC=example": bergen,
        "OU=Bergen\\, Harbour,OU=Staff,DC=harbour,DC=example": bergen,
        "CN=Harbour Access,OU=Groups,DC=corp,DC=example": f"CN=All of Oslo,{oslo}",
        "CN=Externals,OU=Groups": "CN=Tromsø duty,OU=Groups",
        "location: harbour\n": "location: tromso\n",
        "DC=corp,DC=example": company.base_dn,
        "DC=harbour,DC=example": company.base_dn,
        "Bergen, Harbour": company.site("bergen").ou,
        "ou: Oslo}": "ou: Oslo HQ}",
        "contact_sync_ou: Oslo\n": "contact_sync_ou: Oslo HQ\n",
    }
    for name, own in names.items():
        text = text.replace(name, own)
    return text


def names_of(directory: RunningDirectory, place: Place) -> dict[str, str]:
    """The lab's names for those of the documentation's first company and of its machine."""
    return {
        "ldaps://dc1.corp.example": directory.uri_ldaps,
        "ldaps://dc2.corp.example": directory.uri_ldaps,
        "svc-frontdesk@corp.example": directory.bind_upn or directory.bind_dn,
        "/etc/ssl/certs/corp-ca.pem": str(directory.ca_file),
        **dict.fromkeys(
            ("/var/lib/frontdesk-contacts", "/srv/contacts", "/srv/state", "/srv/frontdesk"),
            str(place.root),
        ),
    }


@contextlib.contextmanager
def domain_of(directory: RunningDirectory) -> Iterator[dict[str, str]]:
    """The lab's domain for that of the documentation's first company, with a DNS server that knows it."""
    domain = directory.company.domain
    records = {
        f"_ldap._tcp.Oslo._sites.dc._msdcs.{domain} SRV": [f"0 100 389 dc.{domain}."],
        f"dc.{domain} A": [urlsplit(directory.uri_ldaps).hostname or ""],
    }
    with name_server(records) as running:
        options = {
            "domain": domain,
            "dns_servers": [running.address],
            # The lab's domain controller has a certificate for its address alone.
            "validate_certs": False,
            "ca_path": "",
        }
        lines = [f"    {name}: {json.dumps(value)}\n" for name, value in options.items()]
        yield {"    domain: corp.example\n": "".join(lines)}


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
    for command, uploads in zip(syncs, (0, 1, 1), strict=True):
        run = run_command(place, command, VAULT, env={"ANSIBLE_INVENTORY": "inventory.yml"})
        run.check()
        assert service.uploads == uploads
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
    env = {"ANSIBLE_PYTHON_INTERPRETER": sys.executable, "REQUESTS_CA_BUNDLE": str(service.ca_file)}
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


@pytest.mark.every_core
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
    (made,) = [task.result for task in run.tasks if task.name == "Make the state directory"]
    assert made["path"] == str(folder)
    assert run.returned("contact_upload")["domain"]["uploaded"]
    assert not states.exists()


def test_the_probe_of_the_guide(active_directory: RunningDirectory, place: Place) -> None:
    names = names_of(active_directory, place)
    shown = for_the_lab(files(CONNECTING)["inventory.yml"], names, active_directory.company)
    (place.root / "inventory.yml").write_text(shown, encoding="utf-8")
    _ask, probe = commands(CONNECTING, "read -rs FRONTDESK_BIND_PW")
    secrets = {"FRONTDESK_BIND_PW": active_directory.bind_pw}
    run = run_command(place, probe, env={**secrets, "ANSIBLE_PYTHON_INTERPRETER": sys.executable})
    run.check()
    (lines,) = (task.result["msg"] for task in run.tasks if task.name == "Say what was found")
    assert (
        len([line for line in lines if line.endswith(", bound as svc-frontdesk@fjord.test")]) == 2
    )
    assert lines[-1] == "No problems."


def test_messages_of_the_guide_are_those_of_the_code() -> None:
    text = (ROOT / CONNECTING).read_text("utf-8")
    listed = re.findall(r"^   \* - ``(.+)``$", text[text.index("   * - Message") :], re.MULTILINE)
    rooms = ("plugins/module_utils/_directory", "plugins/module_utils")
    code = "".join(path.read_text("utf-8") for room in rooms for path in (ROOT / room).glob("*.py"))
    assert len(listed) > 20
    assert [message for message in listed if f'"{message}' not in code] == []


def test_every_example_of_every_plugin(
    active_directory: RunningDirectory, service: Receiver, issuer: Authority, place: Place
) -> None:
    found = examples()
    assert set(found) == {path.stem for path in PLUGINS}
    locations = [site.location for site in active_directory.company.sites]
    flags = {"remove-hosts": "true", "send-emails": "false"}
    manners = (
        Manner(),
        Manner(method="PUT", raw=True, is_basic=True),
        Manner(flags=flags, token_param="auth_token"),
    )
    headers = ("X-Api-Key", "Authorization", "Authorization")
    with contextlib.ExitStack() as running:
        domain = running.enter_context(domain_of(active_directory))
        names = {**names_of(active_directory, place), **domain}
        tasks = {
            name: yaml.safe_load(for_the_lab(text, names, active_directory.company))
            for name, text in found.items()
        }
        others = [
            running.enter_context(
                receiver(
                    issuer,
                    locations=locations,
                    token_header=header,
                    token_prefix="",
                    manner=manner,
                )
            )
            for header, manner in zip(headers, manners, strict=True)
        ]
        # What these services answer is their own.
        # At least as many as there are rows.
        rows = [
            {"row": number, "status": "Imported"}
            for number, _person in enumerate(active_directory.company.people, 1)
        ]
        others[1].fail_next(200, {"rows": rows})
        others[2].fail_next(200, {"counts": {"imported": 1, "skipped": 0}})
        for task, each in zip(tasks["contact_upload"], (service, *others), strict=True):
            options = task["frontdesk.contacts.contact_upload"]
            assert options["url"] == SERVICE_URL
            name = "url_username" if "url_username" in options else "token"
            options.update({"url": each.url, name: each.token})
        run = run_playbook(
            place, write_play(place, tasks, active_directory), inventory(active_directory)
        )
        run.check()
        assert [each.requests for each in (service, *others)] == [1, 1, 1, 1]
        assert [each.uploads for each in (service, others[0])] == [1, 1]


def write_play(place: Place, tasks: dict[str, Any], directory: RunningDirectory) -> str:
    """Write a playbook of all examples, exports first; what the lab needs are defaults."""
    order = sorted(tasks, key=lambda name: name == "contact_upload")
    upload = {
        "ca_path": str(directory.ca_file),
        "initial": True,
        "state_dir": str(place.state),
    }
    play = {
        "name": "Examples",
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": {
            "frontdesk.contacts.ad_contacts_export": {"ca_path": str(directory.ca_file)},
            "frontdesk.contacts.ad_contacts_info": {"ca_path": str(directory.ca_file)},
            "frontdesk.contacts.contact_upload": upload,
        },
        "tasks": [task for name in order for task in tasks[name]],
    }
    path = place.root / "examples.yml"
    path.write_text(yaml.safe_dump([play], allow_unicode=True, sort_keys=False), "utf-8")
    return str(path)


def inventory(directory: RunningDirectory) -> Inventory:
    """What the examples expect of an inventory."""
    site = {"contact_sync_location": "bergen", "contact_sync_ou": "Bergen, Harbour"}
    return Inventory({"vault_bind_pw": directory.bind_pw}, {"sites": {"localhost": site}})
