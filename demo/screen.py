# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the person before the demo sees."""

from __future__ import annotations

import os
import sys
import textwrap
import time

_WIDTH = 100
_BOLD, _DIM, _RED, _GREEN = "1", "2", "31", "32"


class Screen:
    """Prints headings and lines; in colour only on a terminal, and never where NO_COLOR is set."""

    def __init__(self, *, verbose: bool) -> None:
        self.verbose = verbose
        self._colour = (
            sys.stdout.isatty()
            and not os.environ.get("NO_COLOR")  # no-color.org: any value but an empty one
            and os.environ.get("TERM") != "dumb"
        )

    def heading(self, text: str) -> None:
        """Begin a step."""
        print(f"\n{self._paint(_BOLD, text)}", flush=True)

    def fact(self, name: str, text: str) -> None:
        """Print a name and what belongs to it, folded below each other."""
        indent = " " * 15
        first = f"  {name:12} "
        print(textwrap.fill(text, _WIDTH, initial_indent=first, subsequent_indent=indent))

    def text(self, text: str) -> None:
        """Print a sentence."""
        print(textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent="  "), flush=True)

    def command(self, arguments: str) -> None:
        """Print a command before it runs."""
        print(self._paint(_DIM, f"  $ {arguments}"), flush=True)

    def exit_status(self, code: int, seconds: float) -> None:
        """Print how the last command ended."""
        print(self._paint(_DIM, f"    code {code} after {seconds:.1f} s"), flush=True)

    def output(self, text: str) -> None:
        """Print the whole output of a command, if that is wanted."""
        if self.verbose:
            print(textwrap.indent(text, "    | "), flush=True)

    def diff(self, lines: list[str]) -> None:
        """Print a diff as it came."""
        for line in lines:
            colour = {"-": _RED, "+": _GREEN}.get(line[:1])
            print(f"    {self._paint(colour, line) if colour else line}", flush=True)

    def success(self, text: str) -> None:
        """Print what was proved."""
        print(f"\n{self._paint(_GREEN, text)}", flush=True)

    def error(self, text: str) -> None:
        """Print what went wrong."""
        print(f"\n{self._paint(_RED, text)}", flush=True)

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour else text


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long ago that is."""
        return time.monotonic() - self._start
