# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the differences that are shown with --diff."""

from __future__ import annotations

from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.diff import (
    DiffSide,
    plan_diff,
    roster_diff,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.plan import make_plan
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    HEADER,
    MEMORY,
    roster_file,
)

OLD = [("A", "a@x", "oslo"), ("B", "b@x", "oslo"), ("C, D", "c@x", "bergen")]
NEW = [("A", "a@x", "oslo"), ("B", "new@x", "oslo"), ("E", "e@x", "bergen")]


def test_the_diff_of_a_plan_shows_both_sides_of_each_change() -> None:
    old, new = roster_file(OLD, "abc"), roster_file(NEW, "abe")
    plan = make_plan(old, new, ["Email"], "Location", MEMORY, with_changes=True)
    assert plan_diff(plan, DiffSide("before", HEADER), DiffSide("after", ("Mail",))) == {
        "before_header": "before (Name, Email, Location)",
        "after_header": "after (Mail)",
        "before": '"C, D",c@x,bergen\nB,b@x,oslo\n',
        "after": "E,e@x,bergen\nB,new@x,oslo\n",
    }


def test_the_diff_of_two_rosters_shows_both_sides_of_each_change() -> None:
    diff = roster_diff(roster_file(OLD, "abc"), roster_file(NEW, "abc"), "Location", MEMORY)
    assert diff == {
        "before_header": "old roster (Name, Email, Location)",
        "after_header": "new roster (Name, Email, Location)",
        "before": '"C, D",c@x,bergen\nB,b@x,oslo\n',
        "after": "E,e@x,bergen\nB,new@x,oslo\n",
    }


def test_complete_rows_are_compared_if_the_old_roster_has_no_identities() -> None:
    diff = roster_diff(roster_file(OLD[:2]), roster_file(NEW[:2], "ab"), "Location", MEMORY)
    assert (diff["before"], diff["after"]) == ("B,b@x,oslo\n", "B,new@x,oslo\n")


def test_different_people_are_not_matched_without_identities() -> None:
    old = [("A", "a@x", "bergen"), ("B", "b@x", "oslo")]
    new = [("C", "c@x", "oslo"), ("D", "d@x", "tromso")]
    diff = roster_diff(roster_file(old), roster_file(new), "Location", MEMORY)
    assert (diff["before"], diff["after"]) == (
        "A,a@x,bergen\nB,b@x,oslo\n",
        "C,c@x,oslo\nD,d@x,tromso\n",
    )


def test_differences_that_do_not_fit_in_memory_are_shown() -> None:
    many = [("x" * 130_000, f"{number:02d}@x", "oslo") for number in range(70)]
    diff = roster_diff(roster_file(many), roster_file(OLD, "abc"), "Location", MEMORY)
    assert len(diff["before"].splitlines()) == len(many)


def test_a_line_break_in_a_cell_of_the_old_roster_is_kept() -> None:
    old = roster_file([("A\r\nB", "a@x", "oslo")])
    diff = roster_diff(old, roster_file(OLD[:1]), "Location", MEMORY)
    assert diff["before"] == '"A\r\nB",a@x,oslo\n'


def test_rosters_without_a_location_column_are_compared() -> None:
    diff = roster_diff(roster_file(OLD[:1], "a"), roster_file(OLD[:1], "b"), None, MEMORY)
    assert (diff["before"], diff["after"]) == ("", "")


def test_all_contacts_are_new_if_there_is_no_old_roster_or_it_has_other_columns() -> None:
    all_rows = "A,a@x,oslo\nB,new@x,oslo\nE,e@x,bergen\n"
    other_columns = roster_file([("A", "a@x")], "a", header=("Name", "Email"))
    for old in (None, other_columns):
        diff = roster_diff(old, roster_file(NEW, "abc"), "Location", MEMORY)
        assert diff["before"] == ""
        assert sorted(diff["after"].splitlines()) == sorted(all_rows.splitlines())
