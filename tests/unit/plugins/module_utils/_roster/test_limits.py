# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the rules of the guard, mainly at the boundaries of the limits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.configuration import (
    ConfigurationChanges,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.limits import (
    MIN_CONTACTS,
    MISSING_CHOICES,
    Limits,
    find_exceeded,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.transition import (
    Transition,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.transitions import (
    UNRESOLVED,
    roster_changes,
    transition,
)

REQUIRED = ((("Email", "a@x"),), (("Email", "b@x"), ("Location", "oslo")))


def _exceeded(tested: Transition, **limits: Any) -> list[str]:
    """Return the names of the exceeded limits.

    :param limits: limits that differ from the defaults; numbers are percentages, except max_removed.
    """
    converted: dict[str, Any] = {
        name: Decimal(str(value)) if name.endswith("percent") else value
        for name, value in limits.items()
    }
    return [each.limit for each in find_exceeded(tested, Limits(**converted))]


def test_the_default_limits() -> None:
    assert Limits() == Limits(
        max_removed=None,
        max_removed_percent=Decimal(10),
        max_removed_per_location_percent=Decimal(50),
        max_moved_percent=Decimal(25),
        max_changed_percent=Decimal(50),
        max_added_percent=Decimal(100),
        missing="unknown",
        must_contain=(),
        approved_plan=None,
        initial=False,
    )
    assert MISSING_CHOICES == ("remove", "disable", "keep", "unknown")


TOTALS = [
    ("max_removed_percent", "removed", {"max_removed_per_location_percent": 100}),
    ("max_moved_percent", "moved_to", {}),
    ("max_changed_percent", "changed", {}),
    ("max_added_percent", "added", {}),
]
"""Percentage limits for all locations together, the changes to which they apply, and other limits to raise."""


@pytest.mark.parametrize("total", TOTALS, ids=lambda total: total[0])
@pytest.mark.parametrize(
    ("rows", "count", "percent", "is_exceeded"),
    [
        (3, 2, 10, False),
        (10, 2, 0.5, False),
        (30, 3, 10, False),
        (29, 3, 10, True),
        (100, 10, 10, False),
        (100, 11, 10, True),
        (1000, 7, 0.7, False),
        (1000, 8, 0.7, True),
        # As binary floating-point numbers, 0.07 * 100 is more than 7, and 0.29 * 100 is less than 29.
        (10000, 7, 0.07, False),
        (10000, 29, 0.29, False),
        (10000, 30, 0.29, True),
        (100, 1, 0, True),
        (1_000_000, 1, 0, True),
        (100, 0, 0, False),
        (0, 0, 0, False),
    ],
)
def test_a_percentage_limit_applies_from_three_contacts_and_a_limit_of_0_from_one(
    total: tuple[str, str, Mapping[str, float]],
    rows: int,
    count: int,
    percent: float,
    is_exceeded: bool,
) -> None:
    limit, kind, others = total
    counts: dict[str, Any] = {kind: count}
    tested = transition(roster_changes(rows, **counts))
    assert _exceeded(tested, **{**others, limit: percent}) == [limit] * is_exceeded


def test_additions_to_an_empty_roster_exceed_the_limit_from_three_contacts() -> None:
    assert _exceeded(transition(roster_changes(0, added=MIN_CONTACTS - 1))) == []
    assert _exceeded(transition(roster_changes(0, added=MIN_CONTACTS))) == ["max_added_percent"]


@pytest.mark.parametrize(
    ("maximum", "is_exceeded"), [(None, False), (5, False), (4, True), (0, True)]
)
def test_max_removed_is_the_maximum_number_of_removed_contacts(
    maximum: int | None, is_exceeded: bool
) -> None:
    tested = transition(roster_changes(100, removed=5))
    assert _exceeded(tested, max_removed=maximum) == ["max_removed"] * is_exceeded
    single = transition(roster_changes(100, removed=1))
    assert _exceeded(single, max_removed=0) == ["max_removed"]


@pytest.mark.parametrize(
    ("rows", "removed", "percent", "is_exceeded"),
    [(6, 3, 50, False), (5, 3, 50, True), (2, 2, 50, False), (60, 1, 0, True), (60, 0, 0, False)],
)
def test_removals_are_limited_at_each_location(
    rows: int, removed: int, percent: float, is_exceeded: bool
) -> None:
    changes = roster_changes({"oslo": 1000, "bergen": rows}, removed={"bergen": removed})
    found = find_exceeded(
        transition(changes), Limits(max_removed_per_location_percent=Decimal(percent))
    )
    assert [(each.limit, each.locations) for each in found] == [
        ("max_removed_per_location_percent", {"bergen": removed})
    ] * is_exceeded


@pytest.mark.parametrize(
    ("rows", "is_unconfigured", "is_exceeded"),
    [(1, False, False), (2, False, False), (3, False, True), (1, True, True), (0, True, False)],
)
@pytest.mark.parametrize("kind", ["removed", "moved_from"])
def test_a_location_must_not_vanish(
    kind: str, rows: int, is_unconfigured: bool, is_exceeded: bool
) -> None:
    counts: dict[str, Any] = {kind: {"bergen": rows}}
    changes = roster_changes({"oslo": 1000, "bergen": rows}, **counts)
    tested = transition(
        changes,
        new_by_location={"oslo": 1000},
        configuration=ConfigurationChanges(unconfigured=("bergen",) if is_unconfigured else ()),
    )
    limits = Limits(max_removed_per_location_percent=Decimal(100))
    found = find_exceeded(tested, limits)
    assert [(each.limit, each.locations) for each in found] == [
        ("vanished", {"bergen": rows})
    ] * is_exceeded


def test_a_location_with_one_remaining_contact_has_not_vanished() -> None:
    changes = roster_changes({"oslo": 1000, "bergen": 30}, moved_from={"bergen": 29})
    tested = transition(changes, configuration=ConfigurationChanges(unconfigured=("bergen",)))
    assert _exceeded(tested) == []


@pytest.mark.parametrize(("rows", "is_absolute"), [(1, False), (2, False), (3, True), (60, True)])
def test_removing_everybody_is_forbidden_or_requires_an_approval(
    rows: int, is_absolute: bool
) -> None:
    limits = Limits(max_removed_percent=Decimal(100), max_removed_per_location_percent=Decimal(100))
    tested = transition(roster_changes(rows, removed=rows, added=1))
    (exceeded,) = find_exceeded(tested, limits)
    assert (exceeded.limit, exceeded.is_absolute) == ("removed_all", is_absolute)
    assert find_exceeded(transition(roster_changes(rows, removed=rows - 1)), limits) == ()


def test_removing_everybody_of_any_known_roster_is_forbidden() -> None:
    baseline = roster_changes(100, removed=5)
    unresolved = roster_changes(3, UNRESOLVED, removed=3)
    tested = transition(baseline, unresolved, union=roster_changes(100, removed=8))
    found = find_exceeded(tested, Limits(max_removed_per_location_percent=Decimal(100)))
    assert [(each.limit, each.changes, each.is_absolute) for each in found] == [
        ("removed_all", unresolved, True),
        ("max_removed_percent", unresolved, False),
    ]


def test_the_removal_of_all_contacts_is_not_checked_for_the_union() -> None:
    baseline, unresolved = roster_changes(8, removed=2), roster_changes(8, UNRESOLVED, removed=6)
    tested = transition(baseline, unresolved, union=roster_changes(8, removed=8))
    assert "removed_all" not in _exceeded(tested)


def test_a_small_roster_does_not_hide_the_removal_of_all_contacts_of_a_larger_one() -> None:
    small, large = roster_changes(2, removed=2), roster_changes(5, UNRESOLVED, removed=5)
    tested = transition(small, large, union=roster_changes(2, removed=5))
    absolute = [
        each.is_absolute for each in find_exceeded(tested, Limits()) if each.limit == "removed_all"
    ]
    assert absolute == [False, True]


def test_limits_apply_to_the_union_and_to_each_known_roster() -> None:
    baseline = roster_changes({"oslo": 100, "bergen": 10}, removed={"oslo": 5})
    unresolved = roster_changes(
        {"oslo": 20, "bergen": 4}, UNRESOLVED, removed={"oslo": 11, "bergen": 3}
    )
    union = roster_changes({"oslo": 100, "bergen": 10}, removed={"oslo": 9, "bergen": 6})
    tested = transition(baseline, unresolved, union=union)
    found = find_exceeded(tested, Limits())
    assert [(each.limit, each.changes, dict(each.locations)) for each in found] == [
        ("max_removed_percent", union, {}),
        # Bergen is reported only for the union, which comes first.
        ("max_removed_per_location_percent", union, {"bergen": 6}),
        ("max_removed_per_location_percent", unresolved, {"oslo": 11}),
    ]


@pytest.mark.parametrize("missing", MISSING_CHOICES)
def test_removals_are_limited_unless_the_service_keeps_missing_contacts(missing: str) -> None:
    changes = roster_changes({"oslo": 100, "bergen": 5}, removed={"oslo": 100, "bergen": 5})
    tested = transition(changes, new_by_location={"tromso": 3})
    strict = {"max_removed": 0, "max_removed_percent": 0, "max_removed_per_location_percent": 0}
    expected = ["removed_all", *strict, "vanished"] if missing != "keep" else []
    assert _exceeded(tested, missing=missing, **strict) == expected


@pytest.mark.parametrize(
    ("moved", "is_unconfigured", "is_exceeded"),
    [(2, False, False), (3, False, True), (1, True, True), (0, True, False)],
)
def test_contacts_that_move_make_a_location_vanish_even_if_missing_contacts_are_kept(
    moved: int, is_unconfigured: bool, is_exceeded: bool
) -> None:
    changes = roster_changes(
        {"oslo": 100, "bergen": 9}, removed={"bergen": 9 - moved}, moved_from={"bergen": moved}
    )
    tested = transition(
        changes,
        new_by_location={"oslo": 1},
        configuration=ConfigurationChanges(unconfigured=("bergen",) if is_unconfigured else ()),
    )
    assert _exceeded(tested, missing="keep") == ["vanished"] * is_exceeded


@pytest.mark.parametrize(
    ("before", "now", "is_exceeded"),
    [
        ("keep", "remove", True),
        ("keep", "disable", True),
        ("keep", "unknown", True),
        ("keep", "keep", False),
        ("remove", "keep", False),
        ("unknown", "remove", False),
        (None, "remove", False),
    ],
)
def test_a_service_that_no_longer_keeps_missing_contacts_requires_an_approval(
    before: str | None, now: str, is_exceeded: bool
) -> None:
    tested = transition(roster_changes(10), missing_before=before)
    assert _exceeded(tested, missing=now) == ["missing"] * is_exceeded


def test_a_first_upload_is_checked_only_for_the_required_contacts() -> None:
    strict = {"max_added_percent": 0, "max_removed": 0, "must_contain": REQUIRED}
    new = {"oslo": 1000}
    tested = transition(new_by_location=new, missing_before="keep", unmatched=(2,))
    assert _exceeded(tested, **strict) == ["must_contain"]
    tested = transition(new_by_location=new, missing_before="keep")
    assert _exceeded(tested, **strict) == []


def test_all_exceeded_limits_are_found_at_once() -> None:
    changes = roster_changes(
        {"oslo": 60, "bergen": 40},
        removed={"oslo": 40},
        moved_from={"bergen": 40},
        moved_to={"oslo": 40},
        changed={"oslo": 60},
        added={"oslo": 101},
    )
    tested = transition(changes, new_by_location={"oslo": 1}, missing_before="keep", unmatched=(1,))
    found = find_exceeded(tested, Limits(max_removed=39, must_contain=REQUIRED))
    assert [each.limit for each in found if each.is_absolute] == ["must_contain"]
    assert [each.limit for each in found] == [
        "must_contain",
        "missing",
        "max_removed",
        "max_removed_percent",
        "max_moved_percent",
        "max_changed_percent",
        "max_added_percent",
        "max_removed_per_location_percent",
        "vanished",
    ]
