# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""What the documentation shows is run: README's first playbook, and the examples of every plugin."""

from __future__ import annotations

import ast
import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.integration.support.playbooks import Inventory, run_playbook
from tests.lab.receiver import Manner, receiver

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.authority import Authority
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

ROOT = Path(__file__).parents[2]
PLUGINS = sorted([*ROOT.glob("plugins/modules/*.py"), *ROOT.glob("plugins/filter/*.py")])
SERVICE_URL = "https://frontdesk.example/api/contacts/import"


def readme_playbook() -> str:
    """The playbook in README.md."""
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    return str(block)


def examples() -> dict[str, str]:
    """The EXAMPLES of every module and filter, by the file's name."""
    found = {}
    for path in PLUGINS:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXAMPLES":
                found[path.stem] = str(ast.literal_eval(node.value))
    return found


def for_the_lab(text: str, directory: RunningDirectory, place: Place) -> str:
    """An example with the lab's names in place of those of the documentation's company."""
    company = directory.company
    oslo, bergen = (company.site_dn(company.site(name)) for name in ("oslo-hq", "bergen"))
    names = {
        "ldaps://dc1.corp.example": directory.uri_ldaps,
        "ldaps://dc2.corp.example": directory.uri_ldaps,
        "svc-frontdesk@corp.example": directory.bind_upn or directory.bind_dn,
        "OU=Oslo,OU=Staff,DC=corp,DC=example": oslo,
        "OU=Bergen,OU=Staff,DC=corp,DC=example": bergen,
        "DC=corp,DC=example": company.base_dn,
        "Bergen, Harbour": company.site("bergen").ou,
        "/var/lib/frontdesk-contacts": str(place.root),
        "/srv/contacts": str(place.root),
        "/srv/state": str(place.root),
    }
    for name, own in names.items():
        text = text.replace(name, own)
    return text


def test_the_first_playbook_of_the_readme(
    active_directory: RunningDirectory, service: Receiver, place: Place
) -> None:
    secrets = {
        "contact_sync_bind_pw": active_directory.bind_pw,
        "contact_sync_service_token": service.token,
    }
    text = readme_playbook().replace("ou: Oslo}", "ou: Oslo HQ}")
    text = text.replace("https://frontdesk.example/api/contacts", service.url)
    (place.root / "secrets.yml").write_text(yaml.safe_dump(secrets))
    (place.root / "contacts.yml").write_text(for_the_lab(text, active_directory, place))
    certificates = {
        "contact_sync_ca_path": str(active_directory.ca_file),
        "contact_sync_service_ca_path": str(service.ca_file),
        "contact_sync_state_dir": str(place.state),
    }
    playbook = str(place.root / "contacts.yml")
    first = ["--check", "--diff", "-e", "contact_sync_initial=true"]
    for arguments, uploads in ((first, 0), (first[2:], 1), ([], 1)):
        run = run_playbook(place, playbook, Inventory(certificates), *arguments)
        run.check()
        assert service.uploads == uploads
    assert {contact["Location"] for contact in service.contacts} == {"oslo-hq", "bergen"}


def test_every_example_of_every_plugin(
    active_directory: RunningDirectory, service: Receiver, issuer: Authority, place: Place
) -> None:
    found = examples()
    assert set(found) == {path.stem for path in PLUGINS}
    tasks = {
        name: yaml.safe_load(for_the_lab(text, active_directory, place))
        for name, text in found.items()
    }
    locations = [site.location for site in active_directory.company.sites]
    flags = {"remove-hosts": "true", "send-emails": "false"}
    manners = (
        Manner(),
        Manner(method="PUT", raw=True, is_basic=True),
        Manner(flags=flags, token_param="auth_token"),
    )
    headers = ("X-Api-Key", "Authorization", "Authorization")
    with contextlib.ExitStack() as running:
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
        others[1].fail_next(200, {"rows": [{"row": 1, "status": "Imported"}]})
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
