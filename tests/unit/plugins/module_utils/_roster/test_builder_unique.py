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
    MemoryLimits,
    RosterBuilder,
    fold_case,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    SpillArea,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.writer import EmptiedCell
from ansible_collections.frontdesk.contacts.tests.unit.support.roster_factory import (
    build_roster,
    make_roster,
    write_to_memory,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    COLUMNS,
    SAME_VALUE,
    columns,
    contact,
    mapped_page,
)


def test_the_smallest_identity_keeps_a_value() -> None:
    roster = make_roster(
        COLUMNS, [contact("2", "A", "same@x", "2"), contact("1", "B", "Same@x", "1")]
    )
    assert roster.contacts == [("2", "A", "", "2"), ("1", "B", "Same@x", "1")]
    assert roster.emptied == [EmptiedCell("2", "oslo", "Email", SAME_VALUE)]
    assert roster.left_out == []


def test_case_does_not_make_a_value_another() -> None:
    people = [contact("1", "A", "straße@x", "1"), contact("2", "B", "STRASSE@x", "2")]
    assert make_roster(COLUMNS, people).contacts == [
        ("1", "A", "straße@x", "1"),
        ("2", "B", "", "2"),
    ]


def test_a_value_is_compared_alike_whatever_comes_with_it() -> None:
    """A page of ASCII alone takes a shorter way."""
    ascii_only, with_non_ascii = (
        fold_case([b"A@x", b"b@X"]),
        fold_case([b"A@x", b"b@X", "Å".encode()]),
    )
    assert ascii_only == with_non_ascii[:2] == [b"a@x", b"b@x"]
    assert with_non_ascii[2] == "å".encode()


def test_half_a_character_is_compared_too() -> None:
    half = "\ud800Å".encode(errors="surrogatepass")
    assert fold_case([half]) == ["\ud800å".encode(errors="surrogatepass")]


def test_at_another_location_the_value_is_free() -> None:
    people = [contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "", location="bergen")]
    assert make_roster(COLUMNS, people).emptied == []


def test_empty_cells_are_no_common_value() -> None:
    people = [contact("1", "A", "a@x", ""), contact("2", "B", "b@x", "")]
    assert make_roster(COLUMNS, people).emptied == []


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
    assert roster.left_out == [LeftOut("2", "oslo", cause)]
    assert roster.emptied == []


def test_a_row_left_out_takes_no_value() -> None:
    # The second person has the first one's name and so no row: the third may have that phone.
    strict_columns = columns(
        {"header": "Name", "value": "sn", "required": True, "unique": True},
        {"header": "Phone", "value": "mobile", "unique": True},
    )
    people = [contact("1", "A", "1"), contact("2", "A", "2"), contact("3", "C", "2")]
    roster = make_roster(strict_columns, people)
    assert roster.contacts == [("1", "A", "1"), ("3", "C", "2")]
    assert [person.identity for person in roster.left_out] == ["2"]


def test_all_emptied_cells_are_told() -> None:
    two_columns = columns(
        {"header": "A", "value": "sn", "unique": True},
        {"header": "B", "value": "mail", "unique": True},
    )
    people = [
        *(contact("1", "x", "y"), contact("2", "x", "y")),
        *(contact("3", "x", "y", location="bergen"), contact("4", "x", "z", location="bergen")),
    ]
    assert make_roster(two_columns, people).emptied == [
        EmptiedCell("4", "bergen", "A", SAME_VALUE),
        EmptiedCell("2", "oslo", "A", SAME_VALUE),
        EmptiedCell("2", "oslo", "B", SAME_VALUE),
    ]


@pytest.mark.parametrize(
    ("people", "resolved_count"),
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
    people: list[Contact | LeftOut], resolved_count: int
) -> None:
    opened = []

    def new_file() -> BinaryIO:
        opened.append(io.BytesIO())
        return opened[-1]

    locations = list(dict.fromkeys(person.location for person in people))
    # Each line is set aside on its own.
    builder = RosterBuilder(
        COLUMNS, locations, SpillArea("memory", new_file), MemoryLimits(run_bytes=1)
    )
    for person in people:
        builder.add_page(mapped_page([person]), locations.index(person.location))
    assert len(opened) == len(people)
    builder.build()
    candidate_count = 2 if resolved_count else 0
    assert len(opened) == len(people) + candidate_count + resolved_count


@pytest.mark.parametrize("max_pairs", [1, 2, 1000])
def test_a_value_is_shared_at_a_location_whatever_sources_are_between(max_pairs: int) -> None:
    first, second = contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "")
    elsewhere = contact("3", "C", "c@x", "", location="bergen")
    made = write_to_memory(
        build_roster(COLUMNS, [[first], [elsewhere], [second]], MemoryLimits(max_pairs=max_pairs))
    )
    assert [row[0] for row in made.contacts] == ["3", "1"]
    assert made.left_out == [LeftOut("2", "oslo", f"Email: {SAME_VALUE}")]


def test_values_of_a_source_are_set_aside_where_its_location_has_another() -> None:
    opened = []

    def new_file() -> BinaryIO:
        opened.append(io.BytesIO())
        return opened[-1]

    for locations, files in ((["oslo", "bergen"], 0), (["oslo", "oslo"], 1)):
        builder = RosterBuilder(COLUMNS, locations, SpillArea("memory", new_file))
        for source, location in enumerate(locations):
            builder.add_page(
                mapped_page([contact(str(source), "A", "", "", location=location)]), source
            )
        builder.build()
        assert len(opened) == files


def test_contacts_that_lose_their_row_are_counted_for_each_source_that_gave_them() -> None:
    first, second = contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "")
    sources = [[first, second], [second], [second, second], [contact("3", "C", "c@x", "")]]
    made = write_to_memory(build_roster(COLUMNS, sources))
    cause = f"Email: {SAME_VALUE}"
    assert [dict(dropped) for dropped in made.dropped_by_source] == [
        {cause: 1},
        {cause: 1},
        {cause: 2},
        {},
    ]
    assert [row[0] for row in made.contacts] == ["1", "3"]
