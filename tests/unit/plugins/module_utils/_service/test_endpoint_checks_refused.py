# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Contradictory options, and credentials where everybody sees them: refused before anything is read."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint_checks import (
    check_endpoint,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.endpoints import (
    INVALID_HEADER_VALUE,
    endpoint_with,
)

NOT_TOGETHER = (
    "Cannot use token_param with token_header or token_prefix: "
    "the token goes into the query or into a header. Leave one out."
)
NO_UTF_8 = b"p\xe5ss".decode("utf-8", "surrogateescape")
CONTROL = "Look for a line break or a space at its end."
OWN = "it is set by what is sent. Leave it out"
RAW = "with body_format raw: without a form there are no fields. Leave out"
_CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    (
        {"token": ""},
        (
            "Cannot upload: no credential is given. "
            "Set token, or FRONTDESK_TOKEN in the environment; or url_username; or client_cert."
        ),
    ),
    (
        {"username": "u"},
        (
            "Cannot use token and url_username together: each is a credential of its own. Leave one out; "
            "FRONTDESK_TOKEN and FRONTDESK_URL_USERNAME in the environment count, too."
        ),
    ),
    (
        {"password": "p"},
        (
            "Cannot use url_password: it is given without url_username. "
            "Set url_username; a key without a password goes there."
        ),
    ),
    (
        {"token": "", "username": "u", "token_param": "t", "token_prefix": ""},
        (
            "Cannot use token_param: it is given without token. "
            "Set token, or FRONTDESK_TOKEN in the environment."
        ),
    ),
    ({"token_param": "t"}, NOT_TOGETHER),
    ({"token_param": "t", "token_prefix": "", "token_header": "X-Sent"}, NOT_TOGETHER),
    (
        {"client_key": "/k"},
        "Cannot use client_key: it is given without client_cert. Set client_cert.",
    ),
    (
        {"client_cert": "/c", "url": "http://localhost/"},
        "Cannot use client_cert with http://: there is no TLS to show it in. Use https://.",
    ),
    *(
        (
            {"kind": "raw", **wrong},
            f"Cannot use {option} {RAW} {option}, or set body_format to multipart.",
        )
        for option, wrong in (
            ("form_fields", {"form_fields": (("a", "b"),)}),
            ("field_name", {"field_name": "f"}),
        )
    ),
    (
        {"form_fields": (("file", "b"),)},
        "Cannot use form_fields: it holds the field 'file', which is the file's. Correct field_name.",
    ),
    *(
        (
            {"content_type": value},
            "Cannot use content_type: it is no media type. Give one such as text/csv.",
        )
        for value in ("", "csv", "text/csv\r\nX: y", "text/csv;", "täxt/csv", "text/csv; charset")
    ),
    *(
        (
            {"headers": ((name, "x"),)},
            f"Cannot use headers: {name}: {OWN}; content_type and url decide it.",
        )
        for name in ("Host", "content-type")
    ),
    *(
        ({"headers": ((name, "x"),)}, f"Cannot use headers: {name}: {OWN}.")
        for name in ("Content-Length", "transfer-encoding", "Expect", "Connection")
    ),
    *(
        ({"headers": (("X-Mode", value),)}, f"Cannot use headers: X-Mode: {INVALID_HEADER_VALUE}")
        for value in ("a\r\nb", "å")
    ),
    (
        {"headers": (("X Mode", ""),)},
        "Cannot use headers: it is not the name of an HTTP header. Correct it.",
    ),
    *(
        (
            {"params": (pair,)},
            f"Cannot use params: a name is empty, or there are control characters. {CONTROL}",
        )
        for pair in (("", "x"), ("a\n", "x"), ("a", "x\r"))
    ),
    *(
        (
            {"token": "", "username": name, "password": password},
            f"Cannot use {option}: it holds a colon or control characters. {CONTROL}",
        )
        for option, name, password in (
            ("url_username", "a:b", ""),
            ("url_username", "a\n", ""),
            ("url_password", "a", "b\0"),
        )
    ),
    (
        {"token": "a\n", "token_param": "t", "token_prefix": ""},
        f"Cannot use token: it holds control characters. {CONTROL}",
    ),
    *(
        ({"limit": number}, f"Cannot use retries {number}: it is not from 0 to 10.")
        for number in (-1, 11)
    ),
    *(
        (
            {"interval": number},
            f"Cannot use retry_interval {number}: it is not from 0 to 60 seconds.",
        )
        for number in (-1, 61)
    ),
    *(
        (
            {"accepted_statuses": (200, status)},
            (
                f"Cannot use status_code {status}: by any status but 200 to 299 a service says that it "
                "has not taken the roster. Name those that mean acceptance."
            ),
        )
        for status in (199, 300, 302, 400)
    ),
    (
        {"accepted_statuses": ()},
        "Cannot use status_code: it is empty. Name a status, or leave it out.",
    ),
]

IN_SIGHT = "it looks like a credential, and this is printed and logged."
HELD = "it holds the credential, and this is printed and logged."
TO_PARAM = "Give it in token, and its parameter's name in token_param."
TO_HEADER = "Give it in token, and its header's name in token_header; or in url_username."
_IN_SIGHT: list[tuple[dict[str, Any], str]] = [
    ({"params": (("api_key", "x"),)}, f"Cannot use params: api_key: {IN_SIGHT} {TO_PARAM}"),
    *(
        ({**more, "headers": ((name, "x"),)}, f"Cannot use headers: {name}: {IN_SIGHT} {TO_HEADER}")
        for name, more in (("Authorization", {}), ("x-sent", {"token_header": "X-Sent"}))
    ),
    (
        {"form_fields": (("password", "x"),)},
        f"Cannot use form_fields: password: {IN_SIGHT} {TO_PARAM}",
    ),
    (
        {"url": "https://x.no/?a=1&token=x"},
        f"Cannot use the query in url: token: {IN_SIGHT} {TO_PARAM}",
    ),
    (
        {"token": "s3cret-1", "params": (("mode", "a s3cret-1"),)},
        f"Cannot use params: mode: {HELD} {TO_PARAM}",
    ),
    (
        {"token": "", "username": "u", "password": "p4ssw0rd", "form_fields": (("m", "p4ssw0rd"),)},
        f"Cannot use form_fields: m: {HELD} {TO_PARAM}",
    ),
]


@pytest.mark.parametrize(
    ("option", "changes"),
    [
        ("url", {"url": f"https://x.no/{NO_UTF_8}"}),
        ("token", {"token": NO_UTF_8}),
        ("token", {"token": NO_UTF_8, "token_param": "t", "token_prefix": ""}),
        ("url_username", {"token": "", "username": NO_UTF_8}),
        ("url_password", {"token": "", "username": "u", "password": NO_UTF_8}),
        ("params", {"params": (("a", NO_UTF_8),)}),
        ("form_fields", {"form_fields": ((NO_UTF_8, "a"),)}),
    ],
)
def test_what_is_not_in_utf_8_is_refused(option: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        check_endpoint(endpoint_with(changes))
    assert str(caught.value) == f"Cannot use {option}: it is not in UTF-8. Give it in UTF-8."


@pytest.mark.parametrize(("changes", "message"), [*_CONTRADICTIONS, *_IN_SIGHT])
def test_what_contradicts_or_is_in_sight_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_endpoint(endpoint_with(changes))
    assert str(caught.value) == message
    assert not [secret for secret in ("s3cret-1", "p4ssw0rd") if secret in message]
