# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Terminal output of the demo."""

from __future__ import annotations

import os
import sys
import textwrap
import time

_WIDTH = 100
_BOLD, _DIM, _RED, _GREEN = "1", "2", "31", "32"


class Screen:
    """Output of the demo on stdout, in color if stdout is a terminal with colors and NO_COLOR is not set."""

    def __init__(self, *, verbose: bool) -> None:
        self.verbose = verbose
        self._color = (
            sys.stdout.isatty()
            and not os.environ.get(
                "NO_COLOR"
            )  # https://no-color.org: any value except an empty one
            and os.environ.get("TERM") != "dumb"
        )

    def heading(self, text: str) -> None:
        """Print a heading."""
        print(f"\n{self._paint(_BOLD, text)}", flush=True)

    def fact(self, name: str, text: str) -> None:
        """Print a name and, next to it, a wrapped paragraph."""
        indent = " " * 15
        first = f"  {name:12} "
        print(textwrap.fill(text, _WIDTH, initial_indent=first, subsequent_indent=indent))

    def text(self, text: str) -> None:
        """Print a wrapped paragraph."""
        print(textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent="  "), flush=True)

    def command(self, arguments: str) -> None:
        """Print a command before it runs."""
        print(self._paint(_DIM, f"  $ {arguments}"), flush=True)

    def exit_status(self, status: int, seconds: float) -> None:
        """Print the exit status and the duration of the last command."""
        print(self._paint(_DIM, f"    exit status {status} after {seconds:.1f} s"), flush=True)

    def output(self, text: str) -> None:
        """Print the output of a command in verbose mode."""
        if self.verbose:
            print(textwrap.indent(text, "    | "), flush=True)

    def diff(self, lines: list[str]) -> None:
        """Print a diff."""
        for line in lines:
            color = {"-": _RED, "+": _GREEN}.get(line[:1])
            print(f"    {self._paint(color, line) if color else line}", flush=True)

    def success(self, text: str) -> None:
        """Print the final summary."""
        print(f"\n{self._paint(_GREEN, textwrap.fill(text, _WIDTH))}", flush=True)

    def error(self, text: str) -> None:
        """Print an error."""
        print(f"\n{self._paint(_RED, text)}", flush=True)

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._color else text


class Stopwatch:
    """Timer that starts when it is created."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Elapsed seconds."""
        return time.monotonic() - self._start
