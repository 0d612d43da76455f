# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of plans: the kind of each change, and the counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import LeftOut
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import FrontdeskError
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
    verify_plan,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.removal_cause import (
    MissingContact,
    RemovalCause,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    HEADER,
    MEMORY,
    roster_file,
)

Rows = list[tuple[str, str, str]]

A = ("A", "a@x", "oslo")
A_NEW_NAME = ("A2", "a@x", "oslo")
A_NEW_MAIL = ("A", "a2@x", "oslo")
A_BERGEN = ("A", "a@x", "bergen")
A_BERGEN_NEW_NAME = ("A2", "a@x", "bergen")
A_TROMSO = ("A", "a@x", "tromso")
B = ("B", "b@x", "oslo")
B_BERGEN = ("B", "b@x", "bergen")
NO_MAIL, NO_MAIL_NEW_NAME = ("N", "", "oslo"), ("N2", "", "oslo")


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
        # Only the identities differ, for example after a migration to another domain.
        ([A, B], [A, B], "ab", "yz", [], []),
        # Two people swapped all values.
        ([A, B], [A, B], "ab", "ba", [(CHANGED, A, B), (CHANGED, B, A)], []),
        # Of two people with equal rows, one has left, and the other one now has a second location.
        (
            *([A, A], [A_BERGEN, A], "ab", "bb", [(REMOVED, A, None), (ADDED, None, A_BERGEN)]),
            [(MOVED, A, A_BERGEN)],
        ),
        # People with the same values swapped their locations.
        (
            *([A_BERGEN, A], [A_BERGEN, A], "ab", "ba"),
            *([(MOVED, A, A_BERGEN), (MOVED, A_BERGEN, A)], []),
        ),
        # A new person has the values of a person who left.
        ([A, B], [A, B], "ab", "az", [], []),
        # A person has a new location, and a new person has that person's old row.
        (
            *([A], [A_BERGEN, A], "a", "az", [(MOVED, A, A_BERGEN), (ADDED, None, A)]),
            [(ADDED, None, A_BERGEN)],
        ),
        # People without a key are not matched, except by equal rows.
        (
            *([NO_MAIL, B], [NO_MAIL_NEW_NAME, B], "ab", "ab"),
            [(CHANGED, NO_MAIL, NO_MAIL_NEW_NAME)],
            [(REMOVED, NO_MAIL, None), (ADDED, None, NO_MAIL_NEW_NAME)],
        ),
        ([B, NO_MAIL], [NO_MAIL, B], "ba", "ab", [], []),
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
        "removal_causes": [{"cause": "unknown", "count": 1}],
        "by_location": {
            "bergen": {**zeros, "added": 1},
            "oslo": {**zeros, "removed": 1, "unchanged": 1},
            "tromso": {**zeros, "moved": 1},
        },
        "new_columns": {},
        "dropped_columns": {},
        "changed_settings": None,
        "unconfigured_locations": [],
    }
    assert list(plan.summary()["by_location"]) == ["bergen", "oslo", "tromso"]  # type: ignore[call-overload]  # a dict
    assert [plan.count(kind) for kind in (ADDED, CHANGED, MOVED, REMOVED)] == [1, 0, 1, 1]


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


def test_equal_rows_of_different_people_are_matched_by_the_order_of_their_identities() -> None:
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
    fewer, more = roster_file([A, A], "de"), roster_file([A, A, A], "abc")
    for old, new, kind in ((fewer, more, ADDED), (more, fewer, REMOVED)):
        (change,) = _compare(old, new).changes
        row = change.after or change.before
        assert (change.kind, row and row.person_key) == (kind, ("c",))


WITHOUT_MAIL = ("Name", "Location")
WITH_FLOOR = ("Floor", *HEADER)


def test_only_common_columns_make_a_contact_changed() -> None:
    old = roster_file([("A", "oslo"), ("B", "oslo"), ("C", "oslo")], "abc", WITHOUT_MAIL)
    new = roster_file([A, ("B2", "b@x", "oslo"), ("C", "", "bergen")], "abc")
    plan = _compare(old, new)
    assert _changes(plan) == [
        (MOVED, ("C", "oslo"), ("C", "", "bergen")),
        (CHANGED, ("B", "oslo"), ("B2", "b@x", "oslo")),
    ]
    assert plan.unchanged == {"oslo": 1}
    assert (plan.new_columns, plan.dropped_columns) == ({"Email": 2}, {})
    verify_plan(plan, new)


def test_new_and_dropped_columns_are_listed_with_the_number_of_contacts_that_have_a_value() -> None:
    old = roster_file([("1", *A), ("", *B)], "ab", WITH_FLOOR)
    new = roster_file([("A", "oslo"), ("B", "oslo")], "ab", WITHOUT_MAIL)
    plan = _compare(old, new)
    assert (plan.new_columns, plan.dropped_columns) == ({}, {"Floor": 1, "Email": 2})
    assert not any(plan.counts.values())
    assert not plan.is_empty
    plan = _compare(new, old)
    assert (plan.new_columns, plan.dropped_columns) == ({"Floor": 1, "Email": 2}, {})
    assert not plan.is_empty
    same = _compare(old, old)
    assert (same.new_columns, same.dropped_columns, same.is_empty) == ({}, {}, True)


def test_the_rows_of_a_person_with_other_columns_are_matched_in_their_order() -> None:
    old = roster_file([("X", "oslo"), ("Y", "oslo"), ("Z", "oslo")], "aaa", WITHOUT_MAIL)
    new_rows = [("1", "B", "oslo"), ("2", "A", "oslo"), ("3", "B", "oslo")]
    plan = _compare(old, roster_file(new_rows, "aaa", ("Floor", *WITHOUT_MAIL)))
    assert _changes(plan) == [
        (CHANGED, (before, "oslo"), after) for before, after in zip("XYZ", new_rows)
    ]


def test_a_new_column_without_values_is_listed() -> None:
    plan = _compare(roster_file([A], "a"), roster_file([("", *A)], "a", WITH_FLOOR))
    assert (plan.new_columns, plan.is_empty) == ({"Floor": 0}, False)


def test_columns_in_another_order_are_not_a_change() -> None:
    old = roster_file([A, NO_MAIL], "an")
    new = roster_file([("oslo", "", "N"), ("oslo", "a@x", "A")], "zy", tuple(reversed(HEADER)))
    plan = _compare(old, new)
    assert (plan.is_empty, plan.unchanged) == (True, {"oslo": 2})


def test_contacts_with_other_columns_and_identities_are_matched_only_if_their_key_is_not_empty() -> (
    None
):
    old = roster_file([A, NO_MAIL], "an")
    new = roster_file([("1", *A), ("2", *NO_MAIL)], "yz", WITH_FLOOR)
    expected = [(ADDED, None, ("2", *NO_MAIL)), (REMOVED, NO_MAIL, None)]
    for plan in (_compare(old, new), _compare(roster_file([A, NO_MAIL]), new)):
        assert sorted(_changes(plan), key=str) == expected
        assert plan.unchanged == {"oslo": 1}
    old = roster_file([("A", "oslo")], "a", WITHOUT_MAIL)
    plan = _compare(old, roster_file([A], "z"))
    assert sorted(change.kind for change in plan.changes) == [ADDED, REMOVED]


def test_the_location_is_not_compared_if_a_roster_has_no_location_column() -> None:
    old = roster_file([A_BERGEN, A, B], "aab")
    new = roster_file([("A", "a@x"), ("B2", "b@x")], "ab", ("Name", "Email"))
    plan = _compare(old, new)
    assert plan.counts == {("(all locations)", REMOVED): 1, ("(all locations)", CHANGED): 1}
    assert plan.baseline_by_location == {"(all locations)": 3}
    assert plan.new_by_location == {"(all locations)": 2}
    assert plan.dropped_columns == {"Location": 3}
    verify_plan(plan, new)


def test_moved_contacts_are_also_counted_at_their_old_location() -> None:
    old = roster_file([A_BERGEN, B, ("C", "c@x", "")], "abc")
    new = roster_file([A_TROMSO, B_BERGEN, ("C", "c@x", "oslo")], "abc")
    plan = _compare(old, new, with_changes=False)
    assert plan.moved_from == {"bergen": 1, "oslo": 1, "(all locations)": 1}
    assert plan.baseline_by_location == {"bergen": 1, "oslo": 1, "(all locations)": 1}
    assert plan.new_by_location == {"tromso": 1, "bergen": 1, "oslo": 1}
    verify_plan(plan, new)


def test_all_changes_are_observed_with_the_key_by_which_they_are_counted() -> None:
    observed = []
    new = roster_file([A_BERGEN], "a", left_out=[LeftOut("b", "", "x")])
    plan = make_plan(
        roster_file([A, B], "ab"),
        new,
        ["Email"],
        "Location",
        MEMORY,
        observe=lambda key, change: observed.append((key, change.location, change.old_location)),
    )
    assert observed == [
        (MOVED, "bergen", "oslo"),
        (REMOVED, "oslo", "oslo"),
        (REMOVED_INVALID, "oslo", "oslo"),
    ]
    assert plan.changes == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"counts": {("oslo", REMOVED): 1, ("bergen", ADDED): 1}},
        {"counts": {("oslo", REMOVED): 2, ("bergen", ADDED): 2}},
        {"counts": {("oslo", REMOVED): 2, ("bergen", MOVED): 1}},
        {"moved_from": {}},
        {"moved_from": {"bergen": 1}},
        {"baseline_rows": 4},
        {"baseline_by_location": {"oslo": 4, "bergen": 1}},
        {"baseline_by_location": {"oslo": 4}, "new_by_location": {"oslo": 2, "bergen": 1}},
        {"new_by_location": {"oslo": 1}},
        {"new_by_location": {"oslo": 1, "bergen": 0}},
        {"new_by_location": {"oslo": 1, "bergen": 1, "tromso": 1}},
    ],
)
def test_a_plan_that_does_not_lead_to_the_new_roster_is_a_bug(changes: dict[str, Any]) -> None:
    new = roster_file([A, B_BERGEN], "ab")
    plan = _compare(roster_file([A, B, ("C", "c@x", "oslo")], "abc"), new)
    verify_plan(plan, new)
    with pytest.raises(FrontdeskError) as caught:
        verify_plan(replace(plan, **changes), new)
    assert str(caught.value) == (
        "Cannot use the plan: its changes do not result in the contacts of x.csv, which is a bug in the"
        " collection. Report it to the maintainers of the collection."
    )


def test_a_plan_for_another_roster_is_a_bug() -> None:
    plan = _compare(roster_file([A], "a"), roster_file([A], "a"))
    with pytest.raises(FrontdeskError, match="is a bug"):
        verify_plan(plan, roster_file([A, B], "ab"))


def test_the_plan_for_a_first_upload_is_verified() -> None:
    new = roster_file([A, ("B", "b@x", "")], "ab")
    plan = _compare(None, new)
    verify_plan(plan, new)
    assert plan.new_by_location == {"oslo": 1, "(all locations)": 1}


def test_removals_are_counted_by_cause() -> None:
    left_out = [LeftOut("c", "oslo", "Email is empty"), LeftOut("a", "lab", "Name is empty")]
    old = roster_file([A, A_BERGEN, B, ("C", "c@x", "oslo"), ("D", "d@x", "oslo")], "aabcd")
    new = roster_file([A], "a", left_out=left_out)
    causes = {
        MissingContact("a", "bergen"): RemovalCause("not_configured"),
        MissingContact("b", "oslo"): RemovalCause("disabled"),
        MissingContact("d", "lab"): RemovalCause("deleted"),
        # Contacts that are not removed.
        MissingContact("a", "oslo"): RemovalCause("deleted"),
    }
    plan = make_plan(*(old, new, ["Email"], "Location", MEMORY), with_changes=True, causes=causes)
    expected = {
        "a": "location not configured",
        "b": "disabled",
        "c": "no valid row (Email is empty)",
        "d": "unknown",
    }
    assert plan.removal_causes == dict.fromkeys(expected.values(), 1)
    assert {
        change.before.person_key[0]: change.cause for change in plan.changes if change.before
    } == expected


def test_causes_need_identities_on_both_sides() -> None:
    causes = {MissingContact("b@x", "oslo"): RemovalCause("disabled")}
    plan = make_plan(
        *(roster_file([A, B]), roster_file([A]), ["Email"], "Location", MEMORY), causes=causes
    )
    assert plan.removal_causes == {"unknown": 1}
