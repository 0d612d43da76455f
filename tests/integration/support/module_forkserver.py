# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fork server that runs modules of the collection without the overhead of ansible-playbook.

    python -m tests.integration.support.module_forkserver

The server reads one `RunRequest` per line from stdin, as JSON, and writes one `RunOutcome` per line to stdout. Each
module runs in a child process that inherits the imported libraries and the collection, because importing them takes
longer than most runs. Each child imports only the module itself again, or the whole collection if the request simulates
a missing library or another version of a library. Imports without preloaded modules are covered by ansible-test's
sanity test "import" and by the tests that run playbooks.

The program must run on every Python version that the modules support: 3.9 and newer. It does not import other files of
the tests.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import runpy
import signal
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

# Audit events of Python for operations that change files, except for those that open a file.
_CHANGES = frozenset({"os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename"})
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class RunRequest(TypedDict):
    """A request to run a module.

    :ivar missing_library: name of the library whose import must fail, if any.
    :ivar library_versions: version numbers that libraries must report, by library name.
    :ivar kill_at: number of file operations in `cwd`, counted as in `_kill_at`, after which the module receives
        SIGKILL; None if it must not be killed.
    """

    module: str
    options: dict[str, Any]
    cwd: str
    env: dict[str, str]
    missing_library: str | None
    library_versions: dict[str, str]
    kill_at: int | None


class RunOutcome(TypedDict):
    """The exit code and the output of a module."""

    code: int
    output: str


def main() -> None:
    """Process requests until stdin is closed."""
    for library in _LIBRARIES:
        importlib.import_module(library)
    package = importlib.import_module(f"{_COLLECTION}.plugins.modules")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    _unload(package.__name__)
    # Iterating over stdin would read ahead, and a child would inherit the next request in the buffer.
    while line := sys.stdin.readline():
        print(json.dumps(_fork_module(json.loads(line))), flush=True)


def _unload(package: str) -> None:
    """Remove a package and its modules from sys.modules, so that they are imported again."""
    for name in list(sys.modules):
        if name == package or name.startswith(f"{package}."):
            del sys.modules[name]


def _fork_module(request: RunRequest) -> RunOutcome:
    with tempfile.TemporaryFile() as options, tempfile.TemporaryFile() as output:
        # A module that is started without command-line arguments reads its options from stdin.
        options.write(json.dumps({"ANSIBLE_MODULE_ARGS": request["options"]}).encode())
        options.seek(0)
        child_pid = os.fork()
        if child_pid == 0:
            _run_as_child(request, options.fileno(), output.fileno())
        _pid, status = os.waitpid(child_pid, 0)
        output.seek(0)
        return {"code": os.waitstatus_to_exitcode(status), "output": output.read().decode()}


def _run_as_child(request: RunRequest, options: int, output: int) -> NoReturn:
    """Set up the child process like one that Ansible starts, run the module, and exit."""
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
        # os._exit does not run the exit handlers and exception handlers that the child inherited.
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _kill_at(count: int, directory: str) -> None:
    """Arrange that this process receives SIGKILL instead of performing a file operation.

    Only operations that change files in a directory, and calls of os.fsync, are counted.

    :param count: number of operations to perform before the process is killed.
    :param directory: path of the directory.
    """
    remaining = count
    sync = os.fsync

    def record_operation() -> None:
        nonlocal remaining
        if remaining == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        remaining -= 1

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        is_change = event in _CHANGES or (event == "open" and arguments[2] & _WRITE_FLAGS)
        if is_change and str(arguments[0]).startswith(directory):
            record_operation()

    def record_sync(descriptor: int) -> None:
        record_operation()
        sync(descriptor)

    os.fsync = record_sync  # type: ignore[assignment]  # os.fsync also accepts objects
    sys.addaudithook(hook)


def _load_and_run(request: RunRequest) -> None:
    if request["kill_at"] is not None:
        _kill_at(request["kill_at"], request["cwd"])
    if request["library_versions"] or request["missing_library"]:
        _unload(_COLLECTION)
    for library, version in request["library_versions"].items():
        sys.modules[library].__version__ = version  # type: ignore[attr-defined]  # not all libraries define it
    if request["missing_library"]:
        loaded = [
            name for name in sys.modules if name.partition(".")[0] == request["missing_library"]
        ]
        for name in [*loaded, request["missing_library"]]:
            # None makes the import fail with ModuleNotFoundError (Python Language Reference, 5.3.1).
            sys.modules[name] = None  # type: ignore[assignment]  # the annotation excludes None
    name = f"{_COLLECTION}.plugins.modules.{request['module']}"
    # A module reads its options from the first argument, if there is one.
    sys.argv = [name]
    runpy.run_module(name, run_name="__main__")


if __name__ == "__main__":
    main()
