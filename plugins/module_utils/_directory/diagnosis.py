# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what happened to an error that says what it means and what to do, by the table in causes.py."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from typing import Any

from .._errors import Diagnosis, FrontdeskError
from .._tls import explain_certificate
from .causes import (
    CAUSES,
    EXPIRED,
    NO_KEY,
    NO_SASL_IN_TLS,
    NO_TICKET,
    AdSubcode,
    BindMechanism,
    Dns,
    Explanation,
    Handshake,
    KerberosCode,
    LdapResult,
    SocketFailure,
    StartTls,
)
from .library import NO_LDAP


class DirectoryError(FrontdeskError):
    """The directory could not be read to its end."""


class ServerError(DirectoryError):
    """This server does not give a whole answer; another one may."""


def result_error(action: str, result: Mapping[str, Any]) -> DirectoryError:
    """What to raise when a server's answer is a result other than success.

    :param result: as for `explain_result`.
    :returns: a ServerError when another server may do better.
    """
    error_class = ServerError if _find_cause(result).is_server_specific else DirectoryError
    return error_class(action, *explain_result(result))


def bind_error(action: str, result: Mapping[str, Any], auth_protocol: str) -> DirectoryError:
    """What to raise when a server does not let an account in.

    :param result: as for `explain_result`.
    """
    refused = CAUSES.get(BindMechanism(auth_protocol))
    if result["result"] == 49 and refused and not _SUBCODE.search(str(result.get("message"))):
        return DirectoryError(action, f"{refused.cause} ({_describe(result)})", refused.remedy)
    return result_error(action, result)


def explain_result(result: Mapping[str, Any]) -> Diagnosis:
    """What an LDAPResult (RFC 4511, 4.1.9) other than success means.

    :param result: as ldap3 gives it: result, description, message, dn.
    """
    cause = _find_cause(result)
    return Diagnosis(f"{cause.cause} ({_describe(result)})", cause.remedy)


# Active Directory's words, and Samba's.
_ANONYMOUS_REFUSED = re.compile(r"\b000004DC\b|unavailable without authentication")
_SUBCODE = re.compile(r"\bdata ([0-9a-f]+)")
_UNKNOWN_RESULT = Explanation("the server refused", "Look up the result code in RFC 4511")


def _find_cause(result: Mapping[str, Any]) -> Explanation:
    code = int(result["result"])
    message = str(result.get("message"))
    if code == 1 and _ANONYMOUS_REFUSED.search(message):
        return CAUSES[AdSubcode("4dc")]
    if code == 1 and "Failed to start authentication system" in message:  # Samba's words
        return CAUSES[LdapResult(7)]
    if code == NO_SASL_IN_TLS.code and NO_SASL_IN_TLS.text in message:
        return CAUSES[NO_SASL_IN_TLS]
    cause = CAUSES.get(LdapResult(code), _UNKNOWN_RESULT)
    if code == 49:
        subcode = _SUBCODE.search(message)
        cause = CAUSES.get(AdSubcode(subcode.group(1)), cause) if subcode else cause
    return cause


def explain_ticket(error: Any, *, from_keytab: bool = False) -> Diagnosis:
    """What Kerberos could not do, and why.

    :param error: gssapi's GSSError.
    :param from_keytab: whether a keytab was to give the ticket.
    """
    # gssapi gives signed numbers of 32 bits without their sign.
    minor = (int(error.min_code) + _SIGN_BIT) % (2 * _SIGN_BIT) - _SIGN_BIT
    symptom = NO_KEY if from_keytab and KerberosCode(minor) in NO_TICKET else KerberosCode(minor)
    messages = error.get_all_statuses(error.min_code, False)
    if int(error.maj_code) == EXPIRED.code:
        # So says GSSAPI itself of tickets that were there already, and Kerberos then says "Success".
        symptom, messages = EXPIRED, error.get_all_statuses(error.maj_code, True)
    cause = CAUSES.get(symptom, _UNKNOWN_KERBEROS_CODE)
    return Diagnosis(f"{cause.cause} ({'; '.join(messages)})", cause.remedy)


_SIGN_BIT = 1 << 31
_UNKNOWN_KERBEROS_CODE = Explanation(
    "Kerberos failed", "Try kinit and kvno ldap/HOST on the same host"
)


def explain_refused_start_tls(result: Mapping[str, Any]) -> Diagnosis:
    """What any answer to StartTLS other than success means (RFC 4511, 4.14.2).

    :param result: as for `explain_result`.
    """
    return Diagnosis(
        f"the server refuses StartTLS ({_describe(result)})",
        "Use ldaps://, or have a certificate set up on the server",
    )


def _describe(result: Mapping[str, Any]) -> str:
    """The server's own words."""
    parts = [f"result {result['result']} {result.get('description')}"]
    if result.get("message"):
        parts.append(" ".join(str(result["message"]).replace("\0", "").split()))
    if result.get("dn"):
        parts.append(f"matched as far as {result['dn']}")
    return ", ".join(parts)


def explain_failure(
    failure: BaseException, tls_failure: OSError | None, *, during_start_tls: bool = False
) -> Diagnosis:
    """What a connection that failed means. Another server may do better, whatever it is.

    :param failure: what ldap3 raised.
    :param tls_failure: what Python's ssl module raised below it, if that was the cause.
    :param during_start_tls: whether StartTLS was what the server was asked for.
    """
    if isinstance(tls_failure, ssl.SSLCertVerificationError):
        return explain_certificate(tls_failure, "server_uri")
    if isinstance(failure, NO_LDAP):
        return Diagnosis(
            f"it answered something that is no LDAP ({type(failure).__name__})",
            "Check that the server speaks LDAP on this port",
        )
    text = str(tls_failure or _failure_text(failure))
    step = Handshake if tls_failure else StartTls if during_start_tls else SocketFailure
    for kind in (step, SocketFailure):
        for symptom, cause in CAUSES.items():
            if isinstance(symptom, kind) and symptom.text in text.lower():
                return Diagnosis(f"{cause.cause} ({text})", cause.remedy)
    return Diagnosis(text, "Check that the server speaks LDAP on this port, and its log")


def explain_dns(problem: str, message: str = "") -> Diagnosis:
    """What it means that DNS did not help.

    :param problem: as causes.py calls it.
    :param message: what the resolver says.
    """
    cause = CAUSES[Dns(problem)]
    detail = f" ({message.rstrip('.')})" if message else ""
    return Diagnosis(f"{cause.cause}{detail}", cause.remedy)


def _failure_text(failure: BaseException) -> str:
    """What ldap3 says: of a host with several addresses what came of each, as a list beside its words."""
    if len(failure.args) == 2 and isinstance(failure.args[1], list):
        return "; ".join(f"{address[0]}: {error}" for error, address in failure.args[1])
    return str(failure)
