# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Uploads from the roster to the receipt: what is sent, when, and what is remembered."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.files import ids_path
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import HEADER
from ansible_collections.frontdesk.contacts.tests.unit.support.sync import (
    A,
    B,
    C,
    Sync,
    did,
    kinds,
)


def test_the_first_upload_and_its_receipt(sync: Sync) -> None:
    outcome = sync.run(initial=True)
    assert (did(outcome), outcome.error, kinds(outcome)) == ((True, True), None, {"added": 3})
    assert len(sync.sent) == 1
    assert b'filename="receptionist.csv"' in sync.sent[0]
    assert sync.src.read_bytes() in sync.sent[0]
    result = outcome.result(show_diff=False)
    receipt = result.pop("receipt")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", receipt.pop("accepted_at"))
    assert receipt == {
        "endpoint": f"http://127.0.0.1:{sync.port}/c",
        "profile": "receptionist",
        "header": HEADER,
        "roster": outcome.receipt.roster if outcome.receipt else "",
        "identities": outcome.receipt.identities if outcome.receipt else "",
        "rows": 3,
        "plan": outcome.plan.id,
        "status": 200,
        "counts": {"added": 1},
        "sequence": 1,
        "complete": True,
    }
    assert result == {
        "changed": True,
        "uploaded": True,
        "plan": {**outcome.plan.summary(), "invalid": []},
        "service": {
            "status": 200,
            "counts": {"added": 1},
            "errors": [],
            "error_count": 0,
            "refused": 0,
        },
        "attempts": 1,
    }
    assert b"secret" not in sync.files()["receipt.json"]


def test_nothing_is_sent_when_nothing_changed(sync: Sync) -> None:
    sync.run(initial=True)
    before = sync.files()
    again = sync.run()
    assert (did(again), kinds(again)) == ((False, False), {})
    assert again.result(show_diff=False)["service"] is None
    assert again.receipt is not None
    assert len(sync.sent) == 1
    assert sync.files() == before


def test_what_changed_is_sent_and_remembered(sync: Sync) -> None:
    sync.run(initial=True)
    sync.people(
        ("A2", "a@x", "oslo"), ("B", "b@x", "bergen"), ("D", "d@x", "oslo"), identities="abd"
    )
    outcome = sync.run(max_removed_percent=100.0)
    assert kinds(outcome) == {"added": 1, "changed": 1, "moved": 1, "removed": 1}
    assert len(sync.sent) == 2
    history = json.loads(sync.files()["receipt.json"])["history"]
    assert [past["rows"] for past in history] == [3]
    assert did(sync.run()) == (False, False)
    shown = outcome.result(show_diff=True)["diff"]
    assert shown["before_header"] == "last accepted roster (Name, Email, Location)"
    assert shown["after_header"] == "new roster (Name, Email, Location)"
    assert "D,d@x,oslo\n" in shown["after"]


def test_force_sends_what_did_not_change_and_passes_no_limit(sync: Sync) -> None:
    sync.run(initial=True)
    assert did(sync.run(force=True)) == (True, True)
    assert len(sync.sent) == 2
    sync.people(("Z", "z@x", "oslo"))
    stopped = sync.run(force=True)
    assert stopped.error is not None
    assert stopped.error.action == "Refused to remove all 3 contacts"
    assert (did(stopped), len(sync.sent)) == ((False, False), 2)


def test_without_a_receipt_it_must_be_asked_for(sync: Sync) -> None:
    stopped = sync.run()
    assert stopped.error is not None
    assert stopped.error.cause == f"no receipt of an earlier upload is in {sync.state}"
    assert did(stopped) == (False, False)
    assert stopped.result(show_diff=False)["receipt"] is None
    assert sync.sent == []


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("endpoint", {"url": "http://localhost:1/c"}),
        ("profile", {"profile": "other"}),
        ("header", {}),
    ],
)
def test_a_receipt_belongs_to_one_endpoint_profile_and_header(
    sync: Sync, part: str, changes: dict[str, Any]
) -> None:
    sync.run(initial=True)
    if part == "header":
        sync.src.write_text("Name,Email\r\nA,a@x\r\n")
    stopped = sync.run(**changes)
    assert stopped.error is not None
    assert stopped.error.cause == f"the receipt in {sync.state} belongs to another {part}"
    assert stopped.receipt is None
    assert stopped.plan.baseline_rows == 0


def test_another_query_is_the_same_endpoint(sync: Sync) -> None:
    sync.run(initial=True)
    assert did(sync.run(url=f"http://127.0.0.1:{sync.port}/c?list=other")) == (False, False)


def test_a_switch_of_profiles_keeps_the_history(sync: Sync) -> None:
    sync.run(initial=True)
    assert did(sync.run(initial=True, profile="other")) == (True, True)
    assert len(json.loads(sync.files()["receipt.json"])["history"]) == 1


@pytest.mark.parametrize("check_mode", [True, False])
def test_other_identities_alone_are_remembered_and_send_nothing(
    sync: Sync, check_mode: bool
) -> None:
    sync.run(initial=True)
    before = sync.files()
    sync.people(A, B, C, identities="xyz")
    outcome = sync.run(check_mode=check_mode)
    assert (did(outcome), kinds(outcome), len(sync.sent)) == ((True, False), {}, 1)
    assert (sync.files() == before) is check_mode
    assert did(sync.run()) == (check_mode, False)


def test_the_same_rows_in_other_bytes_send_nothing(sync: Sync) -> None:
    sync.run(initial=True)
    before = sync.files()
    sync.src.write_bytes(b"\xef\xbb\xbf" + sync.src.read_bytes().replace(b"\r\n", b"\n"))
    outcome = sync.run()
    assert (did(outcome), kinds(outcome), len(sync.sent)) == ((False, False), {}, 1)
    assert sync.files() == before


def test_without_identities_the_key_tells_people_apart(sync: Sync) -> None:
    sync.run(initial=True)
    ids_path(sync.src).unlink()
    same = sync.run()
    assert (same.plan.by_identity, did(same)) == (False, (False, False))
    sync.src.write_text("Name,Email,Location\r\nA2,a@x,oslo\r\nB,b@x,oslo\r\nC,c@x,bergen\r\n")
    assert kinds(sync.run()) == {"changed": 1}
    assert json.loads(sync.files()["receipt.json"])["identities"] == ""
    sync.people(A, B, C)
    assert sync.run().plan.by_identity is False
    assert sync.run().plan.by_identity is True


def test_check_mode_gives_the_same_plan_and_leaves_all_alone(sync: Sync) -> None:
    checked = sync.run(check_mode=True, initial=True)
    assert (did(checked), sync.sent) == ((True, True), [])
    assert not sync.state.exists()
    real = sync.run(initial=True)
    assert checked.plan == real.plan
    before = sync.files()
    sync.people(A, B)
    checked = sync.run(check_mode=True, max_removed_percent=100.0)
    assert (kinds(checked), sync.files(), len(sync.sent)) == ({"removed": 1}, before, 1)
    assert checked.plan == sync.run(max_removed_percent=100.0).plan
