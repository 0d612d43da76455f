# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the search for the human-readable message in a response."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.document import (
    HTML,
    JSON,
    TEXT,
    Document,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.service_message import (
    find_message,
)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {
                "error": {
                    "code": "MISSING_COLUMN",
                    "message": 'Required column "External ID" is missing',
                }
            },
            'Required column "External ID" is missing',
        ),
        # RFC 6749, 5.2
        (
            {"error": "invalid_token", "error_description": "The access token expired"},
            "invalid_token: The access token expired",
        ),
        # RFC 9457, 3
        (
            {
                "type": "about:blank",
                "title": "Bad Request",
                "status": 400,
                "detail": "Row 3 is too long.",
            },
            "Bad Request: Row 3 is too long.",
        ),
        (
            {
                "message": "The given data was invalid.",
                "errors": {"email": ["is not valid", "is long"]},
            },
            "The given data was invalid. email: is not valid; email: is long",
        ),
        (
            {"success": False, "messages": ["Unknown column: SMS.", "Nothing"]},
            "Unknown column: SMS. Nothing",
        ),
        ({"Error": "bad", "error_message": "worse"}, "bad: worse"),
        ({"data": {"message": "bad"}}, "bad"),
        ({"message": "same", "detail": "same"}, "same"),
        ([{"message": "first"}, {"message": "second"}], "first: second"),
        ("a string", "a string"),
        ({"message": 7, "error": None, "detail": {}, "title": []}, ""),
        ({"text": "bad"}, ""),
        ({}, ""),
        (None, ""),
        ({"errors": [f"e{number}" for number in range(9)]}, "e0: e1: e2: e3: e4"),
        ({"message": [[[["deep"]]]]}, ""),
        # FastAPI
        (
            {"detail": [{"loc": ["body", "file"], "msg": "field required", "type": "missing"}]},
            "field required",
        ),
        ({"errors": ["Row 2: bad", "Row 3: bad"]}, "Row 2: bad; Row 3: bad"),
        *(
            ({name: "The header is wrong"}, "The header is wrong")
            for name in ("msg", "reason", "description", "error_messages")
        ),
    ],
)
def test_message_is_found_under_the_usual_names(document: object, message: str) -> None:
    assert find_message(Document(JSON, document), (), None) == message


@pytest.mark.parametrize(
    ("document", "listed", "message"),
    [
        # Django
        ({"file": ["No file was submitted."]}, None, "file: No file was submitted."),
        (
            {"non_field_errors": ["A file is required."]},
            "errors",
            "non_field_errors: A file is required.",
        ),
        ({"fault": {"faultstring": "Invalid ApiKey"}}, None, "fault: Invalid ApiKey"),
        (["Token expired"], None, "Token expired"),
        # The row errors are reported separately.
        ({"rows": ["Row 2: bad"], "id": "x"}, "rows", ""),
        ({"message": "usual", "file": ["other"]}, None, "usual"),
    ],
)
def test_other_texts_are_the_message_of_an_error_without_the_usual_names(
    document: object, listed: str | None, message: str
) -> None:
    assert find_message(Document(JSON, document), (), listed, is_error=True) == message
    expected = message if message == "usual" else ""
    assert find_message(Document(JSON, document), (), listed) == expected


DOCUMENT = {"why": {"text": "because"}, "notes": ["a", "b"], "message": "usual", "errors": ["x"]}


@pytest.mark.parametrize(
    ("paths", "listed", "message"),
    [
        (("why.text",), "errors", "because"),
        (("why.text", "notes"), "errors", "because: a: b"),
        (("notes.1",), "errors", "b"),
        (("why.none",), "errors", "usual"),
        ((), "errors", "usual"),
        ((), "data.errors", "usual"),
        ((), None, "usual: x"),
        ((), ".", ""),
    ],
)
def test_configured_paths_of_messages_take_precedence(
    paths: tuple[str, ...], listed: str | None, message: str
) -> None:
    assert find_message(Document(JSON, DOCUMENT), paths, listed) == message


@pytest.mark.parametrize(
    ("text", "media_type", "message"),
    [
        ("Bad token", "", "Bad token"),
        (
            "\nLine 3: unknown\n\nLine 9: unknown\n",
            "text/plain",
            "Line 3: unknown (and 1 more line)",
        ),
        ("a\r\nb\r\nc", "text/plain", "a (and 2 more lines)"),
        ("Bad token", "text/html", ""),
        ("Bad token", "application/octet-stream", "Bad token"),
    ],
)
def test_first_line_of_plain_text_is_the_message(text: str, media_type: str, message: str) -> None:
    assert find_message(Document(TEXT, text, media_type=media_type), (), None) == message
    assert find_message(Document(HTML, media_type=media_type), (), None) == ""


def test_extremely_long_messages_are_shortened_between_words() -> None:
    text = " ".join(["abcdefghij"] * 1000)
    for document in (Document(TEXT, text), Document(JSON, {"message": text})):
        message = find_message(document, (), None)
        assert len(message) < 2001
        assert message.endswith(" abcdefghij")
    assert find_message(Document(TEXT, "x" * 3000), (), None) == ""
