# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program that runs modules of the collection, without what ansible-core does around them.

    python -m tests.integration.support.module_forkserver

Each line on stdin asks for one run, as JSON: `Order`. Each line on stdout answers one: `Outcome`.
A module runs in a child of its own, which has the libraries and the collection loaded already: loading
them takes longer than most runs. The module itself is loaded anew each time; the whole collection is, where
an order has a library missing or of another release. That each module can be loaded alone is seen by
ansible-test's sanity test "import" and by the playbooks.

Any Python that modules run in may run it, Python 3.9 and newer, and nothing of the tests but this
file is loaded.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import runpy
import sys
import tempfile
import traceback
from typing import Any, NoReturn, TypedDict

_COLLECTION = "ansible_collections.frontdesk.contacts"
_LIBRARIES = (
    "ansible.module_utils.basic",
    "dns.resolver",
    "jinja2.sandbox",
    "ldap3",
    "phonenumbers",
    "requests",
)


class RunRequest(TypedDict):
    """One run: which module, with which options, where.

    `without` is a library to be missing, `versions` tells which release a library claims to be.
    """

    module: str
    options: dict[str, Any]
    cwd: str
    env: dict[str, str]
    missing_library: str | None
    library_versions: dict[str, str]


class RunOutcome(TypedDict):
    """The exit code of a run, and all that it printed."""

    code: int
    output: str


def main() -> None:
    """Run what is asked for until stdin ends."""
    for library in _LIBRARIES:
        importlib.import_module(library)
    package = importlib.import_module(f"{_COLLECTION}.plugins.modules")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    _unload(package.__name__)
    # readline, not iteration: a child must not find the next order in a buffer of its parent.
    while line := sys.stdin.readline():
        print(json.dumps(_fork_module(json.loads(line))), flush=True)


def _unload(package: str) -> None:
    """Have a package loaded anew, with all that is in it."""
    for name in list(sys.modules):
        if name == package or name.startswith(f"{package}."):
            del sys.modules[name]


def _fork_module(request: RunRequest) -> RunOutcome:
    with tempfile.TemporaryFile() as options, tempfile.TemporaryFile() as output:
        # Every release of ansible-core has a module read its options from stdin when it is run by hand.
        options.write(json.dumps({"ANSIBLE_MODULE_ARGS": request["options"]}).encode())
        options.seek(0)
        child_pid = os.fork()
        if child_pid == 0:
            _run_as_child(request, options.fileno(), output.fileno())
        _pid, status = os.waitpid(child_pid, 0)
        output.seek(0)
        return {"code": os.waitstatus_to_exitcode(status), "output": output.read().decode()}


def _run_as_child(request: RunRequest, options: int, output: int) -> NoReturn:
    """Become a process as Ansible would have started it."""
    os.dup2(options, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    tempfile.tempdir = None
    code: Any = 1
    try:
        _load_and_run(request)
    except SystemExit as exit_request:
        code = exit_request.code or 0
    finally:
        # Nothing of the parent's may run here, not even what the parent does about errors.
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _load_and_run(request: RunRequest) -> None:
    if request["library_versions"] or request["missing_library"]:
        _unload(_COLLECTION)
    for library, version in request["library_versions"].items():
        sys.modules[library].__version__ = version  # type: ignore[attr-defined]  # as libraries have it
    if request["missing_library"]:
        loaded = [
            name for name in sys.modules if name.partition(".")[0] == request["missing_library"]
        ]
        for name in [*loaded, request["missing_library"]]:
            # An import of it now fails with ModuleNotFoundError (importlib, "sys.modules").
            sys.modules[name] = None  # type: ignore[assignment]  # its types know no None
    name = f"{_COLLECTION}.plugins.modules.{request['module']}"
    # A module with arguments takes the first for its options.
    sys.argv = [name]
    runpy.run_module(name, run_name="__main__")


if __name__ == "__main__":
    main()
