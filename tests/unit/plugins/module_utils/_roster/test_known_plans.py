# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the changes from all rosters that the service may have, and from their union."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import LeftOut
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import RosterFile
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.known_plans import (
    KnownPlans,
    plan_from_known,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.plan import (
    ADDED,
    CHANGED,
    KINDS,
    MOVED,
    REMOVED,
    REMOVED_INVALID,
    make_plan,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.plan_model import (
    TITLES,
    ModelRoster,
    model_rosters,
    model_union,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    MEMORY,
    recording_spill,
    roster_file,
)
from hypothesis import given
from hypothesis import strategies as st

A, A_NEW, A_BERGEN = ("A", "a@x", "oslo"), ("A2", "a@x", "oslo"), ("A", "a@x", "bergen")
A_TROMSO = ("A", "a@x", "tromso")
B, B_NEW, B_BERGEN = ("B", "b@x", "oslo"), ("B2", "b@x", "oslo"), ("B", "b@x", "bergen")
NO_MAIL, NO_MAIL_NEW = ("N", "", "oslo"), ("N2", "", "oslo")


def _plan(known: Sequence[RosterFile], new: RosterFile, *key: str) -> KnownPlans:
    return plan_from_known(known, new, key or ["Email"], "Location", MEMORY)


def test_the_changes_from_the_union_of_one_known_roster_are_those_of_its_plan() -> None:
    old, new = roster_file([A, B], "ab"), roster_file([A_BERGEN], "a")
    spill, files = recording_spill()
    plans = plan_from_known([old], new, ["Email"], "Location", spill, with_changes=True)
    plan = make_plan(old, new, ["Email"], "Location", MEMORY, with_changes=True)
    assert (plans.plans, plans.plan) == ((plan,), plan)
    assert plans.union.counts is plans.plan.counts
    assert plans.union.moved_from is plans.plan.moved_from
    assert files == []


def test_all_contacts_are_added_without_a_known_roster() -> None:
    plans = _plan([], roster_file([A, B_BERGEN], "ab"))
    assert plans.plan.baseline_rows == 0
    assert plans.union.counts == {("oslo", ADDED): 1, ("bergen", ADDED): 1}
    assert [plans.union.count(kind) for kind in KINDS] == [2, 0, 0, 0]


def test_each_known_roster_has_its_own_plan() -> None:
    baseline, upload = roster_file([A, B], "ab"), roster_file([A_NEW], "a")
    new = roster_file([A_NEW], "a")
    plans = plan_from_known([baseline, upload], new, ["Email"], "Location", MEMORY)
    assert plans.plans == tuple(
        make_plan(roster, new, ["Email"], "Location", MEMORY) for roster in (baseline, upload)
    )
    plans = plan_from_known(
        [baseline, baseline], new, ["Email"], "Location", MEMORY, with_changes=True
    )
    assert [len(plan.changes) for plan in plans.plans] == [2, 0]


@pytest.mark.parametrize(
    ("first", "second", "new", "counts"),
    [
        # If a person is not in the new roster, the removed contacts at each location are those of the known roster that
        # has the most there.
        ((A, B), (A,), (A,), {("oslo", REMOVED): 1}),
        ((A, B), (A, B_BERGEN), (A,), {("oslo", REMOVED): 1, ("bergen", REMOVED): 1}),
        ((A, B), (A, B_NEW), (A,), {("oslo", REMOVED): 1}),
        ((A, B), (A, B, B_BERGEN), (A,), {("oslo", REMOVED): 1, ("bergen", REMOVED): 1}),
        # If a person is in the new roster, each kind of change is counted as in the plan with the most such changes.
        ((A,), (A_BERGEN, A_TROMSO), (A,), {("tromso", REMOVED): 1, ("oslo", MOVED): 1}),
        (
            *((A, A_BERGEN), (A_BERGEN, A_TROMSO), (A_BERGEN,)),
            {("oslo", REMOVED): 1},
        ),
        ((A_NEW,), (), (A,), {("oslo", CHANGED): 1, ("oslo", ADDED): 1}),
        ((A_NEW,), (A_BERGEN,), (A,), {("oslo", CHANGED): 1, ("oslo", MOVED): 1}),
        ((A_NEW,), (A_NEW,), (A,), {("oslo", CHANGED): 1}),
        ((), (A,), (A, A_BERGEN), {("oslo", ADDED): 1, ("bergen", ADDED): 1}),
        # Different people are counted separately.
        ((A, B), (A_NEW, B_NEW), (A_NEW, B), {("oslo", CHANGED): 2}),
    ],
)
def test_changes_from_the_union_are_counted_by_person(
    first: Sequence[tuple[str, ...]],
    second: Sequence[tuple[str, ...]],
    new: Sequence[tuple[str, ...]],
    counts: dict[tuple[str, str], int],
) -> None:
    def with_identities(rows: Sequence[tuple[str, ...]]) -> RosterFile:
        return roster_file(rows, [row[1] for row in rows])

    rosters = [with_identities(rows) for rows in (first, second)]
    assert _plan(rosters, with_identities(new)).union.counts == counts
    rosters = [roster_file(rows) for rows in (first, second)]
    assert _plan(rosters, roster_file(new)).union.counts == counts


def test_moved_contacts_are_counted_at_the_old_location_of_the_same_roster() -> None:
    known = [roster_file([A], "a"), roster_file([A_BERGEN, B_BERGEN], "ab")]
    union = _plan(known, roster_file([A_TROMSO, B], "ab")).union
    assert union.counts == {("tromso", MOVED): 1, ("oslo", MOVED): 1, ("oslo", ADDED): 1}
    assert union.moved_from == {"oslo": 1, "bergen": 1}


def test_removed_people_without_a_valid_row_are_counted_in_the_union() -> None:
    known = [roster_file([A, B], "ab"), roster_file([B_BERGEN], "b")]
    new = roster_file([A], "a", left_out=[LeftOut("b", "oslo", "x")])
    union = _plan(known, new).union
    assert (union.count(REMOVED), union.count(REMOVED_INVALID)) == (2, 2)


def test_a_person_with_a_new_identity_is_not_removed() -> None:
    known = [roster_file([A, B], "ab"), roster_file([A, B, B_BERGEN], "abb")]
    union = _plan(known, roster_file([A, B], "yz")).union
    assert union.counts == {("bergen", REMOVED): 1}


def test_people_are_matched_by_key_if_one_of_the_rosters_has_no_identities() -> None:
    new = roster_file([A], "a")
    for known in (
        [roster_file([A, B], "ab"), roster_file([A, B_BERGEN])],
        [roster_file([A, B]), roster_file([A, B_BERGEN], "ab")],
    ):
        plans = _plan(known, new)
        assert [plan.by_identity for plan in plans.plans] == [
            roster.open_ids is not None for roster in known
        ]
        assert plans.union.counts == {("oslo", REMOVED): 1, ("bergen", REMOVED): 1}


def test_the_key_of_the_new_row_identifies_a_person_with_a_new_key() -> None:
    known = [roster_file([("A", "old@x", "oslo")], "a"), roster_file([A_NEW])]
    assert _plan(known, roster_file([A], "a")).union.counts == {("oslo", CHANGED): 1}


def test_people_without_a_key_are_not_matched_between_rosters() -> None:
    known = [roster_file([NO_MAIL, A]), roster_file([NO_MAIL_NEW, A])]
    assert _plan(known, roster_file([A])).union.counts == {("oslo", REMOVED): 2}
    known = [roster_file([NO_MAIL, A]), roster_file([NO_MAIL_NEW, A])]
    new = roster_file([NO_MAIL, NO_MAIL_NEW, A])
    assert _plan(known, new).union.counts == {("oslo", ADDED): 2}
    # The same row is added in each plan, and is counted once.
    known = [roster_file([A]), roster_file([A, B])]
    assert _plan(known, roster_file([NO_MAIL, A, B])).union.counts == {("oslo", ADDED): 2}
    known = [roster_file([A]), roster_file([A, NO_MAIL])]
    assert _plan(known, roster_file([NO_MAIL, NO_MAIL, A])).union.counts == {("oslo", ADDED): 2}


def test_people_in_rosters_with_different_columns_are_matched_by_the_common_key() -> None:
    known = [
        roster_file([A, B]),
        roster_file([("b@x", "bergen"), ("a@x", "oslo")], header=("Email", "Location")),
    ]
    plans = _plan(known, roster_file([A]), "Name", "Email")
    assert plans.union.counts == {("oslo", REMOVED): 1, ("bergen", REMOVED): 1}
    known = [
        roster_file([A]),
        roster_file([("a@x", "oslo")], header=("Email", "Location")),
        roster_file([("A", "oslo")], header=("Name", "Location")),
    ]
    plans = _plan(known, roster_file([B]), "Name", "Email")
    assert plans.union.count(REMOVED) == 3


def test_rosters_without_a_common_key_column_are_an_error() -> None:
    other = roster_file([("A", "oslo")], header=("Name", "Location"))
    with pytest.raises(InputError, match="no column of key in common"):
        _plan([roster_file([A]), other], roster_file([A]))


_HEADER = (*TITLES, "Person")
_HEADERS = st.sampled_from(
    [_HEADER, tuple(reversed(_HEADER)), ("Name", "Location", "Person"), ("Email", "Person")]
)


def _known(rosters: Sequence[ModelRoster], new: ModelRoster) -> KnownPlans:
    return _plan([roster.file() for roster in rosters], new.file())


@given(
    st.lists(model_rosters(_HEADERS, with_identities=True, max_size=5), min_size=1, max_size=3),
    model_rosters(_HEADERS, with_identities=True, max_size=5),
)
def test_the_counts_of_the_union_are_those_of_the_model(
    known: list[ModelRoster], new: ModelRoster
) -> None:
    union = _known(known, new).union
    assert Counter(union.counts) == model_union(known, new, ["Email"])
    assert sum(union.moved_from.values()) == union.count(MOVED)


@given(st.lists(model_rosters(), min_size=1, max_size=3), model_rosters())
def test_the_union_has_at_least_as_many_changes_as_each_known_roster(
    known: list[ModelRoster], new: ModelRoster
) -> None:
    plans = _known(known, new)
    for plan, kind in itertools.product(plans.plans, KINDS):
        assert plans.union.count(kind) >= plan.count(kind)
        assert plans.union.count(kind) <= sum(each.count(kind) for each in plans.plans)


@given(
    st.lists(model_rosters(with_identities=True), min_size=1, max_size=2),
    model_rosters(with_identities=True),
)
def test_a_roster_that_is_known_twice_is_counted_once(
    known: list[ModelRoster], new: ModelRoster
) -> None:
    once, twice = _known(known, new).union, _known([*known, *known], new).union
    assert {**twice.counts} == {**once.counts}
