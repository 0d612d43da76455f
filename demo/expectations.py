# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Expectations: what the demo claims is looked up, counted, and ends the demo where it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from demo.contact_rows import Row


class ExpectationError(Exception):
    """Something was not as expected; the text says what, what was expected and what was seen."""


class Expectations:
    """Counts the expectations that held."""

    def __init__(self) -> None:
        self.met = 0

    def equal(self, what: str, seen: Any, expected: Any) -> None:
        """Expect two values to be equal.

        :raises ExpectationError: they are not.
        """
        if seen != expected:
            raise ExpectationError(f"{what}:\n  expected {expected}\n  seen     {seen}")
        self.met += 1

    def same_rows(self, what: str, seen: Iterable[Row], expected: AbstractSet[Row]) -> None:
        """Expect exactly these rows, each once, in any order; only what differs is told.

        :raises ExpectationError: there are others.
        """
        rows = list(seen)
        missing = sorted(expected - set(rows))
        surplus = sorted(set(rows) - expected)
        if missing or surplus or len(rows) != len(expected):
            raise ExpectationError(
                f"{what}: expected {len(expected)} rows, seen {len(rows)}\n"
                f"  expected and not seen: {missing}\n  seen and not expected: {surplus}"
            )
        self.met += 1

    def contains(self, what: str, seen: Any, *parts: str) -> None:
        """Expect a text to hold all of some parts.

        :raises ExpectationError: one is not in it.
        """
        for part in parts:
            if part not in str(seen):
                raise ExpectationError(f"{what}:\n  expected to read {part!r}\n  seen {seen}")
        self.met += 1
