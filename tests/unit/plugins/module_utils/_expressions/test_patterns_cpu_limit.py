# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the CPU time limit for regular expressions."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.patterns import (
    CpuLimitError,
    run_with_cpu_limit,
)
from ansible_collections.frontdesk.contacts.tests.unit.support import slow_pattern

_LONG = 3_600.0


def _use_cpu(milliseconds: int) -> str:
    """Use the given number of milliseconds of CPU time, and return "done"."""
    signal.setitimer(signal.ITIMER_PROF, _LONG)
    while _LONG - signal.getitimer(signal.ITIMER_PROF)[0] < milliseconds / 1000:
        pass
    return "done"


pytestmark = pytest.mark.usefixtures("_reset_signals")


@pytest.fixture
def _reset_signals() -> Iterator[None]:
    """Reset the timers and the signal handler after a test."""
    yield
    for timer in (signal.ITIMER_PROF, signal.ITIMER_VIRTUAL):
        signal.setitimer(timer, 0)
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)


def test_a_call_within_the_limit_returns_its_result() -> None:
    assert run_with_cpu_limit(_LONG, "-".join, ["a", "b"]) == "a-b"


def test_a_match_that_exceeds_the_limit_is_aborted() -> None:
    with pytest.raises(CpuLimitError):
        run_with_cpu_limit(
            slow_pattern.CPU_SECONDS, re.compile(slow_pattern.PATTERN).search, slow_pattern.TEXT
        )


def test_exceptions_of_the_call_are_propagated() -> None:
    with pytest.raises(ZeroDivisionError):
        run_with_cpu_limit(_LONG, divmod, 1, 0)
    assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL


@pytest.mark.parametrize("seconds", [0.01, _LONG])
def test_the_previous_signal_handler_and_timer_are_restored(seconds: float) -> None:
    def handler(_number: int, _frame: FrameType | None) -> None:
        """Stand in for a handler that was set before the call."""

    signal.signal(signal.SIGVTALRM, handler)
    signal.setitimer(signal.ITIMER_VIRTUAL, _LONG, 7)
    try:
        run_with_cpu_limit(seconds, _use_cpu, 100)
    except CpuLimitError:
        assert seconds < 1
    assert signal.getsignal(signal.SIGVTALRM) is handler
    remaining, interval = signal.getitimer(signal.ITIMER_VIRTUAL)
    assert remaining > _LONG / 2
    assert interval == 7


def test_no_timer_remains_if_none_was_set_before() -> None:
    run_with_cpu_limit(_LONG, len, "a")
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)
    assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL


def test_a_signal_after_the_call_is_ignored() -> None:
    handlers: list[object] = []

    def record_handler() -> None:
        handlers.append(signal.getsignal(signal.SIGVTALRM))

    run_with_cpu_limit(_LONG, record_handler)
    (handler,) = handlers
    assert callable(handler)
    handler(signal.SIGVTALRM, None)


def test_other_threads_have_no_limit_and_leave_signals_unchanged() -> None:
    results: list[str] = []

    def handler_and_timer() -> str:
        timer = signal.getitimer(signal.ITIMER_VIRTUAL)
        return f"{signal.getsignal(signal.SIGVTALRM)!r} {timer}"

    thread = threading.Thread(
        target=lambda: results.append(run_with_cpu_limit(0.001, handler_and_timer))
    )
    thread.start()
    thread.join()
    assert results == [handler_and_timer()]
