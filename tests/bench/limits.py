# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits for the measured costs, and a table that states whether each limit is met."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.measure import align_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.measure import ClientCosts


class Figure(NamedTuple):
    """A measured figure with its limit, as a line of the table.

    :ivar name: name of the figure.
    :ivar measured: measured value with its unit.
    :ivar reference: value of the reference with its unit; empty without a reference.
    :ivar ratio: measured value relative to the reference; empty without a reference.
    :ivar limit: maximum value.
    :ivar is_met: whether the measured value does not exceed the limit.
    """

    name: str
    measured: str
    reference: str
    ratio: str
    limit: str
    is_met: bool


def limit_time(
    name: str,
    measured: ClientCosts,
    reference: ClientCosts,
    factor: float,
    allowance: float = 0.0,
) -> Figure:
    """Return the median wall time of a client, limited relative to a reference.

    Each time is compared with the time of the reference in the same round.

    :param name: name of the figure.
    :param measured: costs of the client.
    :param reference: costs of the reference.
    :param factor: maximum ratio.
    :param allowance: number of seconds that the client may take in addition.
    """
    pairs = [
        (cost.wall, other.wall) for cost, other in zip(measured.costs, reference.costs, strict=True)
    ]
    limit = f"{factor} x"
    if allowance:
        seconds = statistics.median(factor * other + allowance for _wall, other in pairs)
        limit = f"{limit} + {allowance} s = {seconds:.2f} s"
    return Figure(
        name=name,
        measured=f"{statistics.median(wall for wall, _other in pairs):.2f} s",
        reference=f"{statistics.median(other for _wall, other in pairs):.2f} s",
        ratio=f"{statistics.median(wall / other for wall, other in pairs):.2f}",
        limit=limit,
        is_met=statistics.median((wall - allowance) / other for wall, other in pairs) <= factor,
    )


def limit_memory(name: str, measured: ClientCosts, maximum: int) -> Figure:
    """Return the peak memory of a client in all rounds, with a limit.

    :param name: name of the figure.
    :param measured: costs of the client.
    :param maximum: limit in MiB.
    """
    peak = max(cost.peak for cost in measured.costs)
    return Figure(name, f"{peak:.0f} MiB", "", "", f"{maximum} MiB", peak <= maximum)


def format_limits(figures: Sequence[Figure]) -> str:
    """Return the table of all figures."""
    header = ("figure", "measured", "reference", "ratio", "limit", "met")
    return align_columns(
        [header, *((*figure[:-1], "yes" if figure.is_met else "no") for figure in figures)]
    )
