# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Uploads of which it is not sure whether the service took them, and rosters that change meanwhile."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import (
    partial_acceptance as remaining,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import upload
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.guard import check_plan
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.request_body import (
    FileContent,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt import StateError
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import plain
from ansible_collections.frontdesk.contacts.tests.unit.support.sync import (
    REFUSED,
    A,
    B,
    C,
    Sync,
    did,
    is_complete,
    kinds,
)


@pytest.mark.parametrize(
    ("answer", "answered"),
    [
        (plain("500 Oops"), "it returned HTTP 500"),
        (
            plain("200 OK", b"<html>"),
            "it returned HTTP 200, but the response does not match result",
        ),
        (plain("202 Accepted"), "it returned HTTP 202 (it may still refuse the roster)"),
        (b"", "the connection was lost"),
    ],
)
def test_what_may_have_been_taken_is_sent_again_even_if_nothing_changed(
    sync: Sync, answer: bytes, answered: str
) -> None:
    sync.run(initial=True)
    sync.people(A, B, C, ("D", "d@x", "oslo"))
    good, sync.answer = sync.answer, answer
    outcome = sync.run()
    assert outcome.error is not None
    assert outcome.error.cause.startswith(answered)
    assert did(outcome) == (False, False)
    assert outcome.receipt is not None
    assert (outcome.receipt.complete, is_complete(sync)) == (False, False)
    assert len([name for name in sync.files() if name.endswith(".csv")]) == 1
    # The people are again as the service had them last for certain; who was added must go.
    sync.people(A, B, C)
    sync.answer = good
    assert did(sync.run(check_mode=True)) == (True, True)
    again = sync.run()
    assert (did(again), kinds(again)) == ((True, True), {})
    assert is_complete(sync)
    assert did(sync.run()) == (False, False)


@pytest.mark.parametrize(
    "last", [plain("401 X"), plain("409 X"), plain("302 X", b"", "Location: /")]
)
@pytest.mark.parametrize("first", [b"", plain("502 X"), plain("503 X")])
def test_what_an_attempt_may_have_left_there_a_later_refusal_does_not_take_back(
    sync: Sync, first: bytes, last: bytes
) -> None:
    sync.run(initial=True)
    sync.people(A, B, C, ("D", "d@x", "oslo"))
    sync.answers = [first, last]
    outcome = sync.run(method="PUT", retries=1, retry_interval=0)
    assert (outcome.attempts, outcome.error is None) == (2, False)
    assert not is_complete(sync)
    sync.people(A, B, C)
    assert did(sync.run(check_mode=True)) == (True, True)


@pytest.mark.parametrize("takes_all", [True, False])
def test_what_was_accepted_and_cannot_be_noted_is_told_as_accepted(
    sync: Sync, monkeypatch: pytest.MonkeyPatch, takes_all: bool
) -> None:
    sync.run(initial=True)
    sync.people(A, B, C, ("D", "d@x", "oslo"))
    if not takes_all:
        sync.answer = plain("200 OK", REFUSED)

    def full(*_args: object) -> None:
        raise StateError("Cannot write the state directory", "No space left on device")

    monkeypatch.setattr(upload, "commit_upload", full)
    outcome = sync.run()
    assert str(outcome.error) == "Cannot write the state directory: No space left on device."
    assert (did(outcome), outcome.attempts) == ((True, takes_all), 1)
    assert outcome.receipt is not None
    assert (outcome.receipt.complete, is_complete(sync)) == (False, False)


def test_what_was_accepted_in_part_and_cannot_be_noted_for_want_of_room_is_told(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync.run(initial=True)
    sync.people(A, B, C, ("D", "d@x", "oslo"))
    sync.answer = plain("200 OK", REFUSED)

    def full(_folder: Path) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(remaining, "open_spill_area", full)
    outcome = sync.run()
    assert str(outcome.error) == (
        f"Cannot write the state directory {sync.state}: No space left on device. The service has"
        " accepted the roster. Free some space there; the next run sends the roster again."
    )
    assert (did(outcome), is_complete(sync)) == ((True, False), False)


def test_a_roster_that_shrinks_while_it_is_sent_breaks_off_and_leaves_no_doubt(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync.run(initial=True)
    sync.people(A, B)
    monkeypatch.setattr(
        upload, "FileContent", lambda file, size, start: FileContent(file, size + 5, start)
    )
    outcome = sync.run(max_removed_percent=100.0)
    assert str(outcome.error) == (
        f"Cannot upload to http://127.0.0.1:{sync.port}/c: the roster became 5 bytes shorter while it"
        " was being sent. Do not write to src during the upload."
    )
    assert (did(outcome), outcome.attempts, is_complete(sync)) == ((False, False), 1, True)


def test_a_file_that_is_written_into_meanwhile_is_told_and_nothing_is_sent(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync.run(initial=True)
    sync.people(A, B, C, ("D", "d@x", "oslo"))
    check = check_plan

    def write_and_check(*given: Any) -> None:
        sync.src.write_bytes(sync.src.read_bytes().replace(b"D,d@x", b"E,e@x"))
        check(*given)

    monkeypatch.setattr(upload, "check_plan", write_and_check)
    with pytest.raises(InputError, match="changed while it was being read"):
        sync.run()
    assert (len(sync.sent), is_complete(sync)) == (1, True)
