# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as users get it, and runs of its playbook."""

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
    """A program that has to work did not; the text holds its output."""


@dataclass(frozen=True)
class PlaybookRun:
    """What a run of the playbook did."""

    code: int
    output: str
    results: list[dict[str, Any]]
    """For each task what it returned, and the recap last; see callback_plugins/demo_results.py."""

    def module_result(self, module: str) -> dict[str, Any]:
        """Return what a module of the collection returned, or nothing if it did not run."""
        action = f"frontdesk.contacts.{module}"
        found = [line["returned"] for line in self.results if line.get("action") == action]
        return dict(found[-1]) if found else {}

    @property
    def recap(self) -> dict[str, int]:
        """The recap's numbers."""
        return next((dict(line["recap"]) for line in self.results if "recap" in line), {})

    @property
    def failures(self) -> list[tuple[str, str]]:
        """Each failed task's action, and what it said."""
        failed = [line for line in self.results if line.get("failed")]
        return [(line["action"], str(line["returned"].get("msg"))) for line in failed]


class Ansible:
    """ansible-core's programs in a directory of their own: nothing of the caller's can disturb them."""

    def __init__(self, directory: Path, screen: Screen, secrets: Mapping[str, str]) -> None:
        """Prepare an empty directory.

        :param secrets: goes into the environment of the programs, and nowhere else.
        """
        self._directory = directory
        self._screen = screen
        self._secrets = tuple(secrets.values())
        self._results = directory / "results.jsonl"
        self.temporary = directory / "tmp"
        self.temporary.mkdir()
        (directory / "demo").symlink_to(DEMO)  # so that commands run as they are shown
        (directory / "ansible.cfg").write_text(_configuration(directory), encoding="utf-8")
        self._environment = {**_environment(directory), **secrets}
        self.runs = 0
        self.searched_characters = 0
        """How many characters of output were searched for secrets; there was none in them."""

    def install_collection(self) -> str:
        """Build the collection from the checkout and install it; return its version."""
        built = ("ansible-galaxy", "collection", "build", str(ROOT), "--output-path", ".")
        self._run_checked(*built)
        [archive] = self._directory.glob("frontdesk-contacts-*.tar.gz")
        # --offline: what it depends on must be there already, and nothing is.
        self._run_checked("ansible-galaxy", "collection", "install", "--offline", archive.name)
        return archive.name.removeprefix("frontdesk-contacts-").removesuffix(".tar.gz")

    def write_variables(self, variables: Mapping[str, Any]) -> None:
        """Write what differs at each run of the demo to the file that every playbook run reads."""
        text = json.dumps(variables, indent=2)  # JSON is YAML
        (self._directory / "run.yml").write_text(text, encoding="utf-8")

    def run(self, playbook: str, *arguments: str) -> PlaybookRun:
        """Run a playbook of the collection, and tell the person before the screen."""
        command = [*PLAYBOOK, f"frontdesk.contacts.{playbook}", *arguments]
        self._screen.command(shlex.join(command))
        stopwatch = Stopwatch()
        self._results.write_text("", encoding="utf-8")
        code, output = self._run(*command)
        text = self._results.read_text(encoding="utf-8")
        self._search_secrets(text)
        self.runs += 1
        self._screen.output(output)
        self._screen.exit_status(code, stopwatch.seconds)
        return PlaybookRun(code, output, [json.loads(line) for line in text.splitlines()])

    def _run_checked(self, *argv: str) -> None:
        code, output = self._run(*argv)
        self._screen.output(output)
        if code != 0:
            raise ProgramError(f"{argv[0]} ended with code {code}:\n{output}")

    def _run(self, *argv: str) -> tuple[int, str]:
        # The programs that belong to this Python, whatever PATH says.
        program = Path(sys.executable).with_name(argv[0])
        with subprocess.Popen(
            [str(program), *argv[1:]],
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            # A session of its own: on Ctrl-C it is ended once, by us, and waited for.
            start_new_session=True,
        ) as process:
            try:
                output, _errors = process.communicate()
            finally:
                _terminate(process)
        self._search_secrets(output)
        return process.returncode, output

    def _search_secrets(self, text: str) -> None:
        """Look for secrets in a text before anybody sees it.

        :raises ProgramError: there is one.
        """
        if any(secret in text for secret in self._secrets):
            raise ProgramError("A password or the token stood in the output of Ansible.")
        self.searched_characters += len(text)


def _terminate(process: subprocess.Popen[str]) -> None:
    """End a program that is still at work; Ansible passes a SIGTERM on to its workers."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_TERMINATE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def _environment(directory: Path) -> dict[str, str]:
    """Return the caller's environment without what could disturb, and with a home of its own."""
    unwanted = ("ANSIBLE_", "FRONTDESK_", "PYTHON")
    kept = {
        name: value
        for name, value in os.environ.items()
        # The service is on this machine: no proxy has to do with it.
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
