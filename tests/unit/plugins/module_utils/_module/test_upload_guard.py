# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the limits and of the approval of a plan in contact_upload."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    FrontdeskError,
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import upload
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_outcome import (
    Outcome,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.configuration import (
    SETTINGS,
    RosterConfiguration,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import ids_path
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.known_plans import (
    KnownPlans,
    plan_from_known,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.limits import Limits
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.transition import (
    RosterChanges,
    Transition,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    HEADER,
    csv_bytes,
    ids_bytes,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import plain
from ansible_collections.frontdesk.contacts.tests.unit.support.upload_runs import (
    A,
    B,
    C,
    Uploader,
    changed_and_uploaded,
)

D, E, F = ("D", "d@x", "oslo"), ("E", "e@x", "oslo"), ("F", "f@x", "lab")
LEFT_OUT = b'{"identity": "z", "location": "oslo", "cause": "Name is empty"}\n'
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


def test_a_plan_within_the_limits_is_refused_if_another_plan_is_approved(
    uploader: Uploader,
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, D)
    assert "but this plan adds 1," in _cause(uploader.upload(approved_plan="0" * 16))
    assert len(uploader.sent_bodies) == 1


def _configure(*locations: str, **fingerprints: str) -> RosterConfiguration:
    """Return a configuration with some locations, and with fingerprints that differ from the default ones."""
    return RosterConfiguration(locations, {**dict.fromkeys(SETTINGS, "1"), **fingerprints})


def test_a_location_that_left_the_configuration_must_not_lose_its_only_contact(
    uploader: Uploader,
) -> None:
    uploader.write_roster(A, B, C, configuration=_configure("bergen", "oslo"))
    uploader.upload(initial=True)
    without_bergen = _configure("oslo", sources="2")
    uploader.write_roster(A, B, configuration=without_bergen)
    refused = uploader.upload()
    assert _cause(refused) == "no contacts remain at bergen (1 before, no longer configured)"
    summary = refused.plan.summary()
    assert summary["changed_settings"] == ["sources"]
    assert summary["unconfigured_locations"] == ["bergen"]
    assert uploader.upload(approved_plan=refused.plan.id).uploaded
    outcome = uploader.upload()
    assert changed_and_uploaded(outcome) == (False, False)
    assert outcome.plan.summary()["unconfigured_locations"] == []


def test_a_configured_location_can_lose_its_only_contact(uploader: Uploader) -> None:
    configuration = _configure("bergen", "oslo")
    uploader.write_roster(A, B, C, configuration=configuration)
    uploader.upload(initial=True)
    uploader.write_roster(A, B, configuration=configuration)
    outcome = uploader.upload(check_mode=True)
    assert (outcome.error, outcome.plan.summary()["changed_settings"]) == (None, [])


def test_a_location_of_an_unresolved_upload_can_leave_the_configuration_only_with_an_approval(
    uploader: Uploader,
) -> None:
    uploader.write_roster(A, B, C, configuration=_configure("bergen", "oslo"))
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, F, configuration=_configure("bergen", "lab", "oslo"))
    uploader.next_responses = [b""]
    assert uploader.upload().attempts == 1
    uploader.write_roster(A, B, C, configuration=_configure("bergen", "oslo"))
    refused = uploader.upload()
    assert "no contacts remain at lab (1 before, no longer configured)" in _cause(refused)
    assert refused.plan.summary()["changed_settings"] == []
    assert uploader.upload(approved_plan=refused.plan.id).uploaded


def test_a_changed_configuration_is_recorded_without_an_upload(uploader: Uploader) -> None:
    uploader.write_roster(A, B, C, configuration=_configure("bergen", "oslo"))
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, configuration=_configure("bergen", "oslo", columns="2"))
    outcome = uploader.upload()
    assert changed_and_uploaded(outcome) == (True, False)
    assert outcome.plan.summary()["changed_settings"] == ["columns"]
    assert uploader.upload().plan.summary()["changed_settings"] == []


def test_the_id_does_not_depend_on_the_configuration(uploader: Uploader) -> None:
    ids = set()
    uploader.upload(initial=True)
    for configuration in (None, _configure("oslo"), _configure("bergen", "oslo")):
        uploader.write_roster(A, B, configuration=configuration)
        ids.add(uploader.upload(check_mode=True).plan.id)
    assert len(ids) == 1


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


def test_required_contacts_are_not_checked_if_nothing_is_sent(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    required: dict[str, Any] = {"must_contain": [{"Email": "z@x"}]}
    assert uploader.upload(**required).error is None
    assert "1 (Email)" in _cause(uploader.upload(force=True, **required))


def test_a_required_contact_with_an_unknown_column_is_an_error(uploader: Uploader) -> None:
    with pytest.raises(InputError, match=r"element 1 of O?\(?must_contain\)?: .* no column 'Mail'"):
        uploader.upload(initial=True, must_contain=[{"Mail": "a@x"}])
    assert not uploader.state_dir.exists()


def test_the_guard_receives_the_numbers_of_the_plan(
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
    ids_path(uploader.src).write_bytes(ids_path(uploader.src).read_bytes() + LEFT_OUT)
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
                removal_causes={"unknown": 1},
            ),
        ),
        missing_before="unknown",
    )
    assert (second.has_upload, third.has_upload) == (True, False)


def _lose_response(uploader: Uploader, *rows: tuple[str, ...], **changes: Any) -> Outcome:
    """Upload a roster, and lose the response, so that the outcome is unknown."""
    uploader.write_roster(*rows)
    uploader.next_responses = [b""]
    outcome = uploader.upload(**changes)
    assert outcome.error is not None
    assert outcome.error.kind == "service_unsure"
    return outcome


def test_contacts_of_an_unresolved_upload_are_counted_as_removed(uploader: Uploader) -> None:
    people = [(f"{name}", f"{name}@x", "oslo") for name in "abcdefghij"]
    uploader.write_roster(*people[:4])
    uploader.upload(initial=True)
    _lose_response(uploader, *people[:8])
    # Compared with the baseline, no contact is removed, but the service may have the contacts of the
    # unresolved upload.
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


def test_removing_everybody_of_an_unresolved_upload_is_never_allowed(uploader: Uploader) -> None:
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


def test_the_plan_id_depends_on_identities_missing_and_key_but_not_on_limits_or_left_out_people(
    uploader: Uploader,
) -> None:
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


def test_an_approval_is_kept_if_an_earlier_upload_of_the_same_roster_needed_none(
    uploader: Uploader,
) -> None:
    uploader.upload(initial=True)
    _lose_response(uploader, A, C)
    plan_id = uploader.upload(max_removed=0).plan.id
    _lose_response(uploader, A, C, max_removed=0, approved_plan=plan_id)
    for approved_plan in (plan_id, None):
        outcome = uploader.upload(check_mode=True, max_removed=0, approved_plan=approved_plan)
        assert outcome.error is None


def test_an_approval_is_not_valid_for_the_same_change_after_two_lost_responses(
    uploader: Uploader,
) -> None:
    everyone, few = (A, B, C, D, E), (A, C)
    uploader.write_roster(*everyone)
    uploader.upload(initial=True)
    for roster in (few, everyone):
        uploader.write_roster(*roster)
        _lose_response(uploader, *roster, approved_plan=uploader.upload(check_mode=True).plan.id)
    uploader.write_roster(*few)
    plan_id = uploader.upload(check_mode=True).plan.id
    _lose_response(uploader, *few, approved_plan=plan_id)
    uploader.write_roster(*everyone)
    _lose_response(uploader, *everyone, approved_plan=uploader.upload(check_mode=True).plan.id)
    uploader.write_roster(*few)
    assert "which was sent at " in _cause(uploader.upload(approved_plan=plan_id))


def test_an_approval_for_a_service_that_keeps_contacts_does_not_approve_their_removal(
    uploader: Uploader,
) -> None:
    uploader.write_roster(A, B, C, D)
    uploader.upload(initial=True, missing="keep")
    uploader.write_roster(A, E, F)
    limits: dict[str, Any] = {"max_added_percent": 0}
    plan_id = uploader.upload(missing="keep", **limits).plan.id
    _lose_response(uploader, A, E, F, missing="keep", approved_plan=plan_id, **limits)
    assert uploader.upload(check_mode=True, missing="keep", **limits).error is None
    assert "it removes 3 contacts" in _cause(uploader.upload(missing="remove", **limits))


def test_a_change_away_from_keep_after_a_lost_response_needs_an_approval(
    uploader: Uploader,
) -> None:
    _lose_response(uploader, A, B, C, initial=True, missing="keep")
    outcome = uploader.upload(missing="remove")
    assert _cause(outcome).startswith("O(missing) was keep in an earlier upload and is remove now")
    _lose_response(uploader, A, B, C, missing="remove", approved_plan=outcome.plan.id)
    assert uploader.upload(missing="remove").uploaded


@pytest.mark.parametrize("is_baseline", [True, False])
def test_a_known_roster_without_locations_does_not_make_locations_vanish(
    uploader: Uploader, is_baseline: bool
) -> None:
    without = csv_bytes([row[:2] for row in (A, B, C)], HEADER[:2])
    rosters = [without, csv_bytes([A, B, C])]
    for data in rosters if is_baseline else reversed(rosters):
        uploader.src.write_bytes(data)
        ids_path(uploader.src).write_bytes(ids_bytes(data, "abc"))
        uploader.upload(initial=True)
        uploader.next_responses = [b""]
    uploader.next_responses = []
    uploader.write_roster(A, B, C)
    assert len(uploader.upload(check_mode=True).state.unresolved) == 1
    assert uploader.upload().error is None


def test_a_location_that_vanishes_counts_the_contacts_of_all_known_rosters(
    uploader: Uploader,
) -> None:
    staff = [(name, f"{name}@x", "oslo") for name in "abcdefghijkl"]
    in_oslo = [(name, f"{name}@x", "oslo") for name in "mnop"]
    in_bergen = [(name, email, "bergen") for name, email, _location in in_oslo]
    uploader.write_roster(*staff, *in_oslo[:2], *in_bergen[2:])
    uploader.upload(initial=True)
    _lose_response(uploader, *staff, *in_bergen[:2], *in_oslo[2:])
    uploader.write_roster(*staff, *in_oslo)
    assert _cause(uploader.upload()) == (
        "compared with all known rosters together, no contacts remain at bergen (4 before)"
    )


def test_an_approval_is_not_valid_for_the_same_rows_of_other_people(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    new = [(f"{name}2", f"{name}2@x", "oslo") for name in "ab"]
    uploader.write_roster(*new, C, identities="abc")
    plan_id = uploader.upload(max_changed_percent=0).plan.id
    uploader.write_roster(A, B, C, identities="dec")
    assert uploader.upload().changed  # Only the identities change.
    uploader.write_roster(*new, C, identities="abc")
    cause = _cause(uploader.upload(max_changed_percent=0, approved_plan=plan_id))
    assert "but this plan adds 2, changes 0, moves 0 and removes 2 contacts" in cause
    plan_id = uploader.upload(check_mode=True).plan.id
    for file in uploader.state_dir.glob("*.ids"):
        file.write_bytes(file.read_bytes() + b"{}\n")
    assert uploader.upload(check_mode=True).plan.id != plan_id


def test_an_approval_is_not_kept_after_another_roster_was_rejected(uploader: Uploader) -> None:
    uploader.write_roster(A, B, C, D, E)
    uploader.upload(initial=True)
    uploader.write_roster(A, C)
    plan_id = uploader.upload().plan.id
    _lose_response(uploader, A, C, approved_plan=plan_id)
    uploader.next_responses = [plain("400 Bad Request")]
    assert uploader.upload().error is not None
    assert uploader.upload(check_mode=True).error is None
    uploader.write_roster(A, B, C, D, E)
    uploader.next_responses = [plain("400 Bad Request")]
    assert uploader.upload(max_added_percent=1000).attempts == 1
    uploader.write_roster(A, C)
    for approved_plan in (None, plan_id):
        outcome = uploader.upload(approved_plan=approved_plan)
        assert "it removes 3 contacts" in _cause(outcome)
    assert uploader.upload(approved_plan=outcome.plan.id).uploaded


@pytest.mark.parametrize("has_identities", [True, False])
def test_changed_contacts_of_many_unresolved_uploads_do_not_count_as_removed(
    uploader: Uploader, has_identities: bool
) -> None:
    limits: dict[str, Any] = {"max_changed_percent": 100, "key": ["Email"]}
    for number in range(8):
        uploader.write_roster(
            *((f"{name}{number}", f"{name}@x", "oslo") for name in "abcd"), identities="abcd"
        )
        if not has_identities:
            ids_path(uploader.src).unlink()
        uploader.next_responses = [b""]
        outcome = uploader.upload(initial=True, **limits)
        assert outcome.attempts == 1
    assert [each.rows for each in outcome.state.unresolved] == [4] * 5
    assert uploader.upload(**limits).uploaded


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "/other", "rebind": True},
        {"profile": "other"},
        {"location_column": "Name"},
        {"key": ["Name"]},
        {"missing": "disable"},
    ],
)
def test_the_plan_id_depends_on_the_settings_that_determine_the_effect_of_an_upload(
    uploader: Uploader, changes: dict[str, Any]
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, D)
    plan_id = uploader.upload(check_mode=True).plan.id
    if "url" in changes:
        changes = {**changes, "url": f"http://127.0.0.1:{uploader.port}{changes['url']}"}
    assert uploader.upload(check_mode=True, **changes).plan.id != plan_id


def test_the_plan_id_depends_on_the_rows(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    ids = []
    for email in ("d@x", "d@y"):
        uploader.write_roster(A, B, C, ("D", email, "oslo"))
        ids.append(uploader.upload(check_mode=True).plan.id)
    assert ids[0] != ids[1]


def test_without_a_baseline_percentages_refer_to_the_smallest_unresolved_roster(
    uploader: Uploader,
) -> None:
    people = [(name, f"{name}@x", "oslo") for name in "abcdefghijkl"]
    _lose_response(uploader, *people[:12], initial=True)
    _lose_response(uploader, *people[:11], max_removed_percent=100)
    uploader.write_roster(*people[:8])
    limits: dict[str, Any] = {"max_removed_per_location_percent": 100, "check_mode": True}
    assert "(oslo 4), which is 36.4% of the 11 in the roster sent at " in _cause(
        uploader.upload(max_removed_percent=36, **limits)
    )
    assert uploader.upload(max_removed_percent=37, **limits).error is None


def test_a_plan_that_does_not_lead_to_the_new_roster_is_never_sent(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_a_contact(*args: Any, **options: Any) -> KnownPlans:
        plans = plan_from_known(*args, **options)
        plan = replace(plans.plan, new_by_location={"oslo": 1, "bergen": 1})
        return replace(plans, plans=(plan,))

    monkeypatch.setattr(upload, "plan_from_known", lose_a_contact)
    with pytest.raises(FrontdeskError, match="which is a bug in the collection"):
        uploader.upload(initial=True)
    assert uploader.sent_bodies == []


def test_the_key_is_checked_if_any_known_roster_has_no_identities(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, D)
    ids_path(uploader.src).unlink()
    uploader.next_responses = [b""]
    assert uploader.upload().error is not None
    uploader.write_roster(A, B, C, ("D", "", "oslo"))
    warnings = uploader.upload(check_mode=True).warnings
    assert [text.partition(":")[0] for text in warnings] == [
        "The new roster or a known roster has no identities",
        "Cannot identify 1 of 4 contacts",
    ]


def test_missing_identities_of_a_known_roster_are_reported(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    (path,) = uploader.state_dir.glob("*.ids")
    path.unlink()
    warning, by_key = uploader.upload(check_mode=True).warnings
    assert warning.startswith(f"{path} is missing or corrupted, so this run identifies contacts")
    assert by_key == (
        "The new roster or a known roster has no identities: contacts are identified by Email"
    )
