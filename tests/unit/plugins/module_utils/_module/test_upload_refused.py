# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Uploads that the service does not accept, and what keeps one from being sent at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.files import ids_path
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.lock import exclusive_lock
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt import StateError
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import csv_bytes
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import free_port, plain
from ansible_collections.frontdesk.contacts.tests.unit.support.sync import (
    COUNTS,
    REFUSED,
    A,
    B,
    C,
    Sync,
    did,
    is_complete,
    kinds,
)

_ERROR = {"row": 2, "identity": "b", "column": "Email", "cause": "...@... again"}
MEANS_400 = "it cannot read the request"
_NOTHING_COUNTS = "refused 1 row; nothing counts as accepted"


@pytest.mark.parametrize(
    ("answer", "error", "errors"),
    [
        (plain("400 Oops"), f"it answered 400 ({MEANS_400})", []),
        (plain("199 X", b"{}"), "it answered 199", []),
        (plain("422 X", REFUSED), f"it answered 422 and {_NOTHING_COUNTS}", [_ERROR]),
        (plain("302 X", b"", "Location: /"), "it answered with a redirect to itself", None),
    ],
)
def test_what_the_service_refuses_is_not_remembered(
    sync: Sync, answer: bytes, error: str, errors: list[object] | None
) -> None:
    sync.run(initial=True)
    before = sync.files()
    sync.people(A, B, C, ("D", "d@x", "oslo"))
    sync.answer = answer
    outcome = sync.run()
    assert outcome.error is not None
    assert outcome.error.cause == error
    assert (did(outcome), kinds(outcome)) == ((False, False), {"added": 1})
    assert sync.files() == before
    service = outcome.result(show_diff=False)["service"]
    assert (service and service["errors"]) == errors
    assert (service and service["error_count"]) == (errors if errors is None else len(errors))


def test_what_was_taken_in_part_counts_in_part(sync: Sync) -> None:
    sync.run(initial=True)
    sync.people(
        ("A2", "a@x", "oslo"),
        ("B2", "b@x", "oslo"),
        C,
        ("D", "d@x", "oslo"),
        ("E", "e@x", "oslo"),
        identities="abcde",
    )
    refusals = [{"row": 2, "error": "no"}, {"row": 5, "error": "no"}]
    good, sync.answer = sync.answer, plain("200 OK", json.dumps({"errors": refusals}).encode())
    outcome = sync.run()
    assert outcome.error is not None
    assert "refused 2 rows; the others count as accepted" in outcome.error.cause
    assert did(outcome) == (True, False)
    assert outcome.receipt is not None
    assert (outcome.receipt.rows, outcome.receipt.complete) == (4, False)
    # B is as before, E has never been there: the guard knows of four.
    plan = sync.run(check_mode=True).plan
    assert (plan.baseline_rows, plan.by_identity) == (4, True)
    assert kinds(sync.run(check_mode=True)) == {"added": 1, "changed": 1}
    sync.answer = good
    assert did(sync.run()) == (True, True)
    assert did(sync.run()) == (False, False)


def test_without_identities_the_key_says_whose_rows_stay(sync: Sync) -> None:
    sync.src.write_bytes(csv_bytes([A, ("B", "b@x", "oslo"), ("B", "b@x", "bergen")]))
    ids_path(sync.src).unlink()
    sync.run(initial=True)
    sync.src.write_bytes(csv_bytes([("B2", "b@x", "bergen"), ("B2", "b@x", "oslo"), A]))
    sync.answer = plain("200 OK", b'{"errors": [{"row": 1, "error": "no"}]}')
    outcome = sync.run()
    assert outcome.receipt is not None
    assert outcome.receipt.identities == ""
    (roster,) = (text for name, text in sync.files().items() if name.endswith(".csv"))
    assert roster == csv_bytes([("B2", "b@x", "oslo"), A, ("B", "b@x", "bergen")])


def test_a_first_upload_that_is_taken_in_part(sync: Sync) -> None:
    sync.answer = plain("200 OK", REFUSED)
    outcome = sync.run(initial=True)
    assert outcome.receipt is not None
    assert (outcome.receipt.rows, outcome.receipt.complete) == (2, False)
    again = sync.run()
    assert kinds(again) == {"added": 1}


@pytest.mark.parametrize(
    "answer",
    [
        {"errors": [{"error": "somebody"}], "counts": {"skipped": 0}},
        {"errors": [], "counts": {"skipped": 1, "failed": 2}},
        {"errors": [{"row": 1}, {"row": 2}, {"row": 3}], "counts": {"skipped": 3}},
    ],
)
def test_when_it_is_not_told_which_rows_were_taken_none_counts(
    sync: Sync, answer: dict[str, object]
) -> None:
    sync.run(initial=True)
    sync.people(("A2", "a@x", "oslo"), B, C)
    sync.answer = plain("200 OK", json.dumps(answer).encode())
    outcome = sync.run(result={**COUNTS, "refused": ["skipped", "failed"]})
    assert outcome.error is not None
    assert outcome.error.cause.endswith("nothing counts as accepted")
    assert kinds(sync.run(check_mode=True)) == {"changed": 1}
    assert not is_complete(sync)


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "204 No Content"])
def test_any_success_counts_as_accepted(sync: Sync, status: str) -> None:
    sync.answer = plain(status)
    assert did(sync.run(initial=True, result=None)) == (True, True)


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted"])
@pytest.mark.parametrize("body", [b"<html>Log in</html>", b'{"errors": {"1": "bad"}}'])
def test_a_success_that_says_something_else_does_not(sync: Sync, status: str, body: bytes) -> None:
    sync.answer = plain(status, body)
    outcome = sync.run(initial=True)
    assert outcome.error is not None
    assert did(outcome) == (False, False)
    assert "receipt.json" not in sync.files()


def test_row_errors_in_a_result_are_few_and_counted(sync: Sync) -> None:
    errors = [{"row": 1, "error": "bad"}] * 60
    sync.answer = plain("422 X", json.dumps({"errors": errors}).encode())
    service = sync.run(initial=True).result(show_diff=False)["service"]
    assert (len(service["errors"]), service["error_count"]) == (50, 60)


def test_a_service_that_is_not_there_is_an_outcome(sync: Sync) -> None:
    outcome = sync.run(initial=True, url=f"http://127.0.0.1:{free_port()}/c")
    assert outcome.error is not None
    assert outcome.error.cause == "Connection refused"
    assert did(outcome) == (False, False)
    assert list(sync.files()) == ["lock"]


def test_another_run_is_kept_out(sync: Sync) -> None:
    with exclusive_lock(sync.state):
        for check_mode in (False, True):
            with pytest.raises(StateError, match="another run is using it"):
                sync.run(initial=True, check_mode=check_mode)
    assert sync.sent == []
    sync.run(initial=True, check_mode=True)
    assert sync.files() == {"lock": b""}


def test_damaged_identities_of_the_state_are_warned_of(sync: Sync) -> None:
    sync.run(initial=True)
    (ids,) = sync.state.glob("*.ids")
    ids.unlink()
    outcome = sync.run()
    assert (did(outcome), outcome.plan.by_identity) == ((True, False), False)
    assert [warning.partition(":")[0] for warning in outcome.warnings] == [
        f"{ids} is missing or damaged"
    ]
    assert sync.run().warnings == ()


@pytest.mark.parametrize("check_mode", [True, False])
def test_files_of_certificates_are_looked_at_before_anything_is_made(
    sync: Sync, check_mode: bool
) -> None:
    os.unlink(sync.src)
    with pytest.raises(InputError, match="Cannot use client_cert /none"):
        sync.run(check_mode=check_mode, url="https://localhost/c", client_cert="/none")
    assert not sync.state.exists()


def _no_rows(path: Path) -> None:
    path.write_text("Name,Email,Location\r\n")


def _other_columns(path: Path) -> None:
    path.write_text("Name,Mail\r\nA,a@x\r\n")


@pytest.mark.parametrize(
    ("damage", "answer"),
    [
        (os.unlink, "No such file or directory. Export a roster to it first."),
        (_no_rows, "it has a header and no contacts. Export a roster to it first."),
        (
            _other_columns,
            (
                "it has no column 'Email', which is in key. "
                "Its first line must hold the titles of its 2 columns."
            ),
        ),
    ],
)
def test_a_roster_that_cannot_be_used_is_told_before_anything_else(
    sync: Sync, damage: Callable[[Path], None], answer: str
) -> None:
    damage(sync.src)
    with pytest.raises(InputError) as caught:
        sync.run(initial=True)
    assert str(caught.value).endswith(f"{sync.src}: {answer}")
    assert not sync.state.exists()
