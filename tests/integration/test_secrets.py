# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords and tokens turn up nowhere, whatever happens; people only where a diff is asked for."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.options import role_variables
from tests.integration.support.place import Place
from tests.integration.support.playbooks import Inventory, Run, run_playbook
from tests.integration.support.processes import command_lines
from tests.lab.receiver import receiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

pytestmark = pytest.mark.every_core

SYNC = "frontdesk.contacts.sync"
PASSWORD, TOKEN = "contact_sync_bind_pw", "contact_sync_service_token"
WRONG = "No7.such-password-or-token"
FAILURES = {
    "wrong_password": ": the name or the password is wrong (",
    "wrong_token": ": it returned HTTP 401",
    "wrong_number": "argument 'contact_sync_page_size' is of type ",
    "wrong_columns": "valu",
    "not_a_text": ": the name or the password is wrong (",
}


@dataclass(frozen=True)
class World:
    """A place, what syncs Active Directory from it, and the secrets by their variables."""

    place: Place
    service: Receiver
    variables: dict[str, Any]
    secrets: dict[str, str]

    @property
    def searched(self) -> list[str]:
        """What must turn up nowhere."""
        return [*self.secrets.values(), WRONG]

    def run(self, *arguments: str, hosts: dict[str, Any], pipelining: bool = True) -> Run:
        """Run the playbook on all hosts, and search its output and all files for the secrets."""
        env = {
            "FRONTDESK_BIND_PW": self.secrets[PASSWORD],
            "FRONTDESK_TOKEN": self.secrets[TOKEN],
            # Before ansible-core 2.21, -vvv alone shows what a module was given.
            "ANSIBLE_INJECT_INVOCATION": "true",
            "ANSIBLE_PIPELINING": str(pipelining),
        }
        inventory = Inventory(self.variables, {"syncs": hosts})
        arguments = ("-e", "contact_sync_hosts=syncs", *arguments)
        run = run_playbook(self.place, SYNC, inventory, *arguments, env=env)
        for secret in self.searched:
            assert secret not in run.output
            assert secret not in self.service.log_file.read_text("utf-8")
        # The inventory is where the test itself wrote them.
        assert self.place.holding(self.searched) == ["inventory.yml"]
        return run


@pytest.fixture(scope="module")
def world(
    active_directory: RunningDirectory,
    issuer: Authority,
    collections: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """A place that syncs Active Directory, on several hosts."""
    place = Place.make(tmp_path_factory.mktemp("secrets") / "place", collections)
    locations = [site.location for site in active_directory.company.sites]
    with receiver(issuer, locations=locations) as service:
        variables = role_variables(active_directory, service, place)
        secrets = {name: variables.pop(name) for name in (PASSWORD, TOKEN)}
        del variables["contact_sync_dest"]
        variables["contact_sync_state_dir"] = f"{place.root}/{{{{ inventory_hostname }}}}"
        yield World(place, service, variables, secrets)


@pytest.fixture(scope="module")
def loud(world: World) -> Run:
    """One run, as loud as anybody will ever have it: syncs that go well, and such that fail."""
    secrets = world.secrets
    hosts = {
        "variables": secrets,
        "environment": {},
        "wrong_password": {**secrets, PASSWORD: WRONG},
        "wrong_token": {**secrets, TOKEN: WRONG},
        "wrong_number": {**secrets, "contact_sync_page_size": "many"},
        "wrong_columns": {**secrets, "contact_sync_columns": [{"header": "Name", "valu": "cn"}]},
        "not_a_text": {**secrets, PASSWORD: [secrets[PASSWORD]]},
    }
    return world.run("-vvvv", hosts=hosts)


def values(fjord: Company) -> list[str]:
    """What is known of one person, and found nowhere else."""
    marked = fjord.canary_person
    return [marked.given_name, marked.last_name, marked.mail, marked.mobile, marked.account]


def test_syncs_show_no_secrets_and_nobody(world: World, loud: Run, fjord: Company) -> None:
    assert set(loud.failures) == set(FAILURES)
    assert world.service.uploads == 2
    assert not [value for value in values(fjord) if value in loud.output]
    assert fjord.canary_person.mail not in world.service.log_file.read_text("utf-8")


@pytest.mark.parametrize("host", FAILURES)
def test_failure_is_said_without_the_secret(host: str, loud: Run) -> None:
    """`World.run` has searched for the secrets."""
    assert FAILURES[host] in loud.failures[host]


def test_diff_shows_people_once_and_no_secrets(world: World, fjord: Company) -> None:
    requests = world.service.requests
    with command_lines() as seen:
        run = world.run("--check", "--diff", hosts={"first": world.secrets}, pipelining=False)
    run.check()
    assert any("AnsiballZ_ad_contacts_export" in line for line in seen)
    assert not [line for line in seen if any(secret in line for secret in world.searched)]
    assert run.output.count(fjord.canary_person.mail) == 1
    assert world.service.requests == requests
    assert not list(world.place.temporary.iterdir())


def test_the_search_itself_finds_what_is_there() -> None:
    with command_lines() as seen:
        subprocess.run(["sleep", "0.2", "0.0000007"], check=True)
    assert any("0.0000007" in line for line in seen)
