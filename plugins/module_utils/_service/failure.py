# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an attempt without an answer means. In our words, for those of requests may hold the URL."""

from __future__ import annotations

import re
import socket
import ssl
from typing import NamedTuple

from .._errors import Finding
from .._tls import finding_of_certificate
from .library import requests, urllib3
from .retry import HOPELESS, LOST, UNREACHED

SENT_AGAIN = "It may have taken the roster; the next run sends it again"

_PROXY_STATUS = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
_PROXY_FINDINGS = {
    407: Finding(
        "it asks for a user name and a password (407)",
        "Put them into HTTPS_PROXY in the environment, as http://USER:PASSWORD@HOST:PORT",
    ),
    403: Finding(
        "it does not let this host through to the service (403)",
        "Have it permit the service, name the service's host in NO_PROXY, or set use_proxy: false",
    ),
}
_PROXY_PASSING = frozenset({429, 502, 503, 504})


class Failure(NamedTuple):
    """How an attempt ended without an answer.

    :ivar ended: UNREACHED, LOST or HOPELESS, for the decision about the next one.
    """

    finding: Finding
    ended: str


def failure_of(error: Exception, *, sent: bool, proxy: str | None) -> Failure:
    """What a failure of requests or urllib3 means.

    :param sent: whether anything of the roster had been sent.
    :param proxy: host and port of the proxy on the way, if there is one.
    """
    cause = _root_cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Failure(finding_of_certificate(cause, "url"), HOPELESS)
    # In TLS 1.3 a refused certificate shows only after the request.
    if getattr(cause, "reason", None) in _TLS_FINDINGS:
        return Failure(_of_tls(cause), HOPELESS)
    if sent:
        return Failure(_lost(error, cause), LOST)
    if proxy and _is_unusable_proxy(cause):
        return Failure(
            Finding(
                f"the proxy {proxy} cannot be used ({type(cause).__name__})",
                "Correct HTTPS_PROXY or ALL_PROXY in the environment: http://HOST:PORT, or socks5:// where"
                " this Python has PySocks; or set use_proxy: false",
            ),
            HOPELESS,
        )
    if proxy and _is_of_proxy(error, cause):
        return _of_proxy(cause, proxy)
    return _of_connection(error, cause)


def shrunk(missing: int) -> Failure:
    """What it means that the file became shorter while it was sent.

    :param missing: number of bytes.
    """
    return Failure(
        Finding(
            f"the roster became {missing} bytes shorter while it was sent",
            "Let nothing write to src during the upload",
        ),
        HOPELESS,
    )


def timed_out(*, sent: bool) -> Failure:
    """What it means that the watchdog cut the connection."""
    if sent:
        return Failure(_LATE, LOST)
    return Failure(_STALLED, UNREACHED)


_LATE = Finding("it did not answer in time", SENT_AGAIN)
_CERTIFICATE_ASKED = "It may ask for client_cert"
_STALLED = Finding(
    "the connection was not ready in time", "Check firewalls and proxies, or raise timeout"
)


def _lost(error: Exception, cause: BaseException) -> Finding:
    """What went wrong once the roster was on its way."""
    kind = type(cause).__name__
    if _is_timeout(error, cause):
        return _LATE
    if kind in ("BadStatusLine", "LineTooLong", "UnknownProtocol"):
        return Finding("its answer is no HTTP", "Check url, and what listens there")
    if kind == "IncompleteRead":
        return Finding("its answer was cut short", SENT_AGAIN)
    reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else kind
    if isinstance(cause, ssl.SSLEOFError):
        # In TLS 1.3 a client may send before the server has looked for its certificate, and then sees
        # the end of the connection before the alert that tells why (RFC 8446, 4.4.2.4).
        return Finding(f"the connection was lost ({reason})", f"{_CERTIFICATE_ASKED}. {SENT_AGAIN}")
    return Finding(f"the connection was lost ({reason})", SENT_AGAIN)


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


def _is_of_proxy(error: Exception, cause: BaseException) -> bool:
    return isinstance(error, requests.exceptions.ProxyError) or bool(
        _PROXY_STATUS.search(str(cause))
    )


def _of_proxy(cause: BaseException, proxy: str) -> Failure:
    """What a failure on the way through the proxy means; its own words are not repeated."""
    found = _PROXY_STATUS.search(str(cause))
    if found is None:
        reason = getattr(cause, "strerror", None) or "the connection failed"
        return Failure(
            Finding(
                f"the proxy {proxy} cannot be reached: {reason}",
                "Check HTTPS_PROXY in the environment, or set use_proxy: false",
            ),
            UNREACHED,
        )
    status = int(found[1])
    finding = _PROXY_FINDINGS.get(
        status, Finding(f"it answered {status}", "Look into the proxy's log")
    )
    return Failure(
        Finding(f"the proxy {proxy} refused: {finding.meaning}", finding.remedy),
        UNREACHED if status in _PROXY_PASSING else HOPELESS,
    )


def _of_connection(error: Exception, cause: BaseException) -> Failure:
    """What went wrong before anything of the roster was sent."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Failure(
            Finding(
                "it did not accept a connection in time",
                "Check firewalls and proxies, or raise timeout",
            ),
            UNREACHED,
        )
    if _is_timeout(error, cause):
        return Failure(_STALLED, UNREACHED)
    if isinstance(error, requests.exceptions.SSLError):
        return Failure(_of_tls(cause), HOPELESS)
    if isinstance(cause, OSError) and cause.strerror:
        return Failure(
            Finding(cause.strerror, "Check the host name, the port and the proxy"),
            HOPELESS if _is_unknown_name(cause) else UNREACHED,
        )
    return Failure(
        Finding(
            f"the connection failed ({type(cause).__name__})",
            "Check the host name in url, and the network",
        ),
        UNREACHED,
    )


_TLS_FINDINGS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": Finding(
        "it asks for a client certificate", "Set client_cert and client_key"
    ),
    "TLSV1_ALERT_UNKNOWN_CA": Finding(
        "it does not know the CA of the client certificate",
        "Use a certificate in client_cert that the service has issued or registered",
    ),
}


def _of_tls(cause: BaseException) -> Finding:
    reason = str(getattr(cause, "reason", None) or "handshake failed")
    if reason in _TLS_FINDINGS:
        return _TLS_FINDINGS[reason]
    return Finding(
        f"no TLS connection ({reason})",
        f"It must speak TLS 1.2 or newer, and at least tls_minimum. {_CERTIFICATE_ASKED}",
    )


def _is_unknown_name(cause: OSError) -> bool:
    return isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME


def _root_cause(error: BaseException) -> BaseException:
    """The failure below the layers of requests and urllib3, which keep it in `reason` or in `args`."""
    while True:
        # What urllib3 was doing when it failed is beside the point where it says so.
        context = None if error.__suppress_context__ else error.__context__
        below = [getattr(error, "reason", None), *error.args, error.__cause__, context]
        deeper = next((item for item in below if isinstance(item, BaseException)), None)
        if deeper is None:
            return error
        error = deeper
