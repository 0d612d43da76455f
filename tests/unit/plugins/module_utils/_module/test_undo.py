# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of uploading the roster that was accepted before the last one."""

from __future__ import annotations

import os

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import FrontdeskError
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import ids_path
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import csv_bytes
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import plain
from ansible_collections.frontdesk.contacts.tests.unit.support.upload_runs import (
    SECOND_ROW_REFUSED,
    A,
    B,
    C,
    Uploader,
    changed_and_uploaded,
    count_changes,
    read_stored_state,
)

D = ("D", "d@x", "oslo")


def _last_body(uploader: Uploader) -> bytes:
    return uploader.sent_bodies[-1]


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_previous_roster_is_uploaded(uploader: Uploader, check_mode: bool) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, D)
    uploader.upload()
    before = uploader.state_files()
    uploader.src.unlink()
    ids_path(uploader.src).unlink()
    outcome = uploader.upload(undo=True, max_removed_percent=50, check_mode=check_mode)
    assert (changed_and_uploaded(outcome), count_changes(outcome)) == ((True, True), {"removed": 1})
    if check_mode:
        assert uploader.state_files() == before
        return
    assert csv_bytes([A, B, C]) in _last_body(uploader)
    # Another undo returns to the roster that was undone.
    outcome = uploader.upload(undo=True)
    assert count_changes(outcome) == {"added": 1}
    assert csv_bytes([A, B, C, D]) in _last_body(uploader)


def test_an_undo_is_guarded_and_can_be_approved(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, *((name, f"{name}@x", "oslo") for name in "defgh"))
    uploader.upload(max_added_percent=1000)
    stopped = uploader.upload(undo=True)
    assert stopped.error is not None
    assert stopped.error.kind == "guard"
    assert f"run once with O(undo=true) and O(approved_plan={stopped.plan.id})" in str(
        stopped.error.remedy
    )
    outcome = uploader.upload(undo=True, approved_plan=stopped.plan.id)
    assert (outcome.uploaded, count_changes(outcome)) == (True, {"removed": 5})


def test_with_an_unresolved_upload_the_last_accepted_roster_is_uploaded(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B)
    uploader.next_responses = [b""]
    assert uploader.upload().attempts == 1
    assert uploader.upload(undo=True).uploaded
    assert csv_bytes([A, B, C]) in _last_body(uploader)
    assert read_stored_state(uploader).is_settled


def test_a_repeated_upload_does_not_replace_the_previous_roster(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, D)
    uploader.upload()
    uploader.upload(force=True)
    assert count_changes(uploader.upload(undo=True, check_mode=True, max_removed_percent=50)) == {
        "removed": 1
    }


def test_an_undo_after_a_partial_acceptance_returns_to_the_roster_before_it(
    uploader: Uploader,
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, ("B", "b2@x", "oslo"), C, D)
    uploader.next_responses = [plain("200 OK", SECOND_ROW_REFUSED)]
    uploader.upload()
    assert uploader.upload(undo=True, max_removed_percent=50).uploaded
    assert csv_bytes([A, B, C]) in _last_body(uploader)


@pytest.mark.parametrize("uploads", [0, 1])
def test_an_undo_without_an_earlier_roster_is_an_error(uploader: Uploader, uploads: int) -> None:
    if uploads:
        uploader.upload(initial=True)
    with pytest.raises(
        FrontdeskError, match="contains no roster that was accepted before"
    ) as caught:
        uploader.upload(undo=True)
    assert caught.value.action == "Cannot undo the last upload"
    assert len(uploader.sent_bodies) == uploads


def test_only_one_previous_roster_is_kept(uploader: Uploader) -> None:
    for number in range(4):
        uploader.write_roster(A, B, C, (f"D{number}", "d@x", "oslo"), identities="abcd")
        uploader.upload(initial=True)
    names = os.listdir(uploader.state_dir)
    assert sorted(name.rpartition(".")[2] for name in names) == [
        *("csv", "csv", "ids", "ids", "json", "lock"),
    ]


def test_a_damaged_previous_roster_is_an_error_that_does_not_advise_to_remove_the_state(
    uploader: Uploader,
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, D)
    uploader.upload()
    previous = read_stored_state(uploader).receipt.previous  # type: ignore[union-attr]  # there is a receipt
    assert previous is not None
    (uploader.state_dir / f"{previous.roster}.csv").write_bytes(b"x")
    with pytest.raises(FrontdeskError, match="it is missing or corrupted") as caught:
        uploader.upload(undo=True)
    assert caught.value.remedy.startswith("Remove O(undo), correct the cause")
    assert len(uploader.sent_bodies) == 2
