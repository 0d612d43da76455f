# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an attempt without an answer means. In our words, for those of requests may hold the URL."""

from __future__ import annotations

import re
import socket
import ssl
from typing import NamedTuple

from .._errors import Diagnosis
from .._tls import explain_certificate
from .library import requests, urllib3
from .retry import NOT_SENT, OUTCOME_UNKNOWN, PERMANENT

MAY_BE_ACCEPTED = "It may have taken the roster; the next run sends it again"

_PROXY_STATUS = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
_PROXY_DIAGNOSES = {
    407: Diagnosis(
        "it asks for a user name and a password (407)",
        "Put them into HTTPS_PROXY in the environment, as http://USER:PASSWORD@HOST:PORT",
    ),
    403: Diagnosis(
        "it does not let this host through to the service (403)",
        "Have it permit the service, name the service's host in NO_PROXY, or set use_proxy: false",
    ),
}
_TEMPORARY_PROXY_STATUSES = frozenset({429, 502, 503, 504})


class Failure(NamedTuple):
    """How an attempt ended without an answer.

    :ivar outcome: UNREACHED, LOST or HOPELESS, for the decision about the next one.
    """

    diagnosis: Diagnosis
    outcome: str


def classify_failure(error: Exception, *, sent: bool, proxy: str | None) -> Failure:
    """What a failure of requests or urllib3 means.

    :param sent: whether anything of the roster had been sent.
    :param proxy: host and port of the proxy on the way, if there is one.
    """
    cause = _root_cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Failure(explain_certificate(cause, "url"), PERMANENT)
    # In TLS 1.3 a refused certificate shows only after the request.
    if getattr(cause, "reason", None) in _TLS_DIAGNOSES:
        return Failure(_explain_tls_error(cause), PERMANENT)
    if sent:
        return Failure(_explain_lost_connection(error, cause), OUTCOME_UNKNOWN)
    if proxy and _is_unusable_proxy(cause):
        return Failure(
            Diagnosis(
                f"the proxy {proxy} cannot be used ({type(cause).__name__})",
                "Correct HTTPS_PROXY or ALL_PROXY in the environment: http://HOST:PORT, or socks5:// where"
                " this Python has PySocks; or set use_proxy: false",
            ),
            PERMANENT,
        )
    if proxy and _is_proxy_failure(error, cause):
        return _classify_proxy_failure(cause, proxy)
    return _classify_connection_failure(error, cause)


def truncated_file_failure(missing: int) -> Failure:
    """What it means that the file became shorter while it was sent.

    :param missing: number of bytes.
    """
    return Failure(
        Diagnosis(
            f"the roster became {missing} bytes shorter while it was sent",
            "Let nothing write to src during the upload",
        ),
        PERMANENT,
    )


def timeout_failure(*, sent: bool) -> Failure:
    """What it means that the watchdog cut the connection."""
    if sent:
        return Failure(_RESPONSE_TIMEOUT, OUTCOME_UNKNOWN)
    return Failure(_CONNECTION_TIMEOUT, NOT_SENT)


_RESPONSE_TIMEOUT = Diagnosis("it did not answer in time", MAY_BE_ACCEPTED)
_MAY_REQUIRE_CERTIFICATE = "It may ask for client_cert"
_CONNECTION_TIMEOUT = Diagnosis(
    "the connection was not ready in time", "Check firewalls and proxies, or raise timeout"
)


def _explain_lost_connection(error: Exception, cause: BaseException) -> Diagnosis:
    """What went wrong once the roster was on its way."""
    kind = type(cause).__name__
    if _is_timeout(error, cause):
        return _RESPONSE_TIMEOUT
    if kind in ("BadStatusLine", "LineTooLong", "UnknownProtocol"):
        return Diagnosis("its answer is no HTTP", "Check url, and what listens there")
    if kind == "IncompleteRead":
        return Diagnosis("its answer was cut short", MAY_BE_ACCEPTED)
    reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else kind
    if isinstance(cause, ssl.SSLEOFError):
        # In TLS 1.3 a client may send before the server has looked for its certificate, and then sees
        # the end of the connection before the alert that tells why (RFC 8446, 4.4.2.4).
        return Diagnosis(
            f"the connection was lost ({reason})", f"{_MAY_REQUIRE_CERTIFICATE}. {MAY_BE_ACCEPTED}"
        )
    return Diagnosis(f"the connection was lost ({reason})", MAY_BE_ACCEPTED)


def _is_timeout(error: Exception, cause: BaseException) -> bool:
    # Within the answer's body a timeout of the socket comes as another kind of failure.
    kinds = (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError)
    return isinstance(error, kinds) or (isinstance(cause, socket.timeout) and not cause.strerror)


def _is_unusable_proxy(cause: BaseException) -> bool:
    return isinstance(
        cause,
        (
            requests.exceptions.InvalidProxyURL,
            requests.exceptions.InvalidSchema,
            urllib3.exceptions.LocationParseError,
            urllib3.exceptions.ProxySchemeUnknown,
        ),
    )


def _is_proxy_failure(error: Exception, cause: BaseException) -> bool:
    return isinstance(error, requests.exceptions.ProxyError) or bool(
        _PROXY_STATUS.search(str(cause))
    )


def _classify_proxy_failure(cause: BaseException, proxy: str) -> Failure:
    """What a failure on the way through the proxy means; its own words are not repeated."""
    status_match = _PROXY_STATUS.search(str(cause))
    if status_match is None:
        reason = getattr(cause, "strerror", None) or "the connection failed"
        return Failure(
            Diagnosis(
                f"the proxy {proxy} cannot be reached: {reason}",
                "Check HTTPS_PROXY in the environment, or set use_proxy: false",
            ),
            NOT_SENT,
        )
    status = int(status_match[1])
    diagnosis = _PROXY_DIAGNOSES.get(
        status, Diagnosis(f"it answered {status}", "Look into the proxy's log")
    )
    return Failure(
        Diagnosis(f"the proxy {proxy} refused: {diagnosis.cause}", diagnosis.remedy),
        NOT_SENT if status in _TEMPORARY_PROXY_STATUSES else PERMANENT,
    )


def _classify_connection_failure(error: Exception, cause: BaseException) -> Failure:
    """What went wrong before anything of the roster was sent."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Failure(
            Diagnosis(
                "it did not accept a connection in time",
                "Check firewalls and proxies, or raise timeout",
            ),
            NOT_SENT,
        )
    if _is_timeout(error, cause):
        return Failure(_CONNECTION_TIMEOUT, NOT_SENT)
    if isinstance(error, requests.exceptions.SSLError):
        return Failure(_explain_tls_error(cause), PERMANENT)
    if isinstance(cause, OSError) and cause.strerror:
        return Failure(
            Diagnosis(cause.strerror, "Check the host name, the port and the proxy"),
            PERMANENT if _is_unknown_host(cause) else NOT_SENT,
        )
    return Failure(
        Diagnosis(
            f"the connection failed ({type(cause).__name__})",
            "Check the host name in url, and the network",
        ),
        NOT_SENT,
    )


_TLS_DIAGNOSES = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": Diagnosis(
        "it asks for a client certificate", "Set client_cert and client_key"
    ),
    "TLSV1_ALERT_UNKNOWN_CA": Diagnosis(
        "it does not know the CA of the client certificate",
        "Use a certificate in client_cert that the service has issued or registered",
    ),
}


def _explain_tls_error(cause: BaseException) -> Diagnosis:
    reason = str(getattr(cause, "reason", None) or "handshake failed")
    if reason in _TLS_DIAGNOSES:
        return _TLS_DIAGNOSES[reason]
    return Diagnosis(
        f"no TLS connection ({reason})",
        f"It must speak TLS 1.2 or newer, and at least tls_minimum. {_MAY_REQUIRE_CERTIFICATE}",
    )


def _is_unknown_host(cause: OSError) -> bool:
    return isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME


def _root_cause(error: BaseException) -> BaseException:
    """The failure below the layers of requests and urllib3, which keep it in `reason` or in `args`."""
    while True:
        # What urllib3 was doing when it failed is beside the point where it says so.
        context = None if error.__suppress_context__ else error.__context__
        candidates = [getattr(error, "reason", None), *error.args, error.__cause__, context]
        nested = next((item for item in candidates if isinstance(item, BaseException)), None)
        if nested is None:
            return error
        error = nested
