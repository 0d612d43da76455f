# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Property-based tests of plans: their counts, the kinds of changes, and the order of rows."""

from __future__ import annotations

from collections import Counter

from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import RosterFile
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.plan import (
    ADDED,
    CHANGED,
    KINDS,
    MOVED,
    REMOVED,
    Plan,
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


def _compare(old: RosterFile | None, new: RosterFile) -> Plan:
    return make_plan(old, new, ["Email"], "Location", MEMORY, with_changes=True)


@given(st.none() | _rosters(), _rosters())
def test_applying_the_plan_to_the_old_rows_results_in_the_new_rows(
    old: RosterFile | None, new: RosterFile
) -> None:
    rows = Counter(all_cells(old) if old else ())
    for change in _compare(old, new).changes:
        if change.before is not None:
            rows[change.before.cells] -= 1
        if change.after is not None:
            rows[change.after.cells] += 1
    assert min(rows.values(), default=0) >= 0
    assert +rows == Counter(all_cells(new))


@given(_rosters(), _rosters())
def test_the_counts_of_a_plan_add_up_to_the_row_counts(old: RosterFile, new: RosterFile) -> None:
    plan = _compare(old, new)
    summary = plan.summary()
    added, changed, moved, removed = (plan.count(kind) for kind in KINDS)
    unchanged = sum(plan.unchanged.values())
    assert (plan.baseline_rows, summary["unchanged"]) == (old.row_count, unchanged)
    assert unchanged + changed + moved + removed == old.row_count
    assert unchanged + changed + moved + added == new.row_count
    by_location = summary["by_location"]
    assert isinstance(by_location, dict)
    for kind in (*KINDS, "unchanged"):
        assert summary[kind] == sum(counts[kind] for counts in by_location.values())
    for location, counts in by_location.items():
        new_rows = sum(
            cells[2] == location.replace("(all locations)", "") for cells in all_cells(new)
        )
        assert sum(counts.values()) - counts[REMOVED] == new_rows


@given(_rosters(), _rosters())
def test_the_kind_of_each_change_matches_its_rows(old: RosterFile, new: RosterFile) -> None:
    for change in _compare(old, new).changes:
        before, after = change.before, change.after
        assert (before is None, after is None) == (change.kind == ADDED, change.kind == REMOVED)
        if before is not None and after is not None:
            assert before.person_key == after.person_key
            assert before.cells != after.cells
            assert change.kind == (CHANGED if before.location == after.location else MOVED)


@given(_rosters(), _rosters())
def test_no_person_is_both_added_and_removed(old: RosterFile, new: RosterFile) -> None:
    # An empty key does not identify a person.
    changes = _compare(old, new).changes
    added = {change.after.person_key for change in changes if change.kind == ADDED and change.after}
    removed = {
        change.before.person_key for change in changes if change.kind == REMOVED and change.before
    }
    assert not (added & removed) - {("",)}


@given(_rosters(), st.lists(st.sampled_from("xyz"), min_size=6, max_size=6))
def test_equal_rows_with_other_identities_are_not_a_change(
    roster: RosterFile, identities: list[str]
) -> None:
    other = roster_file(all_cells(roster), identities[: roster.row_count])
    assert _compare(roster, other).is_empty


def _reorder(roster: RosterFile, row_numbers: list[int]) -> RosterFile:
    all_rows = list(roster.rows())
    rows = [all_rows[number] for number in row_numbers if number < roster.row_count]
    return roster_file(
        [row.cells for row in rows],
        [row.identity or "" for row in rows] if roster.open_ids else None,
    )


@given(
    *[_rosters()] * 2,
    *[st.permutations(range(6))] * 2,
)
def test_a_plan_does_not_depend_on_the_order_of_rows(
    old: RosterFile, new: RosterFile, old_order: list[int], new_order: list[int]
) -> None:
    plan = _compare(old, new)
    reordered = _compare(_reorder(old, old_order), _reorder(new, new_order))
    assert reordered.changes == plan.changes
    assert reordered.unchanged == plan.unchanged
