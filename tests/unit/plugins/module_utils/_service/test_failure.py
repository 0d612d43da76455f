# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the classification of upload attempts that receive no usable response."""

from __future__ import annotations

import http.client
import socket
import ssl

import pytest
import requests
import urllib3
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.failure import (
    Failure,
    Progress,
    classify_failure,
    classify_timeout,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.retry import (
    NOT_SENT,
    OUTCOME_UNKNOWN,
    PERMANENT,
)

MAY_BE_ACCEPTED = "Run again to send the roster once more; the service may already have accepted it"
HOST_AND_PORT = "Check the host name and the port in O(url), and whether a proxy is required"
FIREWALLS = "Check firewalls and proxies, or increase O(timeout)"
CONNECTION_TIMEOUT = "the connection was not established within 20 seconds"
SENDING_TIMEOUT = "it did not receive the next part of the roster within 20 seconds"
RESPONSE_TIMEOUT = "it did not respond within 20 seconds after the whole roster was sent"
CLOSED = "the connection was closed before a response was received"
CERTIFICATE = "If the service requires a client certificate, set O(client_cert)"
NETWORK = "Check the host name in O(url), and the network"
CHECK_TLS = (
    "Check that the service supports the TLS version in O(tls_minimum) or a newer one. "
    "If the service requires a client certificate, set O(client_cert)"
)
CONNECTION, TLS = requests.exceptions.ConnectionError, requests.exceptions.SSLError
Protocol = urllib3.exceptions.ProtocolError


def _progress(*, sent: bool = True, finished: bool = True, is_tls: bool = True) -> Progress:
    return Progress(started=sent, finished=sent and finished, timeout=20, is_tls=is_tls)


def _classify(error: Exception, *, sent: bool, proxy: str | None, finished: bool = True) -> Failure:
    return classify_failure(error, _progress(sent=sent, finished=finished), proxy)


def _wrap(error: Exception, kind: type[Exception]) -> Exception:
    """Wrap an exception as requests and urllib3 do."""
    pool = urllib3.HTTPSConnectionPool("x.no")
    return kind(urllib3.exceptions.MaxRetryError(pool, "/contacts?token=secret", error))


def _ssl_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "secret")
    error.reason = reason
    return error


@pytest.fixture(autouse=True)
def _certificate_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the attributes of certificate errors that only a failed verification would set."""
    monkeypatch.setattr(ssl.SSLCertVerificationError, "verify_message", "expired", raising=False)
    monkeypatch.setattr(ssl.SSLCertVerificationError, "verify_code", 10, raising=False)


@pytest.mark.parametrize(
    ("error", "message", "outcome"),
    [
        (
            _wrap(ssl.SSLCertVerificationError(1, "x"), TLS),
            "its certificate has expired (expired). Renew the server's certificate",
            PERMANENT,
        ),
        (
            _wrap(ssl.SSLError(1, "[SSL: X]"), TLS),
            f"the TLS connection failed (handshake failed). {CHECK_TLS}",
            PERMANENT,
        ),
        (
            requests.exceptions.ConnectTimeout("secret"),
            f"it did not accept a connection within 20 seconds. {FIREWALLS}",
            NOT_SENT,
        ),
        (
            requests.exceptions.ReadTimeout("secret"),
            f"{CONNECTION_TIMEOUT}. {FIREWALLS}",
            NOT_SENT,
        ),
        (
            _wrap(ConnectionRefusedError(111, "Connection refused"), CONNECTION),
            f"Connection refused. {HOST_AND_PORT}",
            NOT_SENT,
        ),
        (
            _wrap(socket.gaierror(socket.EAI_NONAME, "Name not known"), CONNECTION),
            f"Name not known. {HOST_AND_PORT}",
            PERMANENT,
        ),
        (
            _wrap(socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), CONNECTION),
            f"Temporary failure. {HOST_AND_PORT}",
            NOT_SENT,
        ),
        (
            _wrap(OSError("secret"), CONNECTION),
            f"the connection failed (OSError). {NETWORK}",
            NOT_SENT,
        ),
        (
            requests.exceptions.InvalidProxyURL("secret"),
            f"the connection failed (InvalidProxyURL). {NETWORK}",
            NOT_SENT,
        ),
    ],
)
def test_failure_before_the_roster_is_sent_is_explained(
    error: Exception, message: str, outcome: str
) -> None:
    failure = _classify(error, sent=False, proxy=None)
    assert (". ".join(failure.diagnosis), failure.outcome) == (message, outcome)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            _wrap(ConnectionResetError(104, "Connection reset by peer"), CONNECTION),
            "the connection was lost (Connection reset by peer)",
        ),
        (Protocol("secret", OSError("secret")), "the connection was lost (OSError)"),
        (
            _wrap(ssl.SSLEOFError(8, "EOF occurred"), CONNECTION),
            f"{CLOSED}. {CERTIFICATE}",
        ),
        (Protocol("x", urllib3.exceptions.IncompleteRead(1, 2)), "its response is incomplete"),
        (
            requests.exceptions.ReadTimeout("secret"),
            f"{RESPONSE_TIMEOUT}. Increase O(timeout)",
        ),
        (Protocol("x", socket.timeout("timed out")), f"{RESPONSE_TIMEOUT}. Increase O(timeout)"),
        (Protocol("x", http.client.RemoteDisconnected("secret")), CLOSED),
        (
            _wrap(OSError(5, "Lost (_ssl.c:2427)"), CONNECTION),
            "the connection was lost (Lost)",
        ),
        (
            _wrap(_ssl_error("TLSV1_ALERT_INTERNAL_ERROR"), TLS),
            "the connection was lost (TLSV1_ALERT_INTERNAL_ERROR)",
        ),
    ],
)
def test_failure_after_the_roster_was_sent_is_explained(error: Exception, message: str) -> None:
    failure = _classify(error, sent=True, proxy=None)
    assert (". ".join(failure.diagnosis), failure.outcome) == (
        f"{message}. {MAY_BE_ACCEPTED}",
        OUTCOME_UNKNOWN,
    )


def test_connection_closed_while_sending_may_mean_that_a_certificate_is_required() -> None:
    error = Protocol("x", http.client.RemoteDisconnected("secret"))
    for is_tls, hint in ((True, f"{CERTIFICATE}. {MAY_BE_ACCEPTED}"), (False, MAY_BE_ACCEPTED)):
        failure = classify_failure(error, _progress(finished=False, is_tls=is_tls), None)
        assert failure.diagnosis == (CLOSED, hint)


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "it requires a client certificate"),
        ("TLSV1_ALERT_UNKNOWN_CA", "it does not trust the CA of the client certificate"),
    ],
)
def test_missing_or_rejected_client_certificate_is_reported_before_and_after_sending(
    sent: bool, reason: str, cause: str
) -> None:
    failure = _classify(_wrap(_ssl_error(reason), TLS), sent=sent, proxy=None)
    assert (failure.diagnosis.cause, failure.outcome) == (cause, PERMANENT)


def test_outcome_of_a_timeout_depends_on_whether_data_was_sent() -> None:
    for progress, cause, outcome in (
        (_progress(sent=False), CONNECTION_TIMEOUT, NOT_SENT),
        (_progress(finished=False), SENDING_TIMEOUT, OUTCOME_UNKNOWN),
        (_progress(), RESPONSE_TIMEOUT, OUTCOME_UNKNOWN),
    ):
        failure = classify_timeout(progress)
        assert (failure.diagnosis.cause, failure.outcome) == (cause, outcome)
        assert "increase O(timeout)" in failure.diagnosis.remedy.lower().replace("o(", "O(")


REFUSED = "the proxy p:3128 refused the connection: it"
UNREACHABLE = "the proxy p:3128 cannot be reached:"


@pytest.mark.parametrize(
    ("proxy_error", "cause", "outcome"),
    [
        ("407 secret", f"{REFUSED} requires authentication (407)", PERMANENT),
        (
            "403 secret",
            f"{REFUSED} does not allow this host to connect to the service (403)",
            PERMANENT,
        ),
        ("418 secret", f"{REFUSED} returned HTTP 418", PERMANENT),
        ("503 secret", f"{REFUSED} returned HTTP 503", NOT_SENT),
        (
            ConnectionRefusedError(111, "Connection refused"),
            f"{UNREACHABLE} Connection refused",
            NOT_SENT,
        ),
        (OSError("secret"), f"{UNREACHABLE} the connection failed", NOT_SENT),
    ],
)
def test_failure_at_the_proxy_is_explained(
    proxy_error: Exception | str, cause: str, outcome: str
) -> None:
    if isinstance(proxy_error, str):
        proxy_error = OSError(f"Tunnel connection failed: {proxy_error}")
    error = _wrap(
        urllib3.exceptions.ProxyError("secret", proxy_error), requests.exceptions.ProxyError
    )
    failure = _classify(error, sent=False, proxy="p:3128")
    assert (failure.diagnosis.cause, failure.outcome) == (cause, outcome)
    assert failure.diagnosis.remedy
    assert "secret" not in failure.diagnosis.remedy


@pytest.mark.parametrize(
    "kind",
    [
        requests.exceptions.InvalidProxyURL,
        requests.exceptions.InvalidSchema,
        urllib3.exceptions.LocationParseError,
        urllib3.exceptions.ProxySchemeUnknown,
    ],
)
def test_unusable_proxy_is_reported(kind: type[Exception]) -> None:
    failure = _classify(kind("secret"), sent=False, proxy="p:1080")
    assert failure.diagnosis.cause == f"the proxy p:1080 cannot be used ({kind.__name__})"
    assert failure.diagnosis.remedy.startswith("Set HTTPS_PROXY or ALL_PROXY in the environment")
    assert failure.outcome == PERMANENT
    assert _classify(kind("secret"), sent=False, proxy=None).diagnosis.remedy == NETWORK


def test_root_cause_is_found_in_nested_exceptions() -> None:
    refused = ConnectionRefusedError(111, "Connection refused")
    middle = urllib3.exceptions.ProxyError("secret", refused)
    outer = requests.exceptions.ConnectionError()
    outer.__cause__ = middle
    failure = _classify(outer, sent=False, proxy=None)
    assert failure.diagnosis.cause == "Connection refused"
