# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of unique columns: which person keeps a duplicate value, and which people lose it."""

from __future__ import annotations

import json

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
    recording_spill,
)


def test_the_person_with_the_smallest_identity_keeps_a_value() -> None:
    made = make_roster(
        COLUMNS, [contact("2", "A", "same@x", "2"), contact("1", "B", "Same@x", "1")]
    )
    assert made.contacts == [("2", "A", "", "2"), ("1", "B", "Same@x", "1")]
    assert made.emptied == [EmptiedCell("2", "oslo", "Email", SAME_VALUE)]
    assert made.left_out == []


def test_values_are_compared_case_insensitively() -> None:
    people = [contact("1", "A", "straße@x", "1"), contact("2", "B", "STRASSE@x", "2")]
    assert make_roster(COLUMNS, people).contacts == [
        ("1", "A", "straße@x", "1"),
        ("2", "B", "", "2"),
    ]


def test_the_ascii_fast_path_does_not_change_the_result_of_case_folding() -> None:
    ascii_only, with_non_ascii = (
        fold_case([b"A@x", b"b@X"]),
        fold_case([b"A@x", b"b@X", "Å".encode()]),
    )
    assert ascii_only == with_non_ascii[:2] == [b"a@x", b"b@x"]
    assert with_non_ascii[2] == "å".encode()


def test_a_cell_with_an_unpaired_surrogate_is_case_folded() -> None:
    cell = "\ud800Å".encode(errors="surrogatepass")
    assert fold_case([cell]) == ["\ud800å".encode(errors="surrogatepass")]


def test_equal_values_at_different_locations_are_kept() -> None:
    people = [contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "", location="bergen")]
    assert make_roster(COLUMNS, people).emptied == []


def test_empty_cells_are_not_duplicates() -> None:
    people = [contact("1", "A", "a@x", ""), contact("2", "B", "b@x", "")]
    assert make_roster(COLUMNS, people).emptied == []


def test_of_two_people_who_need_the_same_value_the_one_with_the_larger_identity_is_left_out() -> (
    None
):
    people = [contact("2", "B", "a@x", ""), contact("1", "A", "a@x", "")]
    made = make_roster(COLUMNS, people)
    assert made.left_out == [LeftOut("2", "oslo", f"Email: {SAME_VALUE}")]
    assert made.emptied == []


def test_the_cause_of_a_left_out_person_names_all_columns_whose_values_other_people_keep() -> None:
    people = [
        *(contact("1", "A", "a@x", ""), contact("2", "B", "", "1")),
        *(contact("3", "C", "a@x", "1"), contact("4", "D", "A@x", "1")),
    ]
    cause = f"Email and Phone: {SAME_VALUE}"
    assert make_roster(COLUMNS, people).left_out == [
        LeftOut("3", "oslo", cause),
        LeftOut("4", "oslo", cause),
    ]


VICTIMS = [contact(str(number), f"V{number}", "", str(number)) for number in range(2, 7)]


@pytest.mark.parametrize("attacker", ["1", "9"])
def test_a_person_with_an_email_address_cannot_take_the_only_value_of_a_colleague(
    attacker: str,
) -> None:
    people = [
        *VICTIMS,
        contact(attacker, "A", "a@x", "4"),
        contact("0", "B", "b@x", "5"),
    ]
    made = make_roster(COLUMNS, people)
    rows = {row[0]: row[1:] for row in made.contacts}
    assert {"2", "3", "4", "5", "6"} <= set(rows)
    assert rows[attacker] == ("A", "a@x", "")
    assert rows["0"] == ("B", "b@x", "")
    assert made.left_out == []


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        pytest.param(
            [contact("1", "A", "a@x", "1"), contact("2", "B", "a@x", "1")],
            [("1", "a@x", ""), ("2", "", "1")],
            id="two people share both values",
        ),
        pytest.param(
            [
                *(contact("1", "A", "a@x", "1"), contact("2", "B", "a@x", "2")),
                contact("3", "C", "", "2"),
            ],
            [("1", "", "1"), ("2", "a@x", ""), ("3", "", "2")],
            id="a person who loses the phone number to someone who needs it keeps the email address",
        ),
        pytest.param(
            [
                *(contact("1", "A", "a@x", "1"), contact("2", "B", "a@x", "2")),
                contact("3", "C", "a@x", "2"),
            ],
            [("1", "", "1"), ("2", "", "2"), ("3", "a@x", "")],
            id="a person takes over a value that its holder does not need",
        ),
        pytest.param(
            [contact(each, each, f"{each}@x", "1") for each in "321"],
            [("1", "1@x", "1"), ("2", "2@x", ""), ("3", "3@x", "")],
            id="several people share a phone number",
        ),
    ],
)
def test_contested_values_have_the_expected_holders(
    people: list[Contact], expected: list[tuple[str, ...]]
) -> None:
    made = make_roster(COLUMNS, people)
    assert sorted((row[0], *row[2:]) for row in made.contacts) == expected
    assert made.left_out == []


def test_the_smallest_identity_keeps_a_value_that_no_row_needs() -> None:
    strict_columns = columns(
        {"header": "Badge", "value": "sn", "required": True, "unique": True},
        {"header": "Phone", "value": "mobile", "unique": True},
    )
    people = [contact("1", "A", "1"), contact("2", "B", "1"), contact("3", "B", "2")]
    made = make_roster(strict_columns, people)
    assert made.contacts == [("1", "A", "1"), ("2", "B", "")]


def test_a_person_is_reconsidered_after_values_are_reassigned() -> None:
    two_rules = columns(
        {"header": "A", "value": "sn", "unique": True, "required_unless": "B"},
        {"header": "B", "value": "mail", "unique": True},
        {"header": "C", "value": "l", "unique": True, "required_unless": "D"},
        {"header": "D", "value": "st", "unique": True},
    )
    people = [
        *(contact("1", "1", "1", "1", "2"), contact("2", "", "2", "1", "3")),
        *(contact("3", "2", "3", "2", "3"), contact("4", "2", "2", "2", "2")),
    ]
    made = make_roster(two_rules, people)
    assert sorted(row[0] for row in made.contacts) == ["1", "2", "3", "4"]
    assert made.left_out == []


def test_lost_values_are_listed_with_their_holders_and_separately_from_left_out_people() -> None:
    people = [
        *(contact("1", "A", "a@x", "1"), contact("2", "B", "b@x", "1"), contact("3", "C", "", "1")),
        *(contact("4", "D", "", "1"), contact("5", "E", "e@x", "", location="bergen")),
        contact("6", "F", "E@x", "6", location="bergen"),
    ]
    made = make_roster(COLUMNS, people)
    lines = [json.loads(line) for line in made.ids.splitlines()[1 + len(made.contacts) :]]
    assert [line for line in lines if "holder" not in line] == [
        {"identity": "4", "location": "oslo", "cause": f"Phone: {SAME_VALUE}"}
    ]
    assert [
        (line["location"], line["column"], line["holder"], line["identity"])
        for line in lines
        if line.get("cause") == SAME_VALUE
    ] == [
        ("bergen", "Email", "5", "6"),
        *(("oslo", "Phone", "3", loser) for loser in "124"),
    ]
    assert made.left_out == [LeftOut("4", "oslo", f"Phone: {SAME_VALUE}")]
    bergen, oslo = made.written.contested
    assert (bergen.location, bergen.column, bergen.values, bergen.count, bergen.left_out) == (
        *("bergen", "Email"),
        *(1, 1, 0),
    )
    assert (oslo.values, oslo.count, oslo.left_out) == (1, 3, 1)
    assert [cell.identity for cell in oslo.first] == ["4", "1", "2"]


def test_the_summary_lists_only_the_first_lost_values() -> None:
    people = [contact(f"{each:03d}", "N", f"{each}@x", str(each % 2)) for each in range(40)]
    (contested,) = make_roster(COLUMNS, people).written.contested
    assert (contested.values, contested.count, contested.left_out) == (2, 38, 0)
    assert [(cell.holder, cell.identity) for cell in contested.first] == [
        ("000", f"{each:03d}") for each in (2, 4, 6, 8, 10)
    ]


def test_a_left_out_person_does_not_claim_a_value() -> None:
    # The second person has the same name as the first one and is left out, so the third person keeps the phone number.
    strict_columns = columns(
        {"header": "Name", "value": "sn", "required": True, "unique": True},
        {"header": "Phone", "value": "mobile", "unique": True},
    )
    people = [contact("1", "A", "1"), contact("2", "A", "2"), contact("3", "C", "2")]
    made = make_roster(strict_columns, people)
    assert made.contacts == [("1", "A", "1"), ("3", "C", "2")]
    assert [person.identity for person in made.left_out] == ["2"]


def test_all_emptied_cells_are_reported() -> None:
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
    ("people", "line_count"),
    [
        ([contact("1", "A", "a@x", ""), contact("2", "B", "b@x", "")], 0),
        # Equal values in different columns or at different locations are not duplicates.
        ([contact("1", "A", "a@x", "1"), contact("2", "B", "1", "a@x")], 0),
        ([contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "", location="bergen")], 0),
        # Two candidates, four claims, two contested claims, one lost value and two resolved rows.
        ([contact("1", "A", "a@x", "1"), contact("2", "B", "a@x", "2")], 11),
        # Two candidates, one claim and one resolved row.
        ([contact("1", "A", "a@x", ""), LeftOut("1", "oslo", "x"), contact("2", "B", "", "2")], 4),
    ],
)
def test_only_candidates_are_resolved(people: list[Contact | LeftOut], line_count: int) -> None:
    spill, files = recording_spill()
    locations = list(dict.fromkeys(person.location for person in people))
    # Each line is spilled to a separate file.
    builder = RosterBuilder(COLUMNS, locations, spill, MemoryLimits(run_bytes=1))
    for person in people:
        builder.add_page(mapped_page([person]), locations.index(person.location))
    assert len(files) == len(people)
    builder.build()
    assert len(files) == len(people) + line_count


@pytest.mark.parametrize("max_pairs", [1, 2, 1000])
def test_duplicates_are_found_in_nonconsecutive_sources(max_pairs: int) -> None:
    first, second = contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "")
    elsewhere = contact("3", "C", "c@x", "", location="bergen")
    made = write_to_memory(
        build_roster(COLUMNS, [[first], [elsewhere], [second]], MemoryLimits(max_pairs=max_pairs))
    )
    assert [row[0] for row in made.contacts] == ["3", "1"]
    assert made.left_out == [LeftOut("2", "oslo", f"Email: {SAME_VALUE}")]


@pytest.mark.parametrize(
    ("locations", "file_count"), [(["oslo", "bergen"], 0), (["oslo", "oslo"], 1)]
)
def test_values_are_spilled_only_if_a_location_has_several_sources(
    locations: list[str], file_count: int
) -> None:
    spill, files = recording_spill()
    builder = RosterBuilder(COLUMNS, locations, spill)
    for source, location in enumerate(locations):
        builder.add_page(
            mapped_page([contact(str(source), "A", "", "", location=location)]), source
        )
    builder.build()
    assert len(files) == file_count


def test_contacts_without_a_row_are_counted_for_each_of_their_sources() -> None:
    first, second = contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "")
    sources = [[first, second], [second], [second, second], [contact("3", "C", "c@x", "")]]
    made = write_to_memory(build_roster(COLUMNS, sources))
    cause = f"Email: {SAME_VALUE}"
    assert [dict(causes) for causes in made.dropped_by_source] == [
        {cause: 1},
        {cause: 1},
        {cause: 2},
        {},
    ]
    assert [row[0] for row in made.contacts] == ["1", "3"]
