# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the signs in a response document that the upload failed."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.document import (
    EMPTY,
    HTML,
    JSON,
    TEXT,
    Document,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.failure_signs import (
    find_failure_sign,
)


@pytest.mark.parametrize(
    ("document", "sign"),
    [
        *(
            ({"success": value}, "success is not true")
            for value in (False, "false", "False ", 0, 0.0, "0", "no", "", None, "error")
        ),
        ({"ok": False}, "ok is not true"),
        ({"isSuccess": False}, "isSuccess is not true"),
        ({"is_successful": "false"}, "is_successful is not true"),
        ({"valid": False}, "valid is false"),
        ({"accepted": "false"}, "accepted is false"),
        *(
            ({"error": value}, "error has a value")
            for value in ("bad", True, 1, ["x"], {"code": 1}, {"code": None})
        ),
        ({"errors": ["x"]}, "errors has a value"),
        ({"errors": 3}, "errors has a value"),
        ({"errorMessage": "bad"}, "errorMessage has a value"),
        ({"errmsg": "invalid credential"}, "errmsg has a value"),
        *(
            ({name: value}, f"{name} is not 0")
            for name, value in (("errcode", 40001), ("errorCode", "E17"))
        ),
        *(
            ({name: value}, f"{name} is not 0")
            for name, value in (
                *(
                    ("invalid", 3),
                    ("numberOfFailed", 1),
                    ("failedContacts", "2"),
                    ("rows_rejected", 1),
                ),
                *(("error_lines", [2]), ("totalErrors", 1), ("rejectedUsers", 5)),
            )
        ),
        *(
            ({name: False}, f"{name} is false")
            for name in ("imported", "done", "isValid", "processed")
        ),
        ({"code": 401, "text": "x"}, "code is an error status code"),
        *(
            ({"message": value}, "message reports a failure")
            for value in (
                *(
                    "Unauthorized",
                    "Import failed",
                    "Nothing was imported.",
                    "Required column X is missing",
                ),
                *(
                    "The session has expired",
                    "Please log in",
                    "File not found",
                    "Could not import the file",
                ),
            )
        ),
        ({"id": 7, "msg": "not accepted"}, "msg reports a failure"),
        *(({"failed": value}, "failed is not 0") for value in (1, "1", -1, True, ["x"], "some")),
        ({"rejected_count": 2}, "rejected_count is not 0"),
        *(
            ({"status": value}, "status reports a failure")
            for value in (
                *("error", "FAILED", "fail", "Import failed", "CompletedWithErrors", "not_ok"),
                *(
                    "completed with errors",
                    "PARTIAL_SUCCESS",
                    "partially failed",
                    "10 failed",
                    False,
                ),
            )
        ),
        *(({"status": value}, "status is an error status code") for value in (400, "422", 500)),
        ({"statusCode": 404}, "statusCode is an error status code"),
        ({"data": {"success": False}}, "success is not true"),
        ({"counts": {"added": 2, "failed": 1}}, "failed is not 0"),
        ({"data": {"rows": [{"row": 1}, {"row": 2, "error": "bad"}]}}, "error has a value"),
        ([{"row": 1, "status": "failed"}], "status reports a failure"),
        ({"results": [{"row": 1, "status": 422}]}, "status is an error status code"),
        (["Row 2: bad"], "it is a list of values of unknown meaning"),
        ([1], "it is a list of values of unknown meaning"),
        ([[]], "it is a list of values of unknown meaning"),
        *(
            (value, "it reports a failure")
            for value in ("", "false", "Error: bad", "Access denied")
        ),
        *(
            (value, "it is neither an object, a list nor a string")
            for value in (None, False, 0, 1, 1.5)
        ),
    ],
)
def test_sign_of_failure_is_found(document: object, sign: str) -> None:
    assert find_failure_sign(Document(JSON, document)) == sign


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        True,
        "done",
        [{"id": 1, "name": "x"}],
        {"success": True, "ok": 1, "error": None, "errors": [], "failed": 0},
        {"success": "yes", "error": "", "errors": {}, "failed": "0", "rejected": 0.0},
        {"success": 24, "error": "none", "errors": 0, "failures": "No errors"},
        {"status": "ok", "state": "DONE", "result": 500, "outcome": None},
        {"status": "Completed without errors", "result": "0 failed, 2 added", "state": "no errors"},
        {"status": "imported 2, failed: 0"},
        {"status": 200, "statusCode": "201"},
        {"successful": 0, "valid": 0, "imported": 0, "done": True},
        {"errorCode": 0, "errcode": "000", "error_code": "none", "errmsg": "ok"},
        {"invalid": 0, "failedContacts": [], "totalErrors": "0", "invalid_rows": None},
        {"code": "450", "name": "x"},
        {"code": 200, "message": "25 contacts imported, 0 rows failed, no contacts rejected."},
        {"success": True, "message": "Failed rows are listed in the report."},
        {"data": {"message": "failed"}},
        {"links": {"errors": "/imports/7/errors"}, "_links": {"error": "x"}},
        # Deeply nested values describe other objects.
        {
            "a": {"b": {"success": False}},
            "rows": [{"meta": {"error": "x"}, "list": [{"error": "x"}]}],
        },
    ],
)
def test_no_sign_of_failure_is_found(document: object) -> None:
    assert find_failure_sign(Document(JSON, document)) == ""


@pytest.mark.parametrize(
    ("text", "is_failure"),
    [
        ("Import processing...", False),
        ("OK", False),
        ("25 contacts imported, 0 failed, no errors.", False),
        ("25 contacts imported, 3 failed", True),
        ("ERROR: unknown token", True),
        ("Unauthorized", True),
        ("0", True),
        ("false", True),
        ("Please sign in to continue", True),
        ("Your session has expired.", True),
        ("Column Email is missing", True),
        ("25 imported, 0 rows invalid, 0 not found", False),
        ("x" * 3_000_000, False),
    ],
)
def test_plain_text_can_report_a_failure(text: str, is_failure: bool) -> None:
    assert bool(find_failure_sign(Document(TEXT, text))) is is_failure


def test_media_type_can_be_that_of_an_error() -> None:
    document = Document(JSON, {"title": "Unknown column"}, media_type="application/problem+json")
    assert find_failure_sign(document) == "its media type is that of an error (RFC 9457)"


@pytest.mark.parametrize("kind", [EMPTY, HTML])
def test_other_documents_have_no_sign(kind: str) -> None:
    assert find_failure_sign(Document(kind)) == ""


@pytest.mark.parametrize(
    ("document", "explained", "refused", "sign"),
    [
        ({"errors": [{"row": 1}]}, {("errors",)}, 0, ""),
        ({"a": {"errors": ["x"]}}, {("a", "errors")}, 0, ""),
        ({"a": {"errors": ["x"]}}, {("errors",)}, 0, "errors has a value"),
        ({"a.b": {"failed": 1}}, {("a", "b", "failed")}, 0, "failed is not 0"),
        ({"status": "failed"}, {("status",)}, 0, ""),
        ({"message": "failed"}, {("message",)}, 0, ""),
        ([{"status": "failed"}], {()}, 0, ""),
        # A count that is not higher than the known number of refused rows is not a sign of failure.
        ({"failed": 2, "errors": "2"}, set(), 2, ""),
        ({"failed": 3}, set(), 2, "failed is not 0"),
        ({"failed": True}, set(), 2, "failed is not 0"),
        ({"failed": -1}, set(), 2, "failed is not 0"),
        ({"success": False}, set(), 2, "success is not true"),
    ],
)
def test_values_with_a_known_meaning_are_not_signs(
    document: object, explained: set[tuple[str, ...]], refused: int, sign: str
) -> None:
    assert find_failure_sign(Document(JSON, document), explained, refused) == sign
