# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regular expressions with a limit on CPU time, so that catastrophic backtracking cannot hang the module.

`run_with_cpu_limit` uses the signal SIGVTALRM for the duration of a call and restores the previous handler and
timer afterwards.
"""

from __future__ import annotations

import functools
import re
import signal
import threading
import warnings
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

_Result = TypeVar("_Result")

CPU_SECONDS = 1.0
"""Maximum CPU time, in seconds, of a single use of a pattern."""

MAX_LENGTH = 10_000
"""Maximum length, in characters, of a string to which a pattern is applied.

Before Python 3.11, `re` checks for signals during a long match attempt at one position of a string, but not between
positions. Trying a simple pattern such as ``a*b`` at every position takes quadratic time and cannot be interrupted:
0.04 s for a string of this length, and 4 s for a string that is ten times as long."""

# In a Jinja string, \1 and \b with a single backslash are control characters. Tabs and line breaks might be intended.
_CONTROL_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_GROUP_REFERENCE = re.compile(r"\\([0-9]{1,3})|\\g<([0-9]{1,3}|[^\W\d]\w*)>")


class PatternError(ValueError):
    """A pattern, replacement or group is not valid, a string is too long, or a match takes too long.

    The message never contains the string to which the pattern is applied.
    """


class SlowPatternError(PatternError):
    """A match takes too long."""


class CpuLimitError(Exception):
    """A call exceeded its limit on CPU time."""


@functools.cache
def compile_pattern(
    pattern: str, ignorecase: bool = False, multiline: bool = False
) -> re.Pattern[str]:
    """Compile a pattern.

    Warnings of `re` are errors here, so that a pattern has the same meaning in all versions of Python.

    :param pattern: regular expression in the syntax of `re`.
    :param ignorecase: whether matching is case-insensitive.
    :param multiline: whether ^ and $ match at the beginning and end of each line.
    :raises PatternError: if the pattern is not valid; the message contains the cause.
    """
    _check_control_characters("pattern", pattern)
    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(pattern, flags)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise PatternError(f"the pattern {pattern!r} is not valid: {error}") from error


def is_full_match(pattern: re.Pattern[str], text: str) -> bool:
    """Return whether a pattern matches a whole string.

    :raises PatternError: if the string is too long, or if the match takes too long.
    """
    return _run_limited(pattern.fullmatch, text) is not None


def search_group(pattern: re.Pattern[str], text: str, group: str = "\\g<0>") -> str:
    r"""Return a group of the first match; an empty string if nothing matches.

    :param group: reference as in a replacement: ``\1``, ``\g<1>`` or ``\g<name>``.
    :raises PatternError: if the group reference is not valid or the group does not exist, if the string is too long, or
        if the match takes too long.
    """
    group_key = _parse_group(group)
    exists = (
        group_key <= pattern.groups
        if isinstance(group_key, int)
        else group_key in pattern.groupindex
    )
    if not exists:
        raise PatternError(f"the pattern {pattern.pattern!r} has no group {group!r}")
    match = _run_limited(pattern.search, text)
    return "" if match is None else match[group_key] or ""


def _parse_group(text: str) -> int | str:
    """Return the number or name in a group reference."""
    match = _GROUP_REFERENCE.fullmatch(text)
    if match is None:
        raise PatternError(
            f"{text!r} is not a group reference: write it as '\\\\1' or '\\\\g<name>'"
        )
    group = match[1] or match[2]
    return int(group) if group.isdigit() else group


def replace_matches(pattern: re.Pattern[str], text: str, replacement: str) -> str:
    r"""Replace every match of a pattern.

    :param replacement: text that replaces each match. It may contain group references such as ``\1`` and ``\g<name>``.
    :raises PatternError: if the replacement is not valid, if the string is too long, or if a match takes too long.
    """
    _check_control_characters("replacement", replacement)
    try:
        return _run_limited(pattern.sub, replacement, text)
    except (re.error, IndexError) as error:
        # re raises IndexError for an unknown group name.
        raise PatternError(f"the replacement {replacement!r} is not valid: {error}") from error


def _check_control_characters(kind: str, text: str) -> None:
    match = _CONTROL_CHARACTER.search(text)
    if match is not None:
        raise PatternError(
            f"the {kind} {text!r} contains a control character at position {match.start()}: "
            "write backslashes twice, as in '\\\\1'"
        )


def _run_limited(function: Callable[..., _Result], *arguments: str) -> _Result:
    """Call a method of a pattern, with limits on the length of the string and on CPU time.

    :param function: method of the pattern.
    :param arguments: arguments of the method; the last one is the string to which the pattern is applied.
    :raises PatternError: if the string is too long, or if the call takes too long.
    """
    if len(arguments[-1]) > MAX_LENGTH:
        raise PatternError(
            f"its regular expression is applied to a value of more than {MAX_LENGTH} characters"
        )
    try:
        return run_with_cpu_limit(CPU_SECONDS, function, *arguments)
    except CpuLimitError:
        raise SlowPatternError(
            f"its regular expression takes more than {CPU_SECONDS:g} s of CPU time for one value"
        ) from None


def run_with_cpu_limit(
    seconds: float, function: Callable[..., _Result], *arguments: object
) -> _Result:
    """Call a function with a limit on CPU time.

    CPU time is counted instead of elapsed time, so that a busy machine does not cause errors. The limit relies
    on `re` checking for signals while it matches. Python handles signals only in the main thread, in which modules
    run; in any other thread, the function is called without a limit.

    :param seconds: limit on CPU time in user mode.
    :param function: function to call with the arguments.
    :raises CpuLimitError: if the limit is exceeded.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*arguments)
    finished = False

    def raise_error(_number: int, _frame: FrameType | None) -> None:
        # The signal might arrive after the function has returned.
        if not finished:
            raise CpuLimitError

    previous_handler = signal.signal(signal.SIGVTALRM, raise_error)
    try:
        previous_timer = signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        try:
            return function(*arguments)
        finally:
            finished = True
            signal.setitimer(signal.ITIMER_VIRTUAL, *previous_timer)
    finally:
        signal.signal(signal.SIGVTALRM, previous_handler or signal.SIG_DFL)
