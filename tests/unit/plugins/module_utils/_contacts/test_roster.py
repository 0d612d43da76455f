# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roster: its order, each person once, and columns that are unique."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.contact import (
    Contact,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.roster import (
    Emptied,
    make_roster,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.roster_writer import (
    render_csv,
    render_ids,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import columns, contact
from hypothesis import given
from hypothesis import strategies as st

COLUMNS = columns(
    {"header": "Name", "value": "sn", "required": True},
    {"header": "Email", "value": "mail", "unique": True, "required_unless": "Phone"},
    {"header": "Phone", "value": "mobile", "unique": True},
)
SAME = "another person here has the same value"


def _rows(*found: Contact | LeftOut) -> list[tuple[str, ...]]:
    return [(c.identity, *c.cells) for c in make_roster(COLUMNS, found).contacts]


def test_rows_are_in_the_order_of_location_cells_identity() -> None:
    found = [
        contact("1", "B", "b@x", "", location="oslo"),
        contact("4", "A", "", "1", location="oslo"),
        contact("2", "A", "a@x", "", location="oslo"),
        contact("3", "Z", "z@x", "", location="bergen"),
    ]
    assert [row[0] for row in _rows(*found)] == ["3", "4", "2", "1"]
    plain = columns({"header": "Name", "value": "sn"})
    same = [contact("b", "A"), contact("a", "A")]
    assert [c.identity for c in make_roster(plain, same).contacts] == ["a", "b"]


def test_the_header_is_that_of_the_columns() -> None:
    assert make_roster(COLUMNS, []) == (("Name", "Email", "Phone"), (), (), ())


def test_a_person_is_once_at_a_location_and_once_at_each() -> None:
    here, there = contact("1", "A", "a@x", ""), contact("1", "A", "a@x", "", location="bergen")
    assert make_roster(COLUMNS, [here, there, here]).contacts == (there, here)
    gone = LeftOut("1", "oslo", "Name is empty")
    assert make_roster(COLUMNS, [gone, gone]).left_out == (gone,)


def test_people_left_out_are_in_order() -> None:
    found = [LeftOut("2", "b", "x"), LeftOut("1", "b", "y"), LeftOut("3", "a", "z")]
    roster = make_roster(COLUMNS, found)
    assert [person.identity for person in roster.left_out] == ["3", "1", "2"]
    assert roster.contacts == ()


def test_the_smallest_identity_keeps_a_value() -> None:
    roster = make_roster(
        COLUMNS, [contact("2", "A", "same@x", "2"), contact("1", "B", "Same@x", "1")]
    )
    assert [tuple(c.cells) for c in roster.contacts] == [("A", "", "2"), ("B", "Same@x", "1")]
    assert roster.emptied == (Emptied("2", "oslo", "Email", SAME),)
    assert roster.left_out == ()


def test_case_does_not_make_a_value_another() -> None:
    assert _rows(contact("1", "A", "straße@x", "1"), contact("2", "B", "STRASSE@x", "2")) == [
        ("1", "A", "straße@x", "1"),
        ("2", "B", "", "2"),
    ]


def test_at_another_location_the_value_is_free() -> None:
    found = [contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "", location="bergen")]
    assert make_roster(COLUMNS, found).emptied == ()


def test_empty_cells_are_no_common_value() -> None:
    found = [contact("1", "A", "a@x", ""), contact("2", "B", "b@x", "")]
    assert make_roster(COLUMNS, found).emptied == ()


@pytest.mark.parametrize(
    ("first", "second", "cause"),
    [
        (("A", "a@x", ""), ("B", "a@x", ""), "Email: another person here has the same value"),
        (
            *(("A", "a@x", "1"), ("B", "a@x", "1")),
            "Email and Phone: another person here has the same value",
        ),
    ],
)
def test_a_row_that_may_not_lose_its_value_is_left_out(
    first: tuple[str, ...], second: tuple[str, ...], cause: str
) -> None:
    roster = make_roster(COLUMNS, [contact("1", *first), contact("2", *second)])
    assert roster.left_out == (LeftOut("2", "oslo", cause),)
    assert roster.emptied == ()


def test_a_row_left_out_takes_no_value() -> None:
    # The second person has the first one's name and so no row: the third may have that phone.
    strict = columns(
        {"header": "Name", "value": "sn", "required": True, "unique": True},
        {"header": "Phone", "value": "mobile", "unique": True},
    )
    found = [contact("1", "A", "1"), contact("2", "A", "2"), contact("3", "C", "2")]
    roster = make_roster(strict, found)
    assert [c.cells for c in roster.contacts] == [("A", "1"), ("C", "2")]
    assert [person.identity for person in roster.left_out] == ["2"]


def test_all_emptied_cells_are_told() -> None:
    plain = columns(
        {"header": "A", "value": "sn", "unique": True},
        {"header": "B", "value": "mail", "unique": True},
    )
    found = [
        *(contact("1", "x", "y"), contact("2", "x", "y")),
        *(contact("3", "x", "y", location="bergen"), contact("4", "x", "z", location="bergen")),
    ]
    assert make_roster(plain, found).emptied == (
        Emptied("4", "bergen", "A", SAME),
        Emptied("2", "oslo", "A", SAME),
        Emptied("2", "oslo", "B", SAME),
    )


_PEOPLE = st.builds(
    lambda identity, location, cells: Contact(location, tuple(cells), identity),
    st.sampled_from("abcdef"),
    st.sampled_from(["oslo", "bergen"]),
    st.tuples(
        st.sampled_from("AB"), st.sampled_from(["a@x", "A@x", "b@x"]), st.sampled_from(["", "1"])
    ),
)


@given(
    st.lists(
        st.one_of(
            _PEOPLE, st.builds(LeftOut, st.sampled_from("ghi"), st.just("oslo"), st.just("x"))
        ),
        unique_by=lambda person: (person.location, person.identity),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_people_are_found_does_not_matter(
    people: list[Contact | LeftOut], random: object
) -> None:
    shuffled = [*people, *people]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own kind of Random
    one, other = make_roster(COLUMNS, people), make_roster(COLUMNS, shuffled)
    assert render_csv(one) == render_csv(other)
    assert render_ids(one, "0") == render_ids(other, "0")
    assert one.emptied == other.emptied
    assert len(one.contacts) + len(one.left_out) == len(people)
    for _location, group in itertools.groupby(one.contacts, key=lambda c: c.location):
        rows = [c.cells for c in group]
        for index in (1, 2):
            values = [cells[index].casefold() for cells in rows if cells[index]]
            assert len(values) == len(set(values))
