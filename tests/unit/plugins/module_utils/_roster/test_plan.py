# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans: which kind of change each difference is."""

from __future__ import annotations

import hashlib

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import LeftOut
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.comparison import RosterRow
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


def _plan(old: Rows | None, new: Rows, before: str | None, after: str | None) -> Plan:
    """Rows with one letter each as identity; None for a roster without identities."""
    old_file = None if old is None else roster_file(old, before)
    return make_plan(
        old_file, roster_file(new, after), ["Email"], "Location", MEMORY, with_changes=True
    )


def _changes(plan: Plan) -> list[tuple[str, tuple[str, ...] | None, tuple[str, ...] | None]]:
    return [
        (c.kind, c.before.cells if c.before else None, c.after.cells if c.after else None)
        for c in plan.changes
    ]


# Told apart by identity and by the key alike: here the two agree.
_ALIKE = [
    ("nothing", [A], [A], "a", "a", []),
    ("added", [A], [A, B], "a", "ab", [(ADDED, None, B)]),
    ("removed", [A, B], [A], "ab", "a", [(REMOVED, B, None)]),
    ("changed", [A], [A_NEW_NAME], "a", "a", [(CHANGED, A, A_NEW_NAME)]),
    ("moved", [A], [A_BERGEN], "a", "a", [(MOVED, A, A_BERGEN)]),
    ("moved with a new name", [A], [A_BERGEN_NEW_NAME], "a", "a", [(MOVED, A, A_BERGEN_NEW_NAME)]),
    (
        *("changed at both places", [A_BERGEN, A], [A_BERGEN_NEW_NAME, A_NEW_NAME], "aa", "aa"),
        [(CHANGED, A_BERGEN, A_BERGEN_NEW_NAME), (CHANGED, A, A_NEW_NAME)],
    ),
    ("one place more", [A], [A, A_BERGEN], "a", "aa", [(ADDED, None, A_BERGEN)]),
    ("one place less", [A_BERGEN, A], [A], "aa", "a", [(REMOVED, A_BERGEN, None)]),
    (
        *("changed here and one place more", [A], [A_BERGEN, A_NEW_NAME], "a", "aa"),
        [(ADDED, None, A_BERGEN), (CHANGED, A, A_NEW_NAME)],
    ),
    (
        *("one of two places is another", [A_BERGEN, A], [A, A_TROMSO], "aa", "aa"),
        [(MOVED, A_BERGEN, A_TROMSO)],
    ),
    (
        *("all at once", [A, B], [A_BERGEN, B_BERGEN], "ab", "ab"),
        [(MOVED, A, A_BERGEN), (MOVED, B, B_BERGEN)],
    ),
    ("another person", [A], [B], "a", "b", [(REMOVED, A, None), (ADDED, None, B)]),
    ("twice the same row", [A, A], [A], "aa", "a", [(REMOVED, A, None)]),
    ("the same row once more", [A], [A, A], "a", "aa", [(ADDED, None, A)]),
]


@pytest.mark.parametrize("by_identity", [True, False])
@pytest.mark.parametrize(
    ("old", "new", "before", "after", "changes"),
    [case[1:] for case in _ALIKE],
    ids=[case[0] for case in _ALIKE],
)
def test_kinds_of_changes(
    *, old: Rows, new: Rows, before: str, after: str, changes: list[object], by_identity: bool
) -> None:
    plan = _plan(old, new, before if by_identity else None, after if by_identity else None)
    assert _changes(plan) == changes
    assert plan.by_identity is by_identity
    assert plan.baseline_rows == len(old)


@pytest.mark.parametrize(
    ("old", "new", "before", "after", "with_identities", "without"),
    [
        # Another address is another person where only the key tells.
        (
            *([A], [A_NEW_MAIL], "a", "a", [(CHANGED, A, A_NEW_MAIL)]),
            [(REMOVED, A, None), (ADDED, None, A_NEW_MAIL)],
        ),
        # Somebody else took over the address.
        (
            *([A], [A_NEW_NAME], "a", "z"),
            *([(REMOVED, A, None), (ADDED, None, A_NEW_NAME)], [(CHANGED, A, A_NEW_NAME)]),
        ),
        # Other identities behind equal rows: the service sees no difference.
        ([A, B], [A, B], "ab", "yz", [], []),
        ([A, B], [A, B], "ab", "ba", [], []),
    ],
)
def test_what_identities_change(
    *,
    old: Rows,
    new: Rows,
    before: str,
    after: str,
    with_identities: list[object],
    without: list[object],
) -> None:
    assert sorted(_changes(_plan(old, new, before, after)), key=str) == sorted(
        with_identities, key=str
    )
    for before_identities, after_identities in ((before, None), (None, after), (None, None)):
        plan = _plan(old, new, before_identities, after_identities)
        assert plan.by_identity is False
        assert sorted(_changes(plan), key=str) == sorted(without, key=str)


def test_without_an_old_roster_all_is_added() -> None:
    plan = _plan(None, [A, B], None, "ab")
    assert _changes(plan) == [(ADDED, None, A), (ADDED, None, B)]
    assert (plan.baseline_rows, plan.by_identity, plan.unchanged) == (0, True, {})
    assert _plan(None, [A], None, None).by_identity is False


def test_people_are_told_apart_by_all_columns_of_the_key() -> None:
    old, new = [("A", "a@x", "oslo")], [("A2", "a@x", "oslo")]
    for key, kinds in ((["Email"], [CHANGED]), (["Name", "Email"], [ADDED, REMOVED])):
        plan = make_plan(
            roster_file(old), roster_file(new), key, "Location", MEMORY, with_changes=True
        )
        assert sorted(change.kind for change in plan.changes) == kinds


def test_changes_are_in_the_order_of_location_and_row() -> None:
    removed = ("Z", "z@x", "bergen")
    plan = _plan([B, removed], [A, A_BERGEN, B_BERGEN], "bz", "aab")
    assert _changes(plan) == [
        (ADDED, None, A_BERGEN),
        (MOVED, B, B_BERGEN),
        (REMOVED, removed, None),
        (ADDED, None, A),
    ]


def test_without_a_location_column_there_are_changes_and_no_moves() -> None:
    old, new = roster_file([A], "a"), roster_file([A_BERGEN], "a")
    plan = make_plan(old, new, ["Email"], "Office", MEMORY, with_changes=True)
    assert [(change.kind, change.location) for change in plan.changes] == [
        (CHANGED, "(all locations)")
    ]
    assert make_plan(old, old, ["Email"], "Office", MEMORY).unchanged == {"(all locations)": 1}


def test_a_change_counts_at_the_new_location_or_the_last_one() -> None:
    oslo, bergen = RosterRow("oslo", ("A",), ("a",)), RosterRow("bergen", ("A",), ("a",))
    assert Change(MOVED, oslo, bergen).location == "bergen"
    assert Change(REMOVED, oslo, None).location == "oslo"
    assert Change(ADDED, None, RosterRow("", (), ())).location == "(all locations)"
    assert Change(ADDED, None, None).location == "(all locations)"


def test_the_summary_counts_by_kind_and_location() -> None:
    plan = _plan([A, B, B_BERGEN], [A, A_BERGEN, ("B2", "b@x", "tromso")], "abb", "aab")
    none = dict.fromkeys((*KINDS, "removed_invalid", "unchanged"), 0)
    assert plan.summary() == {
        "id": plan.id,
        "added": 1,
        "changed": 0,
        "moved": 1,
        "removed": 1,
        "removed_invalid": 0,
        "unchanged": 1,
        "by_location": {
            "bergen": {**none, "added": 1},
            "oslo": {**none, "removed": 1, "unchanged": 1},
            "tromso": {**none, "moved": 1},
        },
    }
    assert list(plan.summary()["by_location"]) == ["bergen", "oslo", "tromso"]  # type: ignore[call-overload]  # it is a dict
    assert [plan.count(kind) for kind in (ADDED, CHANGED, MOVED, REMOVED)] == [1, 0, 1, 1]


def test_the_id_names_one_step_from_one_roster_to_the_next() -> None:
    old, new = roster_file([A], "a"), roster_file([B], "b")
    step = make_plan(old, new, ["Email"], "Location", MEMORY).id
    assert step == hashlib.sha256(f"{old.sha256} {new.sha256}".encode()).hexdigest()[:16]
    first = make_plan(None, new, ["Email"], "Location", MEMORY).id
    assert first == hashlib.sha256(f"nothing {new.sha256}".encode()).hexdigest()[:16]


def test_the_removed_who_are_in_the_directory_without_a_valid_row_are_told() -> None:
    old = roster_file([A, A_BERGEN, B, ("C", "c@x", "oslo")], "aabc")
    left_out = [
        LeftOut("a", "arendal", "Email is empty"),
        LeftOut("a", "bergen", "Name is empty"),
        LeftOut("b", "tromso", "Email is empty"),
        LeftOut("z", "oslo", "Name is empty"),
    ]
    new = roster_file([A], "a", left_out=left_out)
    plan = make_plan(old, new, ["Email"], "Location", MEMORY)
    assert (plan.count(REMOVED), plan.count(REMOVED_INVALID)) == (3, 2)
    # The cause at the place where a contact was, or else any.
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


def test_who_is_left_out_and_was_never_there_changes_nothing() -> None:
    old, new = roster_file([A], "a"), roster_file([A], "a", left_out=[LeftOut("b", "oslo", "x")])
    assert make_plan(old, new, ["Email"], "Location", MEMORY).is_empty
    assert make_plan(None, new, ["Email"], "Location", MEMORY).count(ADDED) == 1


def test_who_only_moved_or_changed_is_not_removed_wherever_left_out() -> None:
    old, new = roster_file([A, B], "ab"), [A_BERGEN, ("B2", "b@x", "oslo")]
    left_out = [LeftOut("a", "tromso", "x"), LeftOut("b", "tromso", "x")]
    plan = make_plan(old, roster_file(new, "ab", left_out=left_out), ["Email"], "Location", MEMORY)
    assert [plan.count(kind) for kind in (MOVED, CHANGED, REMOVED_INVALID)] == [1, 1, 0]
    assert plan.invalid == ()


def test_equal_rows_are_matched_in_the_order_of_people_however_they_stand() -> None:
    old, new = roster_file([A], "z"), roster_file([A, A], "ba")
    (change,) = make_plan(old, new, ["Email"], "Location", MEMORY, with_changes=True).changes
    assert (change.kind, change.after and change.after.person_key) == (ADDED, ("b",))


def test_by_key_no_identity_is_taken_for_a_key() -> None:
    old = roster_file([("B", "b", "oslo"), A])
    new = roster_file([A], "a", left_out=[LeftOut("b", "oslo", "x")])
    plan = make_plan(old, new, ["Email"], "Location", MEMORY)
    assert (plan.count(REMOVED), plan.count(REMOVED_INVALID)) == (1, 0)


def test_by_key_nobody_is_told_to_be_invalid() -> None:
    old, new = roster_file([A, B]), roster_file([A], "a", left_out=[LeftOut("b", "oslo", "x")])
    plan = make_plan(old, new, ["Email"], "Location", MEMORY)
    assert (plan.count(REMOVED), plan.count(REMOVED_INVALID), plan.invalid) == (1, 0, ())


def test_no_more_than_fifty_invalid_people_are_listed() -> None:
    identities = [f"{number:02d}" for number in range(60)]
    old = roster_file([("N", f"{name}@x", "oslo") for name in identities], identities)
    left_out = [LeftOut(identity, "oslo", "x") for identity in identities]
    plan = make_plan(old, roster_file([A], "a", left_out=left_out), ["Email"], "Location", MEMORY)
    assert plan.count(REMOVED_INVALID) == 60
    assert [person.identity for person in plan.invalid] == identities[:50]


def test_changes_are_held_only_when_they_are_asked_for() -> None:
    plan = make_plan(roster_file([A], "a"), roster_file([B], "b"), ["Email"], "Location", MEMORY)
    assert (plan.changes, plan.is_empty) == ((), False)
    assert make_plan(None, roster_file([A], "a"), ["Email"], "Location", MEMORY).changes == ()


def test_a_roster_may_be_in_any_order() -> None:
    """Also one with control characters, which sort before what separates cells."""
    rows = [("A\tB", "1", "oslo"), ("A", "2", "oslo"), ("A\nB", "3", "oslo"), ("A B", "4", "oslo")]
    old, new = roster_file(rows, "abcd"), roster_file([*reversed(rows), B], "dcbae")
    assert _changes(make_plan(old, new, ["Email"], "Location", MEMORY, with_changes=True)) == [
        (ADDED, None, B)
    ]


def test_of_equal_rows_the_last_are_new_or_gone() -> None:
    fewer, more = roster_file([A, A], "ab"), roster_file([A, A, A], "abc")
    for old, new, kind in ((fewer, more, ADDED), (more, fewer, REMOVED)):
        (change,) = make_plan(old, new, ["Email"], "Location", MEMORY, with_changes=True).changes
        row = change.after or change.before
        assert (change.kind, row and row.person_key) == (kind, ("c",))
