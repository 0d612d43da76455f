# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roster: its order, each person once, and columns that are unique."""

from __future__ import annotations

import io
import itertools
from typing import BinaryIO

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.contact import (
    Contact,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.roster import (
    DEFAULT_SIZES,
    Gathering,
    Sizes,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.roster_writer import (
    Emptied,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.runs import Scratch
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import FrontdeskError
from ansible_collections.frontdesk.contacts.tests.unit.support.making import (
    gathered,
    make,
    written,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    MEMORY,
    columns,
    contact,
    found,
)

COLUMNS = columns(
    {"header": "Name", "value": "sn", "required": True},
    {"header": "Email", "value": "mail", "unique": True, "required_unless": "Phone"},
    {"header": "Phone", "value": "mobile", "unique": True},
)
SAME = "another person here has the same value"


def _rows(*people: Contact | LeftOut) -> list[tuple[str, ...]]:
    return make(COLUMNS, people).contacts


def test_rows_are_in_the_order_of_location_cells_identity() -> None:
    people = [
        contact("1", "B", "b@x", "", location="oslo"),
        contact("4", "A", "", "1", location="oslo"),
        contact("2", "A", "a@x", "", location="oslo"),
        contact("3", "Z", "z@x", "", location="bergen"),
    ]
    assert [row[0] for row in _rows(*people)] == ["3", "4", "2", "1"]
    plain = columns({"header": "Name", "value": "sn"})
    same = [contact("b", "A"), contact("a", "A")]
    assert make(plain, same).contacts == [("a", "A"), ("b", "A")]


def test_without_people_there_is_a_header() -> None:
    made = make(COLUMNS, [])
    assert made.csv == b"Name,Email,Phone\r\n"
    assert (made.contacts, made.left_out, made.emptied) == ([], [], [])


def test_a_person_is_once_at_a_location_and_once_at_each() -> None:
    here, there = contact("1", "A", "a@x", ""), contact("1", "A", "a@x", "", location="bergen")
    assert make(COLUMNS, [here, there, here]).contacts == [("1", "A", "a@x", "")] * 2
    gone = LeftOut("1", "oslo", "Name is empty")
    assert make(COLUMNS, [gone, gone]).left_out == [gone]


def test_a_person_of_two_sources_at_one_location_is_one_row_however_little_is_read_at_a_time() -> (
    None
):
    people = [contact(str(number), "A", f"{number}@x", "") for number in range(4)]
    made = written(gathered(COLUMNS, [people, people[1:], people[:2]], Sizes(run=1)))
    assert [row[0] for row in made.contacts] == ["0", "1", "2", "3"]
    assert (made.written.row_count, any(made.lost)) == (4, False)


def test_of_two_readings_of_a_person_at_a_location_one_counts_whichever_came_first() -> None:
    one, other = contact("1", "A", "a@x", ""), contact("1", "A", "b@x", "")
    gone = LeftOut("1", "oslo", "Name is empty")
    people: list[Contact | LeftOut] = [one, other, gone]
    for readings in itertools.permutations(people):
        made = make(COLUMNS, readings)
        assert (made.contacts, made.left_out) == ([("1", "A", "a@x", "")], [])
    assert make(COLUMNS, [gone, gone._replace(cause="A")]).left_out == [gone._replace(cause="A")]


def test_people_left_out_are_in_order() -> None:
    people = [LeftOut("2", "b", "x"), LeftOut("1", "b", "y"), LeftOut("3", "a", "z")]
    roster = make(COLUMNS, people)
    assert [person.identity for person in roster.left_out] == ["3", "1", "2"]
    assert roster.contacts == []


def test_the_smallest_identity_keeps_a_value() -> None:
    roster = make(COLUMNS, [contact("2", "A", "same@x", "2"), contact("1", "B", "Same@x", "1")])
    assert roster.contacts == [("2", "A", "", "2"), ("1", "B", "Same@x", "1")]
    assert roster.emptied == [Emptied("2", "oslo", "Email", SAME)]
    assert roster.left_out == []


def test_case_does_not_make_a_value_another() -> None:
    assert _rows(contact("1", "A", "straße@x", "1"), contact("2", "B", "STRASSE@x", "2")) == [
        ("1", "A", "straße@x", "1"),
        ("2", "B", "", "2"),
    ]


def test_at_another_location_the_value_is_free() -> None:
    people = [contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "", location="bergen")]
    assert make(COLUMNS, people).emptied == []


def test_empty_cells_are_no_common_value() -> None:
    people = [contact("1", "A", "a@x", ""), contact("2", "B", "b@x", "")]
    assert make(COLUMNS, people).emptied == []


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
    roster = make(COLUMNS, [contact("1", *first), contact("2", *second)])
    assert roster.left_out == [LeftOut("2", "oslo", cause)]
    assert roster.emptied == []


def test_a_row_left_out_takes_no_value() -> None:
    # The second person has the first one's name and so no row: the third may have that phone.
    strict = columns(
        {"header": "Name", "value": "sn", "required": True, "unique": True},
        {"header": "Phone", "value": "mobile", "unique": True},
    )
    people = [contact("1", "A", "1"), contact("2", "A", "2"), contact("3", "C", "2")]
    roster = make(strict, people)
    assert roster.contacts == [("1", "A", "1"), ("3", "C", "2")]
    assert [person.identity for person in roster.left_out] == ["2"]


def test_all_emptied_cells_are_told() -> None:
    plain = columns(
        {"header": "A", "value": "sn", "unique": True},
        {"header": "B", "value": "mail", "unique": True},
    )
    people = [
        *(contact("1", "x", "y"), contact("2", "x", "y")),
        *(contact("3", "x", "y", location="bergen"), contact("4", "x", "z", location="bergen")),
    ]
    assert make(plain, people).emptied == [
        Emptied("4", "bergen", "A", SAME),
        Emptied("2", "oslo", "A", SAME),
        Emptied("2", "oslo", "B", SAME),
    ]


NO_NUMBER = "not a valid phone number"


def test_what_a_cell_lost_and_why_is_told_of_people_with_a_row_alone() -> None:
    lost = (("Phone", NO_NUMBER),)
    people = [
        contact("1", "A", "a@x", "")._replace(emptied=lost),
        contact("2", "B", "b@x", ""),
        # Without a phone and then without mail, too.
        contact("3", "C", "a@x", "")._replace(emptied=lost),
        contact("4", "D", "a@x", "1"),
    ]
    made = make(COLUMNS, people)
    assert made.emptied == [
        Emptied("1", "oslo", "Phone", NO_NUMBER),
        Emptied("4", "oslo", "Email", SAME),
    ]
    assert made.left_out == [LeftOut("3", "oslo", f"Email: {SAME}; Phone: {NO_NUMBER}")]
    assert [row[0] for row in made.contacts] == ["1", "2", "4"]


def test_the_result_lists_the_first_fifty_of_many() -> None:
    lost = (("A", "x"), ("B", "y"))
    people = [
        contact(f"{number:03d}", "N", f"{number}@x", "")._replace(emptied=lost)
        for number in range(100)
    ]
    gone = [LeftOut(f"{number:03d}", "bergen", "x") for number in range(51)]
    made = make(COLUMNS, [*reversed(people), *reversed(gone)])
    assert [cell.identity for cell in made.emptied] == [
        f"{n:03d}" for n in range(25) for _cell in lost
    ]
    assert made.emptied[:2] == [Emptied("000", "oslo", "A", "x"), Emptied("000", "oslo", "B", "y")]
    assert made.written.left_out == tuple(gone[:50])
    assert (made.written.left_out_count, len(made.left_out)) == (51, 51)
    assert (made.written.row_count, made.written.by_location) == (100, {"oslo": 100})


def test_who_lost_nothing_does_not_count_among_the_first_fifty() -> None:
    people = [contact(f"{number:03d}", "N", f"{number}@x", "") for number in range(60)]
    people.append(contact("060", "N", "60@x", "")._replace(emptied=(("Phone", NO_NUMBER),)))
    assert make(COLUMNS, people).emptied == [Emptied("060", "oslo", "Phone", NO_NUMBER)]


@pytest.mark.parametrize(
    ("people", "settled"),
    [
        ([contact("1", "A", "a@x", ""), contact("2", "B", "b@x", "")], 0),
        # The same text in another column, and at another location.
        ([contact("1", "A", "a@x", "1"), contact("2", "B", "1", "a@x")], 0),
        ([contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "", location="bergen")], 0),
        ([contact("1", "A", "a@x", "1"), contact("2", "B", "a@x", "2")], 2),
        ([contact("1", "A", "a@x", ""), LeftOut("1", "oslo", "x"), contact("2", "B", "", "2")], 1),
    ],
)
def test_only_those_who_share_something_are_looked_at_again(
    people: list[Contact | LeftOut], settled: int
) -> None:
    opened = []

    def new_file() -> BinaryIO:
        opened.append(io.BytesIO())
        return opened[-1]

    locations = list(dict.fromkeys(person.location for person in people))
    # Each line is set aside on its own.
    gathering = Gathering(COLUMNS, locations, Scratch("memory", new_file), Sizes(run=1))
    for person in people:
        gathering.add_all(found([person]), locations.index(person.location))
    assert len(opened) == len(people)
    gathering.settle()
    suspects = 2 if settled else 0
    assert len(opened) == len(people) + suspects + settled


def test_sources_come_one_after_another() -> None:
    gathering = Gathering(COLUMNS, ["oslo", "bergen"], MEMORY)
    gathering.add_all(found([contact("1", "A", "a@x", "")]), 0)
    gathering.add_all(found([contact("1", "A", "a@x", "", location="bergen")]), 1)
    with pytest.raises(ValueError, match="source 0 comes after source 1"):
        gathering.add_all(found([contact("2", "B", "b@x", "")]), 0)


@pytest.mark.parametrize("pairs", [1, 2, 1000])
def test_a_value_is_shared_at_a_location_whatever_sources_are_between(pairs: int) -> None:
    first, second = contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "")
    elsewhere = contact("3", "C", "c@x", "", location="bergen")
    made = written(gathered(COLUMNS, [[first], [elsewhere], [second]], Sizes(pairs=pairs)))
    assert [row[0] for row in made.contacts] == ["3", "1"]
    assert made.left_out == [LeftOut("2", "oslo", f"Email: {SAME}")]


def test_values_of_a_source_are_set_aside_where_its_location_has_another() -> None:
    opened = []

    def new_file() -> BinaryIO:
        opened.append(io.BytesIO())
        return opened[-1]

    for locations, files in ((["oslo", "bergen"], 0), (["oslo", "oslo"], 1)):
        gathering = Gathering(COLUMNS, locations, Scratch("memory", new_file))
        for source, location in enumerate(locations):
            gathering.add_all(found([contact(str(source), "A", "", "", location=location)]), source)
        gathering.settle()
        assert len(opened) == files


def test_contacts_that_lose_their_row_are_counted_for_each_source_that_gave_them() -> None:
    first, second = contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "")
    sources = [[first, second], [second], [second, second], [contact("3", "C", "c@x", "")]]
    made = written(gathered(COLUMNS, sources))
    cause = f"Email: {SAME}"
    assert [dict(lost) for lost in made.lost] == [{cause: 1}, {cause: 1}, {cause: 2}, {}]
    assert [row[0] for row in made.contacts] == ["1", "3"]


def test_without_room_nothing_is_lost_silently() -> None:
    def no_room() -> BinaryIO:
        raise OSError(28, "No space left on device")

    def make_many(sizes: Sizes) -> None:
        gathering = Gathering(COLUMNS, ["oslo"], Scratch("/here", no_room), sizes)
        for number in range(10):
            gathering.add_all(found([contact(str(number), "A", f"{number}@x", "")]), 0)

    make_many(DEFAULT_SIZES)
    for sizes in (Sizes(run=100), Sizes(pairs=2)):
        with pytest.raises(FrontdeskError) as caught:
            make_many(sizes)
        assert str(caught.value) == (
            "Cannot set contacts aside in /here: No space left on device. "
            "Make room there, and let this user write there."
        )
