# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run programs in a temporary working directory, and clean up even if the test run is killed.

A killed test run cannot clean up after itself. The directory and the programs therefore belong to a small
separate process, the supervisor. It reads commands from a pipe. The kernel closes the other end of the pipe when
the test run ends, regardless of the reason. The supervisor then stops the programs and removes the directory.

This file is both a module and a script: the module provides `ProcessSupervisor`, and the script is the supervisor
process. The script imports only the standard library.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType, TracebackType

PREFIX = "frontdesk-lab-"
"""Prefix of the names of all working directories, so that leftovers can be recognized."""

_TERMINATE_SECONDS = 5.0
_KILL_SECONDS = 15.0
_POLL_SECONDS = 0.05


class SupervisorError(Exception):
    """A supervised program failed, or the supervisor process has ended."""


class _Command(TypedDict):
    argv: list[str]
    log: str
    env: dict[str, str]
    wait: bool


class ProcessSupervisor:
    """A private working directory (mode 0700) and the programs running in it.

    When the context exits, the programs are stopped in reverse order and the directory is removed.
    """

    def __enter__(self) -> ProcessSupervisor:
        self._process = subprocess.Popen(
            # -I: ignore PYTHON* variables, and do not import modules from the directory of this file.
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # In a new session, Ctrl-C in the terminal only reaches the test run, which then closes the pipe.
            start_new_session=True,
        )
        self.directory = Path(self._read_reply())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # communicate() closes the pipe, which makes the supervisor exit, and waits for the supervisor.
        self._process.communicate(timeout=2 * _KILL_SECONDS)

    def run(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        """Run a program in the working directory and wait for it.

        :param argv: command line of the program.
        :param env: additional environment variables.
        :raises SupervisorError: if the exit status is not 0, or if the supervisor process has ended. In the first case,
            the message contains the last lines of the output.
        """
        log = f"{Path(argv[0]).name}.{len(list(self.directory.glob('*.out')))}.out"
        status = self._send({"argv": list(argv), "log": log, "env": dict(env or {}), "wait": True})
        if status != 0:
            raise SupervisorError(f"{argv[0]} failed with status {status}:\n{self.tail(log)}")

    def start(self, argv: Sequence[str], *, log: str, env: Mapping[str, str] | None = None) -> int:
        """Start a server in the working directory.

        The server runs until it exits or the supervisor stops it.

        :param argv: command line of the server.
        :param log: name of the file for the output of the server.
        :param env: additional environment variables.
        :returns: the process ID, which is also the process group ID.
        :raises SupervisorError: if the supervisor process has ended.
        """
        return self._send({"argv": list(argv), "log": log, "env": dict(env or {}), "wait": False})

    @staticmethod
    def is_running(pid: int) -> bool:
        """Return whether a process exists and is not a zombie."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return stat.rpartition(")")[2].split()[0] != "Z"

    def write_file(self, name: str, text: str) -> Path:
        """Write a file to the working directory, with mode 0600 because it might contain a password."""
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        return path

    def tail(self, log: str, lines: int = 15) -> str:
        """Return the last lines of a log file.

        :param log: name of the file.
        :param lines: number of lines.
        """
        text = (self.directory / log).read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def _send(self, command: _Command) -> int:
        with contextlib.suppress(BrokenPipeError):  # the missing reply raises a clearer error
            print(json.dumps(command), file=self._process.stdin, flush=True)
        return int(self._read_reply())

    def _read_reply(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise SupervisorError(f"the supervisor (process {self._process.pid}) has ended")
        return line.rstrip("\n")


# The functions below run only in the supervisor process.


class _ParentExitedError(Exception):
    """The test run ended while a program was running."""


@contextlib.contextmanager
def _working_directory() -> Iterator[str]:
    path = tempfile.mkdtemp(prefix=PREFIX)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _launch(command: _Command, directory: str) -> subprocess.Popen[bytes]:
    with Path(directory, command["log"]).open("wb") as log:
        return subprocess.Popen(
            command["argv"],
            cwd=directory,
            env={**os.environ, **command["env"]},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait(child: subprocess.Popen[bytes]) -> int:
    """Wait for a program and return its exit status.

    No command arrives in the meantime, so the pipe only becomes readable when the test run closes it.

    :raises _ParentExitedError: if the test run ends first.
    """
    while True:
        try:
            return child.wait(timeout=_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if select.select([sys.stdin], [], [], 0)[0]:
                raise _ParentExitedError from None


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Stop the process group of a program with SIGTERM, then SIGKILL."""
    for number, timeout in (
        (signal.SIGTERM, _TERMINATE_SECONDS),
        (signal.SIGKILL, _KILL_SECONDS),
    ):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=timeout)


def _execute_commands(directory: str, running: list[subprocess.Popen[bytes]]) -> None:
    # Use readline(), because iteration would read ahead and thereby hide input from select().
    while line := sys.stdin.readline():
        command: _Command = json.loads(line)
        child = _launch(command, directory)
        running.append(child)
        reply = child.pid
        if command["wait"]:
            reply = _wait(child)
            # From now on, the system can reuse the process ID.
            running.remove(child)
        print(reply, flush=True)


def _exit_on_signal(signum: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + signum)


def main() -> None:
    """Execute commands until the pipe is closed, then stop all programs and remove the directory."""
    signal.signal(signal.SIGTERM, _exit_on_signal)
    running: list[subprocess.Popen[bytes]] = []
    with (
        _working_directory() as directory,
        contextlib.suppress(_ParentExitedError, BrokenPipeError),
    ):
        print(directory, flush=True)
        try:
            _execute_commands(directory, running)
        finally:
            for child in reversed(running):
                _stop(child)


if __name__ == "__main__":
    main()
