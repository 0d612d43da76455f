# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measurement of the time and memory of processes, and tables of the results."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Cost(NamedTuple):
    """The cost of a process and its child processes.

    :ivar wall: elapsed seconds.
    :ivar cpu: CPU seconds, in user and system mode.
    :ivar peak: peak memory of the largest process in MiB.
    """

    wall: float
    cpu: float
    peak: float


class ClientError(Exception):
    """A client failed, or its rows differ from those of another client."""


def measure_command(
    command: Sequence[str],
    folder: Path,
    env: Mapping[str, str] | None = None,
    *,
    output: Path | None = None,
) -> Cost:
    """Run a program and return its cost.

    :param command: command line of the program.
    :param folder: directory for the file with the standard error of the program.
    :param env: additional environment variables.
    :param output: file for the standard output of the program; None to discard it.
    :raises ClientError: if the program fails.
    """
    errors = folder / "errors"
    launcher = (sys.executable, "-I", "-S", str(Path(__file__).with_name("launcher.py")))
    result = subprocess.run(
        [*launcher, str(output or os.devnull), str(errors), *command],
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        check=True,
    )
    status, wall, cpu, peak = json.loads(result.stdout)
    if status != 0:
        printed = b"" if output is None else output.read_bytes()
        message = (errors.read_bytes() + printed)[-2000:].decode(errors="replace")
        raise ClientError(f"{command[0]} failed with status {status}: {message}")
    return Cost(wall, cpu, peak / 1024)


class ClientCosts(NamedTuple):
    """The costs of one client, one for each round."""

    name: str
    costs: Sequence[Cost]


def compare_costs(
    clients: Sequence[tuple[str, Callable[[], Cost]]], rounds: int
) -> list[ClientCosts]:
    """Run clients alternately, print a table of their costs relative to the first client, and return the costs.

    :param clients: name of each client, and function that runs it once.
    :param rounds: number of runs of each client.
    """
    costs = [[run() for _name, run in clients] for _round in range(rounds)]
    lines = [
        ClientCosts(name, list(client_costs))
        for (name, _run), client_costs in zip(clients, zip(*costs, strict=True), strict=True)
    ]
    print(format_table(lines, lines[0]), flush=True)
    return lines


_HEADER = ("client", "wall s", "CPU s", "peak MiB", "wall ratio", "CPU ratio")


def format_table(lines: Sequence[ClientCosts], reference: ClientCosts) -> str:
    """Return a table of median costs.

    The ratios are medians of the costs relative to the reference in the same round.

    :param lines: clients, in the order of the table.
    :param reference: client with which the others are compared.
    """
    return align_columns([_HEADER, *(_row(line, reference) for line in lines)])


def align_columns(rows: Sequence[Sequence[str]]) -> str:
    """Return a table in which the first column is left-aligned, and the others are right-aligned."""
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


def _row(line: ClientCosts, reference: ClientCosts) -> tuple[str, ...]:
    pairs = list(zip(line.costs, reference.costs, strict=True))
    return (
        line.name,
        f"{statistics.median(cost.wall for cost in line.costs):.2f}",
        f"{statistics.median(cost.cpu for cost in line.costs):.2f}",
        f"{statistics.median(cost.peak for cost in line.costs):.0f}",
        f"{statistics.median(cost.wall / other.wall for cost, other in pairs):.2f}",
        f"{statistics.median(cost.cpu / other.cpu for cost, other in pairs):.2f}",
    )
