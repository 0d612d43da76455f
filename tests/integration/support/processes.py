# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking at processes by way of /proc: who descends from whom, and what command lines show."""

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

_TICK_SECONDS = 0.005


def descendants(pid: int) -> set[int]:
    """The processes below a process, it itself left out."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return set()
    children = {int(child) for child in text.split()}
    return children.union(*map(descendants, children))


def kill_tree(pid: int) -> None:
    """Send SIGKILL to a process and to all below it, whatever session they are in."""
    for each in [pid, *descendants(pid)]:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def wait_until(condition: Callable[[], bool], *, seconds: float = 30.0) -> bool:
    """Wait until a condition holds; tell whether it does in the end."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(_TICK_SECONDS)
    return condition()


@contextmanager
def record_command_lines() -> Iterator[set[str]]:
    """Collect the command lines of all processes that run meanwhile; anybody on a host sees them.

    The set that it gives is filled when it ends.
    """
    seen: set[str] = set()
    raw: set[bytes] = set()
    ended = threading.Event()

    def poll() -> None:
        # Looking itself takes a processor; what runs for less than this is not seen.
        while not ended.wait(4 * _TICK_SECONDS):
            for name in filter(str.isdigit, os.listdir("/proc")):
                with (
                    suppress(FileNotFoundError, ProcessLookupError),
                    open(f"/proc/{name}/cmdline", "rb") as line,
                ):
                    raw.add(line.read())
        seen.update(line.replace(b"\0", b" ").decode(errors="replace") for line in raw)

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()
