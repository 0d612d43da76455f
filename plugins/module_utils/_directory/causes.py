# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Causes and remedies for errors of LDAP, Kerberos, TLS, network connections and DNS."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .account import EXTERNAL, KERBEROS


@dataclass(frozen=True)
class Explanation:
    """The cause and the remedy of an error.

    :ivar cause: clause that follows the action in a message.
    :ivar remedy: imperative without its full stop.
    :ivar is_server_specific: whether a request with this result might succeed on another server. Only used for
        results of LDAP operations: after a failed connection, the next server is always tried.
    """

    cause: str
    remedy: str
    is_server_specific: bool = False


_CORRECT_CREDENTIALS = "Correct O(bind_dn) or O(bind_pw)"
_REPLACE_EXPIRED = "Set a new password for the bind account"

LDAP_RESULTS = {
    3: Explanation(
        "the search exceeded the server's time limit",
        "Narrow the sources, or increase the time limit on the server",
        is_server_specific=True,
    ),
    4: Explanation(
        "the search exceeded the server's size limit",
        "Ask the directory administrator to increase the limit for the bind account, or reduce O(page_size)",
        is_server_specific=True,
    ),
    7: Explanation(
        "the server does not support this kind of bind", "Choose another O(auth_protocol)"
    ),
    8: Explanation(
        "the server requires an encrypted connection", "Use ldaps:// or O(start_tls=true)"
    ),
    10: Explanation(
        "the server returned a referral to another server",
        "Set O(server_uri) to a server, or O(domain) to a domain, that holds this part of the directory",
    ),
    # OpenLDAP also returns this result if the account is not allowed to use paged results.
    11: Explanation(
        "the search exceeded an administrative limit",
        "Ask the directory administrator to increase the limit and to allow paged results (RFC 2696) for"
        " the bind account, or reduce O(page_size)",
        is_server_specific=True,
    ),
    12: Explanation(
        "the server does not support a required extension",
        "Ask the directory administrator to allow paged results (RFC 2696) for the bind account",
        is_server_specific=True,
    ),
    32: Explanation(
        "the entry does not exist", "Correct its DN, or allow the bind account to read it"
    ),
    34: Explanation(
        "the server does not accept the distinguished name", "Correct the spelling of the DN"
    ),
    48: Explanation(
        "the server does not permit this kind of bind",
        "Choose another O(auth_protocol), or permit this kind of bind for the account",
    ),
    49: Explanation("the name or the password is wrong", _CORRECT_CREDENTIALS),
    50: Explanation(
        "the bind account does not have permission to read this part of the directory",
        "Grant the bind account read access to the people and their attributes",
    ),
    51: Explanation("the server is busy", "Try again later", is_server_specific=True),
    52: Explanation("the server is unavailable", "Try again later", is_server_specific=True),
    53: Explanation(
        "the server is unwilling to perform the operation",
        "Look for the reason in the server's message and in its log",
        is_server_specific=True,
    ),
}
"""Explanations by result code (RFC 4511, appendix A)."""

OTHER_RESULT = Explanation(
    "the server could not perform the operation", "Look up the result code in RFC 4511"
)
"""Explanation of all other result codes."""

NO_SASL_OVER_TLS = Explanation(
    "the server does not accept Kerberos over TLS",
    "Use ldap:// without O(start_tls); Kerberos encrypts the connection",
)
"""Explanation of result code 8 if Samba returns it for a SASL bind over TLS."""

ANONYMOUS_REFUSED = Explanation(
    "the server does not allow anonymous reads",
    "Set O(auth_protocol) to a protocol other than anonymous; with external, map the certificate to an account",
)
"""Explanation of the error that Active Directory and Samba return for operations without a bind."""

AD_SUBCODES = {
    "525": Explanation("the account does not exist", "Correct O(bind_dn)"),
    # Samba also returns this code for accounts that do not exist, so as not to reveal which accounts exist.
    "52e": Explanation("the name or the password is wrong", _CORRECT_CREDENTIALS),
    "530": Explanation(
        "the account is not allowed to log on at this time", "Extend its logon hours"
    ),
    "531": Explanation(
        "the account is not allowed to log on from this computer",
        "Remove its workstation restriction",
    ),
    "532": Explanation("the password has expired", _REPLACE_EXPIRED),
    "533": Explanation("the account is disabled", "Enable the bind account"),
    "701": Explanation("the account has expired", "Extend the expiry date of the bind account"),
    "773": Explanation("the password must be changed first", _REPLACE_EXPIRED),
    "775": Explanation(
        "the account is locked out",
        "Unlock it, and find the program that uses a wrong password for it",
    ),
    "80090346": Explanation(
        "the channel binding is missing, or does not match the server's TLS connection",
        "Set O(server_uri) to the server itself, not to a proxy that terminates TLS; with O(auth_protocol=ntlm), also"
        " use ldap3 2.10 or newer",
    ),
}
"""Explanations of result code 49 by the hexadecimal Windows error code in its message (MS-ERREF 2.2)."""

REFUSED_BINDS = {
    KERBEROS: Explanation(
        "the server does not accept the ticket",
        "Check that the clocks are synchronized, that no other account has the server's servicePrincipalName,"
        " and that no proxy in front of the server terminates TLS",
    ),
    EXTERNAL: Explanation(
        "the certificate is not mapped to an account",
        "Map O(client_cert) to an account with read access",
    ),
}
"""Explanations of result code 49 by auth_protocol, for binds that do not send a name and a password.

They apply only if the message contains no Windows error code."""

# Offset of the error codes of MIT Kerberos. The first 128 codes are those of the protocol (RFC 4120, 7.5.9); the
# others are those of the library.
_KRB5 = -1765328384
_KG_CCACHE_NOMATCH = 39756032

_GET_TICKET = "Run kinit, or set O(keytab), or set O(bind_dn) and O(bind_pw)"
_CORRECT_CCACHE = "Correct O(ccache), or KRB5CCNAME in the environment"

TICKET_EXPIRED = Explanation("the ticket has expired", _GET_TICKET)
NO_TICKET = Explanation("there is no ticket", _GET_TICKET)
NO_KEY = Explanation(
    "the keytab has no key for this account",
    "Create the keytab for the account in O(bind_dn); klist -k lists the accounts in a keytab",
)

KERBEROS_CODES = {
    _KRB5 + 6: Explanation(  # KDC_ERR_C_PRINCIPAL_UNKNOWN
        "the realm has no such account", "Correct O(bind_dn), and write it as NAME@REALM"
    ),
    _KRB5 + 7: Explanation(  # KDC_ERR_S_PRINCIPAL_UNKNOWN
        "the realm has no service with this name",
        "In O(server_uri), use the host name in the server's servicePrincipalName, or add ldap/HOST to that"
        " attribute",
    ),
    _KRB5 + 12: Explanation(  # KDC_ERR_POLICY
        "the account is not allowed to log on at this time or from this computer",
        "Remove the account's restrictions",
    ),
    _KRB5 + 14: Explanation(  # KDC_ERR_ETYPE_NOSUPP
        "the realm does not support this encryption type",
        "Enable AES for the account; if it uses a keytab, create a new one with AES keys",
    ),
    _KRB5 + 18: Explanation(  # KDC_ERR_CLIENT_REVOKED
        "the account is disabled, expired or locked out",
        "Enable, extend or unlock the bind account",
    ),
    _KRB5 + 23: Explanation(  # KDC_ERR_KEY_EXPIRED
        "the password has expired, or must be changed first", _REPLACE_EXPIRED
    ),
    _KRB5 + 24: Explanation(  # KDC_ERR_PREAUTH_FAILED
        "the password, or the key in the keytab, is wrong",
        "Correct O(bind_pw), or create a new keytab; every change of the password invalidates existing keytabs",
    ),
    _KRB5 + 32: TICKET_EXPIRED,  # KRB_AP_ERR_TKT_EXPIRED
    _KRB5 + 37: Explanation(  # KRB_AP_ERR_SKEW
        "the clocks of this host and of the KDC differ too much",
        "Synchronize both with the same time servers",
    ),
    _KRB5 + 140: Explanation(  # KRB5_CC_UNKNOWN_TYPE
        "the type of the ticket cache is unknown", _CORRECT_CCACHE
    ),
    _KRB5 + 141: NO_TICKET,  # KRB5_CC_NOTFOUND
    _KRB5 + 154: Explanation(  # KRB5_REALM_UNKNOWN
        "no KDC is known for this realm",
        "Write the realm in uppercase, and set its kdc in krb5.conf if DNS does not list one",
    ),
    _KRB5 + 156: Explanation(  # KRB5_KDC_UNREACH
        "no KDC responded",
        "Check krb5.conf, and that this host can reach port 88 of the domain controllers",
    ),
    _KRB5 + 181: NO_KEY,  # KRB5_KT_NOTFOUND
    _KRB5 + 195: NO_TICKET,  # KRB5_FCC_NOFILE
    _KRB5 + 212: Explanation(  # KRB5_CCACHE_BADVNO
        "the file is not a ticket cache", _CORRECT_CCACHE
    ),
    _KRB5 + 224: Explanation(  # KRB5_CONFIG_NODEFREALM
        "O(bind_dn) has no realm", "Write it as NAME@REALM"
    ),
    _KG_CCACHE_NOMATCH: Explanation(
        "the ticket cache belongs to another account", "Correct O(bind_dn) or O(ccache)"
    ),
}
"""Explanations by MIT Kerberos minor code."""

OTHER_KERBEROS_CODE = Explanation(
    "the Kerberos operation failed", "Try kinit and kvno ldap/HOST on this host"
)
"""Explanation of all other minor codes."""

_CHECK_TLS_PORT = "Check that it uses TLS on this port"
_CHECK_LOG = "Check the server's log and try again"
_USE_LDAPS = (
    "Use ldaps:// if the server expects TLS on this port; StartTLS is for the port without TLS"
)
_RENEW_CLIENT_CERT = (
    "Set O(client_cert) to a certificate that has not expired, from a CA that the server trusts"
)

HANDSHAKE_FAILURES = {
    "timed out": Explanation(
        "it did not complete the TLS handshake in time",
        f"{_CHECK_TLS_PORT}, or increase O(connection_timeout)",
    ),
    # The server sends an alert, or selects an older version.
    **dict.fromkeys(
        ("protocol version", "unsupported protocol", "wrong ssl version", "inappropriate fallback"),
        Explanation(
            "it does not support TLS 1.2 or newer", "Enable TLS 1.2 or newer on the server"
        ),
    ),
    **dict.fromkeys(
        ("handshake failure", "no shared cipher", "dh key too small", "wrong signature type"),
        Explanation(
            "it shares no cipher suite or signature algorithm with this host",
            "Enable cipher suites with ECDHE and AES-GCM on the server, and renew weak certificates",
        ),
    ),
    "legacy renegotiation": Explanation(
        "it does not support secure renegotiation (RFC 5746)",
        "Update the TLS library of the server",
    ),
    "reset": Explanation("it reset the connection", f"{_CHECK_TLS_PORT}, and check its log"),
    "eof": Explanation("it closed the connection during the TLS handshake", _CHECK_TLS_PORT),
    "wrong version number": Explanation(
        "its response to the TLS handshake is not TLS", _CHECK_TLS_PORT
    ),
}
"""Explanations of failed TLS handshakes, with keys as in `SOCKET_FAILURES`."""

START_TLS_FAILURES = {
    "terminated by server": Explanation("it closed the connection", _USE_LDAPS),
    "reset": Explanation("it reset the connection", _USE_LDAPS),
}
"""Explanations of connections that failed during StartTLS, with keys as in `SOCKET_FAILURES`."""

SOCKET_FAILURES = {
    "alert certificate required": Explanation(
        "it requires a client certificate", "Set O(client_cert) and O(client_key)"
    ),
    **{
        f"alert {alert}": Explanation(
            "it does not accept the client certificate", _RENEW_CLIENT_CERT
        )
        for alert in ("unknown ca", "bad certificate", "certificate expired", "certificate unknown")
    },
    "refused": Explanation(
        "the connection was refused", "Check the host and the port, and that the server is running"
    ),
    "unreachable": Explanation(
        "there is no route to it", "Check the network between this host and the server"
    ),
    # The error message of DeadlineSocket.
    "no complete response": Explanation(
        "it did not respond in time", "Check its load and its log, or increase O(receive_timeout)"
    ),
    "timed out": Explanation(
        "it did not respond in time", "Check firewalls, or increase O(connection_timeout)"
    ),
    "reset": Explanation("it reset the connection", _CHECK_LOG),
    "broken pipe": Explanation("it closed the connection", _CHECK_LOG),
    "eof": Explanation("it closed the connection", _CHECK_LOG),
    "terminated by server": Explanation("it closed the connection", _CHECK_LOG),
}
"""Explanations of failed connections. A key is a part of the error message from ldap3 or Python, in lowercase.

Only the messages distinguish the failures. The first match is used.
"""

_CHECK_LDAP_PORT = "Check that an LDAP server listens on this port"

NOT_LDAP = Explanation("its response is not LDAP", _CHECK_LDAP_PORT)
"""Explanation of responses that cannot be decoded."""

OTHER_FAILURE_REMEDY = f"{_CHECK_LDAP_PORT}, and check its log"
"""Remedy for all other failed connections; the cause is the error message itself."""

START_TLS_REFUSED = Explanation(
    "the server refused StartTLS", "Use ldaps://, or install a certificate on the server"
)
"""Explanation of all results of StartTLS other than success (RFC 4511, 4.14.2)."""


class DnsFailure(Enum):
    """The reason why DNS does not provide the address of a server."""

    HOST_UNKNOWN = "a configured host name does not resolve"
    TARGET_UNKNOWN = "the target of an SRV record does not resolve"
    NO_RECORDS = "the domain has no SRV records for LDAP servers"
    OUTSIDE_DOMAIN = "all targets of the SRV records are outside the domain"
    TIMEOUT = "no DNS server responded in time"
    SERVERS_FAILED = "all DNS servers failed or refused the query"
    NO_RESOLVER = "no DNS server is configured"


_CHECK_DNS_SERVERS = (
    "Check O(dns_servers), or the resolver of this host, and that port 53 of the DNS servers can be"
    " reached over UDP and TCP"
)

DNS_FAILURES = {
    DnsFailure.HOST_UNKNOWN: Explanation(
        "its name does not resolve",
        "Correct the host name in O(server_uri), or check the DNS servers of this host",
    ),
    DnsFailure.TARGET_UNKNOWN: Explanation(
        "its name does not resolve",
        "Correct its address in DNS, or set O(dns_servers) to servers that can resolve it",
    ),
    DnsFailure.NO_RECORDS: Explanation(
        "DNS lists no LDAP servers for this domain",
        "Correct O(domain), set O(dns_servers) to servers that have its records, or list the LDAP servers in"
        " O(server_uri)",
    ),
    DnsFailure.OUTSIDE_DOMAIN: Explanation(
        "all servers listed in DNS are outside the domain",
        "If they are correct, list them in O(server_uri) instead of using O(domain); DNS responses can be forged",
    ),
    DnsFailure.TIMEOUT: Explanation("no DNS server responded in time", _CHECK_DNS_SERVERS),
    DnsFailure.SERVERS_FAILED: Explanation(
        "no DNS server returned a usable response", _CHECK_DNS_SERVERS
    ),
    DnsFailure.NO_RESOLVER: Explanation(
        "no DNS server is configured on this host", "Set O(dns_servers)"
    ),
}
