# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the columns by which rosters are compared, and of rosters that do not fit in memory."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.comparison import (
    choose_sides,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.plan import (
    ADDED,
    REMOVED,
    make_plan,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY, roster_file

A, B = ("A", "a@x", "oslo"), ("B", "b@x", "oslo")


@pytest.mark.parametrize("is_sorted", [True, False])
def test_rosters_that_do_not_fit_in_memory_are_compared(is_sorted: bool) -> None:
    many = [("x" * 130_000, f"{number:02d}@x", "oslo") for number in range(70)]
    if not is_sorted:
        many.reverse()
    for old, new, kind in ((many, [B], REMOVED), ([B], many, ADDED)):
        plan = make_plan(roster_file(old), roster_file(new), ["Email"], "Location", MEMORY)
        assert plan.count(kind) == len(many)


def test_people_are_matched_by_the_key_columns_that_both_rosters_have() -> None:
    old = roster_file([("a@x", "A")], header=("Email", "Name"))
    new = roster_file([A], "a")
    sides = choose_sides(old, new, ["Phone", "Email", "Location"], "Location")
    assert (sides.old.layout.key_indexes, sides.new.layout.key_indexes) == ((0,), (1,))
    assert (sides.by_identity, sides.key_width) == (False, 1)


@pytest.mark.parametrize(("old_identities", "new_identities"), [("a", None), (None, "a")])
def test_people_cannot_be_matched_without_a_common_key_column(
    old_identities: str | None, new_identities: str | None
) -> None:
    old = roster_file([("A", "oslo")], old_identities, header=("Name", "Location"))
    new = roster_file([A], new_identities)
    with pytest.raises(InputError) as caught:
        choose_sides(old, new, ["Email", "Phone"], "Location")
    assert str(caught.value) == (
        "Cannot compare x.csv with x.csv: one of them has no identities, and they have no column of key in common."
        " Set key to columns that both have, or keep the identities file with the roster."
    )


def test_rosters_with_identities_do_not_need_a_common_key_column() -> None:
    old = roster_file([("A", "oslo")], "a", header=("Name", "Location"))
    sides = choose_sides(old, roster_file([A], "a"), ["Email"], "Location")
    assert (sides.by_identity, sides.new.key, sides.new.common) == (True, (), (0, 2))


@pytest.mark.parametrize("header", [("Name", "Email"), ("Name", "Email", "Office")])
def test_the_location_is_compared_only_if_both_rosters_have_it(header: tuple[str, ...]) -> None:
    old = roster_file([("A", "a@x", "oslo")[: len(header)]], header=header)
    for sides in (
        choose_sides(old, roster_file([A]), ["Email"], "Location"),
        choose_sides(roster_file([A]), old, ["Email"], "Location"),
    ):
        assert (sides.old.layout.location_index, sides.new.layout.location_index) == (None, None)
