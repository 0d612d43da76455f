# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of ansible-playbook and ansible-runner, and their parsed output."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.integration.support.options import host_variables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.integration.support.workspace import Workspace

PLAYBOOKS = Path(__file__).parents[1] / "playbooks"

_TASK = re.compile(r"TASK \[(?:frontdesk\.contacts\.contact_sync : )?(?P<name>.*?)\] \**")
_RESULT = re.compile(
    r"(?P<status>ok|changed|fatal|skipping): \[(?P<host>[^] ]+)[^]]*\](?:: FAILED!)? => "
    r"(?P<result>\{.*\})"
)
_RECAP = re.compile(r"^\S+ +: ok=\d+ +changed=(\d+) .* failed=(\d+) ", re.MULTILINE)

_RUNNER_SCRIPT = """
import json, sys
import ansible_runner
sys.exit(ansible_runner.run(**json.loads(sys.argv[1])).rc)
"""


@dataclass(frozen=True, kw_only=True)
class TaskResult:
    """The result of one task on one host."""

    name: str
    host: str
    status: str
    result: dict[str, Any]


@dataclass(frozen=True)
class PlaybookRun:
    """A finished run of ansible-playbook.

    :ivar code: exit code.
    :ivar output: standard output and standard error.
    """

    code: int
    output: str

    @property
    def tasks(self) -> list[TaskResult]:
        """The results of tasks, in order, except for the items of loops and for unreachable hosts."""
        results, name = [], ""
        for line in self.output.splitlines():
            if title := _TASK.match(line):
                name = title["name"]
            elif outcome := _RESULT.match(line):
                result = json.loads(outcome["result"])
                results.append(
                    TaskResult(
                        name=name, host=outcome["host"], status=outcome["status"], result=result
                    )
                )
        return results

    @property
    def changed(self) -> int:
        """The total number of changed tasks on all hosts."""
        return sum(int(changed) for changed, _failed in _RECAP.findall(self.output))

    def tasks_on_host(self, host: str) -> list[TaskResult]:
        """Return the results in `tasks` that are from one host."""
        return [task for task in self.tasks if task.host == host]

    @property
    def uploads(self) -> list[dict[str, Any]]:
        """The results of contact_upload, in order."""
        return [task.result for task in self.tasks if "uploaded" in task.result]

    @property
    def plans(self) -> list[dict[str, Any]]:
        """The plans of all uploads, in order."""
        return [result["plan"] for result in self.uploads]

    def module_results(self, module: str) -> dict[str, dict[str, Any]]:
        """Return the last result of ad_contacts_export or contact_upload on each host, by host.

        Results of exports that wrote no roster, such as failed exports, are omitted.
        """
        distinctive_key = {"ad_contacts_export": "roster", "contact_upload": "uploaded"}[module]
        return {task.host: task.result for task in self.tasks if distinctive_key in task.result}

    @property
    def reports(self) -> list[str]:
        """The reports that the role prints, one per run of the role, with their lines joined."""
        reports = [task.result for task in self.tasks if task.name == "Show the result"]
        return ["\n".join(result["msg"]) for result in reports if "msg" in result]

    @property
    def failures(self) -> dict[str, str]:
        """The error message of the last failed task on each host, by host."""
        return {task.host: str(task.result["msg"]) for task in self.tasks if task.status == "fatal"}

    @property
    def failure(self) -> str:
        """The error message of the failed task.

        Exactly one host must have failed.
        """
        assert self.code != 0, self.output
        (message,) = self.failures.values()
        return message

    def assert_clean(self) -> None:
        """Assert that the run succeeded without warnings or deprecation messages."""
        assert self.code == 0, self.output
        assert "[WARNING]" not in self.output, self.output
        assert "DEPRECAT" not in self.output, self.output


@dataclass(frozen=True)
class Inventory:
    """An inventory with localhost and groups of other hosts.

    :ivar variables: variables of all hosts.
    :ivar groups: variables of each host, by group and host.
    """

    variables: Mapping[str, Any]
    groups: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write the inventory to a private file, because it contains passwords."""
        document = {
            "all": {
                "hosts": {"localhost": {}},
                "vars": {**host_variables(), **self.variables},
                "children": {name: {"hosts": hosts} for name, hosts in self.groups.items()},
            }
        }
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


def start_playbook(
    workspace: Workspace,
    playbook: str,
    inventory: Inventory,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    verbose: bool = True,
    wrapper: Sequence[str] = (),
) -> subprocess.Popen[str]:
    """Start ansible-playbook.

    :param playbook: name of a file in ``tests/integration/playbooks/`` without its extension, path of another file, or
        name of a playbook of a collection.
    :param arguments: additional command-line arguments.
    :param env: additional environment variables.
    :param verbose: whether to show the results of all tasks (-v), which `PlaybookRun` parses.
    :param wrapper: program with its arguments that runs the command line that follows it.
    """
    path = PLAYBOOKS / f"{playbook}.yml"
    inventory.write(workspace.root / "inventory.yml")
    return subprocess.Popen(
        [
            *(*wrapper, sys.executable, "-m", "ansible", "playbook", "-i", "inventory.yml"),
            *(("-v",) if verbose else ()),
            *(str(path) if path.exists() else playbook, *arguments),
        ],
        cwd=workspace.root,
        env=_environment(workspace, env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run_playbook(
    workspace: Workspace,
    playbook: str,
    inventory: Inventory,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    wrapper: Sequence[str] = (),
) -> PlaybookRun:
    """Run a playbook; for the parameters, see `start_playbook`."""
    process = start_playbook(workspace, playbook, inventory, *arguments, env=env, wrapper=wrapper)
    output, _errors = process.communicate(timeout=240)
    return PlaybookRun(process.returncode, output)


def run_with_ansible_runner(
    workspace: Workspace, playbook: str, inventory: Inventory, **settings: Any
) -> PlaybookRun:
    """Run a playbook of a collection with ``ansible_runner.run``.

    The private data directory, ``runner`` in the workspace, can contain input files such as ``env/extravars``.

    :param settings: additional arguments of ``ansible_runner.run``.
    """
    inventory.write(workspace.root / "inventory.yml")
    private_data_dir = workspace.root / "runner"
    private_data_dir.mkdir(exist_ok=True)
    arguments = {
        "private_data_dir": str(private_data_dir),
        "inventory": str(workspace.root / "inventory.yml"),
        "playbook": playbook,
        "verbosity": 1,
        **settings,
    }
    done = subprocess.run(
        [sys.executable, "-c", _RUNNER_SCRIPT, json.dumps(arguments)],
        check=False,
        cwd=workspace.root,
        env=_environment(workspace, None),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    return PlaybookRun(done.returncode, done.stdout)


def run_command(
    workspace: Workspace, command: str, *inputs: str, env: Mapping[str, str] | None = None
) -> PlaybookRun:
    """Run a shell command on a pseudoterminal, and return the finished run.

    :param inputs: passwords to enter at the password prompts of the command, in order.
    :param env: additional environment variables.
    """
    master, slave = pty.openpty()
    terminal = os.ttyname(slave)
    process = subprocess.Popen(
        # The first terminal that a session leader opens becomes its controlling terminal, from which prompts read.
        ["sh", "-c", f"exec <{terminal}; {command}"],
        cwd=workspace.root,
        env=_environment(workspace, {"ANSIBLE_VERBOSITY": "1", **(env or {})}),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    output = ""
    pending = list(inputs)
    os.close(slave)
    # Reading fails with EIO after the last process has closed the terminal.
    with suppress(OSError):
        while data := os.read(master, 65536):
            output += data.decode(errors="replace")
            if pending and output.endswith("assword: "):
                os.write(master, f"{pending.pop(0)}\n".encode())
    os.close(master)
    return PlaybookRun(process.wait(timeout=60), output.replace("\r\n", "\n"))


def _environment(workspace: Workspace, extra: Mapping[str, str] | None) -> dict[str, str]:
    """Return environment variables that isolate Ansible from the configuration of this machine."""
    # This empty file takes precedence over /etc/ansible/ansible.cfg.
    configuration = workspace.home / ".ansible/ansible.cfg"
    configuration.parent.mkdir(exist_ok=True)
    configuration.touch()
    settings = {
        "ANSIBLE_COLLECTIONS_PATH": str(workspace.collections_path),
        "ANSIBLE_CONFIG": str(configuration),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_CALLBACK_FORMAT_PRETTY": "false",
        "ANSIBLE_NOCOLOR": "true",
        # Pipelining is faster, and these tests do not cover the transfer of modules.
        "ANSIBLE_PIPELINING": "true",
    }
    return workspace.environment({**settings, **(extra or {})})
