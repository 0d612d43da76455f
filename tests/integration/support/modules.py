# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of modules without playbooks, and their results."""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ansible.module_utils

from tests.integration.support.options import module_python

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.integration.support.module_forkserver import RunOutcome, RunRequest
    from tests.integration.support.workspace import Workspace

_ROOT = Path(__file__).parents[3]
# The start of a marker such as O(ca_path), which modules must replace in their messages.
_MARKER = re.compile(r"\bO\([a-z]")
# Without these capabilities, file permissions also apply to root.
_WITHOUT_DAC_OVERRIDE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@dataclass(frozen=True)
class ModuleResult:
    """The result of a module.

    :ivar data: return values of the module.
    :ivar output: complete output of the module.
    """

    data: dict[str, Any]
    output: str

    @property
    def failed(self) -> bool:
        """Whether the module failed."""
        return bool(self.data.get("failed"))

    @property
    def message(self) -> str:
        """The error message; the module must have failed."""
        assert self.failed, self.data
        return str(self.data["msg"])

    @property
    def warnings(self) -> list[str]:
        """The texts of the module's warnings.

        In the output of ansible-core 2.19 and newer, each warning is an object that contains the text.
        """
        return [
            warning if isinstance(warning, str) else warning["event"]["msg"]
            for warning in self.data.get("warnings", [])
        ]

    def __getitem__(self, name: str) -> Any:
        assert not self.failed, self.data
        return self.data[name]


class ModuleRunner:
    """A fork server that runs modules, one at a time.

    The fork server ends when the process that started it ends.

    :ivar pid: process ID of the fork server; a running module is its child.
    """

    def __init__(self, collections_path: Path) -> None:
        prefix: Sequence[str] = _WITHOUT_DAC_OVERRIDE if os.geteuid() == 0 else ()
        self._library_dir = tempfile.TemporaryDirectory()
        _link_module_utils(Path(self._library_dir.name))
        self._process = subprocess.Popen(
            [*prefix, module_python(), "-m", "tests.integration.support.module_forkserver"],
            env={
                "PATH": os.environ["PATH"],
                "LANG": "C.UTF-8",
                "PYTHONPATH": f"{self._library_dir.name}:{_ROOT}:{collections_path}",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    def start(self, request: RunRequest) -> None:
        """Start a module; `wait` returns its result."""
        print(json.dumps(request), file=self._process.stdin, flush=True)

    def wait(self) -> ModuleResult:
        """Wait until the running module ends, and return its result."""
        outcome = self._read_outcome()
        lines = [line for line in outcome["output"].splitlines() if line]
        assert len(lines) == 1, outcome["output"]
        result = ModuleResult(json.loads(lines[0]), outcome["output"])
        assert not _MARKER.search(result.output), result.output
        assert outcome["code"] == int(result.failed), outcome["output"]
        return result

    def wait_for_kill(self) -> bool:
        """Wait until the running module ends, and return whether SIGKILL ended it."""
        return self._read_outcome()["code"] == -signal.SIGKILL

    def _read_outcome(self) -> RunOutcome:
        assert self._process.stdout is not None
        outcome: RunOutcome = json.loads(self._process.stdout.readline())
        return outcome

    def __enter__(self) -> ModuleRunner:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate(timeout=30)
        self._library_dir.cleanup()


def _link_module_utils(directory: Path) -> None:
    """Create a package ansible that contains only module_utils, because managed nodes do not have ansible-core."""
    package = directory / "ansible"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "module_utils").symlink_to(ansible.module_utils.__path__[0])


@functools.cache
def _shared_runner(collections_path: Path) -> ModuleRunner:
    return ModuleRunner(collections_path)


def build_module_request(
    workspace: Workspace,
    name: str,
    options: Mapping[str, Any],
    *,
    env: Mapping[str, str] | None = None,
    missing_library: str | None = None,
    library_versions: Mapping[str, str] | None = None,
    kill_at: int | None = None,
) -> RunRequest:
    """Build a request for the fork server.

    :param name: name of the module.
    :param env: additional environment variables of the module.
    :param missing_library: name of the library whose import must fail, if any.
    :param library_versions: version numbers that libraries must report, by library name.
    :param kill_at: number of file operations after which the module receives SIGKILL; None if it must not be killed.
    """
    return {
        "module": name,
        "options": dict(options),
        "cwd": str(workspace.root),
        "env": workspace.environment(env),
        "missing_library": missing_library,
        "library_versions": dict(library_versions or {}),
        "kill_at": kill_at,
    }


def run_module(
    workspace: Workspace,
    name: str,
    options: Mapping[str, Any],
    *,
    env: Mapping[str, str] | None = None,
    missing_library: str | None = None,
    library_versions: Mapping[str, str] | None = None,
) -> ModuleResult:
    """Run a module and return its result; for the parameters, see `build_module_request`."""
    runner = _shared_runner(workspace.collections_path)
    request = build_module_request(
        workspace,
        name,
        options,
        env=env,
        missing_library=missing_library,
        library_versions=library_versions,
    )
    runner.start(request)
    return runner.wait()
