# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guard at its borders."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.guard import (
    GuardError,
    Limits,
    check_plan,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.plan import (
    ADDED,
    CHANGED,
    MOVED,
    REMOVED,
    REMOVED_INVALID,
    Plan,
)

REMEDY = "See who it is by --check --diff with a higher {0}; if it is right, run once with that."


def _plan(baseline_rows: int, removed: int, **other_counts: int) -> Plan:
    counts = {("oslo", kind): number for kind, number in other_counts.items()}
    return Plan(
        id="id",
        counts={("oslo", REMOVED): removed, **counts},
        unchanged={},
        baseline_rows=baseline_rows,
        by_identity=True,
    )


@pytest.mark.parametrize(
    ("baseline_rows", "removed", "limits"),
    [
        (0, 0, Limits()),
        (1, 0, Limits()),
        (20, 19, Limits()),
        (21, 2, Limits()),
        (30, 3, Limits()),
        (100, 10, Limits()),
        (100, 99, Limits(max_removed_percent=100.0)),
        (100, 0, Limits(max_removed=0, max_removed_percent=0.0)),
        (20, 5, Limits(max_removed=5)),
        (200, 5, Limits(max_removed=5, max_removed_percent=2.5)),
        (20, 19, Limits(max_removed_percent=0.0)),
    ],
)
def test_a_plan_within_the_limits_passes(baseline_rows: int, removed: int, limits: Limits) -> None:
    check_plan(_plan(baseline_rows, removed), limits, None)


@pytest.mark.parametrize(
    ("baseline_rows", "removed", "limits", "cause", "option"),
    [
        *(
            (
                baseline_rows,
                removed,
                Limits(),
                f"that is {percent} %, max_removed_percent permits 10 %",
                "",
            )
            for baseline_rows, removed, percent in (
                (21, 3, "14.3"),
                (100, 11, "11.0"),
                (29, 3, "10.3"),
            )
        ),
        (
            *(21, 1, Limits(max_removed_percent=0.0)),
            *("that is 4.8 %, max_removed_percent permits 0 %", ""),
        ),
        (
            *(21, 1, Limits(max_removed_percent=2.5)),
            *("that is 4.8 %, max_removed_percent permits 2.5 %", ""),
        ),
        (20, 6, Limits(max_removed=5), "max_removed permits 5", "max_removed"),
        (20, 1, Limits(max_removed=0), "max_removed permits 0", "max_removed"),
        # Both limits are broken: the number is named.
        (100, 50, Limits(max_removed=5), "max_removed permits 5", "max_removed"),
    ],
)
def test_a_plan_over_a_limit_stops(
    baseline_rows: int, removed: int, limits: Limits, cause: str, option: str
) -> None:
    with pytest.raises(GuardError) as caught:
        check_plan(_plan(baseline_rows, removed), limits, None)
    assert str(caught.value) == (
        f"Stopped before removing {removed} of {baseline_rows} contacts: {cause}. "
        + REMEDY.format(option or "max_removed_percent")
    )


@pytest.mark.parametrize("baseline_rows", [1, 20, 21, 1000])
def test_removing_all_always_stops(baseline_rows: int) -> None:
    limits = Limits(max_removed=baseline_rows, max_removed_percent=100.0, initial=True)
    with pytest.raises(GuardError) as caught:
        check_plan(_plan(baseline_rows, baseline_rows, added=baseline_rows), limits, None)
    assert str(caught.value) == (
        f"Stopped before removing all {baseline_rows} contacts: this always stops. Look at the sources and "
        "the export; to start anew, remove the state directory and set initial: true."
    )


def test_other_changes_do_not_count_as_removed() -> None:
    check_plan(_plan(100, 0, **{ADDED: 200, CHANGED: 100, MOVED: 100}), Limits(max_removed=0), None)


def test_a_first_upload_must_be_asked_for() -> None:
    plan = _plan(0, 0, added=3)
    with pytest.raises(GuardError) as caught:
        check_plan(plan, Limits(), "no receipt of an earlier upload is in /state")
    assert str(caught.value) == (
        "Stopped before a first upload that adds 3 contacts: no receipt of an earlier upload is in "
        "/state. If this is the first upload, set initial: true for this run."
    )
    check_plan(plan, Limits(initial=True), "no receipt of an earlier upload is in /state")


def test_the_default_limits() -> None:
    assert Limits() == Limits(max_removed=None, max_removed_percent=10.0, initial=False)


@pytest.mark.parametrize("removed", [30, 100])
def test_the_removed_without_a_valid_row_are_told(removed: int) -> None:
    with pytest.raises(GuardError) as caught:
        check_plan(_plan(100, removed, **{REMOVED_INVALID: 12}), Limits(), None)
    assert "; 12 of them are in the directory without a valid row. " in str(caught.value)
