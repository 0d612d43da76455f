# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of uploads with an unknown outcome, and of rosters that change during an upload."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import (
    partial_acceptance,
    submission,
    upload,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.guard import (
    check_transition,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.request_body import (
    FileContent,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt import StateError
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import plain
from ansible_collections.frontdesk.contacts.tests.unit.support.upload_runs import (
    SECOND_ROW_REFUSED,
    A,
    B,
    C,
    Uploader,
    changed_and_uploaded,
    count_changes,
    has_complete_receipt,
)


@pytest.mark.parametrize(
    ("response", "cause"),
    [
        (plain("500 Oops"), "it returned HTTP 500"),
        (
            plain("200 OK", b"<html>"),
            "it returned HTTP 200, but the response does not match O(result)",
        ),
        (
            plain("200 OK", b'{"success": false}'),
            "it returned HTTP 200, but the response does not match",
        ),
        (
            plain("200 OK", b'{"counts": {"failed": 1}}'),
            "it returned HTTP 200, but its response reports a failure",
        ),
        (plain("204 No Content"), "it returned HTTP 204, but the response does not match"),
        (plain("199 X"), "the connection was closed before a response was received"),
        (plain("101 X"), "it returned HTTP 101"),
        (
            plain("303 X", b"", "Location: /imports/17?a=b"),
            "it returned HTTP 303, with the result at /imports/17; it",
        ),
        (
            plain("302 X", b"", "Location: /login"),
            "it returned HTTP 302, a redirect to /login, which looks like",
        ),
        (
            plain("301 X", b"", "Location: /c/"),
            "it returned HTTP 301, a redirect to /c/; it might have accepted",
        ),
        (plain("408 X"), "it returned HTTP 408 (the roster did not arrive in time)"),
        (
            b"HTTP/1.1 102 Processing\r\n\r\n",
            "the connection was closed before a response was received",
        ),
        (plain("202 Accepted"), "it returned HTTP 202 (it might still reject the roster)"),
        (b"", "the connection was closed before a response was received"),
    ],
)
def test_after_an_unknown_outcome_the_next_upload_is_sent_even_if_nothing_changed(
    uploader: Uploader, response: bytes, cause: str
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, ("D", "d@x", "oslo"))
    acceptance, uploader.response = uploader.response, response
    outcome = uploader.upload()
    assert outcome.error is not None
    assert outcome.error.cause.startswith(cause)
    assert changed_and_uploaded(outcome) == (False, False)
    assert outcome.receipt is not None
    assert (outcome.receipt.complete, has_complete_receipt(uploader)) == (False, False)
    assert len([name for name in uploader.state_files() if name.endswith(".csv")]) == 2
    # The roster equals the last accepted roster, but must be sent again: the service might have added contact D.
    uploader.write_roster(A, B, C)
    uploader.response = acceptance
    assert changed_and_uploaded(uploader.upload(check_mode=True)) == (True, True)
    outcome = uploader.upload()
    assert (changed_and_uploaded(outcome), count_changes(outcome)) == ((True, True), {})
    assert has_complete_receipt(uploader)
    assert changed_and_uploaded(uploader.upload()) == (False, False)


@pytest.mark.parametrize(
    "last",
    [
        *(
            plain("401 X"),
            plain("409 X"),
            plain("302 X", b"", "Location: /"),
            plain("308 X", b"", "Location: /c/"),
        ),
        plain("200 OK", b'{"counts": {"failed": 3}, "success": false}'),
    ],
)
@pytest.mark.parametrize("first", [b"", plain("502 X"), plain("503 X")])
def test_a_rejected_retry_does_not_resolve_the_unknown_outcome_of_the_first_attempt(
    uploader: Uploader, first: bytes, last: bytes
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, ("D", "d@x", "oslo"))
    uploader.next_responses = [first, last]
    outcome = uploader.upload(method="PUT", retries=1, retry_interval=0)
    assert (outcome.attempts, outcome.error is None) == (2, False)
    assert not has_complete_receipt(uploader)
    uploader.write_roster(A, B, C)
    assert changed_and_uploaded(uploader.upload(check_mode=True)) == (True, True)


@pytest.mark.parametrize(
    "response",
    [
        plain("400 X"),
        plain("307 X", b"", "Location: /c/"),
        plain("200 OK", b'{"success": false, "message": "Nothing was imported"}'),
    ],
)
def test_a_rejection_keeps_the_receipt_complete_unless_an_earlier_upload_is_unresolved(
    uploader: Uploader, response: bytes
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, ("D", "d@x", "oslo"))
    result = {"success": "success"}
    uploader.response = response
    assert uploader.upload(result=result).error is not None
    assert has_complete_receipt(uploader)
    uploader.next_responses = [plain("500 X")]
    assert uploader.upload(result=result).error is not None
    assert not has_complete_receipt(uploader)
    outcome = uploader.upload(result=result)
    assert outcome.receipt is not None
    assert (outcome.receipt.complete, has_complete_receipt(uploader)) == (False, False)


def test_an_upload_with_other_columns_also_makes_the_receipt_incomplete(
    uploader: Uploader,
) -> None:
    # The roster with the old columns must be sent again: the service might have accepted the new columns.
    uploader.upload(initial=True)
    before = uploader.src.read_bytes(), uploader.src.with_name("contacts.csv.ids").read_bytes()
    uploader.src.write_bytes(b"Name,Email,Phone\r\nA,a@x,1\r\n")
    uploader.response = plain("500 X")
    assert uploader.upload(initial=True).error is not None
    assert not has_complete_receipt(uploader)
    uploader.src.write_bytes(before[0])
    uploader.src.with_name("contacts.csv.ids").write_bytes(before[1])
    assert changed_and_uploaded(uploader.upload(check_mode=True)) == (True, True)


@pytest.mark.parametrize("accepts_all_rows", [True, False])
def test_an_accepted_upload_is_reported_even_if_the_receipt_cannot_be_written(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch, accepts_all_rows: bool
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, ("D", "d@x", "oslo"))
    if not accepts_all_rows:
        uploader.response = plain("200 OK", SECOND_ROW_REFUSED)

    def fail(*_args: object) -> None:
        raise StateError("Cannot write to the state directory", "No space left on device")

    monkeypatch.setattr(submission, "commit_upload", fail)
    outcome = uploader.upload()
    assert str(outcome.error) == "Cannot write to the state directory: No space left on device."
    assert (changed_and_uploaded(outcome), outcome.attempts) == ((True, accepts_all_rows), 1)
    assert outcome.receipt is not None
    assert (outcome.receipt.complete, has_complete_receipt(uploader)) == (False, False)


def test_a_partial_acceptance_is_reported_even_if_the_disk_is_full(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, ("D", "d@x", "oslo"))
    uploader.response = plain("200 OK", SECOND_ROW_REFUSED)

    def fail(_directory: Path) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(partial_acceptance, "open_spill_area", fail)
    outcome = uploader.upload()
    assert str(outcome.error) == (
        f"Cannot write to the state directory {uploader.state_dir}: No space left on device. The service has"
        " accepted the roster or a part of it. Free some space there; the next run sends the roster again."
    )
    assert (changed_and_uploaded(outcome), has_complete_receipt(uploader)) == ((True, False), False)


def test_a_roster_that_becomes_shorter_while_it_is_sent_is_not_accepted(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B)
    monkeypatch.setattr(
        submission, "FileContent", lambda file, size, start: FileContent(file, size + 5, start)
    )
    outcome = uploader.upload(max_removed_percent=100.0)
    assert str(outcome.error) == (
        f"Cannot upload to http://127.0.0.1:{uploader.port}/c: the roster became 5 bytes shorter while it"
        " was being sent. Do not modify the files in state_dir during the upload."
    )
    assert changed_and_uploaded(outcome) == (False, False)
    assert outcome.attempts == 1
    assert has_complete_receipt(uploader)


def test_nothing_is_sent_if_the_roster_is_modified_while_it_is_read(
    uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, ("D", "d@x", "oslo"))

    def modify_and_check(*args: Any) -> tuple[str, ...]:
        uploader.src.write_bytes(uploader.src.read_bytes().replace(b"D,d@x", b"E,e@x"))
        return check_transition(*args)

    monkeypatch.setattr(upload, "check_transition", modify_and_check)
    with pytest.raises(InputError, match="changed while it was being read"):
        uploader.upload()
    assert (len(uploader.sent_bodies), has_complete_receipt(uploader)) == (1, True)


def test_names_in_every_known_roster_are_masked(uploader: Uploader) -> None:
    """The service may mention people of the baseline, of an unresolved upload and of the new roster."""
    people = [(name, f"{name}@x".lower(), "oslo") for name in ("Quarrel", "Zebedee", "Winifred")]
    uploader.write_roster(A, B, C, people[0])
    uploader.upload(initial=True)
    uploader.write_roster(A, B, C, people[1])
    uploader.next_responses = [b"", plain("400 X", b'{"message": "Quarrel, Zebedee, Winifred"}')]
    uploader.upload()
    uploader.write_roster(A, B, C, people[2])
    outcome = uploader.upload()
    assert outcome.answer is not None
    assert outcome.answer.message == "..., ..., ..."
