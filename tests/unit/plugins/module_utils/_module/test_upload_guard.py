# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the limits and of the approval of a plan in contact_upload."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import upload
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_outcome import (
    Outcome,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import ids_path
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.limits import Limits
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.transition import (
    RosterChanges,
    Transition,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.upload_runs import (
    A,
    B,
    C,
    Uploader,
    changed_and_uploaded,
)

D, E, F = ("D", "d@x", "oslo"), ("E", "e@x", "oslo"), ("F", "f@x", "lab")
REQUIRED = [{"Email": "b@x", "Location": "oslo"}]


def _cause(outcome: Outcome) -> str:
    """Return the cause for which the guard refused a plan, after checking that nothing was uploaded."""
    assert outcome.error is not None
    assert outcome.error.kind == "guard"
    assert outcome.error.action == f"Refused to apply plan {outcome.plan.id}"
    assert changed_and_uploaded(outcome) == (False, False)
    return outcome.error.cause


@pytest.mark.parametrize("check_mode", [False, True])
def test_exactly_the_approved_plan_may_exceed_the_limits(
    uploader: Uploader, check_mode: bool
) -> None:
    uploader.write_roster(A, B, C, D, E)
    uploader.upload(initial=True)
    uploader.write_roster(A, C)
    refused = uploader.upload(check_mode=check_mode)
    assert _cause(refused) == (
        "it removes 3 contacts (oslo 3), which is 60.0% of the 5 in the last accepted roster, but"
        " O(max_removed_percent) allows 10%; it removes more than the 50% of the contacts that"
        " O(max_removed_per_location_percent) allows at oslo (3 of 4)"
    )
    uploader.write_roster(A, C, F)
    assert _cause(uploader.upload(approved_plan=refused.plan.id)).startswith(
        f"O(approved_plan) approves plan {refused.plan.id}, of which nothing is known here, but this plan adds 1,"
        " changes 0, moves 0 and removes 3 contacts; it removes 3 contacts (oslo 3), "
    )
    assert len(uploader.sent_bodies) == 1
    uploader.write_roster(A, C)
    outcome = uploader.upload(approved_plan=refused.plan.id)
    assert (changed_and_uploaded(outcome), outcome.warnings) == ((True, True), ())
    outcome = uploader.upload(approved_plan=refused.plan.id)
    assert changed_and_uploaded(outcome) == (False, False)
    (warning,) = outcome.warnings
    assert warning.startswith("O(approved_plan) has no effect: there is nothing to send. ")


def test_a_plan_that_is_not_the_approved_one_is_refused_even_within_the_limits(
    uploader: Uploader,
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, D)
    assert "but this plan adds 1," in _cause(uploader.upload(approved_plan="0" * 16))
    assert len(uploader.sent_bodies) == 1


def test_a_roster_without_the_required_contacts_is_never_sent(uploader: Uploader) -> None:
    required: dict[str, Any] = {"must_contain": REQUIRED}
    uploader.write_roster(A, C, ("B", "b@x", "lab"))
    first = uploader.upload(initial=True, **required)
    assert _cause(first) == (
        "the roster contains no contact that matches the following elements of O(must_contain), without which it is"
        " never sent: 1 (Email, Location)"
    )
    assert uploader.upload(initial=True).uploaded
    uploader.write_roster(A, B, C)
    assert uploader.upload(**required).uploaded
    uploader.write_roster(A, C)
    plan_id = uploader.upload(**required).plan.id
    assert "1 (Email, Location)" in _cause(uploader.upload(approved_plan=plan_id, **required))
    assert uploader.upload(approved_plan=plan_id).uploaded


def test_required_contacts_are_not_searched_if_nothing_is_sent(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    required: dict[str, Any] = {"must_contain": [{"Email": "z@x"}]}
    assert uploader.upload(**required).error is None
    assert "1 (Email)" in _cause(uploader.upload(force=True, **required))


def test_a_required_contact_with_an_unknown_column_is_an_error(uploader: Uploader) -> None:
    with pytest.raises(InputError, match=r"element 1 of O?\(?must_contain\)?: .* no column 'Mail'"):
        uploader.upload(initial=True, must_contain=[{"Mail": "a@x"}])
    assert not uploader.state_dir.exists()


def test_the_guard_receives_the_transition_from_the_baseline(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    transitions: list[Transition] = []

    def record(transition: Transition, _limits: Limits) -> tuple[str, ...]:
        transitions.append(transition)
        return ()

    monkeypatch.setattr(upload, "check_transition", record)
    uploader.write_roster(A, B, C, D, F)
    uploader.upload(initial=True)
    changed, moved = ("A2", "a@x", "oslo"), ("F", "f@x", "bergen")
    uploader.write_roster(changed, C, moved, E, D, identities="acfed")
    plan_id = uploader.upload().plan.id
    uploader.upload()
    first, second, third = transitions
    assert first.known == ()
    assert first.new_by_location == {"oslo": 3, "bergen": 1, "lab": 1}
    assert (
        first.first_upload_cause == f"{uploader.state_dir} contains no record of an earlier upload"
    )
    assert second == Transition(
        plan_id=plan_id,
        new_by_location={"oslo": 3, "bergen": 2},
        known=(
            RosterChanges(
                label="the last accepted roster",
                rows=5,
                by_location={"oslo": 3, "bergen": 1, "lab": 1},
                removed={"oslo": 1},
                moved_from={"lab": 1},
                moved_to={"bergen": 1},
                changed={"oslo": 1},
                added={"oslo": 1},
            ),
        ),
        missing_before="unknown",
    )
    assert (second.has_upload, third.has_upload) == (True, False)


def _lose_response(uploader: Uploader, *rows: tuple[str, ...], **changes: Any) -> Outcome:
    """Upload a roster, and lose the response."""
    uploader.write_roster(*rows)
    uploader.next_responses = [b""]
    outcome = uploader.upload(**changes)
    assert outcome.error is not None
    assert outcome.error.kind == "service_unsure"
    return outcome


def test_the_limits_apply_to_the_contacts_of_an_unresolved_upload(uploader: Uploader) -> None:
    people = [(f"{name}", f"{name}@x", "oslo") for name in "abcdefghij"]
    uploader.write_roster(*people[:4])
    uploader.upload(initial=True)
    _lose_response(uploader, *people[:8])
    # Compared with the baseline, nothing changes, but the service may have four more people.
    uploader.write_roster(*people[:4])
    outcome = uploader.upload()
    sent_at = outcome.state.unresolved[0].sent_at
    assert _cause(outcome).startswith(
        "compared with all known rosters together, it removes 4 contacts (oslo 4), which is 100.0% of the 4 in the last"
        " accepted roster"
    )
    assert (outcome.plan.count("removed"), sent_at[-1]) == (0, "Z")
    uploader.write_roster(*people[:8])
    assert changed_and_uploaded(uploader.upload()) == (True, True)


def test_the_removal_of_all_contacts_of_an_unresolved_upload_is_never_allowed(
    uploader: Uploader,
) -> None:
    _lose_response(uploader, A, B, C, initial=True)
    uploader.write_roster(D, E, F)
    outcome = uploader.upload(initial=True)
    assert "removes all 3 contacts" in _cause(outcome)
    assert "all 3 contacts" in _cause(uploader.upload(approved_plan=outcome.plan.id))
    uploader.write_roster(A, B, C)
    assert changed_and_uploaded(uploader.upload()) == (True, True)


def test_an_approval_is_kept_after_a_lost_response_until_another_roster_is_sent(
    uploader: Uploader,
) -> None:
    uploader.write_roster(A, B, C, D, E)
    uploader.upload(initial=True)
    uploader.write_roster(A, C)
    plan_id = uploader.upload().plan.id
    assert plan_id is not None
    _lose_response(uploader, A, C, approved_plan=plan_id)
    assert uploader.upload(check_mode=True).error is None
    assert uploader.upload(check_mode=True, approved_plan=plan_id).error is None
    _lose_response(uploader, A, B, C, D, E, max_added_percent=1000)
    uploader.write_roster(A, C)
    assert "it removes 3 contacts" in _cause(uploader.upload())
    assert "was sent at " in _cause(uploader.upload(approved_plan=plan_id))


def test_an_approval_is_not_valid_for_the_same_change_later(uploader: Uploader) -> None:
    everyone, few = (A, B, C, D, E), (A, C)
    uploader.write_roster(*everyone)
    uploader.upload(initial=True)
    uploader.write_roster(*few)
    plan_id = uploader.upload().plan.id
    assert uploader.upload(approved_plan=plan_id).uploaded
    uploader.write_roster(*everyone)
    assert uploader.upload(max_added_percent=1000).uploaded
    uploader.write_roster(*few)
    assert "which was uploaded at " in _cause(uploader.upload(approved_plan=plan_id))


def test_the_id_does_not_depend_on_limits_or_on_people_left_out(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B)
    plan_id = uploader.upload(check_mode=True).plan.id
    assert uploader.upload(check_mode=True, max_removed=7).plan.id == plan_id
    ids = ids_path(uploader.src)
    left_out = b'{"identity": "c", "location": "bergen", "cause": "Email is empty"}\n'
    ids.write_bytes(ids.read_bytes() + left_out)
    assert uploader.upload(check_mode=True).plan.id == plan_id
    assert uploader.upload(check_mode=True).plan.count("removed_invalid") == 1
    assert uploader.upload(check_mode=True, missing="remove").plan.id != plan_id
    assert uploader.upload(check_mode=True, key=["Name"]).plan.id != plan_id
    uploader.write_roster(A, B, identities="ac")
    assert uploader.upload(check_mode=True).plan.id != plan_id
