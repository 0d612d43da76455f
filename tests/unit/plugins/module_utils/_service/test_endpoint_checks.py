# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the validation of an endpoint: valid settings, and single settings that are invalid."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint_checks import (
    check_endpoint,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.endpoints import (
    ENDPOINT,
    INVALID_HEADER_VALUE,
    endpoint_with,
)

URL_FORM = "Cannot use url: it does not have the form https://HOST/PATH. Correct url."
UNENCRYPTED = "personal data would be sent unencrypted. Use https://."


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"url": "HTTPS://x.no"},
        {"url": "http://localhost:8080/contacts"},
        {"url": "http://LOCALHOST"},
        {"url": "http://127.0.0.1:1"},
        {"url": "http://[::1]:1"},
        {"url": "https://[2001:db8::1]/x?list=1"},
        {"token_prefix": ""},
        {"token_header": "X-Api-Key"},
        {"timeout": 1},
        {"token_header": "", "token_prefix": "", "token_param": "auth_token", "token": "tøken &="},
        {"token_header": "authorization", "token_prefix": "", "token_param": "t"},
        {"token": "", "username": "key"},
        {"token": "", "username": "ås", "password": "p:å"},
        {"token": "", "client_cert": "/c"},
        {"client_cert": "/c", "client_key": "/k"},
        {"kind": "raw", "content_type": "text/csv"},
        {"content_type": 'text/csv; header=present; charset="utf-8"'},
        {"form_fields": (("mode", "a\u00e5"), ("dry-run", ""))},
        {"params": (("remove-hosts", "true"), ("primary_key", "Email"))},
        {"headers": (("X-Request-Id", "1"), ("Accept", "*/*"))},
        {"token": "", "is_anonymous": True},
        {
            "url": "https://x.no/?X-Amz-Signature=a",
            "headers": (("X-Atlassian-Token", "no-check"),),
            "params": (("send_password_reset", "false"),),
            "form_fields": (("generate_pin", "false"),),
            "public_names": (
                *("x-atlassian-token", "SEND_PASSWORD_RESET", "generate_pin", "x-amz-signature"),
            ),
        },
        # A user name is not a secret if there is also a password.
        {
            "token": "",
            "username": "contacts",
            "password": "p4ssw0rd",
            "params": (("list", "all-contacts"),),
        },
        {"limit": 0, "interval": 0},
        {"limit": 10, "interval": 60},
        {"accepted_statuses": (200, 202, 299)},
        # Other values can contain a short secret, because the match might be a coincidence.
        {"token": "", "username": "mode", "params": (("mode", "mode"),)},
    ],
)
def test_valid_endpoint_is_accepted(changes: dict[str, object]) -> None:
    check_endpoint(endpoint_with(changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(
            ({"url": url}, URL_FORM)
            for url in (
                "",
                "x.no",
                "//x.no",
                "ftp://x.no",
                "https:",
                "https://",
                "https://[::1",
                "https://x.no:a",
                "https://x.no:0",
                "https://x.no/a b",
                "https://x.no/\n",
            )
        ),
        *(
            (
                {"url": f"https://{user}@x.no"},
                (
                    "Cannot use url: it contains a user name or a password. "
                    "Use token, or url_username and url_password."
                ),
            )
            for user in ("svc", "svc:pw", ":pw")
        ),
        *(
            ({"url": f"http://{host}/x"}, f"Cannot upload to http://{host}: {UNENCRYPTED}")
            for host in ("x.no", "127.0.0.2", "localhost.x.no", "0.0.0.0")  # noqa: S104  # Used only in URLs.
        ),
        *(
            ({option: value}, f"Cannot use {option}: {INVALID_HEADER_VALUE}")
            for option in ("token", "token_prefix")
            for value in ("a\r\nb", "tøken", "\u20ac", "a\0", "a\n")
        ),
        *(
            (
                {"token_header": value},
                "Cannot use token_header: it is not a valid HTTP header name. Correct it.",
            )
            for value in ("", "X Y", "X:", "X\r\nY", "Tøken", "X\n")
        ),
        *(
            (
                {"timeout": seconds},
                f"Cannot use timeout {seconds}: it must be between 1 and 86400 seconds.",
            )
            for seconds in (0, -1)
        ),
    ],
)
def test_invalid_endpoint_is_rejected(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_endpoint(endpoint_with(changes))
    assert str(caught.value) == message


def test_endpoint_is_displayed_without_secrets() -> None:
    assert repr(ENDPOINT) == str(ENDPOINT) == "Endpoint(https://x.no/contacts)"
    assert repr(ENDPOINT.credential) == str(ENDPOINT.credential) == "Credential(...)"
