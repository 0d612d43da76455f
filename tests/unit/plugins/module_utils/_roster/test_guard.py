# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the guard: the complete messages with which it refuses plans, and the approval of one plan."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.configuration import (
    ConfigurationChanges,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.guard import (
    PLAN_ID as PLAN_ID_FORM,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.guard import (
    GuardError,
    check_transition,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.limits import Limits
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.transition import (
    LAST_ACCEPTED,
    KnownPlan,
    Transition,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.transitions import (
    OTHER_ID,
    PLAN_ID,
    UNRESOLVED,
    roster_changes,
    transition,
)

NO_RECORD = "/state contains no record of an earlier upload"
CHANGED_SETTINGS = "the columns, the key or a filter was changed"
LOST_OUS = "an OU was renamed, moved or deselected; the account lost a read permission"
MISSING_LOCATIONS = "locations are missing because of an inventory host that is switched off, a job slice or --limit"
LOST_PEOPLE = f"{LOST_OUS}; {MISSING_LOCATIONS}"
REVIEW = (
    "Review the plan with --check --diff; if it is correct, run once with approved_plan: 5a1f0c9be0d2a4f7, which"
    " approves only this plan."
)
REMOVAL_REMEDY = f"Usual causes: {LOST_PEOPLE}; {CHANGED_SETTINGS}. {REVIEW}"
CHANGE_REMEDY = f"Usual causes: {CHANGED_SETTINGS}. {REVIEW}"
START_OVER = (
    "Check the sources and the export; to start over, remove the state directory and run once with"
    " initial: true."
)
DEFAULT = Limits()
REQUIRED = ((("Email", "a@x"),), (("Email", "b@x"), ("Location", "oslo")))


def _refusal(tested: Transition, limits: Limits = DEFAULT) -> str:
    """Return the message with which the guard refuses a transition."""
    with pytest.raises(GuardError) as caught:
        check_transition(tested, limits)
    assert caught.value.kind == "guard"
    return str(caught.value)


def _cause(tested: Transition, limits: Limits = DEFAULT, remedy: str = REMOVAL_REMEDY) -> str:
    """Return the cause in the message with which the guard refuses a transition, after checking the other parts."""
    message = _refusal(tested, limits)
    action = f"Refused to apply plan {PLAN_ID}: "
    assert message.startswith(action)
    assert message.endswith(f". {remedy}")
    return message[len(action) : -len(remedy) - 2]


def test_plans_within_the_limits_pass() -> None:
    changes = roster_changes(30, removed=3, moved_from=7, moved_to=7, changed=15, added=30)
    assert check_transition(transition(changes), Limits()) == ()


@pytest.mark.parametrize(
    ("counts", "limits", "cause"),
    [
        (
            {"rows": {"oslo": 90, "bergen": 57}, "removed": {"bergen": 14, "oslo": 40}},
            {},
            (
                "it removes 54 contacts (oslo 40 and bergen 14), which is 36.7% of the 147 in the last accepted roster,"
                " but max_removed_percent allows 10%"
            ),
        ),
        (
            {"rows": 40, "removed": 3},
            {"max_removed": 2},
            "it removes 3 contacts (oslo 3), but max_removed allows 2",
        ),
        (
            {"rows": 40, "removed": 1},
            {"max_removed": 0, "max_removed_percent": Decimal(0)},
            (
                "it removes 1 contact (oslo 1), which is 2.5% of the 40 in the last accepted roster, but max_removed"
                " allows 0 and max_removed_percent allows 0%"
            ),
        ),
        (
            {"rows": 10000, "removed": 1001},
            {},
            (
                "it removes 1001 contacts (oslo 1001), which is 10.01% of the 10000 in the last accepted roster, but"
                " max_removed_percent allows 10%"
            ),
        ),
        (
            {"rows": 100, "removed": 30, "removed_invalid": 12},
            {"max_removed_percent": Decimal("2.50")},
            (
                "it removes 30 contacts (oslo 30), which is 30.0% of the 100 in the last accepted roster, but"
                " max_removed_percent allows 2.5%; 12 of them are in the directory without a valid row"
            ),
        ),
        (
            {"rows": 100, "removed": 30, "removed_invalid": 1},
            {},
            (
                "it removes 30 contacts (oslo 30), which is 30.0% of the 100 in the last accepted roster, but"
                " max_removed_percent allows 10%; 1 of them is in the directory without a valid row"
            ),
        ),
        (
            {
                "rows": {"oslo": 74, "bergen": 73},
                "moved_from": {"oslo": 74, "bergen": 73},
                "moved_to": {"bergen": 74, "oslo": 73},
            },
            {},
            (
                "it moves 147 contacts (from oslo 74 and bergen 73; to bergen 74 and oslo 73), which is 100.0% of the"
                " 147 in the last accepted roster, but max_moved_percent allows 25%"
            ),
        ),
        (
            {"rows": {"oslo": 100, "bergen": 6, "lab": 7}, "removed": {"bergen": 4, "lab": 4}},
            {},
            (
                "it removes more than the 50% of the contacts that max_removed_per_location_percent allows at"
                " bergen (4 of 6) and lab (4 of 7)"
            ),
        ),
    ],
)
def test_the_message_describes_removals_and_moves(
    counts: dict[str, Any], limits: dict[str, Any], cause: str
) -> None:
    assert _cause(transition(roster_changes(**counts)), Limits(**limits)) == cause


@pytest.mark.parametrize(
    ("counts", "cause"),
    [
        (
            {"rows": 30, "changed": 16},
            (
                "it changes 16 contacts (oslo 16), which is 53.3% of the 30 in the last accepted roster, but"
                " max_changed_percent allows 50%"
            ),
        ),
        (
            {"rows": 30, "added": 31},
            (
                "it adds 31 contacts (oslo 31), which is 103.3% of the 30 in the last accepted roster, but"
                " max_added_percent allows 100%"
            ),
        ),
        (
            {"rows": 0, "added": 3},
            (
                "it adds 3 contacts (oslo 3), and the last accepted roster has no contacts, but max_added_percent"
                " allows 100%"
            ),
        ),
    ],
)
def test_refused_changes_and_additions_have_other_usual_causes(
    counts: dict[str, Any], cause: str
) -> None:
    assert _cause(transition(roster_changes(**counts)), remedy=CHANGE_REMEDY) == cause


def test_the_most_affected_locations_come_first_and_at_most_five_are_named() -> None:
    removed = {"a": 5, "b": 9, "c": 7, "d": 0, "e": 9, "f": 4, "g": 6, "h": 4}
    rows = dict.fromkeys(removed, 8) | {"b": 10}
    assert _cause(transition(roster_changes(rows, removed=removed))) == (
        "it removes 44 contacts (b 9, e 9, c 7, g 6, a 5 and 2 more), which is 66.7% of the 66 in the last accepted"
        " roster, but max_removed_percent allows 10%; it removes more than the 50% of the contacts that"
        " max_removed_per_location_percent allows at b (9 of 10), e (9 of 8), c (7 of 8), g (6 of 8) and a (5 of 8)"
    )


@pytest.mark.parametrize(
    ("settings", "unconfigured", "sentences"),
    [
        (
            (),
            (),
            f"The settings of the export have not changed since {LAST_ACCEPTED}. Usual causes: {LOST_OUS}",
        ),
        (
            ("sources", "filters", "columns"),
            (),
            (
                f"These settings of the export have changed since {LAST_ACCEPTED}: sources, filters and columns. Usual"
                f" causes: {LOST_OUS}"
            ),
        ),
        (
            ("sources",),
            ("lab",),
            (
                f"These settings of the export have changed since {LAST_ACCEPTED}: sources. Usual causes:"
                f" {LOST_PEOPLE}"
            ),
        ),
        (None, ("lab",), f"Usual causes: {LOST_PEOPLE}; {CHANGED_SETTINGS}"),
    ],
)
def test_the_message_states_which_settings_have_changed(
    settings: tuple[str, ...] | None, unconfigured: tuple[str, ...], sentences: str
) -> None:
    configuration = ConfigurationChanges(settings, unconfigured)
    message = _refusal(transition(roster_changes(10, removed=5), configuration=configuration))
    assert f"allows 10%. {sentences}. {REVIEW}" in message
    message = _refusal(transition(roster_changes(10, changed=9), configuration=configuration))
    cause, _full_stop, remedy = message.partition("allows 50%. ")
    assert cause
    if settings is None:
        assert remedy == CHANGE_REMEDY
    else:
        assert remedy == f"{sentences.partition('. Usual')[0]}. {REVIEW}"


def test_the_message_names_vanished_locations() -> None:
    left = {"bergen": 1, "lab": 4, "a": 1, "b": 3, "c": 3, "d": 3, "e": 3}
    tested = transition(
        roster_changes({"oslo": 100, **left}, moved_from=left),
        new_by_location={"oslo": 1, "a": 1},
        configuration=ConfigurationChanges(unconfigured=("bergen", "lab")),
    )
    assert _cause(tested) == (
        "no contacts remain at lab (4 before, no longer configured), b (3 before), c (3 before), d (3 before),"
        " e (3 before) and 1 more"
    )


def test_all_exceeded_limits_are_named_at_once() -> None:
    changes = roster_changes(
        {"oslo": 20, "bergen": 20},
        removed={"oslo": 15},
        moved_from={"bergen": 20},
        moved_to={"oslo": 20},
        changed={"oslo": 21},
        added={"oslo": 41},
        removed_invalid=9,
    )
    tested = transition(changes, new_by_location={"oslo": 1}, missing_before="keep")
    of = "of the 40 in the last accepted roster"
    assert _cause(tested, Limits(max_removed=14, missing="remove")).split("; ") == [
        (
            "missing was keep in an earlier upload and is remove now, so the service may remove or disable contacts"
            " that no known roster contains"
        ),
        (
            f"it removes 15 contacts (oslo 15), which is 37.5% {of}, but max_removed allows 14 and max_removed_percent"
            " allows 10%"
        ),
        "9 of them are in the directory without a valid row",
        "it moves 20 contacts (from bergen 20",
        f"to oslo 20), which is 50.0% {of}, but max_moved_percent allows 25%",
        f"it changes 21 contacts (oslo 21), which is 52.5% {of}, but max_changed_percent allows 50%",
        f"it adds 41 contacts (oslo 41), which is 102.5% {of}, but max_added_percent allows 100%",
        "it removes more than the 50% of the contacts that max_removed_per_location_percent allows at oslo (15 of 20)",
        "no contacts remain at bergen (20 before)",
    ]


def test_several_known_rosters_are_named() -> None:
    baseline = roster_changes({"oslo": 60}, removed={"oslo": 5})
    unresolved = roster_changes({"oslo": 40, "lab": 3}, UNRESOLVED, removed={"oslo": 10, "lab": 3})
    union = roster_changes({"oslo": 60}, removed={"oslo": 10, "lab": 3})
    tested = transition(baseline, unresolved, union=union, new_by_location={"oslo": 1})
    assert _cause(tested, Limits(max_removed=12)) == (
        "compared with all known rosters together, it removes 13 contacts (oslo 10 and lab 3), which is 21.7% of the"
        " 60 in the last accepted roster, but max_removed allows 12 and max_removed_percent allows 10%; compared with"
        " all known rosters together, it removes more than the 50% of the contacts that"
        " max_removed_per_location_percent allows at lab (3 of 0); compared with all known rosters together, no"
        " contacts remain at lab (3 before)"
    )


def test_a_change_of_missing_has_no_usual_causes() -> None:
    cause = (
        "missing was keep in an earlier upload and is unknown now, so the service may remove or disable contacts that"
        " no known roster contains"
    )
    tested = transition(roster_changes(9), missing_before="keep")
    assert _cause(tested, remedy=REVIEW) == cause


def test_removing_everybody_is_never_allowed() -> None:
    limits = Limits(max_removed_percent=Decimal(100), max_removed_per_location_percent=Decimal(100))
    tested = transition(roster_changes(3, removed=3, added=3))
    message = (
        f"Refused to apply plan {PLAN_ID}: it removes all 3 contacts of the last accepted roster, which is never"
        f" allowed. {START_OVER}"
    )
    assert _refusal(tested, limits) == message
    approved = Limits(approved_plan=PLAN_ID)
    assert _refusal(tested, approved) == message


@pytest.mark.parametrize(("rows", "contacts"), [(1, "the only contact"), (2, "all 2 contacts")])
def test_removing_everybody_of_a_small_roster_requires_an_approval(
    rows: int, contacts: str
) -> None:
    tested = transition(roster_changes(rows, removed=rows, added=1))
    assert _cause(tested) == (
        f"it removes {contacts} of the last accepted roster, which always requires an approval"
    )
    assert check_transition(tested, Limits(approved_plan=PLAN_ID)) == ()


def test_a_roster_without_a_required_contact_is_never_sent() -> None:
    cause = (
        "the roster contains no contact that matches the following elements of must_contain, without which it is"
        " never sent: 1 (Email) and 2 (Email, Location)"
    )
    remedy = "Find out why these contacts are missing, or correct must_contain."
    tested = transition(roster_changes(100, removed=11), unmatched=(1, 2))
    approved = Limits(must_contain=REQUIRED, approved_plan=PLAN_ID)
    assert _cause(tested, approved, remedy) == cause
    assert _cause(tested, Limits(must_contain=REQUIRED), remedy).startswith(
        f"{cause}; it removes 11 contacts ("
    )
    first = transition(new_by_location={"oslo": 3}, unmatched=(1, 2))
    assert _cause(first, Limits(must_contain=REQUIRED, initial=True), remedy) == cause


def test_both_absolute_limits_have_a_remedy() -> None:
    tested = transition(roster_changes(3, removed=3), unmatched=(2,))
    remedy = f"{START_OVER} Find out why these contacts are missing, or correct must_contain."
    assert _cause(tested, Limits(must_contain=REQUIRED), remedy).startswith(
        "the roster contains no contact that matches the following elements of must_contain, without which it is"
        " never sent: 2 (Email, Location); it removes all 3 contacts"
    )


def test_a_first_upload_requires_initial() -> None:
    tested = transition(
        plan_id=None, new_by_location={"oslo": 2, "bergen": 1}, first_upload_cause=NO_RECORD
    )
    assert _refusal(tested) == (
        f"Refused a first upload that adds 3 contacts: {NO_RECORD}. "
        "If this is the first upload to this account, run once with initial: true; otherwise, restore the state"
        " directory, or correct state_dir."
    )
    single = transition(new_by_location={"oslo": 1}, first_upload_cause=NO_RECORD)
    assert _refusal(single, Limits(approved_plan=PLAN_ID)).startswith(
        "Refused a first upload that adds 1 contact: "
    )
    assert check_transition(tested, Limits(initial=True)) == ()


OVER_THE_LIMIT = roster_changes(100, removed=11)


def test_an_approval_lets_exactly_one_plan_pass() -> None:
    tested = transition(OVER_THE_LIMIT)
    assert check_transition(tested, Limits(approved_plan=PLAN_ID)) == ()
    assert _cause(tested, Limits(approved_plan=OTHER_ID)) == (
        f"approved_plan approves plan {OTHER_ID}, of which nothing is known here, but this plan adds 0, changes 0,"
        " moves 0 and removes 11 contacts; it removes 11 contacts (oslo 11), which is 11.0% of the 100 in the last"
        " accepted roster, but max_removed_percent allows 10%"
    )


def test_a_plan_within_the_limits_is_refused_if_another_plan_is_approved() -> None:
    remedy = (
        "Review the plan with --check --diff; if it is correct, remove approved_plan, because the plan is within the"
        " limits."
    )
    known = KnownPlan("was uploaded at 2026-11-30T04:00:00Z", {"removed": 54, "added": 1})
    changes = roster_changes(100, removed=4, changed=3, moved_from=2, moved_to=2, added=1)
    tested = transition(changes, approved=known)
    assert _cause(tested, Limits(approved_plan=OTHER_ID), remedy) == (
        f"approved_plan approves plan {OTHER_ID}, which was uploaded at 2026-11-30T04:00:00Z and adds 1, changes 0,"
        " moves 0 and removes 54 contacts, but this plan adds 1, changes 3, moves 2 and removes 4 contacts"
    )
    tested = transition(changes, approved=KnownPlan("was uploaded earlier"))
    assert ", which was uploaded earlier, but " in _cause(
        tested, Limits(approved_plan=OTHER_ID), remedy
    )


def test_a_first_upload_is_refused_if_another_plan_is_approved() -> None:
    tested = transition(plan_id=None, new_by_location={"oslo": 3}, first_upload_cause=NO_RECORD)
    assert _refusal(tested, Limits(approved_plan=OTHER_ID, initial=True)).startswith(
        f"Refused to apply plan without an identifier: approved_plan approves plan {OTHER_ID}, of which nothing is"
        " known here, but this plan adds 3, changes 0, moves 0 and removes 0 contacts. "
    )


@pytest.mark.parametrize("approved_plan", [None, PLAN_ID, OTHER_ID])
def test_an_upload_with_an_unknown_outcome_keeps_its_approval(approved_plan: str | None) -> None:
    tested = transition(OVER_THE_LIMIT, earlier_approval=OTHER_ID)
    assert check_transition(tested, Limits(approved_plan=approved_plan)) == ()
    assert _refusal(tested, Limits(approved_plan="0" * 16)).startswith("Refused")


@pytest.mark.parametrize("approved_plan", [PLAN_ID, OTHER_ID])
def test_an_approval_is_ignored_with_a_warning_if_nothing_is_sent(approved_plan: str) -> None:
    tested = transition(roster_changes(100), has_upload=False)
    assert check_transition(tested, Limits(approved_plan=approved_plan)) == (
        (
            "O(approved_plan) has no effect: there is nothing to send. Remove O(approved_plan), because it approves"
            " only one plan."
        ),
    )
    assert check_transition(tested, Limits()) == ()


def test_the_remedy_for_a_plan_without_an_identifier_mentions_no_approval() -> None:
    tested = transition(OVER_THE_LIMIT, plan_id=None)
    assert _refusal(tested).endswith("was changed. Review the plan with --check --diff.")


def test_an_approval_can_be_shown_as_command_line_arguments_of_the_role() -> None:
    with pytest.raises(GuardError) as caught:
        check_transition(transition(OVER_THE_LIMIT), Limits())
    names = {"approved_plan=": "-e contact_sync_approved_plan={value} --tags contact_sync_upload"}
    assert (
        f"run once with -e contact_sync_approved_plan={PLAN_ID} --tags contact_sync_upload, which approves"
        in caught.value.render(names)
    )


@pytest.mark.parametrize(
    ("text", "is_plan_id"),
    [(PLAN_ID, True), (PLAN_ID[1:], False), (f"{PLAN_ID}0", False), ("g" * 16, False), ("", False)],
)
def test_an_identifier_consists_of_16_hexadecimal_digits(text: str, is_plan_id: bool) -> None:
    assert bool(PLAN_ID_FORM.fullmatch(text)) is is_plan_id
