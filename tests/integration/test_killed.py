# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that SIGKILL ends: what was there stays whole, and the next run goes on from there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.integration.support.modules import Modules, make_order, run_module
from tests.integration.support.options import export_options, role_variables, upload_options
from tests.integration.support.place import mode_of
from tests.integration.support.playbooks import Inventory, run_playbook, start_playbook
from tests.integration.support.processes import comes_true, descendants, kill_tree
from tests.integration.support.rosters import contacts, write_roster
from tests.integration.support.slow_line import slow_line
from tests.lab.process_supervisor import ProcessSupervisor

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

SOME_PAGES = 20_000
"""More bytes than a server sends before the second page of ten people, and fewer than for all of them."""


def kill(pid: int) -> None:
    """Kill a process and what it has started: there must be something that it has started."""
    below = descendants(pid)
    assert below
    everybody = {pid, *below}
    kill_tree(pid)
    assert comes_true(lambda: not any(map(ProcessSupervisor.is_running, everybody)))


def check_leftovers(place: Place, *people: str) -> None:
    """Who may not read people's data finds none."""
    found = [name for name in place.holding(people) if name != "inventory.yml"]
    assert all(place.is_private(name) for name in found), found


def test_export(open_ldap: RunningDirectory, fjord: Company, place: Place) -> None:
    options = export_options(open_ldap, place)
    place.dest.write_text("the old roster", encoding="utf-8")
    place.dest.with_name("contacts.csv.ids").write_text("the old identities", encoding="utf-8")
    before = place.files()
    port = urlsplit(open_ldap.uri_ldaps).port or 0
    with slow_line(port, passes=SOME_PAGES) as line, Modules(place.collections) as modules:
        slow = {**options, "server_uri": [f"ldaps://localhost:{line.port}"], "page_size": 10}
        modules.start(make_order(place, "ad_contacts_export", slow))
        assert line.stuck.wait(30)
        kill(modules.pid)
    assert place.files() == before
    check_leftovers(place, *(person.mail for person in fjord.people if person.mail))
    assert run_module(place, "ad_contacts_export", options)["changed"]
    assert fjord.canary_person.mail in place.dest.read_text("utf-8")


def test_export_cleans_up_after_one_that_was_killed_while_writing(
    open_ldap: RunningDirectory, place: Place
) -> None:
    """A kill in that moment is too rare to be made; its leftover is not."""
    leftovers = [place.root / ".contacts.csv.abcd1234.new", place.root / ".contacts.csv.ids.x.new"]
    for leftover in leftovers:
        leftover.write_text("half a roster", encoding="utf-8")
    other = place.root / ".contacts.csv.kept"
    other.touch()
    assert run_module(place, "ad_contacts_export", export_options(open_ldap, place))["changed"]
    assert not any(leftover.exists() for leftover in leftovers)
    assert other.exists()


@pytest.mark.parametrize("service_takes_it", [True, False])
def test_upload(service_takes_it: bool, service: Receiver, place: Place) -> None:
    """Whether the service took it or not: the receipt is the old one, and the next run sends again."""
    options = upload_options(service, place)
    write_roster(place.dest, contacts(30))
    assert run_module(place, "contact_upload", {**options, "initial": True})["uploaded"]
    receipt = json.loads((place.state / "receipt.json").read_text("utf-8"))
    people = contacts(31)
    write_roster(place.dest, people)
    if not service_takes_it:
        service.queue_response(500)
    with service.hold() as arrived, Modules(place.collections) as modules:
        modules.start(make_order(place, "contact_upload", options))
        assert arrived.wait(30)
        kill(modules.pid)
    # It logs a request when it has answered.
    assert comes_true(lambda: service.log_file.read_text("utf-8").count('"POST"') == 2)
    assert service.uploads == 1 + service_takes_it
    left = json.loads((place.state / "receipt.json").read_text("utf-8"))
    assert (left["roster"], left["complete"]) == (receipt["roster"], False)
    check_leftovers(place, people[0].email)

    answer = run_module(place, "contact_upload", options)
    assert (answer["uploaded"], answer["plan"]["added"]) == (True, 1)
    assert answer["service"]["counts"]["added"] == int(not service_takes_it)
    assert len(service.contacts) == 31
    assert not run_module(place, "contact_upload", options)["changed"]


def test_playbook(
    open_ldap: RunningDirectory, fjord: Company, service: Receiver, place: Place
) -> None:
    """The whole of ansible-playbook, killed while the service has the request."""
    variables = role_variables(open_ldap, service, place)
    inventory = Inventory(variables)
    with service.hold() as arrived:
        process = start_playbook(place, "frontdesk.contacts.sync", inventory)
        assert arrived.wait(60)
        kill(process.pid)
        process.communicate()
    assert comes_true(lambda: service.requests == 1)
    assert not (place.state / "receipt.json").exists()
    check_leftovers(place, fjord.canary_person.mail)
    # What Ansible itself leaves is the module with its options.
    secrets = place.holding([open_ldap.bind_pw, service.token])
    assert all(place.is_private(name) for name in secrets)

    run = run_playbook(place, "frontdesk.contacts.sync", inventory)
    run.check()
    (upload,) = run.uploads
    assert upload["uploaded"]
    receipt = json.loads((place.state / "receipt.json").read_text("utf-8"))
    assert receipt["rows"] == len(service.contacts)
    assert mode_of(place.state) == 0o700
