# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the row-by-row comparison of rosters in any order and of any size."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.comparison import (
    NotSortedError,
    RowLayout,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.plan import (
    ADDED,
    REMOVED,
    make_plan,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY, roster_file

A, B = ("A", "a@x", "oslo"), ("B", "b@x", "oslo")
BY_EMAIL = RowLayout(location_index=2, key_indexes=(1,), width=3)


def test_consecutive_equal_rows_are_sorted() -> None:
    rows = BY_EMAIL.presorted_rows(roster_file([A, A, B]))
    assert [row.cells for row in rows] == [A, A, B]


def test_unsorted_rows_are_detected() -> None:
    with pytest.raises(NotSortedError):
        list(BY_EMAIL.presorted_rows(roster_file([A, B, A])))


@pytest.mark.parametrize("is_sorted", [True, False])
def test_rosters_that_do_not_fit_in_memory_are_compared(is_sorted: bool) -> None:
    many = [("x" * 130_000, f"{number:02d}@x", "oslo") for number in range(70)]
    if not is_sorted:
        many.reverse()
    for old, new, kind in ((many, [B], REMOVED), ([B], many, ADDED)):
        plan = make_plan(roster_file(old), roster_file(new), ["Email"], "Location", MEMORY)
        assert plan.count(kind) == len(many)
