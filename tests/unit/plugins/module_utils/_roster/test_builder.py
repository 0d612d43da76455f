# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the roster builder: order, repeated people, left-out people and emptied cells."""

from __future__ import annotations

import itertools
from typing import BinaryIO

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import FrontdeskError
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.builder import (
    DEFAULT_LIMITS,
    MemoryLimits,
    RosterBuilder,
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
    MEMORY,
    SAME_VALUE,
    columns,
    contact,
    mapped_page,
)


def test_rows_are_sorted_by_location_cells_and_identity() -> None:
    people = [
        contact("1", "B", "b@x", "", location="oslo"),
        contact("4", "A", "", "1", location="oslo"),
        contact("2", "A", "a@x", "", location="oslo"),
        contact("3", "Z", "z@x", "", location="bergen"),
    ]
    assert [row[0] for row in make_roster(COLUMNS, people).contacts] == ["3", "4", "2", "1"]
    one_column = columns({"header": "Name", "value": "sn"})
    equal_rows = [contact("b", "A"), contact("a", "A")]
    assert make_roster(one_column, equal_rows).contacts == [("a", "A"), ("b", "A")]


def test_a_roster_without_people_consists_of_the_header() -> None:
    made = make_roster(COLUMNS, [])
    assert made.csv == b"Name,Email,Phone\r\n"
    assert (made.contacts, made.left_out, made.emptied) == ([], [], [])


def test_a_person_has_one_row_at_each_location() -> None:
    oslo = contact("1", "A", "a@x", "")
    bergen = contact("1", "A", "a@x", "", location="bergen")
    assert make_roster(COLUMNS, [oslo, bergen, oslo]).contacts == [("1", "A", "a@x", "")] * 2
    left_out = LeftOut("1", "oslo", "Name is empty")
    assert make_roster(COLUMNS, [left_out, left_out]).left_out == [left_out]


def test_a_person_in_several_sources_of_a_location_has_one_row() -> None:
    people = [contact(str(number), "A", f"{number}@x", "") for number in range(4)]
    sources = [people, people[1:], people[:2]]
    made = write_to_memory(build_roster(COLUMNS, sources, MemoryLimits(run_bytes=1)))
    assert [row[0] for row in made.contacts] == ["0", "1", "2", "3"]
    assert (made.written.row_count, any(made.dropped_by_source)) == (4, False)


def test_the_smallest_contact_of_a_person_is_kept_regardless_of_the_order() -> None:
    first, second = contact("1", "A", "a@x", ""), contact("1", "A", "b@x", "")
    left_out = LeftOut("1", "oslo", "Name is empty")
    people: list[Contact | LeftOut] = [first, second, left_out]
    for permutation in itertools.permutations(people):
        made = make_roster(COLUMNS, permutation)
        assert (made.contacts, made.left_out) == ([("1", "A", "a@x", "")], [])
    smaller = left_out._replace(cause="A")
    assert make_roster(COLUMNS, [left_out, smaller]).left_out == [smaller]


def test_left_out_people_are_sorted_by_location_and_identity() -> None:
    people = [LeftOut("2", "b", "x"), LeftOut("1", "b", "y"), LeftOut("3", "a", "z")]
    made = make_roster(COLUMNS, people)
    assert [person.identity for person in made.left_out] == ["3", "1", "2"]
    assert made.contacts == []


NO_NUMBER = "not a valid phone number"


def test_emptied_cells_are_reported_only_for_people_with_a_row() -> None:
    emptied = (("Phone", NO_NUMBER),)
    people = [
        contact("1", "A", "a@x", "")._replace(emptied=emptied),
        contact("2", "B", "b@x", ""),
        # Without a phone number, this person needs the email address, which is a duplicate.
        contact("3", "C", "a@x", "")._replace(emptied=emptied),
        contact("4", "D", "a@x", "1"),
    ]
    made = make_roster(COLUMNS, people)
    assert made.emptied == [
        EmptiedCell("1", "oslo", "Phone", NO_NUMBER),
        EmptiedCell("4", "oslo", "Email", SAME_VALUE),
    ]
    assert made.left_out == [LeftOut("3", "oslo", f"Email: {SAME_VALUE}; Phone: {NO_NUMBER}")]
    assert [row[0] for row in made.contacts] == ["1", "2", "4"]


def test_the_result_lists_the_first_fifty_emptied_cells_and_left_out_people() -> None:
    emptied = (("A", "x"), ("B", "y"))
    people = [
        contact(f"{number:03d}", "N", f"{number}@x", "")._replace(emptied=emptied)
        for number in range(100)
    ]
    left_out = [LeftOut(f"{number:03d}", "bergen", "x") for number in range(51)]
    made = make_roster(COLUMNS, [*reversed(people), *reversed(left_out)])
    assert [cell.identity for cell in made.emptied] == [
        f"{number:03d}" for number in range(25) for _cell in emptied
    ]
    assert made.emptied[:2] == [
        EmptiedCell("000", "oslo", "A", "x"),
        EmptiedCell("000", "oslo", "B", "y"),
    ]
    assert made.written.left_out == tuple(left_out[:50])
    assert (made.written.left_out_count, len(made.left_out)) == (51, 51)
    assert (made.written.row_count, made.written.by_location) == (100, {"oslo": 100})


def test_contacts_without_emptied_cells_do_not_count_towards_the_limit() -> None:
    people = [contact(f"{number:03d}", "N", f"{number}@x", "") for number in range(60)]
    people.append(contact("060", "N", "60@x", "")._replace(emptied=(("Phone", NO_NUMBER),)))
    assert make_roster(COLUMNS, people).emptied == [EmptiedCell("060", "oslo", "Phone", NO_NUMBER)]


def test_sources_must_be_added_in_order() -> None:
    builder = RosterBuilder(COLUMNS, ["oslo", "bergen"], MEMORY)
    builder.add_page(mapped_page([contact("1", "A", "a@x", "")]), 0)
    builder.add_page(mapped_page([contact("1", "A", "a@x", "", location="bergen")]), 1)
    with pytest.raises(ValueError, match="source 0 was added after source 1"):
        builder.add_page(mapped_page([contact("2", "B", "b@x", "")]), 0)


def test_a_full_disk_is_reported() -> None:
    def fail_to_open() -> BinaryIO:
        raise OSError(28, "No space left on device")

    def add_people(limits: MemoryLimits) -> None:
        spill = SpillArea("/directory", fail_to_open)
        builder = RosterBuilder(COLUMNS, ["oslo"], spill, limits)
        for number in range(10):
            builder.add_page(mapped_page([contact(str(number), "A", f"{number}@x", "")]), 0)

    add_people(DEFAULT_LIMITS)
    for limits in (MemoryLimits(run_bytes=100), MemoryLimits(max_pairs=2)):
        with pytest.raises(FrontdeskError) as caught:
            add_people(limits)
        assert str(caught.value) == (
            "Cannot write temporary files to /directory: No space left on device. "
            "Free some space there, or make it writable."
        )
