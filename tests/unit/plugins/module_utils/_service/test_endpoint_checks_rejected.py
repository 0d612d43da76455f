# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the validation of an endpoint: invalid or contradictory settings and secrets, and exposed credentials."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    FORM,
    HEADER,
    QUERY,
    Secret,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint_checks import (
    check_endpoint,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.endpoints import (
    INVALID_HEADER_VALUE,
    endpoint_with,
)

NOT_TOGETHER = (
    "Cannot use token_param with token_header or token_prefix: "
    "the token is sent either in the query or in a header. "
    "Omit token_param, or omit token_header and token_prefix."
)
INVALID_UTF_8 = b"p\xe5ss".decode("utf-8", "surrogateescape")
CONTROL = "Remove line breaks and other control characters."
INVALID_USERNAME = (
    "url_username: it contains a colon or control characters. "
    "Use a user name without colons, line breaks or other control characters."
)
RESERVED = "the module controls this header. Omit it"
RAW = "with body_format raw: a raw body has no form fields. Omit"
_INVALID_SETTINGS: list[tuple[dict[str, Any], str]] = [
    (
        {"token": ""},
        (
            "Cannot upload: no credential is set. "
            "Set token (or FRONTDESK_TOKEN in the environment), url_username, client_cert"
            " or secrets, or set anonymous: true if the service requires no credential."
        ),
    ),
    *(
        (
            {"token": "", **changes, "is_anonymous": True},
            (
                "Cannot use anonymous: true: a credential is set. Omit anonymous, or omit token, url_username,"
                " client_cert and secrets, and unset FRONTDESK_TOKEN and FRONTDESK_URL_USERNAME in the"
                " environment."
            ),
        )
        for changes in ({"token": "t"}, {"username": "u"}, {"client_cert": "/c"})
    ),
    (
        {"username": "u"},
        (
            "Cannot use token and url_username together: they are alternative credentials. "
            "Omit one of them, or set the token in secrets; also check "
            "FRONTDESK_TOKEN and FRONTDESK_URL_USERNAME in the environment."
        ),
    ),
    (
        {"password": "p"},
        (
            "Cannot use url_password: it is set without url_username. "
            "Set url_username; if the credential is an API key, set url_username to this key, and omit url_password."
        ),
    ),
    (
        {"token": "", "username": "u", "token_param": "t", "token_prefix": ""},
        (
            "Cannot use token_param: it is set without token. "
            "Set token, or FRONTDESK_TOKEN in the environment."
        ),
    ),
    ({"token_param": "t"}, NOT_TOGETHER),
    ({"token_param": "t", "token_prefix": "", "token_header": "X-Sent"}, NOT_TOGETHER),
    (
        {"client_key": "/k"},
        "Cannot use client_key: it is set without client_cert. Set client_cert.",
    ),
    (
        {"client_cert": "/c", "url": "http://localhost/"},
        "Cannot use client_cert with http://: client certificates require TLS. Use https://.",
    ),
    *(
        (
            {"kind": "raw", **changes},
            f"Cannot use {option} {RAW} {option}, or set body_format to multipart.",
        )
        for option, changes in (
            ("form_fields", {"form_fields": (("a", "b"),)}),
            ("field_name", {"field_name": "f"}),
        )
    ),
    (
        {"form_fields": (("file", "b"),)},
        (
            "Cannot use form_fields: it contains the field 'file', which is used for the file. "
            "Remove this field, or correct field_name."
        ),
    ),
    *(
        (
            {"content_type": value},
            "Cannot use content_type: it is not a media type. Use a media type such as text/csv.",
        )
        for value in ("", "csv", "text/csv\r\nX: y", "text/csv;", "täxt/csv", "text/csv; charset")
    ),
    *(
        (
            {"headers": ((name, "x"),)},
            f"Cannot use headers: {name}: {RESERVED}; content_type or url determines its value.",
        )
        for name in ("Host", "content-type")
    ),
    *(
        ({"headers": ((name, "x"),)}, f"Cannot use headers: {name}: {RESERVED}.")
        for name in ("Content-Length", "transfer-encoding", "Expect", "Connection")
    ),
    *(
        ({"headers": (("X-Mode", value),)}, f"Cannot use headers: X-Mode: {INVALID_HEADER_VALUE}")
        for value in ("a\r\nb", "å")
    ),
    (
        {"headers": (("X Mode", ""),)},
        "Cannot use a name in headers: it is not a valid HTTP header name. Correct it.",
    ),
    *(
        (
            {"params": (pair,)},
            (
                "Cannot use params: a name is empty, or a name or value contains control characters. "
                "Remove empty names, line breaks and other control characters."
            ),
        )
        for pair in (("", "x"), ("a\n", "x"), ("a", "x\r"))
    ),
    *(
        (
            {"token": "", "username": name, "password": password},
            f"Cannot use {cause}",
        )
        for name, password, cause in (
            ("a:b", "", INVALID_USERNAME),
            ("a\n", "", INVALID_USERNAME),
            ("a", "b\0", f"url_password: it contains control characters. {CONTROL}"),
        )
    ),
    (
        {"token": "a\n", "token_param": "t", "token_prefix": ""},
        f"Cannot use token: it contains control characters. {CONTROL}",
    ),
    *(
        (
            {"limit": number},
            f"Cannot use retries {number}: it must be between 0 and 10. Correct retries.",
        )
        for number in (-1, 11)
    ),
    *(
        (
            {"interval": number},
            f"Cannot use retry_interval {number}: it must be between 0 and 60 seconds. Correct retry_interval.",
        )
        for number in (-1, 61)
    ),
    *(
        (
            {"accepted_statuses": (200, status)},
            (
                f"Cannot use status_code {status}: statuses outside 200-299 do not mean that the service "
                "accepted the roster. List only statuses that mean acceptance."
            ),
        )
        for status in (199, 300, 302, 400)
    ),
    (
        {"accepted_statuses": ()},
        "Cannot use status_code: it is empty. List at least one status, or omit status_code.",
    ),
]

TOO_SHORT = (
    "its value has fewer than 6 characters, so unrelated text would also be masked. Use a longer secret; if it is"
    " not secret, set it in another option, and add its name to public_names."
)
TWICE = "is set more than once. Set it only once."
INVALID_PAIR = (
    "a name is empty, or a name or value contains control characters. Remove empty names, line breaks and other control"
    " characters."
)
_SECRETS: list[tuple[tuple[str, str, str], dict[str, Any], str]] = [
    (("X-Key", HEADER, "12345"), {}, f"Cannot use secrets: X-Key: {TOO_SHORT}"),
    (
        ("x-a", HEADER, "123456"),
        {"headers": (("X-A", "b"),)},
        f"Cannot use secrets: x-a: the header {TWICE}",
    ),
    (
        ("authorization", HEADER, "123456"),
        {},
        f"Cannot use secrets: authorization: the header {TWICE}",
    ),
    (
        ("Authorization", HEADER, "123456"),
        {"token": "", "username": "u"},
        f"Cannot use secrets: Authorization: the header {TWICE}",
    ),
    (
        ("a", QUERY, "123456"),
        {"params": (("a", "b"),)},
        f"Cannot use secrets: a: the query parameter {TWICE}",
    ),
    (
        ("t", QUERY, "123456"),
        {"token_param": "t", "token_prefix": ""},
        f"Cannot use secrets: t: the query parameter {TWICE}",
    ),
    (("file", FORM, "123456"), {}, f"Cannot use secrets: file: the form field {TWICE}"),
    (
        ("a", FORM, "123456"),
        {"form_fields": (("a", "b"),)},
        f"Cannot use secrets: a: the form field {TWICE}",
    ),
    (
        ("a", FORM, "123456"),
        {"kind": "raw"},
        (
            "Cannot send the form field 'a' in secrets with body_format raw: a raw body has no form fields. Send it in"
            " another place, or set body_format to multipart."
        ),
    ),
    (("", QUERY, "123456"), {}, f"Cannot use secrets: : {INVALID_PAIR}"),
    (("a", QUERY, "12345\n6"), {}, f"Cannot use secrets: a: {INVALID_PAIR}"),
    (
        ("X Key", HEADER, "123456"),
        {},
        "Cannot use a name in secrets: it is not a valid HTTP header name. Correct it.",
    ),
    (
        ("Host", HEADER, "123456"),
        {},
        "Cannot use secrets: Host: the module controls this header. Omit it;",
    ),
    (
        ("a", QUERY, INVALID_UTF_8 * 6),
        {},
        "Cannot use secrets: it is not valid UTF-8. Encode it as UTF-8.",
    ),
    (
        ("a", FORM, "s3cret-1"),
        {"params": (("b", "s3cret-1"),)},
        "Cannot use params: b: it contains the credential",
    ),
]


@pytest.mark.parametrize(("secret", "changes", "message"), _SECRETS)
def test_invalid_or_repeated_secret_is_rejected(
    secret: tuple[str, str, str], changes: dict[str, Any], message: str
) -> None:
    endpoint = replace(endpoint_with(changes), secrets=(Secret(*secret),))
    with pytest.raises(InputError) as caught:
        check_endpoint(endpoint)
    assert str(caught.value).startswith(message)
    assert secret[2] not in str(caught.value)


def test_two_secrets_in_the_same_place_need_different_names() -> None:
    secrets = (
        Secret("a", QUERY, "123456"),
        Secret("A", HEADER, "123456"),
        Secret("A", QUERY, "1234567"),
    )
    check_endpoint(replace(endpoint_with({}), secrets=secrets[:2]))
    with pytest.raises(InputError) as caught:
        check_endpoint(replace(endpoint_with({}), secrets=secrets))
    assert str(caught.value) == f"Cannot use secrets: A: the query parameter {TWICE}"
    assert "123456" not in repr(secrets)


SUSPICIOUS_NAME = "it looks like a credential, and this option is printed and logged."
CONTAINS_SECRET = "it contains the credential, and this option is printed and logged."
IS_PUBLIC = "If it is not a credential, add its name to public_names."
USE_PARAM = f"Set token to its value and token_param to its name, or use secrets. {IS_PUBLIC}"
USE_HEADER = f"Set token to its value and token_header to its name, or use secrets. {IS_PUBLIC}"
SET_TWICE = (
    "another option sets the credential with this name. Omit it, because the module sends the"
    " credential separately."
)
REMOVE = "Remove the credential, because the module sends it separately."
_EXPOSED_CREDENTIALS: list[tuple[dict[str, Any], str]] = [
    ({"params": (("api_key", "x"),)}, f"Cannot use params: api_key: {SUSPICIOUS_NAME} {USE_PARAM}"),
    *(
        ({**changes, "headers": ((name, "x"),)}, f"Cannot use headers: {name}: {SET_TWICE}")
        for name, changes in (
            ("Authorization", {}),
            ("x-sent", {"token_header": "X-Sent"}),
            ("x-sent", {"token_header": "X-Sent", "public_names": ("x-sent",)}),
            ("authorization", {"token": "", "username": "u", "public_names": ("Authorization",)}),
        )
    ),
    (
        {"headers": (("X-Api-Key", "x"),), "public_names": ("X-Api", "Key")},
        f"Cannot use headers: X-Api-Key: {SUSPICIOUS_NAME} {USE_HEADER}",
    ),
    (
        {"form_fields": (("password", "x"),)},
        f"Cannot use form_fields: password: {SUSPICIOUS_NAME} Use secrets. {IS_PUBLIC}",
    ),
    (
        {"url": "https://x.no/?a=1&token=x"},
        f"Cannot use the query in url: token: {SUSPICIOUS_NAME} {USE_PARAM}",
    ),
    (
        {"token": "s3cret-1", "params": (("mode", "a s3cret-1"),)},
        f"Cannot use params: mode: {CONTAINS_SECRET} {REMOVE}",
    ),
    (
        {"token": "s3cret-1", "params": (("sig", "s3cret-1"),), "public_names": ("sig",)},
        f"Cannot use params: sig: {CONTAINS_SECRET} {REMOVE}",
    ),
    (
        {"token": "", "username": "u", "password": "p4ssw0rd", "form_fields": (("m", "p4ssw0rd"),)},
        f"Cannot use form_fields: m: {CONTAINS_SECRET} {REMOVE}",
    ),
]


@pytest.mark.parametrize(
    ("option", "changes"),
    [
        ("url", {"url": f"https://x.no/{INVALID_UTF_8}"}),
        ("token", {"token": INVALID_UTF_8}),
        ("token", {"token": INVALID_UTF_8, "token_param": "t", "token_prefix": ""}),
        ("url_username", {"token": "", "username": INVALID_UTF_8}),
        ("url_password", {"token": "", "username": "u", "password": INVALID_UTF_8}),
        ("params", {"params": (("a", INVALID_UTF_8),)}),
        ("form_fields", {"form_fields": ((INVALID_UTF_8, "a"),)}),
    ],
)
def test_invalid_utf_8_is_rejected(option: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        check_endpoint(endpoint_with(changes))
    assert str(caught.value) == f"Cannot use {option}: it is not valid UTF-8. Encode it as UTF-8."


@pytest.mark.parametrize(("changes", "message"), [*_INVALID_SETTINGS, *_EXPOSED_CREDENTIALS])
def test_invalid_settings_and_exposed_credentials_are_rejected(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        check_endpoint(endpoint_with(changes))
    assert str(caught.value) == message
    assert not [secret for secret in ("s3cret-1", "p4ssw0rd") if secret in message]
