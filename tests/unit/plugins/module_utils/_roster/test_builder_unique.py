# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of unique columns: which person keeps a duplicate value, and which people lose it."""

from __future__ import annotations

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


@pytest.mark.parametrize(
    ("first", "second", "cause"),
    [
        (("A", "a@x", ""), ("B", "a@x", ""), f"Email: {SAME_VALUE}"),
        (("A", "a@x", "1"), ("B", "a@x", "1"), f"Email and Phone: {SAME_VALUE}"),
    ],
)
def test_a_person_who_needs_the_duplicate_value_is_left_out(
    first: tuple[str, ...], second: tuple[str, ...], cause: str
) -> None:
    made = make_roster(COLUMNS, [contact("1", *first), contact("2", *second)])
    assert made.left_out == [LeftOut("2", "oslo", cause)]
    assert made.emptied == []


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
    ("people", "resolved_count"),
    [
        ([contact("1", "A", "a@x", ""), contact("2", "B", "b@x", "")], 0),
        # Equal values in different columns or at different locations are not duplicates.
        ([contact("1", "A", "a@x", "1"), contact("2", "B", "1", "a@x")], 0),
        ([contact("1", "A", "a@x", ""), contact("2", "B", "a@x", "", location="bergen")], 0),
        ([contact("1", "A", "a@x", "1"), contact("2", "B", "a@x", "2")], 2),
        ([contact("1", "A", "a@x", ""), LeftOut("1", "oslo", "x"), contact("2", "B", "", "2")], 1),
    ],
)
def test_only_candidates_are_resolved(people: list[Contact | LeftOut], resolved_count: int) -> None:
    spill, files = recording_spill()
    locations = list(dict.fromkeys(person.location for person in people))
    # Each line is spilled to its own file.
    builder = RosterBuilder(COLUMNS, locations, spill, MemoryLimits(run_bytes=1))
    for person in people:
        builder.add_page(mapped_page([person]), locations.index(person.location))
    assert len(files) == len(people)
    builder.build()
    candidate_count = 2 if resolved_count else 0
    assert len(files) == len(people) + candidate_count + resolved_count


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
