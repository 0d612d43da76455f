# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running the modules without a playbook, and what they answer."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ansible.module_utils

from tests.integration.support.options import module_python

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.integration.support.module_program import Order, Outcome
    from tests.integration.support.place import Place

_ROOT = Path(__file__).parents[3]
# Root may write everywhere; without these capabilities permissions count for root, too.
_ORDINARY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@dataclass(frozen=True)
class Answer:
    """What a module returned.

    :ivar output: all that it printed.
    """

    result: dict[str, Any]
    output: str

    @property
    def failed(self) -> bool:
        """Whether the task failed."""
        return bool(self.result.get("failed"))

    @property
    def message(self) -> str:
        """The error of a task that failed."""
        assert self.failed, self.result
        return str(self.result["msg"])

    @property
    def warnings(self) -> list[str]:
        """What the module warned of; ansible-core 2.19 and newer wrap each warning."""
        return [
            warning if isinstance(warning, str) else warning["event"]["msg"]
            for warning in self.result.get("warnings", [])
        ]

    def __getitem__(self, name: str) -> Any:
        assert not self.failed, self.result
        return self.result[name]


class Modules:
    """A program that runs modules, one at a time; it ends with whoever started it, or killed.

    :ivar pid: its process; a module that runs is the one below it.
    """

    def __init__(self, collections: Path) -> None:
        prefix: Sequence[str] = _ORDINARY if os.geteuid() == 0 else ()
        self._shipped = tempfile.TemporaryDirectory()
        _ship(Path(self._shipped.name))
        self._process = subprocess.Popen(
            [*prefix, module_python(), "-m", "tests.integration.support.module_program"],
            env={
                "PATH": os.environ["PATH"],
                "LANG": "C.UTF-8",
                "PYTHONPATH": f"{self._shipped.name}:{_ROOT}:{collections}",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    def start(self, order: Order) -> None:
        """Have a module run; `finished` waits for its end."""
        print(json.dumps(order), file=self._process.stdin, flush=True)

    def finished(self) -> Answer:
        """Wait for the module that runs, and take its answer."""
        assert self._process.stdout is not None
        outcome: Outcome = json.loads(self._process.stdout.readline())
        lines = [line for line in outcome["output"].splitlines() if line]
        assert len(lines) == 1, outcome["output"]
        answer = Answer(json.loads(lines[0]), outcome["output"])
        assert outcome["code"] == int(answer.failed), outcome["output"]
        return answer

    def __enter__(self) -> Modules:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate(timeout=30)
        self._shipped.cleanup()


def _ship(folder: Path) -> None:
    """Give modules what ansible-core ships with them, and no more of it: their Python needs none of its own."""
    package = folder / "ansible"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "module_utils").symlink_to(ansible.module_utils.__path__[0])


@functools.cache
def _modules(collections: Path) -> Modules:
    return Modules(collections)


def make_order(
    place: Place,
    name: str,
    options: Mapping[str, Any],
    *,
    env: Mapping[str, str] | None = None,
    without: str | None = None,
    versions: Mapping[str, str] | None = None,
) -> Order:
    """Say which module is to run, and where."""
    return {
        "module": name,
        "options": dict(options),
        "cwd": str(place.root),
        "env": place.environment(env),
        "without": without,
        "versions": dict(versions or {}),
    }


def run_module(
    place: Place,
    name: str,
    options: Mapping[str, Any],
    *,
    env: Mapping[str, str] | None = None,
    without: str | None = None,
    versions: Mapping[str, str] | None = None,
) -> Answer:
    """Run a module to its end."""
    modules = _modules(place.collections)
    order = make_order(place, name, options, env=env, without=without, versions=versions)
    modules.start(order)
    return modules.finished()
