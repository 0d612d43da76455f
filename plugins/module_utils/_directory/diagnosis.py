# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Explanations of LDAP results and of ldap3, gssapi, TLS and DNS errors, based on the tables in causes.py."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from itertools import chain
from typing import Any

from .._errors import Diagnosis, FrontdeskError
from .._tls import Verification, explain_certificate
from .causes import (
    AD_SUBCODES,
    ANONYMOUS_REFUSED,
    DNS_FAILURES,
    HANDSHAKE_FAILURES,
    KERBEROS_CODES,
    LDAP_RESULTS,
    NO_KEY,
    NO_SASL_OVER_TLS,
    NO_TICKET,
    NOT_LDAP,
    OTHER_FAILURE_REMEDY,
    OTHER_KERBEROS_CODE,
    OTHER_RESULT,
    REFUSED_BINDS,
    SOCKET_FAILURES,
    START_TLS_FAILURES,
    START_TLS_REFUSED,
    TICKET_EXPIRED,
    DnsFailure,
    Explanation,
)
from .library import DECODE_ERRORS

REFERRAL, NO_SUCH_OBJECT, INVALID_DN_SYNTAX = 10, 32, 34
"""Result codes of searches whose base cannot be used (RFC 4511, appendix A)."""

# Other result codes (RFC 4511, appendix A).
_OPERATIONS_ERROR = 1
_PROTOCOL_ERROR = 2
_AUTH_METHOD_NOT_SUPPORTED = 7
_STRONGER_AUTH_REQUIRED = 8
_INVALID_CREDENTIALS = 49

# Parts of the result messages from Active Directory and Samba.
_NOT_BOUND = re.compile(r"\b000004DC\b|unavailable without authentication")
_UNSUPPORTED_MECHANISM = "Failed to start authentication system"
_SASL_OVER_TLS = "not allowed if TLS is used"
_SUBCODE = re.compile(r"\bdata ([0-9a-f]+)")

# GSS_S_CREDENTIALS_EXPIRED (RFC 2744, 3.9.1).
_CREDENTIALS_EXPIRED = 11 << 16
_SIGN_BIT = 1 << 31


class DirectoryError(FrontdeskError):
    """The directory could not be read completely."""

    kind = "directory"


class ServerError(DirectoryError):
    """This server did not return a complete result, but another server might."""


def result_error(action: str, result: Mapping[str, Any]) -> DirectoryError:
    """Build the error for an LDAPResult other than success.

    :param action: the action that failed, for the error message.
    :param result: as for `explain_result`.
    :returns: a ServerError if another server might succeed; otherwise, a DirectoryError.
    """
    explanation = _look_up_result(result)
    error_class = ServerError if explanation.is_server_specific else DirectoryError
    return error_class(action, *_with_result(explanation, result))


def bind_error(action: str, result: Mapping[str, Any], auth_protocol: str) -> DirectoryError:
    """Build the error for a bind that the server rejected.

    :param action: the action that failed, for the error message.
    :param result: as for `explain_result`.
    :param auth_protocol: protocol of the bind.
    :returns: as for `result_error`.
    """
    explanation = REFUSED_BINDS.get(auth_protocol)
    has_subcode = _SUBCODE.search(str(result.get("message")))
    if result["result"] == _INVALID_CREDENTIALS and explanation and not has_subcode:
        return DirectoryError(action, *_with_result(explanation, result))
    if result["result"] == _PROTOCOL_ERROR:
        # 389 Directory Server returns this result for authentication choices that it does not support.
        unsupported = LDAP_RESULTS[_AUTH_METHOD_NOT_SUPPORTED]
        return DirectoryError(action, *_with_result(unsupported, result))
    return result_error(action, result)


def is_name_rejected(result: Mapping[str, Any]) -> bool:
    """Return whether the result of a bind can mean that the server found no account with the name.

    :param result: as for `explain_result`.
    """
    subcode = _SUBCODE.search(str(result.get("message")))
    if result["result"] == _INVALID_CREDENTIALS:
        return subcode is None or subcode[1] in ("525", "52e")
    return int(result["result"]) == INVALID_DN_SYNTAX


def explain_result(result: Mapping[str, Any]) -> Diagnosis:
    """Explain an LDAPResult (RFC 4511, 4.1.9) other than success.

    :param result: ldap3's result dictionary, with the keys result, description, message and dn.
    """
    return _with_result(_look_up_result(result), result)


def explain_refused_start_tls(result: Mapping[str, Any]) -> Diagnosis:
    """Explain a response to StartTLS other than success (RFC 4511, 4.14.2).

    :param result: as for `explain_result`.
    """
    return _with_result(START_TLS_REFUSED, result)


def _look_up_result(result: Mapping[str, Any]) -> Explanation:
    code = int(result["result"])
    message = str(result.get("message"))
    if code == _OPERATIONS_ERROR and _NOT_BOUND.search(message):
        return ANONYMOUS_REFUSED
    if code == _OPERATIONS_ERROR and _UNSUPPORTED_MECHANISM in message:
        return LDAP_RESULTS[_AUTH_METHOD_NOT_SUPPORTED]
    if code == _STRONGER_AUTH_REQUIRED and _SASL_OVER_TLS in message:
        return NO_SASL_OVER_TLS
    explanation = LDAP_RESULTS.get(code, OTHER_RESULT)
    if code == _INVALID_CREDENTIALS:
        subcode = _SUBCODE.search(message)
        return AD_SUBCODES.get(subcode[1], explanation) if subcode else explanation
    return explanation


def _with_result(explanation: Explanation, result: Mapping[str, Any]) -> Diagnosis:
    """Append the server's own result to the cause."""
    return _with_detail(explanation, describe_result(result))


def describe_result(result: Mapping[str, Any]) -> str:
    """Describe an LDAPResult by its result code, diagnostic message, matched DN and referrals.

    :param result: as for `explain_result`.
    """
    parts = [f"result {result['result']} {result.get('description')}"]
    if result.get("message"):
        parts.append(" ".join(str(result["message"]).replace("\0", "").split()))
    if result.get("dn"):
        parts.append(f"matched DN {result['dn']}")
    parts += map(str, result.get("referrals") or ())
    return ", ".join(parts)


def _with_detail(explanation: Explanation, detail: str) -> Diagnosis:
    return Diagnosis(f"{explanation.cause} ({detail})", explanation.remedy)


def explain_ticket(error: Any, *, from_keytab: bool = False) -> Diagnosis:
    """Explain a Kerberos error.

    :param error: gssapi's GSSError.
    :param from_keytab: whether the ticket was requested with a keytab.
    """
    if int(error.maj_code) == _CREDENTIALS_EXPIRED:
        # For expired tickets in a cache, only the major code reports the error; the minor code indicates success.
        return _with_detail(TICKET_EXPIRED, "; ".join(error.get_all_statuses(error.maj_code, True)))
    # Minor codes are signed 32-bit numbers, but gssapi returns them as unsigned ones.
    minor_code = (int(error.min_code) + _SIGN_BIT) % (2 * _SIGN_BIT) - _SIGN_BIT
    explanation = KERBEROS_CODES.get(minor_code, OTHER_KERBEROS_CODE)
    if from_keytab and explanation is NO_TICKET:
        explanation = NO_KEY
    return _with_detail(explanation, "; ".join(error.get_all_statuses(error.min_code, False)))


def explain_failure(
    error: BaseException,
    tls_error: OSError | None,
    *,
    during_start_tls: bool = False,
    verification: Verification | None = None,
) -> Diagnosis:
    """Explain a failed connection.

    Whatever the cause, another server might succeed.

    :param error: the exception from ldap3.
    :param tls_error: the exception that ended the TLS handshake and caused `error`; None if there was none.
    :param during_start_tls: whether the connection failed during StartTLS.
    :param verification: the circumstances if the certificate could not be verified; None if they are unknown.
    """
    if isinstance(tls_error, ssl.SSLCertVerificationError):
        return explain_certificate(tls_error, "server_uri", verification)
    if isinstance(error, DECODE_ERRORS):
        return _with_detail(NOT_LDAP, type(error).__name__)
    text = str(tls_error or _format_failure(error))
    tables = [SOCKET_FAILURES]
    if tls_error:
        tables.insert(0, HANDSHAKE_FAILURES)
    elif during_start_tls:
        tables.insert(0, START_TLS_FAILURES)
    for part, explanation in chain.from_iterable(table.items() for table in tables):
        if part in text.lower():
            return _with_detail(explanation, text)
    return Diagnosis(text, OTHER_FAILURE_REMEDY)


def explain_dns(failure: DnsFailure, detail: str = "") -> Diagnosis:
    """Explain why DNS did not provide the address of a server.

    :param failure: the reason.
    :param detail: names of hosts or records, or the error message of the resolver; can be empty.
    """
    explanation = DNS_FAILURES[failure]
    if not detail:
        return Diagnosis(explanation.cause, explanation.remedy)
    return _with_detail(explanation, detail.rstrip("."))


def _format_failure(error: BaseException) -> str:
    """Return the message of an ldap3 exception; if the host has several addresses, one message for each of them."""
    if len(error.args) == 2 and isinstance(error.args[1], list):
        return "; ".join(f"{address[0]}: {failure}" for failure, address in error.args[1])
    return str(error)
