# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of unique columns with a baseline: its holders keep their values, and only new losses are new."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import BinaryIO

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import Column
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.builder import (
    MemoryLimits,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import RosterFile
from ansible_collections.frontdesk.contacts.tests.unit.support.roster_factory import (
    RosterInMemory,
    build_expected_roster,
    build_roster,
    make_roster,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    COLUMNS,
    SAME_VALUE,
    columns,
    contact,
    parse_roster,
    roster_file,
)
from hypothesis import given
from hypothesis import strategies as st

_NAME = {"header": "Name", "value": "sn", "required": True}
_EMAIL = {"header": "Email", "value": "mail", "unique": True, "required_unless": "Phone"}
_PHONE = {"header": "Phone", "value": "mobile", "unique": True}
_BADGE = {"header": "Badge", "value": "info", "unique": True, "required": True}
_SITE = {"header": "Site", "value": "location"}

SITE_COLUMNS = columns(_NAME, _EMAIL, _PHONE, _SITE)
UPPER_COLUMNS = columns(_NAME, _EMAIL, _PHONE, {"header": "Site", "value": "location | upper"})


def _baseline(people: Iterable[Contact], layout: Sequence[Column] = COLUMNS) -> RosterFile:
    """Return the roster of people whose values were not contested."""
    made = make_roster(layout, people)
    assert made.left_out == []
    assert made.emptied == []
    return parse_roster(made.csv, made.ids)


def _rows(made: RosterInMemory) -> dict[str, tuple[str, ...]]:
    """Return the cells of each person after the name."""
    return {identity: tuple(cells) for identity, _name, *cells in made.contacts}


VICTIMS = [contact(str(number), f"V{number}", "", str(number)) for number in range(4, 9)]
ATTACKERS = [
    contact(identity, "A", "", value) for identity, value in zip("01239", ("4", "5", "6", "7", "8"))
]


def test_without_a_baseline_the_smallest_identity_removes_the_only_value_of_colleagues() -> None:
    assert {each.identity for each in make_roster(COLUMNS, [*VICTIMS, *ATTACKERS]).left_out} == {
        *("4", "5", "6", "7"),
        "9",
    }


def test_people_who_enter_the_values_of_colleagues_are_left_out_themselves() -> None:
    made = make_roster(COLUMNS, [*VICTIMS, *ATTACKERS], baseline=_baseline(VICTIMS))
    assert set(_rows(made)) == {each.identity for each in VICTIMS}
    assert made.left_out == [
        LeftOut(each.identity, "oslo", f"Phone: {SAME_VALUE}") for each in ATTACKERS
    ]


def test_the_holder_keeps_a_value_in_other_letter_case() -> None:
    baseline = _baseline([contact("2", "B", "straße@x", "")])
    people = [contact("1", "A", "STRASSE@X", "1"), contact("2", "B", "Strasse@x", "2")]
    made = make_roster(COLUMNS, people, baseline=baseline)
    assert _rows(made) == {"1": ("", "1"), "2": ("Strasse@x", "2")}


def test_a_holder_whose_entry_no_longer_has_the_value_does_not_keep_it() -> None:
    baseline = _baseline([contact("3", "C", "", "1")])
    people = [contact("1", "A", "", "1"), contact("2", "B", "b@x", "1"), contact("3", "C", "", "3")]
    made = make_roster(COLUMNS, people, baseline=baseline)
    assert _rows(made) == {"1": ("", "1"), "2": ("b@x", ""), "3": ("", "3")}


def test_a_holder_at_another_location_does_not_keep_the_value() -> None:
    past = [
        contact("2", "B", "a@x", "", "oslo", location="oslo"),
        contact("3", "C", "a@x", "", "bergen", location="bergen"),
    ]
    people = [
        *(contact(each, each, "a@x", each, "oslo", location="oslo") for each in "123"),
        *(contact(each, each, "a@x", each, "bergen", location="bergen") for each in "123"),
    ]
    made = make_roster(SITE_COLUMNS, people, baseline=_baseline(past, SITE_COLUMNS))
    assert [row[0] for row in made.contacts if (row[2], row[4]) == ("a@x", "oslo")] == ["2"]
    assert [row[0] for row in made.contacts if (row[2], row[4]) == ("a@x", "bergen")] == ["3"]


def test_the_location_can_be_a_part_of_a_cell() -> None:
    past = [
        contact("2", "B", "a@x", "", "BERGEN", location="bergen"),
        contact("3", "C", "a@x", "", "OSLO", location="oslo"),
    ]
    people = [contact(each, each, "a@x", each, "OSLO", location="oslo") for each in "123"]
    made = make_roster(UPPER_COLUMNS, people, baseline=_baseline(past, UPPER_COLUMNS))
    assert [row[0] for row in made.contacts if row[2]] == ["3"]


@pytest.mark.parametrize("header", [("Name", "Email", "Phone"), ("Name", "Email", "Phone", "Old")])
def test_if_the_location_column_was_renamed_the_holder_at_any_location_keeps_the_value(
    header: tuple[str, ...],
) -> None:
    row = ("B", "a@x", "", "oslo")[: len(header)]
    people = [contact(each, each, "a@x", each, "oslo") for each in "123"]
    made = make_roster(SITE_COLUMNS, people, baseline=roster_file([row], "2", header))
    assert [row[0] for row in made.contacts if row[2]] == ["2"]


def test_a_baseline_without_the_unique_column_or_without_identities_has_no_effect() -> None:
    people = [contact(each, each, "a@x", each) for each in "123"]
    expected = make_roster(COLUMNS, people)
    rows = [("B", "a@x", "2")]
    for baseline in (
        roster_file(rows, "2", ("Name", "Mail", "Phone")),
        roster_file(rows, None, ("Name", "Email", "Phone")),
    ):
        made = make_roster(COLUMNS, people, baseline=baseline)
        assert made == expected
        assert made.written.newly_contested == made.written.contested != ()


def test_a_value_is_free_if_its_holder_is_left_out_because_of_another_value() -> None:
    layout = columns(_NAME, _EMAIL, _PHONE, _BADGE)
    baseline = _baseline(
        [contact("8", "H", "a@x", "", "8"), contact("9", "I", "i@x", "", "9")], layout
    )
    people = [
        contact("1", "A", "a@x", "1", "1"),
        contact("2", "B", "a@x", "", "2"),
        contact("8", "H", "a@x", "", "9"),
        contact("9", "I", "i@x", "", "9"),
    ]
    made = make_roster(layout, people, baseline=baseline)
    assert [person.identity for person in made.left_out] == ["8"]
    # The second person needs the value, so the first one does not get it.
    assert _rows(made) == {"1": ("", "1", "1"), "2": ("a@x", "", "2"), "9": ("i@x", "", "9")}


def test_a_free_value_goes_to_a_person_who_already_has_a_row_if_nobody_needs_it() -> None:
    layout = columns(_NAME, _EMAIL, _PHONE, _BADGE)
    baseline = _baseline(
        [contact("8", "H", "a@x", "", "8"), contact("9", "I", "i@x", "", "9")], layout
    )
    people = [
        contact("1", "A", "a@x", "1", "1"),
        contact("2", "B", "a@x", "2", "2"),
        contact("8", "H", "a@x", "", "9"),
        contact("9", "I", "i@x", "", "9"),
    ]
    made = make_roster(layout, people, baseline=baseline)
    assert _rows(made)["1"] == ("a@x", "1", "1")
    assert _rows(made)["2"] == ("", "2", "2")


def test_of_several_holders_the_one_who_needs_the_value_keeps_it() -> None:
    # A baseline that was merged after a partial acceptance can contain a value twice.
    header = [column.header for column in COLUMNS]
    baseline = roster_file([("B", "", "1"), ("C", "", "1"), ("D", "", "1")], "234", header)
    people = [
        *(contact("1", "A", "", "1"), contact("2", "B", "b@x", "1"), contact("3", "C", "", "1")),
        contact("4", "D", "", "1"),
    ]
    made = make_roster(COLUMNS, people, baseline=baseline)
    assert _rows(made) == {"2": ("b@x", ""), "3": ("", "1")}


def test_a_loss_is_new_if_the_person_had_the_value_in_one_of_several_rows() -> None:
    header = [column.header for column in COLUMNS]
    baseline = roster_file([("A", "a@x", ""), ("A", "", "1"), ("B", "", "1")], "223", header)
    people = [contact("2", "A", "a@x", "1"), contact("3", "B", "", "1")]
    made = make_roster(COLUMNS, people, baseline=baseline)
    (new,) = made.written.newly_contested
    assert [(cell.identity, cell.holder) for cell in new.first] == [("2", "3")]


def test_a_loss_is_new_unless_the_cell_was_empty_in_the_baseline() -> None:
    header = [column.header for column in COLUMNS]
    baseline = roster_file(
        [("A", "a@x", ""), ("C", "c@x", "3"), ("H", "h@x", "1")], ["1", "3", "9"], header
    )
    people = [
        contact("1", "A", "a@x", "1"),  # lost the value before
        contact("2", "B", "b@x", "1"),  # new person
        contact("3", "C", "c@x", "1"),  # had another value
        contact("4", "D", "", "1"),  # had no row
        contact("9", "H", "h@x", "1"),
    ]
    made = make_roster(COLUMNS, people, baseline=baseline)
    (contested,) = made.written.contested
    assert (contested.count, contested.left_out, contested.new) == (4, 1, 3)
    (new,) = made.written.newly_contested
    assert (new.count, new.left_out, new.new) == (3, 1, 3)
    assert [(cell.identity, cell.holder) for cell in new.first] == [
        *(("4", "9"), ("2", "9"), ("3", "9"))
    ]


def test_shared_phones_stay_with_their_holder_and_are_not_new_in_the_next_run() -> None:
    people = [contact(each, each, f"{each}@x", "1") for each in "34567"]
    first = make_roster(COLUMNS, people)
    assert first.written.newly_contested == first.written.contested != ()
    baseline = parse_roster(first.csv, first.ids)
    second = make_roster(COLUMNS, people, baseline=baseline)
    assert (second.csv, second.ids) == (first.csv, first.ids)
    assert second.written.newly_contested == ()
    # A new person with a smaller identity, who needs the number, is the only new loss.
    third = make_roster(COLUMNS, [contact("1", "N", "", "1"), *people], baseline=baseline)
    assert third.csv == first.csv
    (new,) = third.written.newly_contested
    assert [cell.identity for cell in new.first] == ["1"]


def test_people_are_counted_once_even_if_they_newly_lose_several_values() -> None:
    past = [contact("8", "H", "a@x", "1", "oslo"), contact("9", "I", "a@x", "1", "bergen")]
    people = [
        *(contact("8", "H", "a@x", "1", "oslo"), contact("1", "A", "a@x", "1", "oslo")),
        contact("2", "B", "2@x", "1", "oslo"),
        contact("9", "I", "a@x", "1", "bergen", location="bergen"),
        contact("1", "A", "a@x", "", "bergen", location="bergen"),
    ]
    roster = build_roster(
        SITE_COLUMNS,
        [people[:3], people[3:]],
        baseline=_baseline(
            [past[0], past[1]._replace(location="bergen")],
            SITE_COLUMNS,
        ),
    )
    assert sum(cell.is_new for cell in roster.contested()) == 4
    assert roster.count_new_losers() == 2


def _unreadable() -> BinaryIO:
    raise AssertionError("the baseline was read")


def test_the_baseline_is_not_read_if_no_value_is_contested() -> None:
    baseline = replace(_baseline(VICTIMS), open_file=_unreadable, open_ids=_unreadable)
    # The same person twice, and two people without a common value, are candidates because of the small filter.
    people = [*VICTIMS, VICTIMS[0]._replace(cells=("W", "", "4")), contact("1", "A", "a@x", "1")]
    limits = MemoryLimits(filter_bytes=1)
    made = make_roster(COLUMNS, people, limits, baseline)
    assert len(made.contacts) == 6
    with pytest.raises(AssertionError, match="was read"):
        make_roster(COLUMNS, [*people, ATTACKERS[0]], limits, baseline)


def test_the_baseline_is_read_once() -> None:
    baseline = _baseline(VICTIMS)
    opened: list[str] = []

    def open_file() -> BinaryIO:
        opened.append("csv")
        return baseline.open_file()

    make_roster(
        COLUMNS,
        [*VICTIMS, *ATTACKERS],
        baseline=replace(baseline, open_file=open_file),
    )
    assert opened == ["csv"]


def test_a_baseline_that_changed_is_reported() -> None:
    baseline = replace(_baseline(VICTIMS), open_file=_baseline(VICTIMS[1:]).open_file)
    with pytest.raises(InputError, match="changed while it was being read"):
        make_roster(COLUMNS, [*VICTIMS, *ATTACKERS], baseline=baseline)


def test_the_memory_does_not_depend_on_the_size_of_the_baseline() -> None:
    def measure(count: int) -> int:
        rows = [(f"N{each}", f"{each}@x", "") for each in range(count)]
        header = [column.header for column in COLUMNS]
        baseline = roster_file(rows, [f"{each:06d}" for each in range(count)], header)
        people = [contact(each, each, "1@x", each) for each in ("000000", "000001")]
        tracemalloc.start()
        try:
            made = make_roster(COLUMNS, people, MemoryLimits(filter_bytes=1024), baseline)
            assert [row[0] for row in made.contacts if row[2]] == ["000001"]
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    measure(1000)  # fills caches
    assert measure(40_000) < measure(10_000) + 100_000


IDENTITIES = "123456"
LAYOUTS = [
    SITE_COLUMNS,
    columns(_NAME, _EMAIL, _PHONE, _BADGE, _SITE),
    columns({**_PHONE, "required": True}, _BADGE, _SITE),
    columns(_EMAIL, {**_PHONE, "required_unless": "Badge"}, {**_BADGE, "required": False}, _SITE),
]
_CELLS = st.sampled_from(["", "a", "A", "b", "c", "d"])


@st.composite
def _people(draw: st.DrawFn, layout: tuple[Column, ...]) -> list[Contact]:
    """Return people with valid rows, each at most once at each location."""
    people = []
    for location in ("bergen", "oslo"):
        for identity in draw(st.lists(st.sampled_from(IDENTITIES), unique=True)):
            cells = tuple(
                location if column.expression.is_location else draw(_CELLS) or "a" * column.required
                for column in layout
            )
            filled = {column.header for column, cell in zip(layout, cells) if cell}
            if all(
                not column.alternatives or filled & set(column.alternatives) for column in layout
            ):
                people.append(Contact(location, cells, identity))
    return people


@st.composite
def _case(draw: st.DrawFn) -> tuple[tuple[Column, ...], list[Contact], RosterFile]:
    """Return columns, people and a baseline that may lack columns and may contain values and people repeatedly."""
    layout = draw(st.sampled_from(LAYOUTS))
    headers = [column.header for column in layout]
    titles = draw(st.lists(st.sampled_from(headers), min_size=1, unique=True)) or headers
    if draw(st.booleans()):
        titles = headers
    cells = dict.fromkeys(titles, _CELLS)
    if "Site" in cells:
        cells["Site"] = st.sampled_from(["bergen", "oslo", ""])
    rows = draw(st.lists(st.tuples(*cells.values()), max_size=8))
    identities = [draw(st.sampled_from(IDENTITIES)) for _row in rows]
    return layout, draw(_people(layout)), roster_file(rows, identities, titles)


_LIMITS = st.builds(
    MemoryLimits,
    run_bytes=st.sampled_from([1, 400, 1 << 20]),
    filter_bytes=st.sampled_from([1, 64]),
)


@given(_case(), _LIMITS)
def test_rosters_with_a_baseline_match_the_reference_implementation(
    case: tuple[tuple[Column, ...], list[Contact], RosterFile], limits: MemoryLimits
) -> None:
    layout, people, baseline = case
    made = make_roster(layout, people, limits, baseline)
    expected = build_expected_roster(layout, people, baseline)
    assert (made.csv, made.ids) == (expected.csv, expected.ids)
    for columns_, cells in (
        (made.written.contested, expected.contested),
        (made.written.newly_contested, [cell for cell in expected.contested if cell.is_new]),
    ):
        assert {(each.location, each.column): (each.count, each.new) for each in columns_} == {
            key: (len(group), sum(cell.is_new for cell in group))
            for key in {cell[1:3] for cell in cells}
            if (group := [cell for cell in cells if cell[1:3] == key])
        }


@given(
    st.sampled_from(LAYOUTS).flatmap(
        lambda each: st.tuples(st.just(each), _people(each), _people(each))
    )
)
def test_people_who_do_not_change_keep_their_values_whatever_other_people_enter(
    case: tuple[tuple[Column, ...], list[Contact], list[Contact]],
) -> None:
    layout, before, after = case
    first = make_roster(layout, before)
    unchanged = {
        (identity, cells[-1]): (identity, *cells)
        for identity, *cells in first.contacts[: len(first.contacts) // 2 + 1]
    }
    people = [
        *(Contact(cells[-1], tuple(cells), identity) for identity, *cells in unchanged.values()),
        *(each for each in after if (each.identity, each.location) not in unchanged),
    ]
    second = make_roster(layout, people, baseline=parse_roster(first.csv, first.ids))
    assert set(unchanged.values()) <= set(second.contacts)


@given(_case(), _LIMITS)
def test_contested_values_of_the_baseline_are_not_new_in_the_next_run(
    case: tuple[tuple[Column, ...], list[Contact], RosterFile], limits: MemoryLimits
) -> None:
    layout, people, _baseline_roster = case
    first = make_roster(layout, people, limits)
    baseline = parse_roster(first.csv, first.ids)
    second = make_roster(layout, people, limits, baseline)
    assert (second.csv, second.ids) == (first.csv, first.ids)
    rows = {(row[0], row[-1]) for row in first.contacts}
    for each in second.written.newly_contested:
        # Only people without a row are reported again.
        assert each.count == each.left_out
        assert not rows & {(cell.identity, cell.location) for cell in each.first}
