# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of reading answers: counts, refused rows, and responses that do not match the profile."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.answer import Answer
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    ResultFormat,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.refusals import (
    RowError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.response_body import (
    ResponseBody,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.answers import (
    RESULT_FORMAT,
    ROWS,
    read_answer,
    read_document,
    sent_roster,
)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "it is empty"),
        (b" \r\n", "it is empty"),
        (b"not JSON", "it is not valid JSON"),
        (b"<html>", "it is an HTML page"),
        (b"  <!DOCTYPE html>", "it is an HTML page"),
        (b"\xff\xfe\x00", "it is not valid JSON"),
        (b'{"counts": {"n": 1}', "it is not valid JSON"),
        (b"[" * 200_000, "it is not valid JSON"),
        *(
            (body, "it does not contain counts or errors")
            for body in (b"[]", b"null", b"1", b'"x"', b"{}")
        ),
    ],
    ids=lambda body: (
        body[:10].decode("latin-1").encode("unicode_escape").decode()
        if isinstance(body, bytes)
        else ""
    ),
)
def test_response_without_a_result_is_reported(body: bytes, problem: str) -> None:
    answer = read_answer(202, ResponseBody(body), RESULT_FORMAT, sent_roster())
    assert answer == Answer(status=202, row_count=2, problem=problem)
    # If no structure is expected, the content is ignored.
    assert read_answer(200, ResponseBody(body), ResultFormat(), sent_roster()) == Answer(
        status=200, row_count=2
    )


def test_incomplete_response_is_not_a_result() -> None:
    truncated = ResponseBody(b'{"counts": {}}', "it is longer than 16 MiB")
    assert (
        read_answer(200, truncated, RESULT_FORMAT, sent_roster()).problem
        == "it is longer than 16 MiB"
    )
    assert read_answer(200, truncated, ResultFormat(), sent_roster()).problem == ""


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"counts": {}, "errors": []}, ""),
        ({"counts": {"n": 1}}, ""),
        ({"errors": ["x"]}, ""),
        ({"counts": {}, "errors": {"1": "bad"}}, "errors is not a list"),
        ({"counts": [], "errors": []}, "counts is not an object"),
        ({"status": "fine"}, "it does not contain counts or errors"),
    ],
)
def test_response_must_match_the_profile(document: object, problem: str) -> None:
    assert read_document(document).problem == problem


NOT_AN_INTEGER = "skipped in counts is not an integer"
REFUSED = ResultFormat(counts="counts", refused=("skipped", "failed"), errors="errors")


@pytest.mark.parametrize(
    ("document", "refused", "unassigned", "is_partial", "problem"),
    [
        ({"counts": {"skipped": 0, "failed": 0}}, 0, 0, False, ""),
        ({"counts": {"skipped": 1}}, 1, 1, False, ""),
        ({"counts": {"skipped": 1, "failed": 1}}, 2, 2, False, ""),
        ({"counts": {"skipped": 1}, "errors": [{"row": 1}]}, 1, 0, True, ""),
        ({"counts": {"skipped": 0}, "errors": [{"row": 1}]}, 1, 0, True, ""),
        ({"counts": {"skipped": 2}, "errors": [{"row": 1}]}, 2, 1, False, ""),
        ({"counts": {"skipped": 2}, "errors": [{"row": 1}, {"row": 2}]}, 2, 0, False, ""),
        ({"counts": {"skipped": 1}, "errors": [{"row": 1}, {"row": 1}]}, 1, 0, True, ""),
        ({"counts": {"skipped": -1}}, 0, 0, False, ""),
        ({"counts": {"skipped": None, "failed": 0}}, 0, 0, False, ""),
        *(
            ({"counts": {"skipped": number, "failed": 0}}, 0, 0, False, NOT_AN_INTEGER)
            for number in (True, "2", 2.0, [1])
        ),
        ({"counts": {"skipped": "2"}, "errors": [{"row": 1}]}, 1, 0, False, NOT_AN_INTEGER),
        ({"counts": 7, "errors": [{"row": 1}]}, 1, 0, False, "counts is not an object"),
        ({"counts": {"added": 1}}, 0, 0, False, "counts contains none of skipped, failed"),
        ({"errors": []}, 0, 0, False, "counts contains none of skipped, failed"),
    ],
)
def test_refused_rows_are_counted(
    document: object, refused: int, unassigned: int, is_partial: bool, problem: str
) -> None:
    answer = read_document(document, REFUSED)
    assert (answer.refused_count, answer.unassigned) == (refused, unassigned)
    assert (answer.is_partial, answer.problem) == (is_partial, problem)


STATUSES = ResultFormat(errors=".", status="state", accepted=("Imported", "Not Changed"))


@pytest.mark.parametrize(
    ("state", "is_accepted"),
    [
        ("Imported", True),
        ("not changed", True),
        ("Duplicate", False),
        ("", False),
        (None, False),
        (1, False),
    ],
)
def test_row_with_an_unknown_status_is_refused(state: object, is_accepted: bool) -> None:
    answer = read_document([{"row": 1, "state": "Imported"}, {"row": 2, "state": state}], STATUSES)
    assert (answer.refused_count, answer.problem) == (0 if is_accepted else 1, "")
    if state == "Duplicate":
        assert answer.errors == (RowError(row=2, identity="id-2", cause="Duplicate"),)


@pytest.mark.parametrize(
    ("document", "result_format", "problem"),
    [
        ([{"row": 1, "state": "Imported"}], STATUSES, "it lists 1 of 2 rows"),
        ([{"row": 1, "state": "Failed"}], STATUSES, "it lists 1 of 2 rows"),
        ([], STATUSES, "it lists 0 of 2 rows"),
        (
            {"counts": {"imported": 2}},
            replace(STATUSES, errors="rows", counts="counts"),
            "rows lists 0 of 2 rows",
        ),
        # A single value can identify several rows.
        ([{"row": "oslo", "state": "Imported"}], replace(STATUSES, row_column="Location"), ""),
        ([], replace(STATUSES, row_column="Location"), "it lists 0 of 2 rows"),
    ],
)
def test_list_of_all_rows_must_be_complete(
    document: object, result_format: ResultFormat, problem: str
) -> None:
    answer = read_document(document, result_format)
    assert (answer.problem, answer.is_partial) == (problem, False)


@pytest.mark.parametrize(
    ("first_row", "row", "number"),
    [(0, 0, 1), (0, 1, 2), (0, 2, None), (2, 2, 1), (2, 3, 2), (2, 1, None), (2, 4, None)],
)
def test_row_numbers_start_at_first_row(first_row: int, row: int, number: int | None) -> None:
    answer = read_document({"errors": [{"row": row}]}, replace(RESULT_FORMAT, first_row=first_row))
    assert [error.row for error in answer.errors] == [number]
    assert answer.refused_rows == (frozenset({number}) if number else frozenset())
    assert answer.unassigned == (number is None)


def test_rows_can_be_identified_by_a_value() -> None:
    rows = [*ROWS, ("Ola", "OLA@x.no", "bergen")]
    result_format = replace(RESULT_FORMAT, row="email", row_column="Email")
    errors = [{"email": " Ola@X.no", "error": "bad"}, {"email": "no@x.no"}, {"email": 1}, {}]
    body = json.dumps({"errors": errors}).encode()
    answer = read_answer(200, ResponseBody(body), result_format, sent_roster(rows, ("a", "b", "c")))
    assert answer.errors[0] == RowError(row=2, identity="b", cause="bad")
    assert [error.row for error in answer.errors] == [2, None, None, None]
    # The refusal applies to all rows with this value, at all locations.
    assert (answer.refused_rows, answer.unassigned) == (frozenset({2, 3}), 3)
    without_column = read_answer(
        200, ResponseBody(body), replace(result_format, row_column="Mail"), sent_roster(rows, ())
    )
    assert (without_column.refused_rows, without_column.unassigned) == (frozenset(), 4)


def test_only_the_first_refusals_are_kept_but_all_are_counted() -> None:
    rows = [("x", f"{number}@x.no", "oslo") for number in range(500)]
    errors = [{"row": number, "error": "bad"} for number in range(1, 401)]
    body = json.dumps({"errors": errors}).encode()
    answer = read_answer(200, ResponseBody(body), RESULT_FORMAT, sent_roster(rows, ()))
    assert (len(answer.errors), answer.error_count, answer.refused_count) == (50, 400, 400)
    assert answer.is_partial


@pytest.mark.parametrize(
    "name", ["ase@x.no", "+47 900 11 222", "x" * 41, "", "Åse", "oslo", "OSLO"]
)
def test_counts_with_unsafe_names_are_omitted(name: str) -> None:
    assert dict(read_document({"counts": {name: 1, "n": 2}}).counts) == {"n": 2}


@pytest.mark.parametrize(
    ("path", "document", "counts"),
    [
        ("counts", {"counts": {"added": 1, "removed": 0}}, {"added": 1, "removed": 0}),
        ("a.b.c", {"a": {"b": {"c": {"n": 2}}}}, {"n": 2}),
        ("counts", {"counts": {"n": 1, "t": "2", "f": 1.5, "b": True, "x": None}}, {"n": 1}),
        ("counts", {"counts": [1]}, {}),
        ("counts", {"counts": 3}, {}),
        ("counts.x", {"counts": 3}, {}),
        ("other", {"counts": {"n": 1}}, {}),
        (None, {"counts": {"n": 1}}, {}),
        ("", {"counts": {"n": 1}}, {}),
    ],
)
def test_counts_are_read_from_the_path(
    path: str | None, document: object, counts: dict[str, int]
) -> None:
    answer = read_document(document, ResultFormat(counts=path))
    assert (dict(answer.counts), answer.errors) == (counts, ())
