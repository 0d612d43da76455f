# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An end to what could compute for ever: a match of a regular expression, above all.

This is the one file of this room that does something to the process: for the time of one call it
takes over the signal SIGVTALRM. It reads and writes nothing.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

_Result = TypeVar("_Result")


class CpuLimitError(Exception):
    """A call was given up because it took too long."""


def within(seconds: float, function: Callable[..., _Result], *arguments: object) -> _Result:
    """Call a function, and give up when it has used up its time.

    What counts is the time that this process computes, so a machine that is busy with other things
    ends nothing. Python's `re` looks for signals while it matches, and that is what this is made for.
    Python takes signals in its main thread only: in another one the function is called without a limit.
    Modules run in the main thread.

    :param seconds: of CPU time in user mode.
    :raises CpuLimitError: when the time is over.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*arguments)
    over = False

    def give_up(_number: int, _frame: FrameType | None) -> None:
        # The last signal may arrive when the function has just returned.
        if not over:
            raise CpuLimitError

    handler = signal.signal(signal.SIGVTALRM, give_up)
    try:
        before = signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        try:
            return function(*arguments)
        finally:
            over = True
            signal.setitimer(signal.ITIMER_VIRTUAL, *before)
    finally:
        signal.signal(signal.SIGVTALRM, handler or signal.SIG_DFL)
