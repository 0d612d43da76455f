# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of the role, contact_sync_result, and the playbook in the guide that sends it by mail and to a chat."""

from __future__ import annotations

import json
import re
import ssl
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration.support.doc_examples import ROOT, example_files
from tests.integration.support.options import role_variables
from tests.integration.support.playbooks import (
    Inventory,
    PlaybookRun,
    run_playbook,
    start_playbook,
)
from tests.lab.server import Request, Response, https_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

SYNC = "frontdesk.contacts.sync"
GUIDE = "docs/docsite/rst/results.rst"
CHAT = "https://chat.corp.example"
SENDMAIL = '#!/bin/sh\ncat >>"$HOME/mails"\n'


@dataclass
class Notifications:
    """The playbook in the guide, with a mail program and a chat service.

    :ivar posts: bodies of the requests to the chat service.
    """

    workspace: Workspace
    service: Receiver
    variables: dict[str, Any]
    url: str
    ca_file: Path
    posts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def mails(self) -> str:
        """All sent mails, concatenated."""
        path = self.workspace.home / "mails"
        return path.read_text("utf-8") if path.exists() else ""

    def run(self, *arguments: str, **changes: object) -> PlaybookRun:
        """Run the playbook, and assert that its output does not contain the token of the service."""
        text = example_files(GUIDE)["notify.yml"].replace(CHAT, self.url)
        (self.workspace.root / "notify.yml").write_text(text, encoding="utf-8")
        variables = {
            **self.variables,
            **{f"contact_sync_{name}": value for name, value in changes.items()},
        }
        env = {
            "PATH": f"{self.workspace.home / 'bin'}:{self.workspace.environment()['PATH']}",
            # The module uri trusts the CAs in this file.
            "SSL_CERT_FILE": str(self.ca_file),
            "ANSIBLE_SHOW_CUSTOM_STATS": "true",
        }
        run = run_playbook(self.workspace, "notify.yml", Inventory(variables), *arguments, env=env)
        assert self.service.token not in run.output
        return run


def published(run: PlaybookRun) -> dict[str, Any]:
    """Return contact_sync_result, and assert that it has all documented keys and is also in the custom statistics."""
    (result,) = (task.result for task in run.tasks if task.name == "Publish the result")
    documentation = (ROOT / "plugins/modules/contact_sync_result.py").read_text("utf-8")
    documented = yaml.safe_load(documentation.split('RETURN = r"""')[1].split('"""')[0])
    keys = set(documented)
    # Ansible shows warnings separately.
    result.setdefault("warnings", [])
    assert keys <= set(result)
    value = {key: result[key] for key in keys}
    statistics = re.search(r"\tRUN: (\{.*\})", run.output)
    assert statistics is not None, run.output
    assert json.loads(statistics[1])["frontdesk_contacts"] == {
        value["name"]: {key: value[key] for key in keys - {"report"}}
    }
    assert value["summary"].count("\n") == 2
    return value


@pytest.fixture
def notifications(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace, ca: Authority
) -> Iterator[Notifications]:
    """The playbook in the guide, for a company in OpenLDAP."""
    program = workspace.home / "bin" / "sendmail"
    program.parent.mkdir()
    program.touch(mode=0o700)
    program.write_text(SENDMAIL, encoding="utf-8")
    variables = {
        **role_variables(open_ldap, service, workspace),
        "contact_sync_service_retries": 0,
        "contact_sync_name": "fjord",
    }
    notes = Notifications(workspace, service, variables, "", ca.ca_file)

    def respond(request: Request) -> Response:
        post = json.loads(request.body)
        # Before ansible-core 2.19, templates return numbers as strings.
        notes.posts.append({**post, "removed": int(post["removed"])})
        return Response(HTTPStatus.OK, {})

    certificate = ca.issue("localhost", "127.0.0.1")
    newest = ssl.TLSVersion.MAXIMUM_SUPPORTED
    with https_server(respond, lambda _line: None, certificate, newest) as port:
        notes.url = f"https://localhost:{port}"
        yield notes


@pytest.mark.both_ends
def test_the_result_describes_uploads_a_guard_stop_and_a_preview(
    notifications: Notifications, open_ldap: RunningDirectory
) -> None:
    company = open_ldap.company
    total = sum(len(company.at(site)) for site in company.sites) - 1
    run = notifications.run()
    run.assert_clean()
    uploaded = published(run)
    assert (uploaded["name"], uploaded["verdict"]) == ("fjord", "uploaded")
    assert uploaded["failure"] is None
    assert uploaded["server"] == open_ldap.uri_ldaps
    assert (
        sum(each["contacts"] for each in uploaded["counts"]) == total == uploaded["plan"]["added"]
    )
    assert uploaded["left_out"] == [{"cause": "Email and SMS Phone are both empty", "count": 1}]
    assert (uploaded["contested"], uploaded["overlaps"]) == ([], [])
    assert (uploaded["service"]["status"], uploaded["receipt"]["sequence"]) == (200, 1)
    assert notifications.posts == [{"text": uploaded["summary"], "failed": False, "removed": 0}]
    assert notifications.mails == (
        "To: it@corp.example\nSubject: Contact sync fjord: uploaded\n\n"
        + uploaded["summary"]
        + "\n\n"
    )

    notifications.variables["contact_sync_initial"] = False
    unchanged = published(notifications.run())
    assert (unchanged["verdict"], unchanged["plan"]["unchanged"]) == ("unchanged", total)
    assert (unchanged["service"], unchanged["receipt"]) == (None, uploaded["receipt"])
    assert notifications.mails.count("Subject:") == 1

    fewer = notifications.variables["contact_sync_locations"][1:]
    run = notifications.run(locations=fewer, max_removed=0)
    # The playbook in the guide succeeds even if the guard stopped the sync.
    assert run.code == 0, run.output
    stopped = published(run)
    assert (stopped["verdict"], stopped["failure"]["kind"]) == ("stopped", "guard")
    assert stopped["failure"]["message"] in run.output
    removed = stopped["plan"]["removed"]
    assert removed == len(company.at(company.sites[0]))
    assert notifications.posts[-1] == {
        "text": stopped["summary"],
        "failed": True,
        "removed": removed,
    }

    approved = {"approved_plan": stopped["plan"]["id"]}
    preview = published(notifications.run("--check", locations=fewer, **approved))
    assert (preview["verdict"], preview["plan"]["removed"]) == ("preview", removed)
    assert (notifications.service.uploads, notifications.mails.count("Subject:")) == (1, 2)


@pytest.mark.parametrize(
    ("changes", "status", "kind"),
    [
        ({"server_uri": "ldaps://localhost:1"}, None, "directory"),
        ({}, HTTPStatus.UNPROCESSABLE_ENTITY, "service_refused"),
        ({}, HTTPStatus.BAD_GATEWAY, "service_unsure"),
        ({"initial": False}, None, "guard"),
    ],
)
def test_the_result_contains_the_kind_of_the_failure(
    notifications: Notifications, changes: dict[str, Any], status: HTTPStatus | None, kind: str
) -> None:
    if kind == "guard":
        notifications.workspace.state_dir.mkdir(mode=0o700)
    if status is not None:
        notifications.service.queue_response(status)
    run = notifications.run(**changes)
    result = published(run)
    assert result["failure"]["kind"] == kind
    assert result["verdict"] == ("stopped" if kind == "guard" else "failed")
    assert run.code == (0 if kind == "guard" else 2)
    assert result["failure"]["message"] in run.output
    assert notifications.posts == [{"text": result["summary"], "failed": True, "removed": 0}]
    assert result["report"][0].startswith("Stopped: " if kind == "guard" else "Failed: ")
    assert max(map(len, result["report"])) <= 100
    assert not list(notifications.workspace.temp_dir.iterdir())


KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "page_size": ({"page_size": "many"}, "configuration"),
    "password": ({"bind_pw": "Pw7.wrong"}, "directory"),
    "token": ({"service_token": "Tk7.wrong"}, "service_auth"),
    "url": ({"service_url": "https://localhost:1/contacts"}, "network"),
    "no_state": ({"initial": False}, "state"),
}
"""For each host: the variables that differ, and the kind of the failure."""


def test_each_of_several_syncs_reports_the_kind_of_its_failure(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
) -> None:
    variables = {
        **role_variables(open_ldap, service, workspace),
        "contact_sync_service_retries": 0,
        "contact_sync_state_dir": f"{workspace.root}/{{{{ inventory_hostname }}}}",
        "contact_sync_dest": "",
    }
    hosts = {
        host: {f"contact_sync_{name}": value for name, value in changes.items()}
        for host, (changes, _kind) in KINDS.items()
    }
    inventory = Inventory(variables, {"syncs": hosts})
    run = run_playbook(workspace, SYNC, inventory, "-e", "contact_sync_hosts=syncs")
    failures = {
        task.host: task.result["failure"] for task in run.tasks if task.name == "Publish the result"
    }
    assert {host: failure["kind"] for host, failure in failures.items()} == {
        host: kind for host, (_changes, kind) in KINDS.items()
    }
    assert {host: failure["message"] for host, failure in failures.items()} == run.failures
    assert service.uploads == 0


@pytest.mark.both_ends
def test_an_unchanged_run_of_the_playbook_shows_few_tasks_and_readable_lines(
    open_ldap: RunningDirectory, service: Receiver, workspace: Workspace
) -> None:
    """The output is that of a nightly run: without -v and without colors."""
    inventory = Inventory(role_variables(open_ldap, service, workspace))
    run_playbook(workspace, SYNC, inventory).assert_clean()
    pretty = {"ANSIBLE_CALLBACK_FORMAT_PRETTY": "true"}
    process = start_playbook(workspace, SYNC, inventory, env=pretty, verbose=False)
    output, _errors = process.communicate(timeout=240)
    headings = [line for line in output.splitlines() if line.startswith("TASK [")]
    assert len(headings) <= 8, output
    (shown,) = re.findall(r": Show the result\] \**\n(.*?)\n\nPLAY RECAP", output, re.DOTALL)
    company = open_ldap.company
    total = sum(len(company.at(site)) for site in company.sites) - 1
    lines = [line.strip(' ",') for line in shown.splitlines()]
    assert lines[:6] == [
        "ok: [localhost] => {",
        'msg": [',
        f"Unchanged: the service already has the same {total} contacts, so nothing was uploaded.",
        *(
            f"{site.location} {len(company.at(site)) - (company.unreachable in company.at(site))}"
            for site in sorted(company.sites, key=lambda site: site.location)
        ),
    ]
    # The path of the workspace is longer than the path of a real state directory.
    widths = [len(line.replace(str(workspace.root), "/srv")) for line in shown.splitlines()]
    assert max(widths) <= 100
    assert "\x1b" not in output
