# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of reading answers: counts, refused rows, and responses that do not match the result format."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
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
        (b"not JSON", "it is not JSON"),
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
    assert (answer.status, answer.row_count, answer.problem) == (202, 2, problem)
    assert (answer.counts, answer.errors, answer.refused_count) == ({}, (), 0)


OTHER_TYPE = "it is not JSON, and its media type is not that of plain text"


@pytest.mark.parametrize(
    ("body", "content_type", "problem"),
    [
        (b"", "", ""),
        (b"", "text/html", ""),
        (b"Import processing...", "text/plain", ""),
        (b"OK", "", ""),
        (b'{"id": 7}', "text/html", ""),
        (b'{"id": 7}', "", ""),
        (b"OK", "text/html; charset=UTF-8", OTHER_TYPE),
        (b"Log in <a href=/>here</a>", "text/html", "it is an HTML page"),
        (b"<!DOCTYPE html><p>", "text/plain", "it is an HTML page"),
        (b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html>', "", "it is an HTML page"),
        (b"<p>Moved</p>", "", "it is an HTML page"),
        (b'<?xml version="1.0"?><response/>', "application/xml", "it is XML"),
        (b"\xef\xbb\xbf<response/>", "", "it is XML"),
        (b"<soap:Fault/>", "application/soap+xml", "it is XML"),
        (b"OK", "application/xml", OTHER_TYPE),
        (b'{"id": ', "application/json", "it is not valid JSON"),
        (b"saved", "application/json", "it is not valid JSON"),
        (b'{"id": 1, "id": 2}', "", "it is not valid JSON"),
        (b'{"id": NaN}', "", "it is not valid JSON"),
        (b'{"id": ' + b"1" * 101 + b"}", "", "it is not valid JSON"),
        (b"GIF89a\0", "image/gif", "it is not valid JSON"),
        (b"row,state\n1,new\n", "text/csv", ""),
        *(
            (content, media_type, OTHER_TYPE)
            for content, media_type in (
                (b"%PDF-1.4", "application/pdf"),
                (b"\0\xff\xfe\x80", "application/octet-stream"),
                (b"location = '/login'", "text/javascript"),
                (b"location = '/login'", "application/javascript"),
            )
        ),
        (b'"<html>Log in</html>"', "application/json", "it is an HTML page"),
        (b"<!-- x --><!DOCTYPE html><p>", "", "it is an HTML page"),
        (b"<r><title>x</title></r>", "", "it is XML"),
        (b'<?xml version="1.0"?><table/>', "", "it is XML"),
        (b"<title>x</title>", "text/xml", "it is XML"),
    ],
)
def test_some_responses_are_not_accepted_without_a_result_format(
    body: bytes, content_type: str, problem: str
) -> None:
    answer = read_answer(
        200, ResponseBody(body), ResultFormat(), sent_roster(), content_type=content_type
    )
    media_type = content_type.partition(";")[0]
    is_shown = media_type and problem not in ("", "it is not valid JSON")
    assert answer.problem == (f"{problem} (media type {media_type})" if is_shown else problem)
    assert answer.failure_sign == ""


@pytest.mark.parametrize("content_type", ["x/y z", "text", "\x1b/html", "a/" + "b" * 99, ";"])
def test_invalid_media_types_are_not_shown(content_type: str) -> None:
    answer = read_answer(
        200, ResponseBody(b"<html>"), ResultFormat(), sent_roster(), content_type=content_type
    )
    assert answer.problem == "it is an HTML page"


UMLAUT = '{"counts": {"failed": 0}, "message": "\u00dcbernommen"}'


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (UMLAUT.encode("latin-1"), "application/json; charset=ISO-8859-1"),
        (UMLAUT.encode("latin-1"), "application/json;Charset = 'latin1'"),
        (UMLAUT.encode("utf-8"), "application/json; charset=none-such"),
        (UMLAUT.encode("utf-8"), "application/json; charset=unicode_escape"),
        (UMLAUT.encode("utf-8-sig"), "application/json; charset=ISO-8859-1"),
        (UMLAUT.encode("utf-16"), "application/json; charset=utf-8"),
        (UMLAUT.encode("utf-16-le"), "application/json"),
        (UMLAUT.encode("utf-16-be"), "application/json; charset=utf-16be"),
        (UMLAUT.encode("utf-32"), ""),
    ],
)
def test_charset_of_the_response_is_determined(body: bytes, content_type: str) -> None:
    answer = read_answer(200, ResponseBody(body), REFUSED, sent_roster(), content_type=content_type)
    assert (answer.problem, answer.message) == ("", "\u00dcbernommen")


def test_bytes_in_an_undeclared_charset_do_not_hide_the_counts() -> None:
    answer = read_answer(200, ResponseBody(UMLAUT.encode("latin-1")), REFUSED, sent_roster())
    assert (answer.problem, dict(answer.counts)) == ("", {"failed": 0})


def test_incomplete_response_is_not_a_result() -> None:
    truncated = ResponseBody(b'{"counts": {}}', "it is longer than 16 MiB")
    assert (
        read_answer(200, truncated, RESULT_FORMAT, sent_roster()).problem
        == "it is longer than 16 MiB"
    )
    # Without a result format, the missing part might report a failure.
    assert (
        read_answer(200, truncated, ResultFormat(), sent_roster()).problem
        == "it is longer than 16 MiB"
    )


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"counts": {}, "errors": []}, ""),
        ({"counts": {"n": 1}}, ""),
        ({"errors": ["x"]}, ""),
        ({"counts": {}, "errors": {"1": "bad"}}, ""),
        ({"counts": {}, "errors": 1}, "errors is not a list"),
        ({"counts": {}, "errors": True}, "errors is not a list"),
        ({"counts": [], "errors": []}, "counts is not an object"),
        ({"status": "fine"}, "it does not contain counts or errors"),
    ],
)
def test_response_must_match_the_result_format(document: object, problem: str) -> None:
    assert read_document(document).problem == problem


NOT_AN_INTEGER = "skipped in counts is not an integer"
NO_INTEGERS: list[object] = [True, "two", "1,234", "", "\u0662", 2.5, [1], {}]
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
        ({"counts": {"skipped": -1}}, 0, 0, False, "skipped in counts is negative"),
        ({"counts": {"skipped": None, "failed": 0}}, 0, 0, False, ""),
        *(
            ({"counts": {"skipped": number, "failed": 0}}, 0, 0, False, NOT_AN_INTEGER)
            for number in NO_INTEGERS
        ),
        *(({"counts": {"skipped": number}}, 2, 2, False, "") for number in (2, "2", " 2 ", 2.0)),
        ({"counts": {"skipped": "0", "failed": 0.0}}, 0, 0, False, ""),
        ({"counts": {"skipped": "x"}, "errors": [{"row": 1}]}, 1, 0, False, NOT_AN_INTEGER),
        ({"counts": 7, "errors": [{"row": 1}]}, 1, 0, False, "counts is not an object"),
        ({"counts": {"added": 1}}, 0, 0, False, ""),
        ({"counts": {"added": "1"}}, 0, 0, False, ""),
        *(
            ({"counts": counts}, 0, 0, False, "counts does not contain skipped or failed")
            for counts in ({}, {"state": "x"}, {"id": 1}, {"importId": 7}, {"error_code": 0})
        ),
        ({"errors": []}, 0, 0, False, "counts does not contain skipped or failed"),
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
        (["Imported"], False),
        (True, False),
    ],
)
def test_row_with_an_unknown_status_is_refused(state: object, is_accepted: bool) -> None:
    answer = read_document([{"row": 1, "state": "Imported"}, {"row": 2, "state": state}], STATUSES)
    assert (answer.refused_count, answer.problem) == (0 if is_accepted else 1, "")
    if state == "Duplicate":
        assert answer.errors == (RowError(row=2, identity="id-2", cause="Duplicate"),)


@pytest.mark.parametrize("status", [201, "201", 201.0, " 201 "])
def test_statuses_of_rows_can_be_numbers(status: object) -> None:
    result_format = replace(STATUSES, accepted=("200", "201"))
    answer = read_document([{"row": 1, "state": status}, {"row": 2, "state": 422}], result_format)
    assert (answer.refused_rows, answer.unassigned) == (frozenset({2}), 0)
    assert answer.is_partial


@pytest.mark.parametrize(
    ("document", "result_format", "problem"),
    [
        ({"1": "Imported"}, STATUSES, "it is not a list"),
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
    [
        *((0, 0, 1), (0, 1, 2), (0, 2, None), (2, 2, 1), (2, 3, 2), (2, 1, None), (2, 4, None)),
        *((1, "2", 2), (2, "2", 1), (1, 2.0, 2), (1, "two", None), (1, True, None)),
    ],
)
def test_row_numbers_start_at_first_row(first_row: int, row: object, number: int | None) -> None:
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
        (
            "counts",
            {"counts": {"n": 1, "t": "2", "f": 1.5, "b": True, "x": None}},
            {"n": 1, "t": 2},
        ),
        ("counts", {"counts": [1]}, {}),
        ("counts", {"counts": 3}, {}),
        ("counts.x", {"counts": 3}, {}),
        ("a.1", {"a": [{"n": 1}, {"n": 2}]}, {"n": 2}),
        ("a.2", {"a": [{"n": 1}, {"n": 2}]}, {}),
        ("a.-1", {"a": [{"n": 1}]}, {}),
        ("a.0", {"a": "n"}, {}),
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


WITHOUT_FLAG: list[object] = [
    *({}, [], {"success": None}, {"success": {}}, {"success": [True]}, {"success": ""})
]


@pytest.mark.parametrize(
    ("result_format", "document", "problem", "is_denied"),
    [
        (ResultFormat(success="success"), {"success": True}, "", False),
        (ResultFormat(success="success"), {"success": " TRUE "}, "", False),
        *(
            (ResultFormat(success="success"), {"success": flag}, "", True)
            for flag in (False, "false", 0, "0", "no")
        ),
        *(
            (ResultFormat(success="success"), document, "it does not contain success, or ", False)
            for document in WITHOUT_FLAG
        ),
        (
            ResultFormat(success="success"),
            {"success": 1},
            'success is "1", which is not in ',
            False,
        ),
        (
            ResultFormat(success="a.state", success_values=("DONE", "ok")),
            {"a": {"state": "Ok"}},
            "",
            False,
        ),
        (
            ResultFormat(success="state", success_values=("DONE",)),
            {"state": "STARTED by \u00c5se"},
            'state is "STARTED by ...", which is not in O(result.success_values)',
            False,
        ),
        (ResultFormat(success="code", success_values=("0",)), {"code": 0}, "", False),
        (ResultFormat(success="success", errors="errors"), {"success": True}, "", False),
        (
            ResultFormat(success="success", counts="counts", refused=("failed",)),
            {"success": True},
            "counts does not contain failed",
            False,
        ),
        (ResultFormat(success="."), True, "", False),
        (ResultFormat(success="."), False, "", True),
    ],
)
def test_flag_or_state_must_have_an_expected_value(
    result_format: ResultFormat, document: object, problem: str, is_denied: bool
) -> None:
    answer = read_document(document, result_format)
    assert answer.problem.startswith(problem)
    assert (answer.problem == "") is (problem == "")
    assert answer.is_denied is is_denied


@pytest.mark.parametrize(
    ("body", "content_type", "is_expected"),
    [
        (b"OK", "text/plain", True),
        (b" ok\r\n", "text/html", True),
        (b"OK <br>", "text/html", False),
        (b"queued", "text/plain", False),
        (b"", "", False),
    ],
)
def test_plain_text_can_be_the_state(body: bytes, content_type: str, is_expected: bool) -> None:
    result_format = ResultFormat(success=".", success_values=("ok",))
    answer = read_answer(
        200, ResponseBody(body), result_format, sent_roster(), content_type=content_type
    )
    assert (answer.problem == "") is is_expected
