# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a process takes, and the same as a table."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Cost(NamedTuple):
    """What a process and those that it waited for took.

    :ivar wall: seconds by the clock.
    :ivar cpu: seconds of computing, the system's for it included.
    :ivar peak: MiB of memory that the largest of the processes had at its most.
    """

    wall: float
    cpu: float
    peak: float


class ClientError(Exception):
    """A client failed, or gave other rows than another."""


def measure_command(
    command: Sequence[str],
    folder: Path,
    env: Mapping[str, str] | None = None,
    *,
    output: Path | None = None,
) -> Cost:
    """Run a program to its end.

    :param folder: where what it says of errors is kept.
    :param output: where its stdout goes; None for nowhere.
    :param env: what is set beside the environment of this process.
    :raises ClientError: when it fails.
    """
    errors = folder / "errors"
    launcher = (sys.executable, "-I", "-S", str(Path(__file__).with_name("launcher.py")))
    done = subprocess.run(
        [*launcher, str(output or os.devnull), str(errors), *command],
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        check=True,
    )
    code, wall, cpu, peak = json.loads(done.stdout)
    if code != 0:
        printed = b"" if output is None else output.read_bytes()
        said = (errors.read_bytes() + printed)[-2000:].decode(errors="replace")
        raise ClientError(f"{command[0]} ended with {code}: {said}")
    return Cost(wall, cpu, peak / 1024)


class ClientCosts(NamedTuple):
    """What one client took, round by round."""

    name: str
    costs: Sequence[Cost]


_HEADER = ("client", "wall s", "CPU s", "peak MiB", "wall ratio", "CPU ratio")


def format_table(lines: Sequence[ClientCosts], base: ClientCosts) -> str:
    """Medians, and the medians of what each round took relative to the base in the same round."""
    rows = [_HEADER, *(_row(line, base) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    )


def _row(line: ClientCosts, base: ClientCosts) -> tuple[str, ...]:
    pairs = list(zip(line.costs, base.costs, strict=True))
    return (
        line.name,
        f"{statistics.median(cost.wall for cost in line.costs):.2f}",
        f"{statistics.median(cost.cpu for cost in line.costs):.2f}",
        f"{statistics.median(cost.peak for cost in line.costs):.0f}",
        f"{statistics.median(cost.wall / other.wall for cost, other in pairs):.2f}",
        f"{statistics.median(cost.cpu / other.cpu for cost, other in pairs):.2f}",
    )
