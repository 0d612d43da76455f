# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that outputs and created files contain no secrets, and that no output except a diff contains personal data."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.options import role_variables
from tests.integration.support.playbooks import Inventory, PlaybookRun, run_playbook
from tests.integration.support.processes import record_command_lines
from tests.integration.support.workspace import Workspace
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
WRONG_SECRET = "No7.such-password-or-token"
FAILURES = {
    "wrong_password": ": the name or the password is wrong (",
    "wrong_token": ": it returned HTTP 401",
    "wrong_number": "Cannot use contact_sync_page_size: 'many' is not an integer.",
    "wrong_columns": "valu",
    "list_as_password": "Cannot use contact_sync_bind_pw: it is a list.",
}
"""Part of the expected error message, by failing host."""


@dataclass(frozen=True)
class SyncScenario:
    """Syncs of Active Directory from one workspace.

    :ivar variables: variables of all hosts, without secrets.
    :ivar secrets: secret variables and their values.
    """

    workspace: Workspace
    service: Receiver
    variables: dict[str, Any]
    secrets: dict[str, str]

    @property
    def forbidden_strings(self) -> list[str]:
        """All secrets, which must appear only in the inventory."""
        return [*self.secrets.values(), WRONG_SECRET]

    def run(self, *arguments: str, hosts: dict[str, Any], pipelining: bool = True) -> PlaybookRun:
        """Run the playbook on the given hosts, and assert that only the inventory contains secrets."""
        env = {
            "FRONTDESK_BIND_PW": self.secrets[PASSWORD],
            "FRONTDESK_TOKEN": self.secrets[TOKEN],
            # Include the options of modules in their results. Before ansible-core 2.21, -vvv is sufficient.
            "ANSIBLE_INJECT_INVOCATION": "true",
            "ANSIBLE_PIPELINING": str(pipelining),
        }
        inventory = Inventory(self.variables, {"syncs": hosts})
        arguments = ("-e", "contact_sync_hosts=syncs", *arguments)
        run = run_playbook(self.workspace, SYNC, inventory, *arguments, env=env)
        for secret in self.forbidden_strings:
            assert secret not in run.output
            assert secret not in self.service.log_file.read_text("utf-8")
        # The test itself has written the secrets to the inventory.
        assert self.workspace.files_containing(self.forbidden_strings) == ["inventory.yml"]
        return run


@pytest.fixture(scope="module")
def scenario(
    active_directory: RunningDirectory,
    ca: Authority,
    collections_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SyncScenario]:
    """Syncs of Active Directory, with one state directory per host."""
    workspace = Workspace.create(tmp_path_factory.mktemp("secrets") / "work", collections_path)
    locations = [site.location for site in active_directory.company.sites]
    with receiver(ca, locations=locations) as service:
        variables = role_variables(active_directory, service, workspace)
        secrets = {name: variables.pop(name) for name in (PASSWORD, TOKEN)}
        del variables["contact_sync_dest"]
        variables["contact_sync_state_dir"] = f"{workspace.root}/{{{{ inventory_hostname }}}}"
        yield SyncScenario(workspace, service, variables, secrets)


@pytest.fixture(scope="module")
def verbose_run(scenario: SyncScenario) -> PlaybookRun:
    """A run with -vvvv, in which some syncs succeed and others fail."""
    secrets = scenario.secrets
    hosts = {
        "variables": secrets,
        "environment": {},
        "wrong_password": {**secrets, PASSWORD: WRONG_SECRET},
        "wrong_token": {**secrets, TOKEN: WRONG_SECRET},
        "wrong_number": {**secrets, "contact_sync_page_size": "many"},
        "wrong_columns": {**secrets, "contact_sync_columns": [{"header": "Name", "valu": "cn"}]},
        "list_as_password": {**secrets, PASSWORD: [secrets[PASSWORD]]},
    }
    return scenario.run("-vvvv", hosts=hosts)


def personal_data(company: Company) -> list[str]:
    """Return values that occur only in the entry of `Company.canary_person`."""
    canary = company.canary_person
    return [canary.given_name, canary.last_name, canary.mail, canary.mobile, canary.account]


def test_verbose_output_contains_no_secrets_and_no_personal_data(
    scenario: SyncScenario, verbose_run: PlaybookRun, company: Company
) -> None:
    assert set(verbose_run.failures) == set(FAILURES)
    assert scenario.service.uploads == 2
    assert not [value for value in personal_data(company) if value in verbose_run.output]
    assert company.canary_person.mail not in scenario.service.log_file.read_text("utf-8")


@pytest.mark.parametrize("host", FAILURES)
def test_failures_are_reported_without_secrets(host: str, verbose_run: PlaybookRun) -> None:
    """`SyncScenario.run` has already asserted that the output contains no secrets."""
    assert FAILURES[host] in verbose_run.failures[host]


def test_a_diff_shows_a_person_once_and_no_secrets(
    scenario: SyncScenario, company: Company
) -> None:
    requests = scenario.service.requests
    with record_command_lines() as command_lines:
        run = scenario.run("--check", "--diff", hosts={"first": scenario.secrets}, pipelining=False)
    run.assert_clean()
    assert any("AnsiballZ_ad_contacts_export" in line for line in command_lines)
    assert not [
        line
        for line in command_lines
        if any(secret in line for secret in scenario.forbidden_strings)
    ]
    assert run.output.count(company.canary_person.mail) == 1
    assert scenario.service.requests == requests
    assert not list(scenario.workspace.temp_dir.iterdir())


def test_recorded_command_lines_include_arguments() -> None:
    with record_command_lines() as command_lines:
        subprocess.run(["sleep", "0.2", "0.0000007"], check=True)
    assert any("0.0000007" in line for line in command_lines)
