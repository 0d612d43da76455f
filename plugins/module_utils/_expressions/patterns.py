# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An end to what could compute for ever: a match of a regular expression, above all.

This is the one file of this room that does something to the process: for the time of one call it
takes over the signal SIGVTALRM. It reads and writes nothing.
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


class CpuLimitError(Exception):
    """A call was given up because it took too long."""


def run_with_cpu_limit(
    seconds: float, function: Callable[..., _Result], *arguments: object
) -> _Result:
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
    finished = False

    def raise_error(_number: int, _frame: FrameType | None) -> None:
        # The last signal may arrive when the function has just returned.
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


CPU_SECONDS = 1.0
"""CPU time that one use of a pattern may take."""

MAX_LENGTH = 10_000
"""Characters of the longest text that a pattern is used on.

Before Python 3.11 `re` looks for signals within the match at one position only. A simple pattern such
as ``a*b`` is tried at each position of a text, with a time that grows by the square of its length, and
nothing ends that: 0.04 s for this many characters, and 4 s for ten times as many."""


# What a text of Jinja makes of \1 and \b with one backslash. Tabulator and line ends may be meant.
_CONTROL_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_GROUP_REFERENCE = re.compile(r"\\([0-9]{1,3})|\\g<([0-9]{1,3}|[^\W\d]\w*)>")


class PatternError(ValueError):
    """A pattern that is none, or that takes too long. The text never holds what it was used on."""


@functools.cache
def compile_pattern(
    pattern: str, ignorecase: bool = False, multiline: bool = False
) -> re.Pattern[str]:
    """Compile a pattern.

    What the `re` of some Python only warns of is an error here, so that a pattern means the same to all.

    :param ignorecase: whether capitals and small letters are the same.
    :param multiline: whether ^ and $ match at each line's ends.
    :raises PatternError: says what is wrong with it, and at which position.
    """
    _check_control_characters("pattern", pattern)
    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(pattern, flags)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise PatternError(f"the pattern {pattern!r} is wrong: {error}") from error


def is_full_match(pattern: re.Pattern[str], text: str) -> bool:
    """Whether all of a text matches.

    :raises PatternError: when that takes too long.
    """
    return _run_limited(pattern.fullmatch, text) is not None


def search_group(pattern: re.Pattern[str], text: str, group: str = "\\g<0>") -> str:
    r"""What a group matched where the pattern is found first; empty when it is not found.

    :param group: as Python writes it in a replacement: ``\1``, ``\g<1>`` or ``\g<name>``.
    :raises PatternError: when there is no such group, or the match takes too long.
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
    """A group's number or name."""
    match = _GROUP_REFERENCE.fullmatch(text)
    if match is None:
        raise PatternError(f"{text!r} is no group of a pattern: write '\\\\1' or '\\\\g<name>'")
    group = match[1] or match[2]
    return int(group) if group.isdigit() else group


def replace_matches(pattern: re.Pattern[str], text: str, replacement: str) -> str:
    r"""The text with each match of the pattern replaced.

    :param replacement: may name groups of the pattern as in ``\1`` and ``\g<name>``.
    :raises PatternError: when the replacement is wrong, or the match takes too long.
    """
    _check_control_characters("replacement", replacement)
    try:
        return _run_limited(pattern.sub, replacement, text)
    except (re.error, IndexError) as error:
        # IndexError is for names of groups that there are not.
        raise PatternError(f"the replacement {replacement!r} is wrong: {error}") from error


def _check_control_characters(kind: str, text: str) -> None:
    match = _CONTROL_CHARACTER.search(text)
    if match is not None:
        raise PatternError(
            f"the {kind} {text!r} holds a control character at position {match.start()}: "
            "write two backslashes, as in '\\\\1'"
        )


def _run_limited(function: Callable[..., _Result], *arguments: str) -> _Result:
    """Use a pattern; the last argument is the text that it is used on."""
    if len(arguments[-1]) > MAX_LENGTH:
        raise PatternError(
            f"its regular expression is used on a value of more than {MAX_LENGTH} characters"
        )
    try:
        return run_with_cpu_limit(CPU_SECONDS, function, *arguments)
    except CpuLimitError:
        raise PatternError(
            f"its regular expression needs more than {CPU_SECONDS:g} s of computing for one value"
        ) from None
