# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client without a service: what it refuses, and how failures read."""

from __future__ import annotations

import io
import socket
import ssl
from typing import Any

import pytest
import requests
import urllib3
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.answer import (
    Answer,
    RowError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.client import (
    ServiceError,
    check_endpoint,
    problem_of_answer,
    send,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    Credential,
    Endpoint,
)

ENDPOINT = Endpoint(
    url="https://x.no/contacts",
    credential=Credential("t0ken", "Authorization", "Bearer"),
)
FORM = "Cannot use the url: it is not of the form https://HOST/PATH. Correct url."
CLEAR = "people's data would cross the network in clear. Use https://."
NO_HEADER = (
    "it holds characters that no HTTP header can hold. Look for a line break or a space at its end."
)


def _endpoint(changes: dict[str, Any]) -> Endpoint:
    """The endpoint with changes in it or in its credential."""
    changes = dict(changes)
    own = {name: changes.pop(name) for name in Credential._fields if name in changes}
    return ENDPOINT._replace(credential=ENDPOINT.credential._replace(**own), **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"url": "HTTPS://x.no"},
        {"url": "http://localhost:8080/contacts"},
        {"url": "http://LOCALHOST"},
        {"url": "http://127.0.0.1:1"},
        {"url": "http://[::1]:1"},
        {"url": "https://[2001:db8::1]/x?key=1"},
        {"token_prefix": ""},
        {"token_header": "X-Api-Key"},
        {"timeout": 1},
    ],
)
def test_good_endpoints_pass(changes: dict[str, object]) -> None:
    check_endpoint(_endpoint(changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(
            ({"url": url}, FORM)
            for url in ("", "x.no", "//x.no", "ftp://x.no", "https:", "https://", "https://[::1")
        ),
        *(
            (
                {"url": f"https://{user}@x.no"},
                "Cannot use the url: it holds a user name or a password. Use token.",
            )
            for user in ("svc", "svc:pw", ":pw")
        ),
        *(
            ({"url": f"http://{host}/x"}, f"Cannot upload to http://{host}: {CLEAR}")
            for host in ("x.no", "127.0.0.2", "localhost.x.no", "0.0.0.0")  # noqa: S104  # nothing is bound
        ),
        (
            {"token": ""},
            "Cannot upload: token is empty. Set token, or FRONTDESK_TOKEN in the environment.",
        ),
        *(
            ({option: value}, f"Cannot use {option}: {NO_HEADER}")
            for option in ("token", "token_prefix")
            for value in ("a\r\nb", "tøken", "\u20ac", "a\0", "a\n")
        ),
        *(
            (
                {"token_header": value},
                "Cannot use token_header: it is not the name of an HTTP header. Correct it.",
            )
            for value in ("", "X Y", "X:", "X\r\nY", "Tøken", "X\n")
        ),
        *(
            (
                {"timeout": seconds},
                f"Cannot use timeout {seconds}: it is not from 1 to 86400 seconds.",
            )
            for seconds in (0, -1)
        ),
    ],
)
def test_bad_endpoints_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_endpoint(_endpoint(changes))
    assert str(caught.value) == message


def test_the_token_is_in_no_text_of_an_endpoint() -> None:
    assert repr(ENDPOINT) == str(ENDPOINT) == "Endpoint(https://x.no/contacts)"
    assert repr(ENDPOINT.credential) == str(ENDPOINT.credential) == "Credential(...)"


@pytest.mark.parametrize(
    ("status", "refused", "answer", "remedy"),
    [
        (
            *(202, 0, "it answered 202, which says that it may yet refuse the roster"),
            "Check url and result against the service's documentation",
        ),
        (
            *(422, 3, "it answered 422 and refused 3 rows; nothing counts as accepted"),
            "Correct these people in the directory, or the columns; service.errors has the rows",
        ),
        (
            *(200, 1, "it answered 200 and refused 1 row; nothing counts as accepted"),
            "Correct these people in the directory, or the columns; service.errors has the rows",
        ),
        *(
            (
                *(status, 0, f"it answered {status}"),
                "Check token, token_header and token_prefix, and what the token may do",
            )
            for status in (401, 403)
        ),
        *((status, 0, f"it answered {status}", "Check url") for status in (404, 405)),
        *(
            (
                *(status, 0, f"it answered {status}"),
                "The service has a problem; the next run sends the roster again",
            )
            for status in (500, 503)
        ),
        *(
            (
                *(status, 0, f"it answered {status}"),
                "Look up the status in the service's documentation",
            )
            for status in (400, 402, 406, 422, 499)
        ),
    ],
)
def test_what_a_status_means(status: int, refused: int, answer: str, remedy: str) -> None:
    errors = (RowError(1, None, "Email", "not unique"),) * refused
    endpoint = ENDPOINT._replace(url="https://x.no/contacts?key=secret")
    error = problem_of_answer(endpoint, Answer(status, {}, errors, readable=True))
    assert str(error) == f"Cannot upload to https://x.no/contacts: {answer}. {remedy}."


def test_an_answer_counts_only_when_it_can_be_read() -> None:
    assert problem_of_answer(ENDPOINT, Answer(200, {}, (), readable=True)) is None
    assert str(problem_of_answer(ENDPOINT, Answer(200, {}, (), readable=False))) == (
        "Cannot upload to https://x.no/contacts: it answered 200, but not with what result says; "
        "the roster counts as not accepted. "
        "Check url and result against the service's documentation."
    )


def _failed(below: Exception, kind: type[Exception]) -> Exception:
    """A failure in the layers that requests and urllib3 put around it."""
    pool = urllib3.HTTPSConnectionPool("x.no")
    return kind(urllib3.exceptions.MaxRetryError(pool, "/contacts?key=secret", below))


HOST_AND_PORT = "Check the host name, the port and the proxy"


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (
            _failed(ssl.SSLCertVerificationError(1, "x"), requests.exceptions.SSLError),
            "its certificate has expired (expired). Renew the server's certificate",
        ),
        (
            _failed(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), requests.exceptions.SSLError),
            "no TLS connection (handshake failed). It must speak TLS 1.2 or newer",
        ),
        (
            requests.exceptions.ConnectTimeout("secret"),
            "it did not accept a connection in time. Check firewalls and proxies, or raise timeout",
        ),
        (
            requests.exceptions.ReadTimeout("secret"),
            "it did not answer in time. It may have taken the roster; the next run sends it again",
        ),
        (
            _failed(
                ConnectionRefusedError(111, "Connection refused"),
                requests.exceptions.ConnectionError,
            ),
            f"Connection refused. {HOST_AND_PORT}",
        ),
        (
            _failed(
                socket.gaierror(-2, "Name or service not known"),
                requests.exceptions.ConnectionError,
            ),
            f"Name or service not known. {HOST_AND_PORT}",
        ),
        (
            _failed(OSError("secret"), requests.exceptions.ConnectionError),
            "the connection failed (OSError). Check the host name in url, and the network",
        ),
        (
            requests.exceptions.InvalidProxyURL("secret"),
            "the connection failed (InvalidProxyURL). Check the host name in url, and the network",
        ),
    ],
)
def test_what_a_failure_means(
    failure: Exception, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise failure

    monkeypatch.setattr(ssl.SSLCertVerificationError, "verify_message", "expired", raising=False)
    monkeypatch.setattr(ssl.SSLCertVerificationError, "verify_code", 10, raising=False)
    monkeypatch.setattr(requests.Session, "post", fail)
    with pytest.raises(ServiceError) as caught:
        send(ENDPOINT._replace(url="https://x.no/contacts?key=secret"), "a.csv", io.BytesIO(), 0)
    assert str(caught.value) == f"Cannot upload to https://x.no/contacts: {told}."


def test_the_deepest_cause_is_found_however_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = ConnectionRefusedError(111, "Connection refused")

    def fail(*_args: object, **_options: object) -> None:
        try:
            try:
                raise refused
            except OSError as error:
                raise urllib3.exceptions.ProxyError("secret", error) from ValueError()
        except urllib3.exceptions.ProxyError as error:
            raise requests.exceptions.ConnectionError from error

    monkeypatch.setattr(requests.Session, "post", fail)
    with pytest.raises(ServiceError, match="Connection refused"):
        send(ENDPOINT, "a.csv", io.BytesIO(), 0)
