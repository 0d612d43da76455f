# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A test that runs the examples in the documentation of the modules that can run without the role."""

from __future__ import annotations

import ast
import contextlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from tests.integration.support.doc_examples import ROOT
from tests.integration.support.lab_substitutions import (
    connection_substitutions,
    substitute_lab_names,
)
from tests.integration.support.playbooks import Inventory, run_playbook
from tests.lab.dns import name_server
from tests.lab.receiver import ServiceBehavior, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

# The modules contact_sync_* run only as part of the role, whose variables they read.
PLUGINS = [
    path
    for path in sorted(ROOT.glob("plugins/modules/*.py"))
    if not path.name.startswith("contact_sync_")
]
SERVICE_URL = "https://frontdesk.example/api/contacts/import"


def read_examples() -> dict[str, str]:
    """Return the EXAMPLES of each module in PLUGINS, by module name."""
    examples_by_plugin = {}
    for path in PLUGINS:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXAMPLES":
                examples_by_plugin[path.stem] = str(ast.literal_eval(node.value))
    return examples_by_plugin


@contextlib.contextmanager
def domain_substitutions(directory: RunningDirectory) -> Iterator[dict[str, str]]:
    """Run a DNS server for the lab's domain, and yield a replacement for the domain in the examples."""
    domain = directory.company.domain
    records = {
        f"_ldap._tcp.Oslo._sites.dc._msdcs.{domain} SRV": [f"0 100 389 dc.{domain}."],
        f"dc.{domain} A": [urlsplit(directory.uri_ldaps).hostname or ""],
    }
    with name_server(records) as dns_server:
        options = {
            "domain": domain,
            "dns_servers": [dns_server.address],
            # The certificate of the lab's domain controller does not contain this name.
            "validate_certs": False,
            "ca_path": "",
        }
        lines = [f"    {name}: {json.dumps(value)}\n" for name, value in options.items()]
        yield {"    domain: corp.example\n": "".join(lines)}


def test_every_module_example_runs(
    active_directory: RunningDirectory, service: Receiver, ca: Authority, workspace: Workspace
) -> None:
    examples_by_plugin = read_examples()
    assert set(examples_by_plugin) == {path.stem for path in PLUGINS}
    locations = [site.location for site in active_directory.company.sites]
    flags = {"remove-hosts": "true", "send-emails": "false"}
    behaviors = (
        ServiceBehavior(),
        ServiceBehavior(),
        ServiceBehavior(method="PUT", raw=True, is_basic=True),
        ServiceBehavior(flags=flags, token_param="auth_token"),
        ServiceBehavior(),
    )
    headers = ("X-Api-Key", "Authorization", "Authorization", "Authorization", "Authorization")
    with contextlib.ExitStack() as stack:
        domain = stack.enter_context(domain_substitutions(active_directory))
        substitutions = {**connection_substitutions(active_directory, workspace), **domain}
        tasks = {
            name: yaml.safe_load(
                substitute_lab_names(text, substitutions, active_directory.company)
            )
            for name, text in examples_by_plugin.items()
        }
        other_services = [
            stack.enter_context(
                receiver(
                    ca,
                    locations=locations,
                    token_header=header,
                    token_prefix="",
                    behavior=behavior,
                )
            )
            for header, behavior in zip(headers, behaviors, strict=True)
        ]
        # Responses in the formats of these services. The second response lists at least as many rows as
        # the roster contains.
        rows = [
            {"row": number, "status": "Imported"}
            for number, _person in enumerate(active_directory.company.people, 1)
        ]
        other_services[1].queue_response(200, {"counts": {"imported": 1}})
        other_services[2].queue_response(200, {"rows": rows})
        other_services[3].queue_response(200, {"counts": {"imported": 1, "skipped": 0}})
        other_services[4].queue_response(200, {"success": True, "messages": []})
        for task, target in zip(tasks["contact_upload"], (service, *other_services), strict=True):
            options = task["frontdesk.contacts.contact_upload"]
            assert options["url"] == SERVICE_URL
            name = "url_username" if "url_username" in options else "token"
            options.update({"url": target.url, name: target.token})
        run = run_playbook(
            workspace,
            write_playbook(workspace, tasks, active_directory),
            inventory(active_directory),
        )
        run.assert_clean()
        assert [target.requests for target in (service, *other_services)] == [1] * 6
        assert [target.uploads for target in (service, other_services[0])] == [1, 1]


def write_playbook(workspace: Workspace, tasks: dict[str, Any], directory: RunningDirectory) -> str:
    """Write a playbook with all examples, and return its path.

    The uploads come last. The module_defaults of the playbook contain the settings of the lab.
    """
    names = sorted(tasks, key=lambda name: name == "contact_upload")
    upload = {
        "ca_path": str(directory.ca_file),
        "initial": True,
        "state_dir": str(workspace.state_dir),
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
        "tasks": [task for name in names for task in tasks[name]],
    }
    path = workspace.root / "examples.yml"
    path.write_text(yaml.safe_dump([play], allow_unicode=True, sort_keys=False), "utf-8")
    return str(path)


def inventory(directory: RunningDirectory) -> Inventory:
    """Return an inventory with the group and the variable that the examples use."""
    site = {"contact_sync_location": "bergen", "contact_sync_ou": "Bergen, Harbour"}
    return Inventory({"vault_bind_pw": directory.bind_pw}, {"sites": {"localhost": site}})
