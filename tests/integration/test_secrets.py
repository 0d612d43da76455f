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
from tests.integration.support.playbooks import Inventory, Run, run_playbook
from tests.integration.support.processes import command_lines

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

SYNC = "frontdesk.contacts.sync"
VARIABLES = {
    "FRONTDESK_BIND_PW": "contact_sync_bind_pw",
    "FRONTDESK_TOKEN": "contact_sync_service_token",
}
WRONG = "No7.such-password-or-token"


@dataclass(frozen=True)
class World:
    """A place, and the secrets of its servers by the names of their environment variables."""

    place: Place
    service: Receiver
    variables: dict[str, Any]
    secrets: dict[str, str]

    def run(self, *arguments: str, given_by: str, wrong: str | None = None) -> Run:
        """Sync as loudly as most people ever will, and search everywhere for the secrets."""
        secrets = {**self.secrets, **({wrong: WRONG} if wrong else {})}
        variables = {**self.variables, "contact_sync_initial": True}
        env = secrets if given_by == "environment" else {}
        for name, variable in VARIABLES.items():
            variables.pop(variable)
            if given_by == "variables":
                variables[variable] = secrets[name]
        with command_lines() as seen:
            run = run_playbook(self.place, SYNC, Inventory(variables), *arguments, env=env)
        assert any("AnsiballZ_ad_contacts_export" in line for line in seen)
        for secret in {*secrets.values(), *self.secrets.values()}:
            assert secret not in run.output
            assert not [line for line in seen if secret in line]
            assert secret not in self.service.log_file.read_text("utf-8")
        # The inventory is where the test itself wrote them.
        kept = ["inventory.yml"] if given_by == "variables" else []
        assert self.place.holding(secrets.values()) == kept
        return run


@pytest.fixture
def world(active_directory: RunningDirectory, service: Receiver, place: Place) -> World:
    """A place that syncs Active Directory."""
    secrets = {"FRONTDESK_BIND_PW": active_directory.bind_pw, "FRONTDESK_TOKEN": service.token}
    return World(place, service, role_variables(active_directory, service, place), secrets)


def values(fjord: Company) -> list[str]:
    """What is known of one person, and found nowhere else."""
    marked = fjord.marked
    return [marked.given_name, marked.last_name, marked.mail, marked.mobile, marked.account]


@pytest.mark.parametrize("given_by", ["variables", "environment"])
def test_sync(world: World, given_by: str, fjord: Company) -> None:
    run = world.run("-vvv", given_by=given_by)
    run.check()
    assert world.service.uploads == 1
    assert not [value for value in values(fjord) if value in run.output]
    assert fjord.marked.mail not in world.service.log_file.read_text("utf-8")


def test_wrong_password(world: World, fjord: Company) -> None:
    run = world.run("-vvv", given_by="environment", wrong="FRONTDESK_BIND_PW")
    assert ": the name or the password is wrong (" in run.failure
    assert world.service.requests == 0
    assert not [value for value in values(fjord) if value in run.output]


def test_wrong_token(world: World, fjord: Company) -> None:
    run = world.run("-vvv", given_by="variables", wrong="FRONTDESK_TOKEN")
    assert ": it answered 401 (it does not know the credential). Check token" in run.failure
    assert not [value for value in values(fjord) if value in run.output]


def test_diff_shows_people_once_and_no_secrets(world: World, fjord: Company) -> None:
    run = world.run("--check", "--diff", given_by="variables")
    run.check()
    assert run.output.count(fjord.marked.mail) == 1
    assert world.service.requests == 0
    assert not list(world.place.temporary.iterdir())


def test_the_search_itself_finds_what_is_there() -> None:
    with command_lines() as seen:
        subprocess.run(["sleep", "0.2", "0.0000007"], check=True)
    assert any("0.0000007" in line for line in seen)
