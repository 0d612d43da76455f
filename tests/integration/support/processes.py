# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions that find, kill and observe processes, and a function that waits for a condition."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_POLL_SECONDS = 0.005


def find_descendants(pid: int) -> set[int]:
    """Return the IDs of the direct and indirect child processes of a process.

    Child processes that were started by a thread other than the main thread are not included.
    """
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return set()
    children = {int(child) for child in text.split()}
    return children.union(*map(find_descendants, children))


def kill_tree(pid: int) -> None:
    """Send SIGKILL to a process and the processes from `find_descendants`, including those in other sessions."""
    for process_id in [pid, *find_descendants(pid)]:
        with suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)


def wait_until(condition: Callable[[], bool], *, seconds: float = 30.0) -> bool:
    """Wait until a condition is true or the timeout expires, and return whether the condition is true.

    :param seconds: timeout in seconds.
    """
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return condition()


@contextmanager
def record_command_lines() -> Iterator[set[str]]:
    """Record the command lines of processes on this host.

    Every user of the host can see these command lines.

    :returns: a context manager that yields a set, and adds the command lines to the set when the block ends.
    """
    command_lines: set[str] = set()
    raw: set[bytes] = set()
    ended = threading.Event()

    def poll() -> None:
        # The interval limits the CPU time of polling. Processes that end within one interval might be missed.
        while not ended.wait(4 * _POLL_SECONDS):
            for name in filter(str.isdigit, os.listdir("/proc")):
                with (
                    suppress(FileNotFoundError, ProcessLookupError),
                    open(f"/proc/{name}/cmdline", "rb") as file,
                ):
                    raw.add(file.read())
        command_lines.update(line.replace(b"\0", b" ").decode(errors="replace") for line in raw)

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield command_lines
    finally:
        ended.set()
        thread.join()
