# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of plans: the kind of each change, and the counts."""

from __future__ import annotations

import hashlib

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import LeftOut
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.comparison import RosterRow
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import RosterFile
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.plan import (
    ADDED,
    CHANGED,
    KINDS,
    MOVED,
    REMOVED,
    REMOVED_INVALID,
    Change,
    Plan,
    make_plan,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY, roster_file

Rows = list[tuple[str, str, str]]

A = ("A", "a@x", "oslo")
A_NEW_NAME = ("A2", "a@x", "oslo")
A_NEW_MAIL = ("A", "a2@x", "oslo")
A_BERGEN = ("A", "a@x", "bergen")
A_BERGEN_NEW_NAME = ("A2", "a@x", "bergen")
A_TROMSO = ("A", "a@x", "tromso")
B = ("B", "b@x", "oslo")
B_BERGEN = ("B", "b@x", "bergen")


def _compare(old: RosterFile | None, new: RosterFile, *, with_changes: bool = True) -> Plan:
    return make_plan(old, new, ["Email"], "Location", MEMORY, with_changes=with_changes)


def _compare_rows(
    old: Rows | None, new: Rows, old_identities: str | None, new_identities: str | None
) -> Plan:
    """Return the plan that replaces the old rows with the new rows.

    Each letter in a string of identities is the identity of a row; None means no identities.
    """
    old_file = None if old is None else roster_file(old, old_identities)
    return _compare(old_file, roster_file(new, new_identities))


def _changes(plan: Plan) -> list[tuple[str, tuple[str, ...] | None, tuple[str, ...] | None]]:
    return [
        (
            change.kind,
            change.before.cells if change.before else None,
            change.after.cells if change.after else None,
        )
        for change in plan.changes
    ]


# Cases in which matching people by identity and matching people by key have the same result.
_BY_EITHER = [
    ("no change", [A], [A], "a", "a", []),
    ("added", [A], [A, B], "a", "ab", [(ADDED, None, B)]),
    ("removed", [A, B], [A], "ab", "a", [(REMOVED, B, None)]),
    ("changed", [A], [A_NEW_NAME], "a", "a", [(CHANGED, A, A_NEW_NAME)]),
    ("moved", [A], [A_BERGEN], "a", "a", [(MOVED, A, A_BERGEN)]),
    ("moved and changed", [A], [A_BERGEN_NEW_NAME], "a", "a", [(MOVED, A, A_BERGEN_NEW_NAME)]),
    (
        *("changed at two locations", [A_BERGEN, A], [A_BERGEN_NEW_NAME, A_NEW_NAME], "aa", "aa"),
        [(CHANGED, A_BERGEN, A_BERGEN_NEW_NAME), (CHANGED, A, A_NEW_NAME)],
    ),
    ("location added", [A], [A, A_BERGEN], "a", "aa", [(ADDED, None, A_BERGEN)]),
    ("location removed", [A_BERGEN, A], [A], "aa", "a", [(REMOVED, A_BERGEN, None)]),
    (
        *("changed and location added", [A], [A_BERGEN, A_NEW_NAME], "a", "aa"),
        [(ADDED, None, A_BERGEN), (CHANGED, A, A_NEW_NAME)],
    ),
    (
        *("one of two locations moved", [A_BERGEN, A], [A, A_TROMSO], "aa", "aa"),
        [(MOVED, A_BERGEN, A_TROMSO)],
    ),
    (
        *("all moved", [A, B], [A_BERGEN, B_BERGEN], "ab", "ab"),
        [(MOVED, A, A_BERGEN), (MOVED, B, B_BERGEN)],
    ),
    ("replaced", [A], [B], "a", "b", [(REMOVED, A, None), (ADDED, None, B)]),
    ("one of two equal rows removed", [A, A], [A], "aa", "a", [(REMOVED, A, None)]),
    ("equal row added", [A], [A, A], "a", "aa", [(ADDED, None, A)]),
]


@pytest.mark.parametrize("by_identity", [True, False])
@pytest.mark.parametrize(
    ("old", "new", "old_identities", "new_identities", "changes"),
    [case[1:] for case in _BY_EITHER],
    ids=[case[0] for case in _BY_EITHER],
)
def test_changes_are_classified(
    *,
    old: Rows,
    new: Rows,
    old_identities: str,
    new_identities: str,
    changes: list[object],
    by_identity: bool,
) -> None:
    plan = _compare_rows(
        *(old, new),
        old_identities if by_identity else None,
        new_identities if by_identity else None,
    )
    assert _changes(plan) == changes
    assert plan.by_identity is by_identity
    assert plan.baseline_rows == len(old)


@pytest.mark.parametrize(
    ("old", "new", "old_identities", "new_identities", "by_identity", "by_key"),
    [
        # The email address is the key, so a person with a new address seems to be a new person.
        (
            *([A], [A_NEW_MAIL], "a", "a", [(CHANGED, A, A_NEW_MAIL)]),
            [(REMOVED, A, None), (ADDED, None, A_NEW_MAIL)],
        ),
        # Another person took over the email address.
        (
            *([A], [A_NEW_NAME], "a", "z"),
            *([(REMOVED, A, None), (ADDED, None, A_NEW_NAME)], [(CHANGED, A, A_NEW_NAME)]),
        ),
        # Only the identities differ. The service does not see them, so there are no changes.
        ([A, B], [A, B], "ab", "yz", [], []),
        ([A, B], [A, B], "ab", "ba", [], []),
    ],
)
def test_people_are_matched_by_identity_or_by_key(
    *,
    old: Rows,
    new: Rows,
    old_identities: str,
    new_identities: str,
    by_identity: list[object],
    by_key: list[object],
) -> None:
    plan = _compare_rows(old, new, old_identities, new_identities)
    assert sorted(_changes(plan), key=str) == sorted(by_identity, key=str)
    for old_or_none, new_or_none in ((old_identities, None), (None, new_identities), (None, None)):
        plan = _compare_rows(old, new, old_or_none, new_or_none)
        assert plan.by_identity is False
        assert sorted(_changes(plan), key=str) == sorted(by_key, key=str)


def test_all_contacts_are_added_without_an_old_roster() -> None:
    plan = _compare_rows(None, [A, B], None, "ab")
    assert _changes(plan) == [(ADDED, None, A), (ADDED, None, B)]
    assert (plan.baseline_rows, plan.by_identity, plan.unchanged) == (0, True, {})
    assert _compare_rows(None, [A], None, None).by_identity is False


def test_all_key_columns_are_compared() -> None:
    old, new = [("A", "a@x", "oslo")], [("A2", "a@x", "oslo")]
    for key, kinds in ((["Email"], [CHANGED]), (["Name", "Email"], [ADDED, REMOVED])):
        plan = make_plan(
            roster_file(old), roster_file(new), key, "Location", MEMORY, with_changes=True
        )
        assert sorted(change.kind for change in plan.changes) == kinds


def test_changes_are_sorted_by_location_and_row() -> None:
    removed = ("Z", "z@x", "bergen")
    plan = _compare_rows([B, removed], [A, A_BERGEN, B_BERGEN], "bz", "aab")
    assert _changes(plan) == [
        (ADDED, None, A_BERGEN),
        (MOVED, B, B_BERGEN),
        (REMOVED, removed, None),
        (ADDED, None, A),
    ]


def test_without_a_location_column_contacts_are_changed_instead_of_moved() -> None:
    old, new = roster_file([A], "a"), roster_file([A_BERGEN], "a")
    plan = make_plan(old, new, ["Email"], "Office", MEMORY, with_changes=True)
    assert [(change.kind, change.location) for change in plan.changes] == [
        (CHANGED, "(all locations)")
    ]
    assert make_plan(old, old, ["Email"], "Office", MEMORY).unchanged == {"(all locations)": 1}


def test_a_change_is_counted_at_its_new_location_or_else_at_its_old_location() -> None:
    oslo, bergen = RosterRow("oslo", ("A",), ("a",)), RosterRow("bergen", ("A",), ("a",))
    assert Change(MOVED, oslo, bergen).location == "bergen"
    assert Change(REMOVED, oslo, None).location == "oslo"
    assert Change(ADDED, None, RosterRow("", (), ())).location == "(all locations)"
    assert Change(ADDED, None, None).location == "(all locations)"


def test_the_summary_counts_changes_by_kind_and_location() -> None:
    plan = _compare_rows([A, B, B_BERGEN], [A, A_BERGEN, ("B2", "b@x", "tromso")], "abb", "aab")
    zeros = dict.fromkeys((*KINDS, "removed_invalid", "unchanged"), 0)
    assert plan.summary() == {
        "id": plan.id,
        "added": 1,
        "changed": 0,
        "moved": 1,
        "removed": 1,
        "removed_invalid": 0,
        "unchanged": 1,
        "by_location": {
            "bergen": {**zeros, "added": 1},
            "oslo": {**zeros, "removed": 1, "unchanged": 1},
            "tromso": {**zeros, "moved": 1},
        },
    }
    assert list(plan.summary()["by_location"]) == ["bergen", "oslo", "tromso"]  # type: ignore[call-overload]  # a dict
    assert [plan.count(kind) for kind in (ADDED, CHANGED, MOVED, REMOVED)] == [1, 0, 1, 1]


def test_the_id_is_derived_from_both_rosters() -> None:
    old, new = roster_file([A], "a"), roster_file([B], "b")
    expected = hashlib.sha256(f"{old.sha256} {new.sha256}".encode()).hexdigest()[:16]
    assert _compare(old, new).id == expected
    expected = hashlib.sha256(f"nothing {new.sha256}".encode()).hexdigest()[:16]
    assert _compare(None, new).id == expected


def test_removed_people_without_a_valid_row_are_listed_with_the_cause() -> None:
    old = roster_file([A, A_BERGEN, B, ("C", "c@x", "oslo")], "aabc")
    left_out = [
        LeftOut("a", "arendal", "Email is empty"),
        LeftOut("a", "bergen", "Name is empty"),
        LeftOut("b", "tromso", "Email is empty"),
        LeftOut("z", "oslo", "Name is empty"),
    ]
    plan = _compare(old, roster_file([A], "a", left_out=left_out), with_changes=False)
    assert (plan.count(REMOVED), plan.count(REMOVED_INVALID)) == (3, 2)
    # The cause at the location of the removed contact takes precedence over other causes.
    assert plan.invalid == (
        LeftOut("a", "bergen", "Name is empty"),
        LeftOut("b", "oslo", "Email is empty"),
    )
    summary = plan.summary()
    assert (summary["removed"], summary["removed_invalid"]) == (3, 2)
    by_location = summary["by_location"]
    assert isinstance(by_location, dict)
    assert [by_location[name]["removed_invalid"] for name in ("bergen", "oslo")] == [1, 1]
    assert "tromso" not in by_location


def test_left_out_people_without_an_old_row_are_not_changes() -> None:
    old, new = roster_file([A], "a"), roster_file([A], "a", left_out=[LeftOut("b", "oslo", "x")])
    assert _compare(old, new).is_empty
    assert _compare(None, new).count(ADDED) == 1


def test_moved_and_changed_contacts_are_not_counted_as_invalid() -> None:
    old, new = roster_file([A, B], "ab"), [A_BERGEN, ("B2", "b@x", "oslo")]
    left_out = [LeftOut("a", "tromso", "x"), LeftOut("b", "tromso", "x")]
    plan = _compare(old, roster_file(new, "ab", left_out=left_out), with_changes=False)
    assert [plan.count(kind) for kind in (MOVED, CHANGED, REMOVED_INVALID)] == [1, 1, 0]
    assert plan.invalid == ()


def test_equal_rows_are_matched_by_the_order_of_their_identities() -> None:
    (change,) = _compare(roster_file([A], "z"), roster_file([A, A], "ba")).changes
    assert (change.kind, change.after and change.after.person_key) == (ADDED, ("b",))


def test_identities_of_left_out_people_are_not_compared_with_keys() -> None:
    old = roster_file([("B", "b", "oslo"), A])
    new = roster_file([A], "a", left_out=[LeftOut("b", "oslo", "x")])
    plan = _compare(old, new, with_changes=False)
    assert (plan.count(REMOVED), plan.count(REMOVED_INVALID)) == (1, 0)


def test_people_without_a_valid_row_are_not_recognized_by_key() -> None:
    old, new = roster_file([A, B]), roster_file([A], "a", left_out=[LeftOut("b", "oslo", "x")])
    plan = _compare(old, new, with_changes=False)
    assert (plan.count(REMOVED), plan.count(REMOVED_INVALID), plan.invalid) == (1, 0, ())


def test_at_most_fifty_people_without_a_valid_row_are_listed() -> None:
    identities = [f"{number:02d}" for number in range(60)]
    old = roster_file([("N", f"{name}@x", "oslo") for name in identities], identities)
    left_out = [LeftOut(identity, "oslo", "x") for identity in identities]
    plan = _compare(old, roster_file([A], "a", left_out=left_out), with_changes=False)
    assert plan.count(REMOVED_INVALID) == 60
    assert [person.identity for person in plan.invalid] == identities[:50]


def test_a_plan_contains_changes_only_on_request() -> None:
    old, new = roster_file([A], "a"), roster_file([B], "b")
    plan = make_plan(old, new, ["Email"], "Location", MEMORY)
    assert (plan.changes, plan.is_empty) == ((), False)
    assert make_plan(None, old, ["Email"], "Location", MEMORY).changes == ()


def test_the_order_of_rows_does_not_matter() -> None:
    # Control characters are escaped in packed cells, but escaping does not change the order.
    rows = [("A\tB", "1", "oslo"), ("A", "2", "oslo"), ("A\nB", "3", "oslo"), ("A B", "4", "oslo")]
    old, new = roster_file(rows, "abcd"), roster_file([*reversed(rows), B], "dcbae")
    assert _changes(_compare(old, new)) == [(ADDED, None, B)]


def test_the_last_of_several_equal_rows_is_added_or_removed() -> None:
    fewer, more = roster_file([A, A], "ab"), roster_file([A, A, A], "abc")
    for old, new, kind in ((fewer, more, ADDED), (more, fewer, REMOVED)):
        (change,) = _compare(old, new).changes
        row = change.after or change.before
        assert (change.kind, row and row.person_key) == (kind, ("c",))
