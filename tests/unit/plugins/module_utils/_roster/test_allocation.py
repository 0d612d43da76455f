# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Property-based tests of the allocation of contested values, with brute-force checks of its rules."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    Column,
    find_broken_rule,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import Contact
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.allocation import RowRules
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.builder import (
    MemoryLimits,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import RosterFile
from ansible_collections.frontdesk.contacts.tests.unit.support.roster_factory import (
    Value,
    ValueAllocator,
    make_roster,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    COLUMNS,
    columns,
    roster_file,
)
from hypothesis import given
from hypothesis import strategies as st

_BADGE = {"header": "Badge", "value": "sn", "required": True, "unique": True}
_EMAIL = {"header": "Email", "value": "mail", "unique": True, "required_unless": "Phone"}
_PHONE = {"header": "Phone", "value": "mobile", "unique": True}
_DESK = {"header": "Desk", "value": "info", "unique": True}

LIMITS = MemoryLimits(filter_bytes=64)  # a small filter is faster

LAYOUTS = [
    COLUMNS,
    columns(_BADGE, _EMAIL, _PHONE),
    columns(_BADGE, {**_PHONE, "required": True}, _DESK),
    columns(_EMAIL, {**_PHONE, "required_unless": "Desk"}, _DESK),
]


def _cells(layout: tuple[Column, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    cell = st.sampled_from(["", "1", "2", "3", "4"])
    return st.tuples(*(cell for _column in layout)).filter(
        lambda cells: find_broken_rule(layout, cells, {}) is None
    )


@st.composite
def _baseline(draw: st.DrawFn, layout: tuple[Column, ...]) -> RosterFile:
    """Return a baseline that can contain a value or a person twice."""
    rows = draw(st.lists(_cells(layout), max_size=8))
    identities = [draw(st.sampled_from("012345")) for _row in rows]
    return roster_file(rows, identities, [column.header for column in layout])


@st.composite
def _people(draw: st.DrawFn) -> tuple[tuple[Column, ...], list[Contact]]:
    layout = draw(st.sampled_from(LAYOUTS))
    rows = draw(st.lists(_cells(layout), max_size=6))
    people = [Contact("oslo", cells, str(number)) for number, cells in enumerate(rows)]
    return layout, draw(st.permutations(people))


def _subsets(values: set[Value]) -> Iterator[set[Value]]:
    for count in range(len(values) + 1):
        yield from map(set, itertools.combinations(sorted(values), count))


def _read_state(
    layout: tuple[Column, ...], people: list[Contact], baseline: RosterFile | None
) -> tuple[ValueAllocator, set[str]]:
    """Make a roster; return the values with the holders in this roster, and the identities of its rows."""
    made = make_roster(layout, people, LIMITS, baseline)
    state = ValueAllocator(layout, people, baseline)
    for identity, *cells in made.contacts:
        for index, cell in enumerate(cells):
            if layout[index].unique and cell:
                # A value has at most one holder.
                assert state.holders.setdefault((index, cell), identity) == identity
    return state, {identity for identity, *_cells in made.contacts}


def _obtainable(state: ValueAllocator, identity: str) -> set[Value]:
    """Return the values of a person that another person does not keep because of the baseline."""
    return {
        value
        for value in state.values(identity)
        if identity in (holders := state.reserved.get(value, ()))
        or state.holders.get(value) not in holders
    }


@given(_people(), st.data())
def test_the_holders_satisfy_the_rules(
    case: tuple[tuple[Column, ...], list[Contact]], data: st.DataObject
) -> None:
    layout, people = case
    state, rows = _read_state(layout, people, data.draw(st.none() | _baseline(layout)))
    for identity in state.people.keys() - rows:
        # Values that are free, or that their holders do not need, are not enough for a valid row.
        for values in _subsets(_obtainable(state, identity)):
            if state.has_valid_row(identity, values):
                assert not state.can_do_without({each for each in values if each in state.holders})
    for identity in rows:
        for value in _obtainable(state, identity):
            holder = state.holders[value]
            # If the holder does not need a value, no other claimant with a row has a smaller identity.
            assert holder <= identity or not state.can_do_without({value})


@given(_people(), st.data())
def test_nobody_takes_the_values_of_the_baseline_from_a_person_who_needs_no_others(
    case: tuple[tuple[Column, ...], list[Contact]], data: st.DataObject
) -> None:
    layout, people = case
    state, rows = _read_state(layout, people, data.draw(_baseline(layout)))
    for identity in state.people:
        values = state.values(identity)
        reserved = {each for each in values if state.reserved.get(each) == {identity}}
        if state.has_valid_row(identity, reserved):
            assert identity in rows
            assert reserved <= state.held_by(identity)


@given(_people())
def test_of_people_with_the_same_single_value_the_smallest_identity_keeps_it(
    case: tuple[tuple[Column, ...], list[Contact]],
) -> None:
    _layout, people = case
    people = [each._replace(cells=("N", *each.cells[1:3])) for each in people]
    people = [each for each in people if find_broken_rule(COLUMNS, each.cells, {}) is None]
    made = make_roster(COLUMNS, people, LIMITS)
    state = ValueAllocator(COLUMNS, people)
    rows = {identity for identity, *_cells in made.contacts}
    dependents: dict[Value, list[str]] = {}
    for identity in state.people:
        values = state.values(identity)
        if len(values) == 1:
            dependents.setdefault(values.pop(), []).append(identity)
    for identities in dependents.values():
        assert rows & set(identities) == {min(identities)}


@given(st.sampled_from(LAYOUTS), st.data())
def test_bit_masks_of_filled_cells_are_checked_like_the_cells(
    layout: tuple[Column, ...], data: st.DataObject
) -> None:
    cells = data.draw(st.tuples(*(st.sampled_from(["", "1"]) for _column in layout)))
    filled = sum(1 << index for index, cell in enumerate(cells) if cell)
    assert RowRules(layout).is_valid(filled) == (find_broken_rule(layout, cells, {}) is None)
