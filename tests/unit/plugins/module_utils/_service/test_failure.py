# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How attempts without an answer read, and whether another one may follow."""

from __future__ import annotations

import socket
import ssl

import pytest
import requests
import urllib3
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.failure import (
    classify_failure,
    timeout_failure,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.retry import (
    NOT_SENT,
    OUTCOME_UNKNOWN,
    PERMANENT,
)

AGAIN = "It may have taken the roster; the next run sends it again"
HOST_AND_PORT = "Check the host name, the port and the proxy"
FIREWALLS = "Check firewalls and proxies, or raise timeout"
NETWORK = "Check the host name in url, and the network"
OLD_TLS = "It must speak TLS 1.2 or newer, and at least tls_minimum. It may ask for client_cert"
CONNECTION, TLS = requests.exceptions.ConnectionError, requests.exceptions.SSLError
Protocol = urllib3.exceptions.ProtocolError


def _failed(below: Exception, kind: type[Exception]) -> Exception:
    """A failure in the layers that requests and urllib3 put around it."""
    pool = urllib3.HTTPSConnectionPool("x.no")
    return kind(urllib3.exceptions.MaxRetryError(pool, "/contacts?token=secret", below))


def _with_reason(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "secret")
    error.reason = reason
    return error


@pytest.fixture(autouse=True)
def _certificate_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl.SSLCertVerificationError, "verify_message", "expired", raising=False)
    monkeypatch.setattr(ssl.SSLCertVerificationError, "verify_code", 10, raising=False)


@pytest.mark.parametrize(
    ("error", "told", "outcome"),
    [
        (
            _failed(ssl.SSLCertVerificationError(1, "x"), TLS),
            "its certificate has expired (expired). Renew the server's certificate",
            PERMANENT,
        ),
        (
            _failed(ssl.SSLError(1, "[SSL: X]"), TLS),
            f"no TLS connection (handshake failed). {OLD_TLS}",
            PERMANENT,
        ),
        (
            requests.exceptions.ConnectTimeout("secret"),
            f"it did not accept a connection in time. {FIREWALLS}",
            NOT_SENT,
        ),
        (
            requests.exceptions.ReadTimeout("secret"),
            f"the connection was not ready in time. {FIREWALLS}",
            NOT_SENT,
        ),
        (
            _failed(ConnectionRefusedError(111, "Connection refused"), CONNECTION),
            f"Connection refused. {HOST_AND_PORT}",
            NOT_SENT,
        ),
        (
            _failed(socket.gaierror(socket.EAI_NONAME, "Name not known"), CONNECTION),
            f"Name not known. {HOST_AND_PORT}",
            PERMANENT,
        ),
        (
            _failed(socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), CONNECTION),
            f"Temporary failure. {HOST_AND_PORT}",
            NOT_SENT,
        ),
        (
            _failed(OSError("secret"), CONNECTION),
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
def test_before_anything_is_sent(error: Exception, told: str, outcome: str) -> None:
    failure = classify_failure(error, sent=False, proxy=None)
    assert (". ".join(failure.diagnosis), failure.outcome) == (told, outcome)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            _failed(ConnectionResetError(104, "Connection reset by peer"), CONNECTION),
            "the connection was lost (Connection reset by peer)",
        ),
        (Protocol("secret", OSError("secret")), "the connection was lost (OSError)"),
        (
            _failed(ssl.SSLEOFError(8, "EOF occurred"), CONNECTION),
            "the connection was lost (EOF occurred). It may ask for client_cert",
        ),
        (Protocol("x", urllib3.exceptions.IncompleteRead(1, 2)), "its answer was cut short"),
        (requests.exceptions.ReadTimeout("secret"), "it did not answer in time"),
        (Protocol("x", socket.timeout("timed out")), "it did not answer in time"),
    ],
)
def test_once_the_roster_is_on_its_way(error: Exception, told: str) -> None:
    failure = classify_failure(error, sent=True, proxy=None)
    assert (". ".join(failure.diagnosis), failure.outcome) == (f"{told}. {AGAIN}", OUTCOME_UNKNOWN)


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "it asks for a client certificate"),
        ("TLSV1_ALERT_UNKNOWN_CA", "it does not know the CA of the client certificate"),
    ],
)
def test_a_refused_client_certificate_is_told_whenever_it_shows(
    sent: bool, reason: str, told: str
) -> None:
    failure = classify_failure(_failed(_with_reason(reason), TLS), sent=sent, proxy=None)
    assert (failure.diagnosis.cause, failure.outcome) == (told, PERMANENT)


def test_an_end_by_the_watchdog() -> None:
    before, after = timeout_failure(sent=False), timeout_failure(sent=True)
    assert (before.diagnosis.cause, before.outcome) == (
        *("the connection was not ready in time", NOT_SENT),
    )
    assert (after.diagnosis.cause, after.outcome) == ("it did not answer in time", OUTCOME_UNKNOWN)


REFUSED, ASIDE = "the proxy p:3128 refused: it", "the proxy p:3128 cannot be reached:"


@pytest.mark.parametrize(
    ("below", "told", "outcome"),
    [
        ("407 secret", f"{REFUSED} asks for a user name and a password (407)", PERMANENT),
        (
            "403 secret",
            f"{REFUSED} does not let this host through to the service (403)",
            PERMANENT,
        ),
        ("418 secret", f"{REFUSED} answered 418", PERMANENT),
        ("503 secret", f"{REFUSED} answered 503", NOT_SENT),
        (
            ConnectionRefusedError(111, "Connection refused"),
            f"{ASIDE} Connection refused",
            NOT_SENT,
        ),
        (OSError("secret"), f"{ASIDE} the connection failed", NOT_SENT),
    ],
)
def test_what_a_proxy_says(below: Exception | str, told: str, outcome: str) -> None:
    if isinstance(below, str):
        below = OSError(f"Tunnel connection failed: {below}")
    error = _failed(urllib3.exceptions.ProxyError("secret", below), requests.exceptions.ProxyError)
    failure = classify_failure(error, sent=False, proxy="p:3128")
    assert (failure.diagnosis.cause, failure.outcome) == (told, outcome)
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
def test_a_proxy_that_cannot_be_used_is_told(kind: type[Exception]) -> None:
    failure = classify_failure(kind("secret"), sent=False, proxy="p:1080")
    assert failure.diagnosis.cause == f"the proxy p:1080 cannot be used ({kind.__name__})"
    assert failure.diagnosis.remedy.startswith(
        "Correct HTTPS_PROXY or ALL_PROXY in the environment"
    )
    assert failure.outcome == PERMANENT
    assert classify_failure(kind("secret"), sent=False, proxy=None).diagnosis.remedy == NETWORK


def test_the_deepest_cause_is_found_however_it_is_kept() -> None:
    refused = ConnectionRefusedError(111, "Connection refused")
    middle = urllib3.exceptions.ProxyError("secret", refused)
    outer = requests.exceptions.ConnectionError()
    outer.__cause__ = middle
    failure = classify_failure(outer, sent=False, proxy=None)
    assert failure.diagnosis.cause == "Connection refused"
