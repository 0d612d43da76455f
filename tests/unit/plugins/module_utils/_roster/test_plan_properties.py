# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds of every plan."""

from __future__ import annotations

from collections import Counter

from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import RosterFile
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.plan import (
    ADDED,
    CHANGED,
    KINDS,
    MOVED,
    REMOVED,
    make_plan,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    MEMORY,
    all_cells,
    roster_file,
)
from hypothesis import given
from hypothesis import strategies as st

_PERSON = st.tuples(
    st.tuples(
        st.sampled_from("AB"), st.sampled_from(["a@x", "b@x", ""]), st.sampled_from(["o", "b", ""])
    ),
    st.sampled_from("pqr"),
)


@st.composite
def _rosters(draw: st.DrawFn) -> RosterFile:
    people = draw(st.lists(_PERSON, max_size=6))
    identities = [identity for _row, identity in people] if draw(st.booleans()) else None
    return roster_file([row for row, _identity in people], identities)


@given(st.none() | _rosters(), _rosters())
def test_the_plan_applied_to_the_old_rows_gives_the_new_rows(
    old: RosterFile | None, new: RosterFile
) -> None:
    plan = make_plan(old, new, ["Email"], "Location", MEMORY, with_changes=True)
    rows = Counter(all_cells(old) if old else ())
    for change in plan.changes:
        if change.before is not None:
            rows[change.before.cells] -= 1
        if change.after is not None:
            rows[change.after.cells] += 1
    assert min(rows.values(), default=0) >= 0
    assert +rows == Counter(all_cells(new))


@given(_rosters(), _rosters())
def test_the_numbers_add_up(old: RosterFile, new: RosterFile) -> None:
    plan = make_plan(old, new, ["Email"], "Location", MEMORY, with_changes=True)
    summary = plan.summary()
    added, changed, moved, removed = (plan.count(kind) for kind in KINDS)
    unchanged = sum(plan.unchanged.values())
    assert (plan.baseline_rows, summary["unchanged"]) == (old.row_count, unchanged)
    assert unchanged + changed + moved + removed == old.row_count
    assert unchanged + changed + moved + added == new.row_count
    by_location = summary["by_location"]
    assert isinstance(by_location, dict)
    for kind in (*KINDS, "unchanged"):
        assert summary[kind] == sum(numbers[kind] for numbers in by_location.values())
    for location, numbers in by_location.items():
        here = sum(row[2] == location.replace("(all locations)", "") for row in all_cells(new))
        assert sum(numbers.values()) - numbers[REMOVED] == here


@given(_rosters(), _rosters())
def test_each_kind_is_what_it_says(old: RosterFile, new: RosterFile) -> None:
    for change in make_plan(old, new, ["Email"], "Location", MEMORY, with_changes=True).changes:
        before, after = change.before, change.after
        assert (before is None, after is None) == (change.kind == ADDED, change.kind == REMOVED)
        if before is not None and after is not None:
            assert before.person_key == after.person_key
            assert before.cells != after.cells
            assert change.kind == (CHANGED if before.location == after.location else MOVED)


@given(_rosters(), _rosters())
def test_nobody_is_both_added_and_removed(old: RosterFile, new: RosterFile) -> None:
    changes = make_plan(old, new, ["Email"], "Location", MEMORY, with_changes=True).changes
    added = {c.after.person_key for c in changes if c.kind == ADDED and c.after}
    removed = {c.before.person_key for c in changes if c.kind == REMOVED and c.before}
    assert not added & removed


@given(_rosters(), st.lists(st.sampled_from("xyz"), min_size=6, max_size=6))
def test_other_identities_behind_equal_rows_change_nothing(
    roster: RosterFile, identities: list[str]
) -> None:
    other = roster_file(all_cells(roster), identities[: roster.row_count])
    assert make_plan(roster, other, ["Email"], "Location", MEMORY, with_changes=True).is_empty


def _shuffled(roster: RosterFile, row_numbers: list[int]) -> RosterFile:
    rows = list(roster.rows())
    return roster_file(
        [rows[row_number].cells for row_number in row_numbers],
        [rows[row_number].identity or "" for row_number in row_numbers]
        if roster.open_ids
        else None,
    )


@given(
    *[_rosters()] * 2,
    *[st.permutations(range(6))] * 2,
)
def test_the_order_of_rows_does_not_matter(
    old: RosterFile, new: RosterFile, old_order: list[int], new_order: list[int]
) -> None:
    plan = make_plan(old, new, ["Email"], "Location", MEMORY, with_changes=True)
    reordered = make_plan(
        _shuffled(old, [row_number for row_number in old_order if row_number < old.row_count]),
        _shuffled(new, [row_number for row_number in new_order if row_number < new.row_count]),
        ["Email"],
        "Location",
        MEMORY,
        with_changes=True,
    )
    assert reordered.changes == plan.changes
    assert reordered.unchanged == plan.unchanged
