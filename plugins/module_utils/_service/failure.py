# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The classification of failed attempts that received no usable response from the service.

The messages of requests and urllib3 are omitted, because they may contain the URL with its query.
"""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from typing import NamedTuple

from .._errors import Diagnosis
from .._text import format_count
from .._tls import Verification, explain_certificate
from .library import requests, urllib3
from .retry import NOT_SENT, OUTCOME_UNKNOWN, PERMANENT
from .status import MAY_BE_ACCEPTED_REMEDY

_PROXY_STATUS = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
_PROXY_DIAGNOSES = {
    407: Diagnosis(
        "it requires authentication (407)",
        "Set HTTPS_PROXY in the environment to http://USER:PASSWORD@HOST:PORT",
    ),
    403: Diagnosis(
        "it does not allow this host to connect to the service (403)",
        "Allow access to the service in the proxy's configuration, add the host in O(url) to NO_PROXY,"
        " or set O(use_proxy=false)",
    ),
}
_TEMPORARY_PROXY_STATUSES = frozenset({429, 502, 503, 504})

_TLS_DIAGNOSES = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": Diagnosis(
        "it requires a client certificate", "Set O(client_cert) and O(client_key)"
    ),
    "TLSV1_ALERT_UNKNOWN_CA": Diagnosis(
        "it does not trust the CA of the client certificate",
        "Set O(client_cert) to a certificate that the service issued or registered",
    ),
}
_MAY_REQUIRE_CERTIFICATE = "If the service requires a client certificate, set O(client_cert)"

_CHECK_FIREWALLS = "Check firewalls and proxies, or increase O(timeout)"
_INCREASE_TIMEOUT = f"Increase O(timeout). {MAY_BE_ACCEPTED_REMEDY}"
# Exceptions of http.client, urllib3 and int().
_INVALID_RESPONSES = frozenset(
    {
        *("BadStatusLine", "LineTooLong", "UnknownProtocol", "HTTPException", "InvalidHeader"),
        *("InvalidChunkLength", "ValueError"),
    }
)
_INCOMPLETE_RESPONSES = frozenset({"IncompleteRead", "ProtocolError"})
_CLOSED = "the connection was closed before a response was received"
# OpenSSL's source file and line in the texts of Python's ssl module.
_SOURCE_LINE = re.compile(r"\s*\(_ssl\.c:\d+\)")


@dataclass(frozen=True)
class Progress:
    """The progress of an attempt when it failed.

    :ivar started: whether sending the roster had begun.
    :ivar finished: whether the whole roster had been sent.
    :ivar timeout: timeout in seconds of each step.
    :ivar is_tls: whether the connection uses TLS.
    """

    started: bool
    finished: bool
    timeout: int
    is_tls: bool = True

    @property
    def timeout_text(self) -> str:
        """The timeout as text."""
        return format_count(self.timeout, "second")


class Failure(NamedTuple):
    """The failure of an attempt that received no usable response.

    :ivar diagnosis: the cause and the remedy.
    :ivar outcome: NOT_SENT, OUTCOME_UNKNOWN or PERMANENT; determines whether to retry.
    """

    diagnosis: Diagnosis
    outcome: str


def is_certificate_rejected(error: Exception) -> bool:
    """Return whether an exception from requests or urllib3 means that the server's certificate was rejected."""
    return isinstance(_root_cause(error), ssl.SSLCertVerificationError)


def classify_failure(
    error: Exception,
    progress: Progress,
    proxy: str | None,
    verification: Verification | None = None,
) -> Failure:
    """Classify an exception from requests or urllib3.

    :param error: the exception.
    :param progress: progress of the attempt.
    :param proxy: host and port of the proxy for the service; None if there is none.
    :param verification: the circumstances if the certificate was rejected; None if they are unknown.
    """
    root = _root_cause(error)
    if isinstance(root, ssl.SSLCertVerificationError):
        return Failure(explain_certificate(root, "url", verification), PERMANENT)
    # In TLS 1.3, the service can reject the client certificate after the request has been sent.
    if getattr(root, "reason", None) in _TLS_DIAGNOSES:
        return Failure(_explain_tls_error(root), PERMANENT)
    if progress.started:
        return Failure(_explain_lost_connection(error, root, progress), OUTCOME_UNKNOWN)
    if proxy and _is_unusable_proxy(root):
        return Failure(
            Diagnosis(
                f"the proxy {proxy} cannot be used ({type(root).__name__})",
                "Set HTTPS_PROXY or ALL_PROXY in the environment to http://HOST:PORT, or to"
                " socks5://HOST:PORT if PySocks is installed; or set O(use_proxy=false)",
            ),
            PERMANENT,
        )
    if proxy and _is_proxy_failure(error, root):
        return _classify_proxy_failure(root, proxy)
    return _classify_connection_failure(error, root, progress)


def classify_truncation(missing: int) -> Failure:
    """Return the failure of an attempt during which the file became shorter.

    :param missing: number of missing bytes.
    """
    size = format_count(missing, "byte")
    return Failure(
        Diagnosis(
            f"the roster became {size} shorter while it was being sent",
            "Do not modify the files in O(state_dir) during the upload",
        ),
        PERMANENT,
    )


def classify_timeout(progress: Progress) -> Failure:
    """Return the failure of an attempt whose connection the watchdog closed."""
    if progress.started:
        return Failure(_explain_timeout(progress), OUTCOME_UNKNOWN)
    return Failure(_explain_connection_timeout(progress), NOT_SENT)


def classify_early_acceptance(status: int) -> Failure:
    """Return the failure of an attempt in which the service reported success before it had read the whole roster.

    :param status: status code of the response.
    """
    return Failure(
        Diagnosis(
            f"it returned HTTP {status} and closed the connection before the whole roster was sent",
            MAY_BE_ACCEPTED_REMEDY,
        ),
        OUTCOME_UNKNOWN,
    )


def _explain_timeout(progress: Progress) -> Diagnosis:
    """Return the diagnosis of a timeout after a part of the roster had been sent."""
    if progress.finished:
        cause = f"it did not respond within {progress.timeout_text} after the whole roster was sent"
    else:
        cause = f"it did not receive the next part of the roster within {progress.timeout_text}"
    return Diagnosis(cause, _INCREASE_TIMEOUT)


def _explain_connection_timeout(progress: Progress) -> Diagnosis:
    return Diagnosis(
        f"the connection was not established within {progress.timeout_text}", _CHECK_FIREWALLS
    )


def _explain_lost_connection(
    error: Exception, root: BaseException, progress: Progress
) -> Diagnosis:
    """Return the diagnosis of a failure that occurred after a part of the roster had been sent."""
    kind = type(root).__name__
    if _is_timeout(error, root):
        return _explain_timeout(progress)
    if kind in _INVALID_RESPONSES:
        return Diagnosis(
            "its response is not valid HTTP", "Check O(url), and the service at that address"
        )
    if kind in _INCOMPLETE_RESPONSES:
        return Diagnosis("its response is incomplete", MAY_BE_ACCEPTED_REMEDY)
    is_closed = kind == "RemoteDisconnected" or isinstance(
        root, (ssl.SSLEOFError, ssl.SSLZeroReturnError)
    )
    cause = _CLOSED if is_closed else f"the connection was lost ({_explain_error(root)})"
    if progress.is_tls and (isinstance(root, ssl.SSLEOFError) or not progress.finished):
        # In TLS 1.3, a client can send data before the server has checked the client certificate.
        # The connection may then end before the client receives the alert that contains the reason
        # (RFC 8446, 4.4.2.4).
        return Diagnosis(cause, f"{_MAY_REQUIRE_CERTIFICATE}. {MAY_BE_ACCEPTED_REMEDY}")
    return Diagnosis(cause, MAY_BE_ACCEPTED_REMEDY)


def _explain_error(error: BaseException) -> str:
    """Return the operating system's or OpenSSL's text for an error, or its type."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason
    text = error.strerror if isinstance(error, OSError) else None
    return _SOURCE_LINE.sub("", text) if text else type(error).__name__


def _is_timeout(error: Exception, root: BaseException) -> bool:
    # While the response body is being read, a timeout raises urllib3's exception, not the one from requests.
    timeouts = (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError)
    return isinstance(error, timeouts) or (isinstance(root, socket.timeout) and not root.strerror)


def _is_unusable_proxy(root: BaseException) -> bool:
    return isinstance(
        root,
        (
            requests.exceptions.InvalidProxyURL,
            requests.exceptions.InvalidSchema,
            urllib3.exceptions.LocationParseError,
            urllib3.exceptions.ProxySchemeUnknown,
        ),
    )


def _is_proxy_failure(error: Exception, root: BaseException) -> bool:
    return isinstance(error, requests.exceptions.ProxyError) or bool(
        _PROXY_STATUS.search(str(root))
    )


def _classify_proxy_failure(root: BaseException, proxy: str) -> Failure:
    """Classify a failure at the proxy, without repeating the proxy's own message."""
    status_match = _PROXY_STATUS.search(str(root))
    if status_match is None:
        reason = (
            _explain_error(root) if getattr(root, "strerror", None) else "the connection failed"
        )
        return Failure(
            Diagnosis(
                f"the proxy {proxy} cannot be reached: {reason}",
                "Check HTTPS_PROXY and ALL_PROXY in the environment, or set O(use_proxy=false)",
            ),
            NOT_SENT,
        )
    status = int(status_match[1])
    diagnosis = _PROXY_DIAGNOSES.get(
        status, Diagnosis(f"it returned HTTP {status}", "Check the proxy's log")
    )
    return Failure(
        Diagnosis(f"the proxy {proxy} refused the connection: {diagnosis.cause}", diagnosis.remedy),
        NOT_SENT if status in _TEMPORARY_PROXY_STATUSES else PERMANENT,
    )


def _classify_connection_failure(
    error: Exception, root: BaseException, progress: Progress
) -> Failure:
    """Classify a failure that occurred before any part of the roster was sent."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        cause = f"it did not accept a connection within {progress.timeout_text}"
        return Failure(Diagnosis(cause, _CHECK_FIREWALLS), NOT_SENT)
    if _is_timeout(error, root):
        return Failure(_explain_connection_timeout(progress), NOT_SENT)
    if isinstance(error, requests.exceptions.SSLError):
        return Failure(_explain_tls_error(root), PERMANENT)
    if isinstance(root, OSError) and root.strerror:
        return Failure(
            Diagnosis(
                _explain_error(root),
                "Check the host name and the port in O(url), and whether a proxy is required",
            ),
            PERMANENT if _is_unknown_host(root) else NOT_SENT,
        )
    return Failure(
        Diagnosis(
            f"the connection failed ({type(root).__name__})",
            "Check the host name in O(url), and the network",
        ),
        NOT_SENT,
    )


def _explain_tls_error(root: BaseException) -> Diagnosis:
    reason = str(getattr(root, "reason", None) or "handshake failed")
    if reason in _TLS_DIAGNOSES:
        return _TLS_DIAGNOSES[reason]
    return Diagnosis(
        f"the TLS connection failed ({reason})",
        "Check that the service supports the TLS version in O(tls_minimum) or a newer one. "
        f"{_MAY_REQUIRE_CERTIFICATE}",
    )


def _is_unknown_host(error: OSError) -> bool:
    return isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME


def _root_cause(error: BaseException) -> BaseException:
    """Return the original exception, which requests and urllib3 wrap in other exceptions."""
    while True:
        # urllib3 suppresses contexts that are not related to the failure.
        context = None if error.__suppress_context__ else error.__context__
        candidates = [getattr(error, "reason", None), *error.args, error.__cause__, context]
        nested = next((item for item in candidates if isinstance(item, BaseException)), None)
        if nested is None:
            return error
        error = nested
