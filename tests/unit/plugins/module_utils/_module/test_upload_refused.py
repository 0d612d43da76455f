# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of refused and partly accepted uploads, of unconfirmed acceptance, and of errors before anything is sent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import ids_path
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.lock import exclusive_lock
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt import StateError
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import csv_bytes
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import free_port, plain
from ansible_collections.frontdesk.contacts.tests.unit.support.upload_runs import (
    RESULT_OPTION,
    SECOND_ROW_REFUSED,
    A,
    B,
    C,
    Uploader,
    changed_and_uploaded,
    count_changes,
    has_complete_receipt,
    read_stored_state,
)

_ROW_ERROR = {"row": 2, "identity": "b", "column": "Email", "cause": "is used twice"}
_CAUSE_OF_400 = "it cannot process the request"
_NOTHING_ACCEPTED = "rejected 1 row; no row is treated as accepted"


@pytest.mark.parametrize(
    ("response", "cause", "row_errors"),
    [
        (plain("400 Oops"), f"it returned HTTP 400 ({_CAUSE_OF_400})", []),
        (
            plain("422 X", SECOND_ROW_REFUSED),
            (
                f"it returned HTTP 422 and {_NOTHING_ACCEPTED}. The service reports: 1 row: Email:"
                ' "is used twice", at oslo'
            ),
            [_ROW_ERROR],
        ),
        (plain("307 X", b"", "Location: /c/"), "it returned HTTP 307, a redirect to /c/", []),
        (
            plain("401 X", b'{"error": "invalid_token", "error_description": "It has expired"}'),
            (
                "it returned HTTP 401 (it does not accept the credential). The service reports:"
                ' "invalid_token: It has expired"'
            ),
            [],
        ),
    ],
)
def test_a_refused_upload_does_not_change_the_state(
    uploader: Uploader, response: bytes, cause: str, row_errors: list[object]
) -> None:
    uploader.upload(initial=True)
    before = uploader.state_files()
    uploader.write_roster(A, B, C, ("D", "d@x", "oslo"))
    uploader.response = response
    outcome = uploader.upload()
    assert outcome.error is not None
    assert outcome.error.cause == cause
    assert (changed_and_uploaded(outcome), count_changes(outcome)) == ((False, False), {"added": 1})
    assert uploader.state_files() == before
    service = outcome.result(show_diff=False)["service"]
    assert (service["errors"], service["error_count"]) == (row_errors, len(row_errors))


def test_the_rows_that_were_not_refused_are_treated_as_accepted(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(
        ("A2", "a@x", "oslo"),
        ("B2", "b@x", "oslo"),
        C,
        ("D", "d@x", "oslo"),
        ("E", "e@x", "oslo"),
        identities="abcde",
    )
    refusals = [{"row": 2, "error": "no"}, {"row": 5, "error": "no"}]
    acceptance = uploader.response
    uploader.response = plain("200 OK", json.dumps({"errors": refusals}).encode())
    outcome = uploader.upload()
    assert outcome.error is not None
    assert "rejected 2 rows; the other rows are treated as accepted" in outcome.error.cause
    assert changed_and_uploaded(outcome) == (True, False)
    assert outcome.receipt is not None
    assert (outcome.receipt.rows, outcome.receipt.complete) == (4, False)
    # The new baseline has four contacts: it contains the old row of B, and it does not contain E.
    plan = uploader.upload(check_mode=True).plan
    assert (plan.baseline_rows, plan.by_identity) == (4, True)
    assert count_changes(uploader.upload(check_mode=True)) == {"added": 1, "changed": 1}
    uploader.response = acceptance
    assert changed_and_uploaded(uploader.upload()) == (True, True)
    assert changed_and_uploaded(uploader.upload()) == (False, False)


def test_without_identities_refused_rows_are_matched_by_the_key(uploader: Uploader) -> None:
    uploader.src.write_bytes(csv_bytes([A, ("B", "b@x", "oslo"), ("B", "b@x", "bergen")]))
    ids_path(uploader.src).unlink()
    uploader.upload(initial=True)
    uploader.src.write_bytes(csv_bytes([("B2", "b@x", "bergen"), ("B2", "b@x", "oslo"), A]))
    uploader.response = plain("200 OK", b'{"errors": [{"row": 1, "error": "no"}]}')
    outcome = uploader.upload()
    assert outcome.receipt is not None
    assert outcome.receipt.identities == ""
    baseline = uploader.state_files()[f"{outcome.receipt.roster}.csv"]
    assert baseline == csv_bytes([("B2", "b@x", "oslo"), A, ("B", "b@x", "bergen")])


def test_a_first_upload_can_be_accepted_in_part(uploader: Uploader) -> None:
    uploader.response = plain("200 OK", SECOND_ROW_REFUSED)
    outcome = uploader.upload(initial=True)
    assert outcome.receipt is not None
    assert (outcome.receipt.rows, outcome.receipt.complete) == (2, False)
    assert count_changes(uploader.upload()) == {"added": 1}


@pytest.mark.parametrize(
    "response",
    [
        {"errors": [{"error": "somebody"}], "counts": {"skipped": 0}},
        {"errors": [], "counts": {"skipped": 1, "failed": 2}},
        {"errors": [{"row": 1}, {"row": 2}, {"row": 3}], "counts": {"skipped": 3}},
    ],
)
def test_no_row_is_treated_as_accepted_if_the_response_does_not_identify_the_refused_rows(
    uploader: Uploader, response: dict[str, object]
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(("A2", "a@x", "oslo"), B, C)
    uploader.response = plain("200 OK", json.dumps(response).encode())
    outcome = uploader.upload(result={**RESULT_OPTION, "refused": ["skipped", "failed"]})
    assert outcome.error is not None
    assert "; no row is treated as accepted" in outcome.error.cause
    assert count_changes(uploader.upload(check_mode=True)) == {"changed": 1}
    assert not has_complete_receipt(uploader)


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "204 No Content"])
def test_a_successful_status_with_an_empty_body_means_acceptance(
    uploader: Uploader, status: str
) -> None:
    uploader.response = plain(status)
    outcome = uploader.upload(initial=True, result=None)
    assert changed_and_uploaded(outcome) == (True, True)
    service = outcome.result(show_diff=False)["service"]
    assert (service["confirmed"], has_complete_receipt(uploader)) == (False, True)
    assert outcome.message.startswith(
        f"The roster is treated as accepted because the service returned HTTP {status[:3]} with an empty body."
    )
    # An unchanged roster is not sent, so there is nothing to confirm.
    assert uploader.upload(result=None).message == ""


def test_a_confirmed_upload_has_no_message(uploader: Uploader) -> None:
    assert uploader.upload(initial=True).message == ""


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted"])
@pytest.mark.parametrize(
    "body", [b"<html>Log in</html>", b'{"errors": {"1": "bad"}}', b'{"success": false}', b"error"]
)
@pytest.mark.parametrize("result", [None, RESULT_OPTION])
def test_a_successful_status_with_an_unexpected_body_does_not_mean_acceptance(
    uploader: Uploader, status: str, body: bytes, result: dict[str, str] | None
) -> None:
    uploader.response = plain(status, body)
    outcome = uploader.upload(initial=True, result=result)
    assert outcome.error is not None
    assert changed_and_uploaded(outcome) == (False, False)
    state = read_stored_state(uploader)
    assert (state.receipt, len(state.unresolved)) == (None, 1)


def test_the_result_lists_at_most_50_row_errors_and_contains_the_total_number(
    uploader: Uploader,
) -> None:
    errors = [{"row": 1, "error": "bad"}] * 60
    uploader.response = plain("422 X", json.dumps({"errors": errors}).encode())
    service = uploader.upload(initial=True).result(show_diff=False)["service"]
    assert (len(service["errors"]), service["error_count"]) == (50, 60)


def test_the_outcome_contains_the_error_after_a_refused_connection(uploader: Uploader) -> None:
    outcome = uploader.upload(initial=True, url=f"http://127.0.0.1:{free_port()}/c")
    assert outcome.error is not None
    assert outcome.error.cause == "Connection refused"
    assert changed_and_uploaded(outcome) == (False, False)
    assert list(uploader.state_files()) == ["lock"]


def test_two_runs_cannot_use_a_state_directory_at_the_same_time(uploader: Uploader) -> None:
    with exclusive_lock(uploader.state_dir):
        for check_mode in (False, True):
            with pytest.raises(StateError, match="another run is using it"):
                uploader.upload(initial=True, check_mode=check_mode)
    assert uploader.sent_bodies == []
    uploader.upload(initial=True, check_mode=True)
    assert uploader.state_files() == {"lock": b""}


def test_a_warning_reports_missing_identities_of_the_baseline(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    (ids,) = uploader.state_dir.glob("*.ids")
    ids.unlink()
    outcome = uploader.upload()
    assert (changed_and_uploaded(outcome), outcome.plan.by_identity) == ((True, False), False)
    assert [warning.partition(",")[0] for warning in outcome.warnings] == [
        f"{ids} is missing or corrupted",
        "The new roster or a known roster has no identities: contacts are identified by Email",
    ]
    assert uploader.upload().warnings == ()


@pytest.mark.parametrize("check_mode", [True, False])
def test_certificate_files_are_checked_before_anything_is_created(
    uploader: Uploader, check_mode: bool
) -> None:
    os.unlink(uploader.src)
    with pytest.raises(InputError, match="Cannot use client_cert /none"):
        uploader.upload(check_mode=check_mode, url="https://localhost/c", client_cert="/none")
    assert not uploader.state_dir.exists()


def _remove_rows(path: Path) -> None:
    path.write_text("Name,Email,Location\r\n")


def _replace_columns(path: Path) -> None:
    path.write_text("Name,Mail\r\nA,a@x\r\n")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (os.unlink, "No such file or directory. Export a roster to it first."),
        (_remove_rows, "it contains a header but no contacts. Export a roster to it first."),
        (
            _replace_columns,
            (
                "it has no column 'Email', which is in key. "
                "Correct key, or make sure that the first line contains the titles of the 2 columns."
            ),
        ),
    ],
)
def test_an_unusable_roster_is_reported_before_anything_is_created(
    uploader: Uploader, damage: Callable[[Path], None], message: str
) -> None:
    damage(uploader.src)
    with pytest.raises(InputError) as caught:
        uploader.upload(initial=True)
    assert str(caught.value).endswith(f"{uploader.src}: {message}")
    assert not uploader.state_dir.exists()
