# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of README.md: its quick start, which a new user follows word for word, its sections and its links."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.integration.support.doc_examples import ROOT, section_examples, section_text
from tests.integration.support.lab_substitutions import (
    connection_substitutions,
    substitute_lab_names,
)
from tests.integration.support.playbooks import PlaybookRun, run_command
from tests.integration.support.repository import commit_all, create_repository
from tests.integration.support.vault import VAULT_PASSWORD, create_vault
from tests.integration.support.workspace import Workspace, file_mode

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.support.doc_examples import Example
    from tests.lab.directory import RunningDirectory
    from tests.lab.receiver import Receiver

README = "README.md"
QUICK_START = "Quick start"
TWO_SCREENS = 60
# These sections are required in certified collections, whose READMEs are also shown outside the repository.
SECTIONS = (
    *("Description", "Requirements", "Installation", "Use Cases", "Testing", "Support"),
    *("Release Notes", "Related Information", "License"),
)
REPOSITORY = "https://github.com/frontdesk/contacts"


@dataclass
class Shell:
    """The terminal of a new user, which keeps the working directory and the virtual environment between commands.

    :ivar workspace: workspace of the user.
    :ivar session: earlier commands that affect later ones.
    """

    workspace: Workspace
    session: list[str] = field(default_factory=list)

    @property
    def repository(self) -> Path:
        """The path of the repository from which the user installs the collection."""
        return self.workspace.root / "repository"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that configure pip on this machine, for example its package index."""
        return {name: value for name, value in os.environ.items() if name.startswith("PIP_")}

    def line(self, command: str) -> str:
        """Return a command line that repeats the commands in `session`, and then runs a command.

        A command that affects later ones is added to `session`.
        """
        line = " && ".join([*self.session, command])
        if command.startswith(("cd ", ". ")):
            self.session.append(command)
        return line

    def run(self, command: str, *, editor: str = "false") -> PlaybookRun:
        """Run a command, which must succeed without warnings, and enter the vault password if prompted."""
        env = {**self.environment, "EDITOR": editor}
        run = run_command(self.workspace, self.line(command), VAULT_PASSWORD, env=env)
        run.assert_clean()
        return run


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """The terminal of a user whose home directory is empty."""
    home = tmp_path / "work/home"
    return Shell(Workspace.create(tmp_path / "work", home / ".ansible/collections"))


def quick_start(shell: Shell, directory: RunningDirectory, service: Receiver) -> list[Example]:
    """Return the code blocks of the quick start, with names that exist in the lab."""
    substitutions = {
        **connection_substitutions(directory, shell.workspace),
        f"git+{REPOSITORY}.git": f"git+{shell.repository.as_uri()}",
        "https://frontdesk.example/api/contacts": service.url,
        "/etc/ssl/certs/frontdesk-ca.pem": str(service.ca_file),
        "password of the bind account": directory.bind_pw,
        "token of the service": service.token,
    }
    return [
        example._replace(text=substitute_lab_names(example.text, substitutions, directory.company))
        for example in section_examples(README, QUICK_START)
    ]


def assert_upgrades(shell: Shell, command: str) -> None:
    """Assert that the installation command also upgrades the collection, and installs only committed files."""
    new_file = "docs/new.md"
    installed = (
        shell.workspace.collections_path / "ansible_collections/frontdesk/contacts" / new_file
    )
    (shell.repository / new_file).touch()
    shell.run(command)
    assert not installed.exists()
    commit_all(shell.repository)
    shell.run(command)
    assert installed.exists()


def write_inventory(shell: Shell, inventory: Example) -> None:
    """Write the inventory of the quick start, and set the state directory.

    The default state directory of root is outside of the workspace.
    """
    folder = shell.workspace.home / "frontdesk"
    (folder / "inventory.yml").write_text(inventory.text, encoding="utf-8")
    (folder / "host_vars").mkdir()
    variables = {"contact_sync_state_dir": str(shell.workspace.state_dir)}
    (folder / "host_vars/localhost.yml").write_text(yaml.safe_dump(variables), encoding="utf-8")


def assert_synced(runs: list[PlaybookRun], service: Receiver) -> None:
    """Assert that the playbook runs are a probe, a preview, a first upload and an unchanged sync."""
    probe, preview, first, second = runs
    assert "No problems found." in probe.output
    number = len(service.contacts)
    assert f"Preview: {number} contacts would be uploaded." in preview.reports[0]
    assert [contact for contact in service.contacts if contact["Email"] not in preview.output] == []
    assert (
        f"Uploaded: the service returned HTTP 200 for {number} contacts, but nothing"
        in first.reports[0]
    )
    assert {contact["Location"] for contact in service.contacts} == {"oslo-hq", "bergen"}
    assert second.reports[0].startswith("Unchanged: ")


def write_vault_password(shell: Shell, command: str) -> None:
    """Run the command that opens the file for the vault password in an editor, and assert that the file is private."""
    password = shell.workspace.home / "password"
    password.write_text(f"{VAULT_PASSWORD}\n", encoding="utf-8")
    shell.run(command, editor=f"cp {password}")
    assert file_mode(shell.workspace.home / "frontdesk/.vault-password") == 0o600


def run_from_cron(shell: Shell, entry: str) -> PlaybookRun:
    """Run the command of a line in a crontab, with the few environment variables that cron sets."""
    schedule = re.fullmatch(r"(?:[\d*]+ ){5}(?P<command>[^%\n]+)\n", entry)
    assert schedule
    (shell.workspace.home / "entry").write_text(schedule["command"], encoding="utf-8")
    variables = f"HOME={shell.workspace.home} PATH=/usr/bin:/bin SHELL=/bin/sh"
    return run_command(
        shell.workspace, f'cd ~ && env -i {variables} /bin/sh -c "$(cat entry)" </dev/null'
    )


def test_the_quick_start_leads_from_an_empty_home_directory_to_a_cron_job(
    active_directory: RunningDirectory, service: Receiver, shell: Shell
) -> None:
    setup, vault, inventory, syncs, timer = quick_start(shell, active_directory, service)
    assert (vault.path, inventory.path) == ("group_vars/all.yml", "inventory.yml")
    assert timer.path == "crontab"
    *install, create = setup.commands
    *playbooks, store_password = syncs.commands
    create_repository(shell.repository)
    for command in install:
        shell.run(command)
    assert_upgrades(shell, install[-1])
    create_vault(shell.workspace, shell.line(create), vault.text)
    write_inventory(shell, inventory)
    runs, uploads = [], []
    for command in playbooks:
        runs.append(shell.run(command))
        uploads.append(service.uploads)
    assert uploads == [0, 0, 1, 1]
    assert_synced(runs, service)
    write_vault_password(shell, store_password)
    runs.append(run_from_cron(shell, timer.text))
    runs[-1].assert_clean()
    assert "Unchanged: " in runs[-1].output
    assert service.uploads == 1
    secrets = [active_directory.bind_pw, service.token]
    assert shell.workspace.files_containing(secrets) == []
    assert [run for run in runs if any(secret in run.output for secret in secrets)] == []


def test_the_quick_start_fits_on_two_screens() -> None:
    assert len(section_text(README, QUICK_START).strip().splitlines()) <= TWO_SCREENS


@pytest.mark.parametrize("heading", SECTIONS)
def test_each_section_required_for_certification_has_content(heading: str) -> None:
    assert len(section_text(README, heading).splitlines()) > 2


def test_the_quick_start_installs_the_collection_with_the_documented_command() -> None:
    command = section_examples(README, "Installation")[0].commands[0]
    assert command in section_examples(README, QUICK_START)[0].commands


def test_installation_does_not_replace_the_ansible_core_of_an_execution_environment() -> None:
    assert "ansible-core" not in section_text(README, "Installation")


def test_links_are_complete_and_lead_to_files_of_the_repository() -> None:
    text = (ROOT / README).read_text("utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert [link for link in links if not link.startswith("https://")] == []
    files = [link.partition("/blob/main/")[2] for link in links if "/blob/main/" in link]
    assert len(files) > 5
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_the_documentation_link_of_the_collection_leads_to_a_section() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))
    address, _hash, anchor = galaxy["documentation"].partition("#")
    headings = re.findall(r"^## (.+)$", (ROOT / README).read_text("utf-8"), re.MULTILINE)
    assert address == REPOSITORY
    assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
