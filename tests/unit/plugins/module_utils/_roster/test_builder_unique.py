# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Columns that are unique in a roster: who keeps a value that several share, and who loses it."""

from __future__ import annotations

import io
from typing import BinaryIO

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.builder import (
    RosterBuilder,
    Sizes,
    folded,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    SpillArea,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.writer import Emptied
from ansible_collections.frontdesk.contacts.tests.unit.support.making import (
    gathered,
    make,
    written,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    COLUMNS,
    SAME,
    columns,
    contact,
    found,
)


def test_the_smallest_identity_keeps_a_value() -> None:
    roster = make(COLUMNS, [contact("2", "A", "same@x", "2"), contact("1", "B", "Same@x", "1")])
    assert roster.contacts == [("2", "A", "", "2"), ("1", "B", "Same@x", "1")]
    assert roster.emptied == [Emptied("2", "oslo", "Email", SAME)]
    assert roster.left_out == []


def test_case_does_not_make_a_value_another() -> None:
    people = [contact("1", "A", "straße@x", "1"), contact("2", "B", "STRASSE@x", "2")]
    assert make(COLUMNS, people).contacts == [
        ("1", "A", "straße@x", "1"),
        ("2", "B", "", "2"),
    ]


def test_a_value_is_compared_alike_whatever_comes_with_it() -> None:
    """A page of ASCII alone takes a shorter way."""
    alone, accompanied = folded([b"A@x", b"b@X"]), folded([b"A@x", b"b@X", "Å".encode()])
    assert alone == accompanied[:2] == [b"a@x", b"b@x"]
    assert accompanied[2] == "å".encode()


def test_half_a_character_is_compared_too() -> None:
    half = "\ud800Å".encode(errors="surrogatepass")
    assert folded([half]) == ["\ud800å".encode(errors="surrogatepass")]


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
    gathering = RosterBuilder(COLUMNS, locations, SpillArea("memory", new_file), Sizes(run=1))
    for person in people:
        gathering.add_all(found([person]), locations.index(person.location))
    assert len(opened) == len(people)
    gathering.build()
    suspects = 2 if settled else 0
    assert len(opened) == len(people) + suspects + settled


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
        gathering = RosterBuilder(COLUMNS, locations, SpillArea("memory", new_file))
        for source, location in enumerate(locations):
            gathering.add_all(found([contact(str(source), "A", "", "", location=location)]), source)
        gathering.build()
        assert len(opened) == files


def test_contacts_that_lose_their_row_are_counted_for_each_source_that_gave_them() -> None:
    first, second = contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "")
    sources = [[first, second], [second], [second, second], [contact("3", "C", "c@x", "")]]
    made = written(gathered(COLUMNS, sources))
    cause = f"Email: {SAME}"
    assert [dict(lost) for lost in made.lost] == [{cause: 1}, {cause: 1}, {cause: 2}, {}]
    assert [row[0] for row in made.contacts] == ["1", "3"]
