# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of uploads that the service accepts: the conditions for sending the roster, and the contents of the receipt."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import ids_path
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import HEADER, ids_bytes
from ansible_collections.frontdesk.contacts.tests.unit.support.upload_runs import (
    A,
    B,
    C,
    Uploader,
    changed_and_uploaded,
    count_changes,
    read_stored_state,
)


def test_the_first_upload_is_recorded_in_a_receipt(uploader: Uploader) -> None:
    outcome = uploader.upload(initial=True)
    assert outcome.error is None
    assert changed_and_uploaded(outcome) == (True, True)
    assert count_changes(outcome) == {"added": 3}
    assert len(uploader.sent_bodies) == 1
    assert b'filename="receptionist.csv"' in uploader.sent_bodies[0]
    assert uploader.src.read_bytes() in uploader.sent_bodies[0]
    result = outcome.result(show_diff=False)
    receipt = result.pop("receipt")
    assert 0 <= result.pop("duration") < 60
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", receipt.pop("accepted_at"))
    assert receipt == {
        "endpoint": f"http://127.0.0.1:{uploader.port}/c",
        "profile": "receptionist",
        "header": HEADER,
        "roster": outcome.receipt.roster if outcome.receipt else "",
        "identities": outcome.receipt.identities if outcome.receipt else "",
        "rows": 3,
        "plan": outcome.plan.id,
        "status": 200,
        "counts": {"added": 1},
        "missing": "unknown",
        "sequence": 1,
        "complete": True,
    }
    assert result == {
        "changed": True,
        "uploaded": True,
        "plan": {**outcome.plan.summary(), "invalid": []},
        "service": {
            "status": 200,
            "confirmed": True,
            "message": "",
            "counts": {"added": 1},
            "errors": [],
            "error_count": 0,
            "causes": [],
            "refused": 0,
        },
        "unresolved": [],
        "attempts": 1,
    }
    assert b"secret" not in uploader.state_files()["receipt.json"]


def test_nothing_is_sent_if_nothing_changed(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    before = uploader.state_files()
    outcome = uploader.upload()
    assert (changed_and_uploaded(outcome), count_changes(outcome)) == ((False, False), {})
    assert outcome.result(show_diff=False)["service"] is None
    assert outcome.receipt is not None
    assert len(uploader.sent_bodies) == 1
    assert uploader.state_files() == before


def test_a_changed_roster_is_sent_and_becomes_the_baseline(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(
        ("A2", "a@x", "oslo"), ("B", "b@x", "bergen"), ("D", "d@x", "oslo"), identities="abd"
    )
    outcome = uploader.upload(max_removed_percent=100.0)
    assert count_changes(outcome) == {"added": 1, "changed": 1, "moved": 1, "removed": 1}
    assert len(uploader.sent_bodies) == 2
    receipt = read_stored_state(uploader).receipt
    assert receipt is not None
    assert [earlier["rows"] for earlier in receipt.history] == [3]
    assert changed_and_uploaded(uploader.upload()) == (False, False)
    diff = outcome.result(show_diff=True)["diff"]
    assert diff["before_header"] == "last accepted roster (Name, Email, Location)"
    assert diff["after_header"] == "new roster (Name, Email, Location)"
    assert "D,d@x,oslo\n" in diff["after"]


def test_force_sends_an_unchanged_roster_but_does_not_override_the_limits(
    uploader: Uploader,
) -> None:
    uploader.upload(initial=True)
    assert changed_and_uploaded(uploader.upload(force=True)) == (True, True)
    assert len(uploader.sent_bodies) == 2
    uploader.write_roster(("Z", "z@x", "oslo"))
    outcome = uploader.upload(force=True)
    assert outcome.error is not None
    assert outcome.error.cause.startswith("it removes all 3 contacts of the last accepted roster, ")
    assert (changed_and_uploaded(outcome), len(uploader.sent_bodies)) == ((False, False), 2)


def test_a_first_upload_requires_initial(uploader: Uploader) -> None:
    outcome = uploader.upload()
    assert outcome.error is not None
    assert outcome.error.cause == f"{uploader.state_dir} contains no record of an earlier upload"
    assert changed_and_uploaded(outcome) == (False, False)
    assert outcome.result(show_diff=False)["receipt"] is None
    assert uploader.sent_bodies == []


def test_another_address_must_be_confirmed_once(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    old, new = (f"http://127.0.0.1:{uploader.port}/{path}" for path in ("c", "new"))
    for check_mode in (True, False):
        outcome = uploader.upload(url=new, initial=True, check_mode=check_mode)
        assert str(outcome.error) == (
            f"Refused to upload to {new}: the last upload recorded in {uploader.state_dir} was sent to {old}. If both"
            " are addresses of the same account, run once with rebind: true; for another account, set another"
            " state_dir."
        )
        assert changed_and_uploaded(outcome) == (False, False)
    assert len(uploader.sent_bodies) == 1
    outcome = uploader.upload(url=new, rebind=True)
    assert (changed_and_uploaded(outcome), count_changes(outcome)) == ((True, True), {})
    assert outcome.warnings == ()
    assert changed_and_uploaded(uploader.upload(url=new)) == (False, False)
    (warning,) = uploader.upload(url=new, rebind=True).warnings
    assert warning == (
        f"O(rebind=true) has no effect: the last upload recorded in {uploader.state_dir}, if any, was sent to the same"
        " address. Remove O(rebind), because it would allow an upload to any other address."
    )


def test_an_upload_to_another_address_is_compared_with_the_same_baseline(
    uploader: Uploader,
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(("Z", "z@x", "oslo"))
    url = f"http://127.0.0.1:{uploader.port}/new"
    outcome = uploader.upload(url=url, rebind=True, initial=True)
    assert outcome.error is not None
    assert (outcome.error.kind, outcome.plan.count("removed")) == ("guard", 3)
    assert len(uploader.sent_bodies) == 1


def test_an_upload_with_an_unknown_outcome_confirms_another_address(
    uploader: Uploader,
) -> None:
    uploader.upload(initial=True)
    url = f"http://127.0.0.1:{uploader.port}/new"
    uploader.next_responses = [b""]
    assert uploader.upload(url=url, rebind=True).error is not None
    outcome = uploader.upload(url=url)
    assert (changed_and_uploaded(outcome), outcome.warnings) == ((True, True), ())


def test_after_lost_responses_at_two_addresses_the_last_one_requires_no_confirmation(
    uploader: Uploader,
) -> None:
    uploader.upload(initial=True)
    new, old = (f"http://127.0.0.1:{uploader.port}/{path}" for path in ("new", "c"))
    for url in (new, old, new):
        uploader.next_responses = [b""]
        assert uploader.upload(url=url, rebind=True).attempts == 1
    assert uploader.upload(url=old).attempts == 0
    assert changed_and_uploaded(uploader.upload(url=new)) == (True, True)


def test_the_roster_is_sent_once_after_the_profile_has_changed(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    outcome = uploader.upload(profile="other")
    assert (changed_and_uploaded(outcome), count_changes(outcome)) == ((True, True), {})
    assert changed_and_uploaded(uploader.upload(profile="other")) == (False, False)


def test_a_roster_with_another_header_is_compared_with_the_baseline(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    data = b"Name,Email,Phone\r\nA,a@x,1\r\nB,b@x,\r\nC2,c@x,\r\n"
    uploader.src.write_bytes(data)
    ids_path(uploader.src).write_bytes(ids_bytes(data, "abc"))
    outcome = uploader.upload()
    assert (changed_and_uploaded(outcome), count_changes(outcome)) == ((True, True), {"changed": 1})
    assert outcome.plan.new_columns == {"Phone": 1}
    assert outcome.plan.dropped_columns == {"Location": 3}
    assert changed_and_uploaded(uploader.upload()) == (False, False)


def test_removals_by_a_roster_with_another_header_are_limited(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    data = b"Name,Email\r\nZ,z@x\r\n"
    uploader.src.write_bytes(data)
    ids_path(uploader.src).write_bytes(ids_bytes(data, "z"))
    outcome = uploader.upload(initial=True)
    assert outcome.error is not None
    assert (outcome.error.kind, outcome.plan.count("removed")) == ("guard", 3)
    assert len(uploader.sent_bodies) == 1


def test_the_query_of_the_url_is_not_part_of_the_endpoint(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    outcome = uploader.upload(url=f"http://127.0.0.1:{uploader.port}/c?list=other")
    assert changed_and_uploaded(outcome) == (False, False)


def test_the_history_is_kept_if_the_profile_changes(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    assert changed_and_uploaded(uploader.upload(profile="other")) == (True, True)
    receipt = read_stored_state(uploader).receipt
    assert receipt is not None
    assert len(receipt.history) == 1


@pytest.mark.parametrize("check_mode", [True, False])
def test_changed_identities_are_stored_without_an_upload(
    uploader: Uploader, check_mode: bool
) -> None:
    uploader.upload(initial=True)
    before = uploader.state_files()
    uploader.write_roster(A, B, C, identities="xyz")
    outcome = uploader.upload(check_mode=check_mode)
    assert changed_and_uploaded(outcome) == (True, False)
    assert count_changes(outcome) == {}
    assert len(uploader.sent_bodies) == 1
    assert (uploader.state_files() == before) is check_mode
    assert changed_and_uploaded(uploader.upload()) == (check_mode, False)


def test_the_same_rows_with_a_byte_order_mark_and_lf_are_not_sent_again(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    before = uploader.state_files()
    uploader.src.write_bytes(b"\xef\xbb\xbf" + uploader.src.read_bytes().replace(b"\r\n", b"\n"))
    outcome = uploader.upload()
    assert changed_and_uploaded(outcome) == (False, False)
    assert count_changes(outcome) == {}
    assert len(uploader.sent_bodies) == 1
    assert uploader.state_files() == before


def test_without_identities_people_are_identified_by_the_key(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    ids_path(uploader.src).unlink()
    outcome = uploader.upload()
    assert (outcome.plan.by_identity, changed_and_uploaded(outcome)) == (False, (False, False))
    uploader.src.write_text("Name,Email,Location\r\nA2,a@x,oslo\r\nB,b@x,oslo\r\nC,c@x,bergen\r\n")
    assert count_changes(uploader.upload()) == {"changed": 1}
    receipt = read_stored_state(uploader).receipt
    assert receipt is not None
    assert receipt.identities == ""
    uploader.write_roster(A, B, C)
    assert uploader.upload().plan.by_identity is False
    assert uploader.upload().plan.by_identity is True


def test_check_mode_makes_the_same_plan_and_changes_nothing(uploader: Uploader) -> None:
    checked = uploader.upload(check_mode=True, initial=True)
    assert (changed_and_uploaded(checked), uploader.sent_bodies) == ((True, True), [])
    assert not uploader.state_dir.exists()
    real = uploader.upload(initial=True)
    # Without a state, there is nothing to which an approval could refer.
    assert checked.plan.id is None
    assert checked.plan == replace(real.plan, id=None)
    before = uploader.state_files()
    uploader.write_roster(A, B)
    checked = uploader.upload(check_mode=True, max_removed_percent=100.0)
    assert count_changes(checked) == {"removed": 1}
    assert uploader.state_files() == before
    assert len(uploader.sent_bodies) == 1
    assert checked.plan == uploader.upload(max_removed_percent=100.0).plan


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_permission_for_a_first_upload_that_has_no_effect_is_reported(
    uploader: Uploader, check_mode: bool
) -> None:
    assert uploader.upload(initial=True, check_mode=True).warnings == ()
    assert uploader.upload(initial=True).warnings == ()
    assert uploader.upload(check_mode=check_mode).warnings == ()
    (warning,) = uploader.upload(initial=True, check_mode=check_mode).warnings
    assert warning == (
        f"O(initial=true) has no effect: {uploader.state_dir} contains the record of an earlier upload."
        " Remove O(initial), because without that record, only O(must_contain) would limit the upload."
    )


ROWS = [("A", "", "oslo"), ("B", "", "bergen"), ("C", "c@x", "oslo"), ("D", "c@x", "oslo")]


def test_contacts_that_the_key_does_not_identify_are_reported(uploader: Uploader) -> None:
    uploader.write_roster(*ROWS, ("E", "c@x", "bergen"))
    ids_path(uploader.src).unlink()
    _by_key, empty, repeated = uploader.upload(initial=True).warnings
    assert empty == (
        "Cannot identify 2 of 5 contacts: the new roster or a known roster has no identities, and the cells in"
        " 'Email' are empty. Set O(key) to columns that identify each contact, or keep the identities file"
        f" {ids_path(uploader.src)} with the roster."
    )
    assert repeated.startswith("Cannot distinguish 2 of 5 contacts: the new roster or")
    assert uploader.upload(key=["Name", "Location"]).warnings == (
        "The new roster or a known roster has no identities: contacts are identified by Name, Location",
    )


def test_the_key_is_not_checked_if_contacts_have_identities(uploader: Uploader) -> None:
    uploader.write_roster(*ROWS)
    assert uploader.upload(initial=True).warnings == ()


def test_all_missing_key_columns_are_named(uploader: Uploader) -> None:
    with pytest.raises(InputError, match="no column 'Mail' and no column 'Pager', which are in"):
        uploader.upload(initial=True, key=["Mail", "Email", "Pager"])
