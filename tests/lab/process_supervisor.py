# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep a working directory, and the programs that run in it, no longer than the run itself.

A test run can be killed without a chance to clean up. So the directory and the programs belong to a
small process of their own, the keeper. It reads orders from a pipe whose other end only the run
holds: the kernel closes that end however the run ends, and at end of file the keeper stops what it
started and removes the directory.

The file has two sides. Imported, it offers `ProcessSupervisor`. Run as a script, it *is* the keeper; that side
needs nothing but the standard library.
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
"""How the name of every working directory begins, so that leftovers could be told."""

_TERMINATE_SECONDS = 5.0
_KILL_SECONDS = 15.0
_POLL_SECONDS = 0.05


class SupervisorError(Exception):
    """A kept program failed, or the keeper itself has gone."""


class _Command(TypedDict):
    argv: list[str]
    log: str
    env: dict[str, str]
    wait: bool


class ProcessSupervisor:
    """A private working directory (0700) and the programs started in it, both gone when the run is.

    Use it as a context manager. Programs end in the reverse order of their start.
    """

    def __enter__(self) -> ProcessSupervisor:
        self._process = subprocess.Popen(
            # -I: neither the environment nor the current directory may change what is imported.
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # A session of its own: Ctrl-C at the terminal is for the run, which then lets go.
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
        # communicate() closes the pipe, which is the signal to end, and waits for the end.
        self._process.communicate(timeout=2 * _KILL_SECONDS)

    def run(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        """Run a program to its end in the working directory.

        :raises SupervisorError: its code was not 0; the text holds the end of its output.
        """
        log = f"{Path(argv[0]).name}.{len(list(self.directory.glob('*.out')))}.out"
        code = self._send({"argv": list(argv), "log": log, "env": dict(env or {}), "wait": True})
        if code != 0:
            raise SupervisorError(f"{argv[0]} ended with {code}:\n{self.tail(log)}")

    def start(self, argv: Sequence[str], *, log: str, env: Mapping[str, str] | None = None) -> int:
        """Start a server that stays until the keeper ends; its output goes to the file `log`.

        Returns its process id, which is its process group's id too.
        """
        return self._send({"argv": list(argv), "log": log, "env": dict(env or {}), "wait": False})

    @staticmethod
    def is_running(pid: int) -> bool:
        """Tell whether a process exists that has not ended (one that awaits its parent has)."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return stat.rpartition(")")[2].split()[0] != "Z"

    def write_file(self, name: str, text: str) -> Path:
        """Write a file (0600: it may hold a password) into the working directory."""
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        return path

    def tail(self, log: str, lines: int = 15) -> str:
        """Return the last lines that a program wrote."""
        text = (self.directory / log).read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def _send(self, command: _Command) -> int:
        with contextlib.suppress(BrokenPipeError):  # the missing reply then says it better
            print(json.dumps(command), file=self._process.stdin, flush=True)
        return int(self._read_reply())

    def _read_reply(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise SupervisorError(f"the keeper (process {self._process.pid}) has gone")
        return line.rstrip("\n")


# The other side: what runs when this file is the program.


class _ParentExitedError(Exception):
    """The pipe's other end was closed while a program was still at work."""


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
    """Wait for a program; nothing can come through the pipe meanwhile but its end."""
    while True:
        try:
            return child.wait(timeout=_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if select.select([sys.stdin], [], [], 0)[0]:
                raise _ParentExitedError from None


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End a program and all of its process group, politely first."""
    for sent, timeout in ((signal.SIGTERM, _TERMINATE_SECONDS), (signal.SIGKILL, _KILL_SECONDS)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=timeout)


def _execute_commands(directory: str, running: list[subprocess.Popen[bytes]]) -> None:
    # readline, not iteration: reading ahead would hide from select() what has come.
    while line := sys.stdin.readline():
        command: _Command = json.loads(line)
        child = _launch(command, directory)
        running.append(child)
        reply = child.pid
        if command["wait"]:
            reply = _wait(child)
            # Its process id may belong to somebody else from now on.
            running.remove(child)
        print(reply, flush=True)


def _exit_on_signal(signum: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + signum)


def main() -> None:
    """Be the keeper: obey orders until the pipe ends, then leave nothing behind."""
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
