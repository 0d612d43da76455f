# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An end to what would compute for ever."""

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
from ansible_collections.frontdesk.contacts.tests.unit.support import endless

_LONG = 3_600.0


def _compute(milliseconds: int) -> str:
    """Be busy until the process has computed for so long, by the clock that the limit goes by."""
    signal.setitimer(signal.ITIMER_PROF, _LONG)
    while _LONG - signal.getitimer(signal.ITIMER_PROF)[0] < milliseconds / 1000:
        pass
    return "done"


pytestmark = pytest.mark.usefixtures("_as_before")


@pytest.fixture
def _as_before() -> Iterator[None]:
    """Leave the process as it was."""
    yield
    for timer in (signal.ITIMER_PROF, signal.ITIMER_VIRTUAL):
        signal.setitimer(timer, 0)
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)


def test_a_call_within_its_time_gives_its_result() -> None:
    assert run_with_cpu_limit(_LONG, "-".join, ["a", "b"]) == "a-b"


def test_a_match_that_would_take_for_ever_is_given_up() -> None:
    with pytest.raises(CpuLimitError):
        run_with_cpu_limit(endless.SECONDS, re.compile(endless.PATTERN).search, endless.TEXT)


def test_an_error_of_the_call_goes_on() -> None:
    with pytest.raises(ZeroDivisionError):
        run_with_cpu_limit(_LONG, divmod, 1, 0)
    assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL


@pytest.mark.parametrize("seconds", [0.01, _LONG])
def test_the_signal_and_the_timer_are_given_back(seconds: float) -> None:
    def mine(_number: int, _frame: FrameType | None) -> None:
        """Somebody else's way with the signal."""

    signal.signal(signal.SIGVTALRM, mine)
    signal.setitimer(signal.ITIMER_VIRTUAL, _LONG, 7)
    try:
        run_with_cpu_limit(seconds, _compute, 100)
    except CpuLimitError:
        assert seconds < 1
    assert signal.getsignal(signal.SIGVTALRM) is mine
    left, interval = signal.getitimer(signal.ITIMER_VIRTUAL)
    assert left > _LONG / 2
    assert interval == 7


def test_no_timer_is_left_where_there_was_none() -> None:
    run_with_cpu_limit(_LONG, len, "a")
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)
    assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL


def test_a_signal_that_comes_late_does_no_harm() -> None:
    handlers: list[object] = []

    def keep_handler() -> None:
        handlers.append(signal.getsignal(signal.SIGVTALRM))

    run_with_cpu_limit(_LONG, keep_handler)
    (handler,) = handlers
    assert callable(handler)
    handler(signal.SIGVTALRM, None)


def test_another_thread_has_no_limit_and_touches_no_signal() -> None:
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
