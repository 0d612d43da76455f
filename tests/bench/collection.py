# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of the modules of this checkout in separate processes."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.measure import Cost, measure_command
from tests.lab.process_supervisor import ProcessSupervisor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def working_directory() -> Iterator[Path]:
    """Create a temporary collections path that contains a link to this checkout."""
    with ProcessSupervisor() as supervisor:
        namespace = supervisor.directory / "ansible_collections/frontdesk"
        namespace.mkdir(parents=True)
        (namespace / "contacts").symlink_to(ROOT)
        yield supervisor.directory


def write_document(path: Path, document: object) -> None:
    """Write a document as JSON, and thus as valid YAML, to a file that only the current user can read."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(document), encoding="utf-8")


def run_python(arguments: Sequence[str], folder: Path, output: Path) -> Cost:
    """Run Python with arguments, such as a script, that imports the collection, and return its cost.

    :param folder: a directory from `working_directory`.
    :param output: file for the standard output.
    :raises ClientError: if the program fails.
    """
    environment = {
        "PYTHONPATH": str(folder),
        # The first run, which is not measured, compiles the imported files.
        "PYTHONPYCACHEPREFIX": str(folder / "pyc"),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    return measure_command([sys.executable, *arguments], folder, environment, output=output)


def run_module(name: str, options: Mapping[str, Any], folder: Path) -> Cost:
    """Run a module in a separate process, without the overhead of Ansible, and return its cost.

    The result of the module is then in the file ``output``.

    :param name: name of the module without the name of the collection.
    :param options: options of the module.
    :param folder: a directory from `working_directory`.
    :raises ClientError: if the module fails.
    """
    options_file = folder / "options.json"
    write_document(options_file, {"ANSIBLE_MODULE_ARGS": options})
    program = f"ansible_collections.frontdesk.contacts.plugins.modules.{name}"
    return run_python(["-m", program, str(options_file)], folder, folder / "output")
