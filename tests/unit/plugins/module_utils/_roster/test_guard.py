# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the guard, mainly at the boundaries of its limits."""

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

NO_RECEIPT = "/state contains no receipt of an earlier upload"
REMEDY = (
    "Review the removals with --check --diff and a higher {0}; if they are correct, run once with that "
    "value."
)


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
    ("baseline_rows", "removed", "limits", "cause"),
    [
        (21, 3, Limits(), "this is 14.3%, and max_removed_percent allows 10%"),
        (100, 11, Limits(), "this is 11.0%, and max_removed_percent allows 10%"),
        (29, 3, Limits(), "this is 10.3%, and max_removed_percent allows 10%"),
        (
            *(21, 1, Limits(max_removed_percent=0.0)),
            "this is 4.8%, and max_removed_percent allows 0%",
        ),
        (
            *(21, 1, Limits(max_removed_percent=2.5)),
            "this is 4.8%, and max_removed_percent allows 2.5%",
        ),
        (20, 6, Limits(max_removed=5), "max_removed allows 5"),
        (20, 1, Limits(max_removed=0), "max_removed allows 0"),
        # The plan exceeds both limits, but only the absolute limit is reported.
        (100, 50, Limits(max_removed=5), "max_removed allows 5"),
    ],
)
def test_a_plan_over_a_limit_is_refused(
    baseline_rows: int, removed: int, limits: Limits, cause: str
) -> None:
    option = "max_removed_percent" if "%" in cause else "max_removed"
    with pytest.raises(GuardError) as caught:
        check_plan(_plan(baseline_rows, removed), limits, None)
    assert str(caught.value) == (
        f"Refused to remove {removed} of {baseline_rows} contacts: {cause}. {REMEDY.format(option)}"
    )


@pytest.mark.parametrize("baseline_rows", [1, 20, 21, 1000])
def test_removing_all_contacts_is_never_allowed(baseline_rows: int) -> None:
    limits = Limits(max_removed=baseline_rows, max_removed_percent=100.0, initial=True)
    contacts = "the only contact" if baseline_rows == 1 else f"all {baseline_rows} contacts"
    with pytest.raises(GuardError) as caught:
        check_plan(_plan(baseline_rows, baseline_rows, added=baseline_rows), limits, None)
    assert str(caught.value) == (
        f"Refused to remove {contacts}: this is never allowed. Check the sources and "
        "the export; to start over, remove the state directory and run once with initial: true."
    )


def test_only_removals_are_limited() -> None:
    check_plan(_plan(100, 0, **{ADDED: 200, CHANGED: 100, MOVED: 100}), Limits(max_removed=0), None)


def test_a_first_upload_requires_initial() -> None:
    plan = _plan(0, 0, added=3)
    with pytest.raises(GuardError) as caught:
        check_plan(plan, Limits(), NO_RECEIPT)
    assert str(caught.value) == (
        f"Refused a first upload that adds 3 contacts: {NO_RECEIPT}. "
        "If this is the first upload to this account, run once with initial: true."
    )
    check_plan(plan, Limits(initial=True), NO_RECEIPT)


def test_by_default_at_most_ten_percent_of_the_contacts_can_be_removed() -> None:
    assert Limits() == Limits(max_removed=None, max_removed_percent=10.0, initial=False)


@pytest.mark.parametrize("removed", [30, 100])
def test_removed_people_without_a_valid_row_are_reported(removed: int) -> None:
    with pytest.raises(GuardError) as caught:
        check_plan(_plan(100, removed, **{REMOVED_INVALID: 12}), Limits(), None)
    assert "; 12 of them are in the directory without a valid row. " in str(caught.value)
