# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one table from what happened with a directory server to what it means, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Union


@dataclass(frozen=True)
class LdapResult:
    """A result code of RFC 4511, appendix A, and what Samba says beside it where it then means another thing."""

    code: int
    text: str = ""


@dataclass(frozen=True)
class AdSubcode:
    """Active Directory's reason within result 49, or 1: a Windows error code in hexadecimal (MS-ERREF 2.2).

    It stands in the message, as "data 52e" of a bind, and as "000004DC" of what needs one.
    """

    code: str


@dataclass(frozen=True)
class Handshake:
    """A part, in lower case, of what Python says of a TLS handshake that failed."""

    text: str


@dataclass(frozen=True)
class StartTls:
    """A part, in lower case, of what is said of a connection that failed when TLS was asked for."""

    text: str


@dataclass(frozen=True)
class SocketFailure:
    """A part, in lower case, of what ldap3 or Python says of a connection that failed: nothing else tells why."""

    text: str


@dataclass(frozen=True)
class BindMechanism:
    """Result 49 of a bind by an auth_protocol without a name and a password in it."""

    auth_protocol: str


@dataclass(frozen=True)
class KerberosCode:
    """A minor code of MIT Kerberos, from its tables krb5 and k5g, or a major one of GSSAPI."""

    code: int


@dataclass(frozen=True)
class Dns:
    """What became of a question to DNS."""

    problem: str


class Explanation(NamedTuple):
    """What something means.

    :ivar is_server_specific: whether a server with this result is to be left, because another one may do better. What
        is said of the account, or of what is asked for, another one would say too. Where there is no
        result, because the connection failed, the server is left in any case.
    """

    cause: str
    remedy: str
    is_server_specific: bool = False


_RAISE_LIMIT = (
    "Ask the directory's administrator for a higher limit for the bind account, or lower page_size"
)
# Where the table krb5 begins: with the error codes of RFC 4120, 7.5.9. The library's own follow at 128.
_KRB5_TABLE = -1765328384
_K5G_TABLE = 39756032
_GET_TICKET = "Run kinit, or give keytab, or bind_dn and bind_pw"
_CHECK_TLS_PORT = "Check that it speaks TLS on this port"
_USE_TRUSTED_CERTIFICATE = (
    "Have client_cert issued by an authority that the server trusts, and renewed in time"
)
_CHECK_DNS_SERVERS = (
    "Check dns_servers, or else the resolver of this host, and that port 53 is open to them, UDP"
    " and TCP"
)
_USE_LDAPS = "Use ldaps:// if this port has TLS from the beginning; StartTLS is for the one without"
_CHECK_LOG = "Check the server's log and try again"

NO_SASL_IN_TLS = LdapResult(8, "not allowed if TLS is used")
NO_TICKET = (KerberosCode(_KRB5_TABLE + 141), KerberosCode(_KRB5_TABLE + 195))
NO_KEY = KerberosCode(_KRB5_TABLE + 181)
EXPIRED = KerberosCode(11 << 16)  # GSS_S_CREDENTIALS_EXPIRED (RFC 2744, 3.9.1)

Symptom = Union[
    LdapResult, AdSubcode, BindMechanism, KerberosCode, Handshake, StartTls, SocketFailure, Dns
]
"""What happened."""

CAUSES: dict[Symptom, Explanation] = {
    LdapResult(3): Explanation(
        "the server's time limit ended the search",
        "Narrow the sources, or raise the limit on the server",
        is_server_specific=True,
    ),
    LdapResult(4): Explanation(
        "the server's size limit cut the search short", _RAISE_LIMIT, is_server_specific=True
    ),
    LdapResult(7): Explanation(
        "the server does not know this kind of bind", "Choose another auth_protocol"
    ),
    LdapResult(8): Explanation(
        "the server requires an encrypted connection", "Use ldaps:// or start_tls: true"
    ),
    NO_SASL_IN_TLS: Explanation(
        "the server takes no ticket within TLS", "Use ldap:// without start_tls: Kerberos encrypts"
    ),
    LdapResult(10): Explanation(
        "the server refers to another server", "Name the server that holds this base in server_uri"
    ),
    # Also of an account to which pages are not permitted: OpenLDAP has no result of its own for that.
    LdapResult(11): Explanation(
        "an administrative limit ended the search",
        "Ask the directory's administrator for a higher limit, and for paged results (RFC 2696), for the bind"
        " account, or lower page_size",
        is_server_specific=True,
    ),
    LdapResult(12): Explanation(
        "the server does not support what is required of it",
        "Have paged results (RFC 2696) permitted to the bind account",
        is_server_specific=True,
    ),
    LdapResult(32): Explanation(
        "the search base does not exist", "Correct search_base, or let the bind account see it"
    ),
    LdapResult(34): Explanation(
        "the server does not accept the distinguished name", "Correct its spelling"
    ),
    LdapResult(48): Explanation(
        "the server does not permit this kind of bind",
        "Choose another auth_protocol, or permit this one for the account",
    ),
    LdapResult(49): Explanation("the name or the password is wrong", "Correct bind_dn or bind_pw"),
    LdapResult(50): Explanation(
        "the bind account has no right to read here",
        "Give it read access to the people's attributes",
    ),
    LdapResult(51): Explanation("the server is busy", "Try again later", is_server_specific=True),
    LdapResult(52): Explanation(
        "the server is unavailable", "Try again later", is_server_specific=True
    ),
    LdapResult(53): Explanation(
        "the server is unwilling to do this",
        "Read its message and its log",
        is_server_specific=True,
    ),
    AdSubcode("4dc"): Explanation(
        "the server lets nobody read who has not bound",
        "Choose another auth_protocol than anonymous; for external, have the certificate mapped to an account",
    ),
    AdSubcode("525"): Explanation("there is no such account", "Correct bind_dn"),
    # Also of accounts that do not exist: Samba says nothing else, so as not to tell who does.
    AdSubcode("52e"): Explanation(
        "the name or the password is wrong", "Correct bind_dn or bind_pw"
    ),
    AdSubcode("530"): Explanation(
        "the account may not log on at this hour", "Lift its logon hours"
    ),
    AdSubcode("531"): Explanation(
        "the account may not log on from this computer", "Lift its workstation restriction"
    ),
    AdSubcode("532"): Explanation(
        "the password has expired", "Set a new password for the bind account"
    ),
    AdSubcode("533"): Explanation("the account is disabled", "Enable the bind account"),
    AdSubcode("701"): Explanation("the account has expired", "Extend the bind account"),
    AdSubcode("773"): Explanation(
        "the password must be changed first", "Set a new password for the bind account"
    ),
    AdSubcode("775"): Explanation(
        "the account is locked out", "Unlock it, and find out who tries its password"
    ),
    AdSubcode("80090346"): Explanation(
        "the server sees another TLS connection than this host (channel binding)",
        "Name the server itself in server_uri, and nothing in front of it that ends TLS",
    ),
    BindMechanism("kerberos"): Explanation(
        "the server does not accept the ticket",
        "Check the clocks, that no other account has the server's servicePrincipalName, and that nothing in"
        " front of it ends TLS",
    ),
    BindMechanism("external"): Explanation(
        "the server does not know whose certificate this is",
        "Have client_cert mapped to an account that may read",
    ),
    KerberosCode(_KRB5_TABLE + 6): Explanation(
        "the realm has no such account", "Correct bind_dn, written as NAME@REALM"
    ),
    KerberosCode(_KRB5_TABLE + 7): Explanation(
        "the realm has no service of this name",
        "Name the server in server_uri as its servicePrincipalName does, or add ldap/HOST to that",
    ),
    KerberosCode(_KRB5_TABLE + 12): Explanation(
        "the account may not log on at this hour or from this computer", "Lift its restrictions"
    ),
    KerberosCode(_KRB5_TABLE + 14): Explanation(
        "the realm does not take this kind of key", "Make the keytab anew, with keys for AES"
    ),
    KerberosCode(_KRB5_TABLE + 18): Explanation(
        "the account is disabled, expired or locked out",
        "Enable, extend or unlock the bind account",
    ),
    KerberosCode(_KRB5_TABLE + 23): Explanation(
        "the password has expired, or must be changed first",
        "Set a new password for the bind account",
    ),
    KerberosCode(_KRB5_TABLE + 24): Explanation(
        "the password, or the key in the keytab, is not the account's",
        "Correct bind_pw, or make the keytab anew: each change of the password makes it useless",
    ),
    KerberosCode(_KRB5_TABLE + 32): Explanation("the ticket has expired", _GET_TICKET),
    EXPIRED: Explanation("the ticket has expired", _GET_TICKET),
    KerberosCode(_KRB5_TABLE + 37): Explanation(
        "the clocks of this host and of the realm differ too much",
        "Set both by the same time servers",
    ),
    KerberosCode(_KRB5_TABLE + 140): Explanation(
        "there is no such kind of ticket cache", "Correct ccache, or KRB5CCNAME in the environment"
    ),
    KerberosCode(_KRB5_TABLE + 141): Explanation("there is no ticket", _GET_TICKET),
    KerberosCode(_KRB5_TABLE + 154): Explanation(
        "nobody says where to ask for tickets of this realm",
        "Write the realm in capitals, and name its kdc in krb5.conf unless DNS does",
    ),
    KerberosCode(_KRB5_TABLE + 156): Explanation(
        "nobody answers who could give a ticket",
        "Check that port 88 of the domain controllers can be reached from this host, and krb5.conf",
    ),
    KerberosCode(_KRB5_TABLE + 181): Explanation(
        "the keytab has no key of this account",
        "Make it for the account in bind_dn; klist -k shows whose keys it has",
    ),
    KerberosCode(_KRB5_TABLE + 195): Explanation("there is no ticket", _GET_TICKET),
    KerberosCode(_KRB5_TABLE + 212): Explanation(
        "this is no ticket cache", "Correct ccache, or KRB5CCNAME in the environment"
    ),
    KerberosCode(_KRB5_TABLE + 224): Explanation("bind_dn has no realm", "Write it as NAME@REALM"),
    KerberosCode(_K5G_TABLE): Explanation(
        "the ticket cache is somebody else's", "Correct bind_dn or ccache"
    ),
    # Of what is said, the first part that is found counts.
    Handshake("timed out"): Explanation(
        "it did not complete the TLS handshake in time",
        f"{_CHECK_TLS_PORT}, or raise connection_timeout",
    ),
    Handshake("protocol version"): Explanation(
        "it speaks no TLS 1.2 or newer", "Enable TLS 1.2 or newer on the server"
    ),
    Handshake("reset"): Explanation("it reset the connection", f"{_CHECK_TLS_PORT}, and its log"),
    Handshake("eof"): Explanation(
        "it closed the connection during the TLS handshake", _CHECK_TLS_PORT
    ),
    Handshake("wrong version number"): Explanation(
        "it answered the TLS handshake with something else", _CHECK_TLS_PORT
    ),
    SocketFailure("alert certificate required"): Explanation(
        "it asks for a certificate", "Give client_cert and client_key"
    ),
    **{
        SocketFailure(f"alert {alert}"): Explanation(
            "it does not accept client_cert", _USE_TRUSTED_CERTIFICATE
        )
        for alert in ("unknown ca", "bad certificate", "certificate expired", "certificate unknown")
    },
    StartTls("terminated by server"): Explanation("it closed the connection", _USE_LDAPS),
    StartTls("reset"): Explanation("it reset the connection", _USE_LDAPS),
    SocketFailure("refused"): Explanation(
        "the connection was refused",
        "Check host and port, and that the server runs",
    ),
    SocketFailure("unreachable"): Explanation(
        "there is no route to it",
        "Check the network between this host and the server",
    ),
    SocketFailure("no whole answer"): Explanation(  # what TimedSocket says
        "it did not answer in time",
        "Check its load and its log, or raise receive_timeout",
    ),
    SocketFailure("timed out"): Explanation(
        "it did not answer in time", "Check firewalls, or raise connection_timeout"
    ),
    SocketFailure("reset"): Explanation("it reset the connection", _CHECK_LOG),
    SocketFailure("broken pipe"): Explanation("it closed the connection", _CHECK_LOG),
    SocketFailure("eof"): Explanation("it closed the connection", _CHECK_LOG),
    SocketFailure("terminated by server"): Explanation("it closed the connection", _CHECK_LOG),
    Dns("host"): Explanation("its name does not resolve", "Correct the host name in server_uri"),
    Dns("target"): Explanation(
        "its name does not resolve",
        "Correct its address in DNS, or give dns_servers that know it",
    ),
    Dns("nothing"): Explanation(
        "DNS knows no LDAP server of it",
        "Correct domain, give dns_servers that know it, or name the servers in server_uri",
    ),
    Dns("outside"): Explanation(
        "DNS names servers outside of the domain alone",
        "Name them in server_uri if they are right: whoever forges an answer of DNS could name others",
    ),
    Dns("timeout"): Explanation("no DNS server answered in time", _CHECK_DNS_SERVERS),
    Dns("failed"): Explanation("no DNS server has an answer", _CHECK_DNS_SERVERS),
    Dns("no resolver"): Explanation("this host knows no DNS server", "Give dns_servers"),
}
