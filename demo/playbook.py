# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installation of the collection, and execution of its playbooks."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.screen import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.screen import Screen

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "demo"
PLAYBOOK = ("ansible-playbook", "-i", "demo/inventory.yml", "-e", "@run.yml")
_TERMINATE_SECONDS = 10.0


class ProgramError(Exception):
    """A program failed or printed a secret.

    The message contains the output only if there is no secret in it.
    """


@dataclass(frozen=True)
class PlaybookRun:
    """The result of a playbook run."""

    status: int
    """Exit status of ansible-playbook."""
    output: str
    results: list[dict[str, Any]]
    """Results of the successful and failed tasks, followed by the recap (see callback_plugins/demo_results.py)."""

    def module_result(self, module: str) -> dict[str, Any]:
        """Return the last result of a module of the collection; empty if the module did not run."""
        action = f"frontdesk.contacts.{module}"
        results = [line["returned"] for line in self.results if line.get("action") == action]
        return dict(results[-1]) if results else {}

    @property
    def recap(self) -> dict[str, int]:
        """Number of tasks by result."""
        return next((dict(line["recap"]) for line in self.results if "recap" in line), {})

    @property
    def failures(self) -> list[tuple[str, str]]:
        """Module and error message of each failed task."""
        failed = [line for line in self.results if line.get("failed")]
        return [(line["action"], str(line["returned"].get("msg"))) for line in failed]


class Ansible:
    """The programs of ansible-core, isolated from the configuration of the current user."""

    def __init__(self, directory: Path, screen: Screen, secrets: Mapping[str, str]) -> None:
        """Set up a working directory.

        :param directory: empty directory.
        :param screen: output of the demo.
        :param secrets: environment variables for the programs; their values must not appear in any output.
        """
        self._directory = directory
        self._screen = screen
        self._secrets = tuple(secrets.values())
        self._results = directory / "results.jsonl"
        self.temporary = directory / "tmp"
        self.temporary.mkdir()
        (directory / "demo").symlink_to(DEMO)  # used by the displayed commands
        (directory / "ansible.cfg").write_text(_configuration(directory), encoding="utf-8")
        self._environment = {**_environment(directory), **secrets}
        self.runs = 0
        self.searched_characters = 0
        """Number of output characters that have been searched for secrets."""

    def install_collection(self) -> str:
        """Build the collection from this checkout, install it, and return its version.

        :raises ProgramError: if ansible-galaxy fails or prints a secret.
        """
        built = ("ansible-galaxy", "collection", "build", str(ROOT), "--output-path", ".")
        self._run_checked(*built)
        [archive] = self._directory.glob("frontdesk-contacts-*.tar.gz")
        # --offline fails if the collection has a dependency.
        self._run_checked("ansible-galaxy", "collection", "install", "--offline", archive.name)
        return archive.name.removeprefix("frontdesk-contacts-").removesuffix(".tar.gz")

    def write_variables(self, variables: Mapping[str, Any]) -> None:
        """Write the variables that differ in each demo run to the extra variables file."""
        text = json.dumps(variables, indent=2)  # JSON is valid YAML
        (self._directory / "run.yml").write_text(text, encoding="utf-8")

    def run(self, playbook: str, *arguments: str) -> PlaybookRun:
        """Run a playbook of the collection, and print the command and its exit status.

        :param playbook: name of the playbook in the collection.
        :param arguments: additional command-line arguments.
        :raises ProgramError: if the output or a result of a task contains a secret.
        """
        command = [*PLAYBOOK, f"frontdesk.contacts.{playbook}", *arguments]
        self._screen.command(shlex.join(command))
        stopwatch = Stopwatch()
        self._results.write_text("", encoding="utf-8")
        status, output = self._run(*command)
        text = self._results.read_text(encoding="utf-8")
        self._search_secrets(text)
        self.runs += 1
        self._screen.output(output)
        self._screen.exit_status(status, stopwatch.seconds)
        return PlaybookRun(status, output, [json.loads(line) for line in text.splitlines()])

    def _run_checked(self, *argv: str) -> None:
        status, output = self._run(*argv)
        self._screen.output(output)
        if status != 0:
            raise ProgramError(f"{argv[0]} failed with status {status}:\n{output}")

    def _run(self, *argv: str) -> tuple[int, str]:
        # Use the program in this virtual environment, regardless of PATH.
        program = Path(sys.executable).with_name(argv[0])
        with subprocess.Popen(
            [str(program), *argv[1:]],
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            # In a new session, the program is not interrupted by Ctrl-C; this process terminates it.
            start_new_session=True,
        ) as process:
            try:
                output, _errors = process.communicate()
            finally:
                _terminate(process)
        self._search_secrets(output)
        return process.returncode, output

    def _search_secrets(self, text: str) -> None:
        """Search output for secrets before it is printed.

        :raises ProgramError: if the output contains a secret.
        """
        if any(secret in text for secret in self._secrets):
            raise ProgramError("The output of Ansible contains a password or the token.")
        self.searched_characters += len(text)


def _terminate(process: subprocess.Popen[str]) -> None:
    """Terminate a program that is still running.

    Ansible forwards SIGTERM to its workers.
    """
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_TERMINATE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def _environment(directory: Path) -> dict[str, str]:
    """Return the environment of the programs, without the user's home directory, proxies and Ansible settings."""
    unwanted = ("ANSIBLE_", "FRONTDESK_", "PYTHON")
    kept = {
        name: value
        for name, value in os.environ.items()
        # The service runs on this host, so no proxy is needed.
        if not name.startswith(unwanted) and not name.lower().endswith("_proxy")
    }
    return {
        **kept,
        "HOME": str(directory),
        "TMPDIR": str(directory / "tmp"),
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "ANSIBLE_CONFIG": str(directory / "ansible.cfg"),
        "DEMO_RESULTS": str(directory / "results.jsonl"),
    }


def _configuration(directory: Path) -> str:
    return textwrap.dedent(f"""\
        [defaults]
        home = {directory}/ansible
        remote_tmp = {directory}/ansible/tmp
        collections_path = {directory}/collections
        collections_scan_sys_path = false
        callback_plugins = {DEMO}/callback_plugins
        callbacks_enabled = demo_results
        nocolor = true
        nocows = true
        """)
