# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Expectations about the results of the demo.

The demo stops if one of them is not met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from demo.contact_rows import Row


class ExpectationError(Exception):
    """A result differs from the expectation.

    The message describes both.
    """


class Expectations:
    """Comparisons of results with expectations.

    :ivar met: number of successful comparisons.
    """

    def __init__(self) -> None:
        self.met = 0

    def equal(self, what: str, actual: Any, expected: Any) -> None:
        """Expect two values to be equal.

        :param what: description of the value.
        :raises ExpectationError: if they differ.
        """
        if actual != expected:
            raise ExpectationError(f"{what}:\n  expected {expected}\n  actual   {actual}")
        self.met += 1

    def same_rows(self, what: str, actual: Iterable[Row], expected: AbstractSet[Row]) -> None:
        """Expect exactly the given rows, each once and in any order.

        The error message lists only the differences.

        :param what: description of the rows.
        :raises ExpectationError: if the rows differ.
        """
        rows = list(actual)
        missing = sorted(expected - set(rows))
        unexpected = sorted(set(rows) - expected)
        if missing or unexpected or len(rows) != len(expected):
            raise ExpectationError(
                f"{what}: expected {len(expected)} rows, got {len(rows)}\n"
                f"  missing    {missing}\n  unexpected {unexpected}"
            )
        self.met += 1

    def contains(self, what: str, actual: Any, *parts: str) -> None:
        """Expect a string to contain all of the given parts.

        :param what: description of the string.
        :raises ExpectationError: if a part is missing.
        """
        for part in parts:
            if part not in str(actual):
                raise ExpectationError(f"{what}:\n  expected {part!r} in\n  {actual}")
        self.met += 1
