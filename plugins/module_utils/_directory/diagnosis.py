# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what happened to what it means and what to do: one table for each kind of answer."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from typing import Any

from .._errors import Finding, FrontdeskError
from .._tls import finding_of_certificate


class DirectoryError(FrontdeskError):
    """The directory could not be read to its end."""


class UnreachableError(DirectoryError):
    """No session with this server; another one may answer."""


_ASK_LIMIT = (
    "Ask the directory's administrator for a higher limit for the bind account, or lower page_size"
)

# Result codes of RFC 4511, appendix A.
_RESULTS = {
    3: Finding(
        "the server's time limit ended the search",
        "Narrow the sources, or raise the limit on the server",
    ),
    4: Finding("the server's size limit cut the search short", _ASK_LIMIT),
    8: Finding("the server requires an encrypted connection", "Use ldaps:// or start_tls: true"),
    10: Finding(
        "the server refers to another server", "Name the server that holds this base in server_uri"
    ),
    11: Finding("an administrative limit ended the search", _ASK_LIMIT),
    32: Finding(
        "the search base does not exist", "Correct search_base, or let the bind account see it"
    ),
    34: Finding("the server does not accept the distinguished name", "Correct its spelling"),
    48: Finding(
        "the server does not permit this kind of bind",
        "Choose another auth_protocol, or permit this one for the account",
    ),
    49: Finding("the name or the password is wrong", "Correct bind_dn or bind_pw"),
    50: Finding(
        "the bind account has no right to read here",
        "Give it read access to the people's attributes",
    ),
    51: Finding("the server is busy", "Try again later"),
    52: Finding("the server is unavailable", "Try again later"),
    53: Finding("the server is unwilling to do this", "Read its message and its log"),
}

# Within result 1: ERROR_NOT_AUTHENTICATED of Active Directory (MS-ERREF 2.2), and Samba's words.
_UNBOUND = re.compile(r"000004DC|unavailable without authentication")
_NOBODY_MAY_READ = Finding(
    "the server lets nobody read who has not bound",
    "Give an account with bind_dn and bind_pw, and leave out auth_protocol: anonymous",
)

# Active Directory's reason within result 49, as "data 52e" in the message: a Windows error code in
# hexadecimal (MS-ERREF 2.2).
_BIND_REASONS = {
    "525": Finding("there is no such account", "Correct bind_dn"),
    # Also of accounts that do not exist: Samba says nothing else, so as not to tell who does.
    "52e": Finding("the name or the password is wrong", "Correct bind_dn or bind_pw"),
    "530": Finding("the account may not log on at this hour", "Lift its logon hours"),
    "531": Finding(
        "the account may not log on from this computer", "Lift its workstation restriction"
    ),
    "532": Finding("the password has expired", "Set a new password for the bind account"),
    "533": Finding("the account is disabled", "Enable the bind account"),
    "701": Finding("the account has expired", "Extend the bind account"),
    "773": Finding("the password must be changed first", "Set a new password for the bind account"),
    "775": Finding("the account is locked out", "Unlock it, and find out who tries its password"),
}

# What ldap3 says of a socket, in the text alone.
_SOCKET_TEXTS = (
    (
        "invalid server address",
        Finding("its name does not resolve", "Correct the host name, or the resolver of this host"),
    ),
    (
        "refused",
        Finding("the connection was refused", "Check host and port, and that the server runs"),
    ),
    (
        "unreachable",
        Finding("there is no route to it", "Check the network between this host and the server"),
    ),
    (
        "handshake operation timed out",
        Finding(
            "it did not complete the TLS handshake in time",
            "Check that it speaks TLS on this port, or raise connection_timeout",
        ),
    ),
    (
        "no whole answer",  # what TimedSocket says
        Finding(
            "it did not answer in time", "Check its load and its log, or raise receive_timeout"
        ),
    ),
    (
        "timed out",
        Finding("it did not answer in time", "Check firewalls, or raise connection_timeout"),
    ),
    (
        "protocol version",
        Finding("it speaks no TLS 1.2 or newer", "Enable TLS 1.2 or newer on the server"),
    ),
    (
        "reset",
        Finding("it reset the connection", "Check that it speaks TLS on this port, and its log"),
    ),
    (
        "eof",
        Finding(
            "it closed the connection during the TLS handshake",
            "Check that it speaks TLS on this port",
        ),
    ),
    (
        "terminated by server",
        Finding("it closed the connection", "Check the server's log and try again"),
    ),
)


def finding_of_result(result: Mapping[str, Any]) -> Finding:
    """What an LDAPResult (RFC 4511, 4.1.9) other than success means.

    :param result: as ldap3 gives it: result, description, message, dn.
    """
    code = int(result["result"])
    found = _RESULTS.get(code, Finding("the server refused", "Look up the result code in RFC 4511"))
    message = str(result.get("message"))
    if code == 1 and _UNBOUND.search(message):
        found = _NOBODY_MAY_READ
    if code == 49:
        reason = re.search(r"\bdata ([0-9a-f]+)", message)
        found = _BIND_REASONS.get(reason.group(1), found) if reason else found
    return Finding(f"{found.meaning} ({_words(result)})", found.remedy)


def finding_of_refused_tls(result: Mapping[str, Any]) -> Finding:
    """What any answer to StartTLS other than success means (RFC 4511, 4.14.2).

    :param result: as for `finding_of_result`.
    """
    return Finding(
        f"the server refuses StartTLS ({_words(result)})",
        "Use ldaps://, or have a certificate set up on the server",
    )


def _words(result: Mapping[str, Any]) -> str:
    """The server's own words."""
    answer = [f"result {result['result']} {result.get('description')}"]
    if result.get("message"):
        answer.append(" ".join(str(result["message"]).replace("\0", "").split()))
    if result.get("dn"):
        answer.append(f"matched as far as {result['dn']}")
    return ", ".join(answer)


def finding_of_failure(failure: BaseException, tls_failure: OSError | None) -> Finding:
    """What a connection that failed means.

    :param failure: what ldap3 raised.
    :param tls_failure: what Python's ssl module raised below it, if that was the cause.
    """
    if isinstance(tls_failure, ssl.SSLCertVerificationError):
        return finding_of_certificate(tls_failure, "server_uri")
    if isinstance(failure, (LookupError, TypeError, ValueError, AttributeError)):
        return Finding(
            f"it answered something that is no LDAP ({type(failure).__name__})",
            "Check that the server speaks LDAP on this port",
        )
    text = str(tls_failure or _told(failure))
    for part, found in _SOCKET_TEXTS:
        if part in text.lower():
            return Finding(f"{found.meaning} ({text})", found.remedy)
    return Finding(text, "Check that the server speaks LDAP on this port, and its log")


def _told(failure: BaseException) -> str:
    """What ldap3 says: of a host with several addresses what came of each, as a list beside its words."""
    if len(failure.args) == 2 and isinstance(failure.args[1], list):
        return "; ".join(f"{address[0]}: {error}" for error, address in failure.args[1])
    return str(failure)
