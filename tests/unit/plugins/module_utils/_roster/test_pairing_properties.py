# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Property-based tests of the pairing of rows: by the fast path, by the slow path, and by a simple model."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any
from unittest import mock

from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster import (
    equal_lines,
    pairing,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.plan import (
    Plan,
    make_plan,
    verify_plan,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.plan_model import (
    TITLES,
    ModelRoster,
    model_changes,
    model_rosters,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY
from hypothesis import assume, given
from hypothesis import strategies as st

_HEADERS = st.sampled_from(
    [
        *itertools.permutations(TITLES),
        ("Name", "Email"),
        ("Email", "Location"),
        ("Name", "Location"),
        ("Floor", *TITLES),
        ("Location", "Floor"),
    ]
)


def _compare(old: ModelRoster, new: ModelRoster) -> Plan:
    return make_plan(
        *(old.file(), new.file(), ["Email", "Name"], "Location", MEMORY), with_changes=True
    )


def _changes(plan: Plan) -> Counter[Any]:
    return Counter(
        (
            change.kind,
            change.before.cells if change.before else None,
            change.after.cells if change.after else None,
        )
        for change in plan.changes
    )


def _sort(roster: ModelRoster) -> ModelRoster:
    """Return the roster with its rows in the order in which this collection exports them."""
    identities = roster.identities or ("",) * len(roster.rows)
    order = sorted(
        zip(roster.rows, identities),
        key=lambda row: (row[0][roster.header.index("Location")], *row),
    )
    return ModelRoster(
        roster.header,
        tuple(cells for cells, _identity in order),
        tuple(identity for _cells, identity in order) if roster.identities is not None else None,
    )


@given(model_rosters(), model_rosters(), st.booleans(), st.sampled_from([1, 30, 100_000]))
def test_the_fast_path_the_slow_path_and_the_model_have_the_same_result(
    old: ModelRoster, new: ModelRoster, is_sorted: bool, window: int
) -> None:
    if is_sorted:
        old, new = _sort(old), _sort(new)
    with (
        mock.patch.object(equal_lines, "_WINDOW_BYTES", window),
        mock.patch.object(equal_lines, "_BATCH_BYTES", 1),
    ):
        fast = _compare(old, new)
    with mock.patch.object(pairing, "skip_equal_lines", side_effect=equal_lines.LinesError):
        slow = _compare(old, new)
    assert fast == slow
    assert _changes(fast) == Counter(model_changes(old, new, ["Email", "Name"]))


@given(model_rosters(_HEADERS), model_rosters(_HEADERS))
def test_the_changes_between_rosters_with_different_columns_are_those_of_the_model(
    old: ModelRoster, new: ModelRoster
) -> None:
    try:
        plan = _compare(old, new)
    except InputError:
        assert old.identities is None or new.identities is None
        assert not {"Email", "Name"} & {*old.header} & {*new.header}
        return
    assert _changes(plan) == Counter(model_changes(old, new, ["Email", "Name"]))
    verify_plan(plan, new.file())
    for counts, roster, other in (
        (plan.new_columns, new, old),
        (plan.dropped_columns, old, new),
    ):
        assert counts == {
            title: sum(bool(cells[index]) for cells in roster.rows)
            for index, title in enumerate(roster.header)
            if title not in other.header
        }


@given(model_rosters(), model_rosters(), st.sampled_from(["o", "b", "(all locations)"]))
def test_the_counts_at_each_location_lead_from_the_old_to_the_new_roster(
    old: ModelRoster, new: ModelRoster, location: str
) -> None:
    plan = _compare(old, new)
    verify_plan(plan, new.file())
    value = location.replace("(all locations)", "")
    before = sum(cells[2] == value for cells in old.rows)
    after = sum(cells[2] == value for cells in new.rows)
    counts = {kind: plan.counts.get((location, kind), 0) for kind in ("added", "moved", "removed")}
    moved_from = plan.moved_from.get(location, 0)
    assert plan.baseline_by_location.get(location, 0) == before
    assert plan.new_by_location.get(location, 0) == after
    assert before - counts["removed"] - moved_from + counts["moved"] + counts["added"] == after


@given(model_rosters(with_identities=True))
def test_new_identities_for_everyone_are_not_a_change(roster: ModelRoster) -> None:
    assume(roster.rows)
    migrated = ModelRoster(
        roster.header, roster.rows, tuple(f"new-{name}" for name in roster.identities or ())
    )
    assert _compare(roster, migrated).is_empty
