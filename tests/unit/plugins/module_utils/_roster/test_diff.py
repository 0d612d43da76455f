# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What --diff shows: the contacts that differ, and nobody else."""

from __future__ import annotations

from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.diff import (
    plan_diff,
    roster_diff,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.plan import make_plan
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY, roster_file

OLD = [("A", "a@x", "oslo"), ("B", "b@x", "oslo"), ("C, D", "c@x", "bergen")]
NEW = [("A", "a@x", "oslo"), ("B", "new@x", "oslo"), ("E", "e@x", "bergen")]


def test_the_diff_of_a_plan_has_both_sides_of_each_change() -> None:
    old, new = roster_file(OLD, "abc"), roster_file(NEW, "abe")
    plan = make_plan(old, new, ["Email"], "Location", MEMORY, with_changes=True)
    assert plan_diff(plan, ("Name", "Email", "Location"), "before", "after") == {
        "before_header": "before (Name, Email, Location)",
        "after_header": "after (Name, Email, Location)",
        "before": '"C, D",c@x,bergen\nB,b@x,oslo\n',
        "after": "E,e@x,bergen\nB,new@x,oslo\n",
    }


def test_the_diff_of_a_roster_on_disk() -> None:
    shown = roster_diff(roster_file(OLD, "abc"), roster_file(NEW, "abc"), "Location", MEMORY)
    assert shown == {
        "before_header": "old roster (Name, Email, Location)",
        "after_header": "new roster (Name, Email, Location)",
        "before": '"C, D",c@x,bergen\nB,b@x,oslo\n',
        "after": "E,e@x,bergen\nB,new@x,oslo\n",
    }


def test_without_identities_of_the_old_roster_whole_rows_are_compared() -> None:
    shown = roster_diff(roster_file(OLD[:2]), roster_file(NEW[:2], "ab"), "Location", MEMORY)
    assert (shown["before"], shown["after"]) == ("B,b@x,oslo\n", "B,new@x,oslo\n")


def test_without_identities_nobody_is_taken_for_somebody_else() -> None:
    old = [("A", "a@x", "bergen"), ("B", "b@x", "oslo")]
    new = [("C", "c@x", "oslo"), ("D", "d@x", "tromso")]
    shown = roster_diff(roster_file(old), roster_file(new), "Location", MEMORY)
    assert (shown["before"], shown["after"]) == (
        "A,a@x,bergen\nB,b@x,oslo\n",
        "C,c@x,oslo\nD,d@x,tromso\n",
    )


def test_what_differs_may_be_more_than_is_held() -> None:
    many = [("x" * 130_000, f"{number:02d}@x", "oslo") for number in range(70)]
    shown = roster_diff(roster_file(many), roster_file(OLD, "abc"), "Location", MEMORY)
    assert len(shown["before"].splitlines()) == len(many)


def test_a_line_end_in_a_cell_of_the_old_roster_stays_as_it_is() -> None:
    old = roster_file([("A\r\nB", "a@x", "oslo")])
    shown = roster_diff(old, roster_file(OLD[:1]), "Location", MEMORY)
    assert shown["before"] == '"A\r\nB",a@x,oslo\n'


def test_without_a_location_column() -> None:
    shown = roster_diff(roster_file(OLD[:1], "a"), roster_file(OLD[:1], "b"), None, MEMORY)
    assert (shown["before"], shown["after"]) == ("", "")


def test_an_old_roster_with_other_columns_or_none_is_no_base() -> None:
    everybody = "A,a@x,oslo\nB,new@x,oslo\nE,e@x,bergen\n"
    other = roster_file([("A", "a@x")], "a", header=("Name", "Email"))
    for old in (None, other):
        shown = roster_diff(old, roster_file(NEW, "abc"), "Location", MEMORY)
        assert shown["before"] == ""
        assert sorted(shown["after"].splitlines()) == sorted(everybody.splitlines())
