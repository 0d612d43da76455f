# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection to one directory server, encrypted before anything is said."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from .._hosts import is_loopback
from .bind import bind
from .causes import DnsFailure
from .diagnosis import ServerError, explain_dns, explain_failure, explain_refused_start_tls
from .domain import DnsError, Domain
from .library import FAILURES, LDAP3, ldap3
from .root_dse import read_root_dse
from .settings import Address, ConnectionSettings
from .sockets import DeadlineSocket
from .tls import VerifiedTls

if TYPE_CHECKING:
    from .resolver import Resolver


def open_resolver(domain: Domain, seconds: int) -> Resolver:
    """Who is asked for a domain's servers and their addresses.

    :param seconds: how long the answer to one question may take.
    :raises LibraryError: when dnspython is missing or too old.
    :raises DnsError: when there is nobody to ask.
    """
    from .resolver import Resolver  # noqa: PLC0415  # takes as long as loading ldap3, and few need it

    return Resolver(domain, seconds)


# Without ldap3 this file must still load, so that the module can say that it is missing.
if TYPE_CHECKING or LDAP3.failure is None:
    from ldap3 import Server as _Server
else:
    _Server = object


class ResolvedServer(_Server):
    """A server for ldap3 whose name has been resolved: ldap3 tells an unknown name by text alone.

    :param places: where it listens, as socket.getaddrinfo says it.
    """

    def __init__(self, places: Sequence[tuple[Any, ...]], host: str, **options: Any) -> None:
        super().__init__(host, **options)
        # Whether a place is known to answer, and since when.
        self._places = [[*place, None, None] for place in places]
        self._address_info = self._places

    @property
    def address_info(self) -> list[list[Any]]:
        """The places, each with what ldap3 notes about it."""
        return self._places


def connect(access: ConnectionSettings, address: Address, context: ssl.SSLContext) -> Any:
    """Connect to one server, encrypted; nothing of the account is sent.

    :param context: what the server's certificate must satisfy.
    :returns: ldap3's connection.
    :raises ServerError: when there is no answer, or no encryption that satisfies.
    """
    tls = VerifiedTls(context, access.receive_timeout)
    action = f"Cannot connect to {address.uri}"
    connection = _prepare(access, address, tls)
    try:
        connection.open(read_server_info=False)
    except FAILURES as error:
        close(connection)
        raise ServerError(action, *explain_failure(error, tls.failure)) from None
    if not address.use_ssl:
        connection.socket = DeadlineSocket(connection.socket, access.receive_timeout)
    if access.start_tls:
        _start_tls(connection, address.uri, tls)
    return connection


def _prepare(access: ConnectionSettings, address: Address, tls: VerifiedTls) -> Any:
    """Make ldap3's connection, not yet open: nothing is asked but the addresses of the server's name.

    :raises ServerError: when the name has none.
    """
    server = ResolvedServer(
        resolve(access, address),
        address.host,
        port=address.port,
        use_ssl=address.use_ssl,
        tls=tls,
        get_info=ldap3.NONE,
        connect_timeout=access.connection_timeout,
        allowed_referral_hosts=[],
    )
    return ldap3.Connection(
        server,
        client_strategy=ldap3.SYNC,
        # A referral followed by ldap3 would send name and password on, in clear if it says ldap://.
        auto_referrals=False,
        # ldap3 asks for the rest of many values itself, without end if need be, and is silent when it gets none.
        auto_range=False,
        # Whoever sets empty lists for what is missing stumbles over a range that is not the first.
        return_empty_attributes=False,
        check_names=False,
        read_only=True,
    )


def resolve(access: ConnectionSettings, address: Address) -> list[tuple[Any, ...]]:
    """Where to connect to, as socket.getaddrinfo says it.

    :raises ServerError: when the host's name does not resolve.
    """
    hosts = _asked_dns(access, address) if access.domain.dns_servers else [address.host]
    try:
        return [
            place
            for host in hosts
            for place in socket.getaddrinfo(host, address.port, type=socket.SOCK_STREAM)
        ]
    except OSError as error:
        failure = DnsFailure.TARGET_UNKNOWN if access.domain.name else DnsFailure.HOST_UNKNOWN
        diagnosis = explain_dns(failure, error.strerror or str(error))
        raise ServerError(f"Cannot connect to {address.uri}", *diagnosis) from None


def _asked_dns(access: ConnectionSettings, address: Address) -> list[str]:
    """The IP addresses of a host by the DNS servers that named it: this host's may not know it."""
    action = f"Cannot connect to {address.uri}"
    try:
        addresses = open_resolver(access.domain, access.connection_timeout).addresses(address.host)
    except DnsError as error:
        raise ServerError(action, *error.diagnosis) from None
    if not addresses:
        raise ServerError(
            action, *explain_dns(DnsFailure.TARGET_UNKNOWN, "DNS has no address of it")
        )
    return addresses


def _start_tls(connection: Any, uri: str, tls: VerifiedTls) -> None:
    try:
        if connection.start_tls(read_server_info=False):
            return
        # ldap3 would go on without, and the password would follow in clear.
        raise ldap3.core.exceptions.LDAPStartTLSError("TLS was not started")
    except FAILURES as error:
        result = connection.result
        refused = tls.failure is None and result and result["result"] != 0
        diagnosis = (
            explain_refused_start_tls(result)
            if refused
            else explain_failure(error, tls.failure, during_start_tls=True)
        )
        close(connection)
        raise ServerError(f"Cannot start TLS with {uri}", *diagnosis) from None


def close(connection: Any) -> None:
    """Unbind, if that can be done."""
    # The session is over either way; what went wrong before is what matters.
    with suppress(*FAILURES):
        connection.unbind()


class LdapSession(NamedTuple):
    """An open session.

    :ivar uri: the server it is with.
    :ivar connection: ldap3's connection.
    :ivar is_active_directory: whether the server is an Active Directory domain controller.
    :ivar is_in_clear: whether what is said crosses a network, and anybody on the way can read and alter it.
    :ivar is_sealed: whether messages are encrypted by a layer of SASL's (RFC 4422, 3.7) in the place of TLS.
    """

    uri: str
    connection: Any
    is_active_directory: bool
    is_in_clear: bool = False
    is_sealed: bool = False


@contextmanager
def open_session(
    access: ConnectionSettings, address: Address, context: ssl.SSLContext
) -> Iterator[LdapSession]:
    """Connect to one server, encrypt and bind; unbind at the end.

    :param context: what the server's certificate must satisfy.
    :raises ServerError: when there is no session, and another server may give one.
    :raises DirectoryError: when the server refuses the account.
    """
    connection = connect(access, address, context)
    try:
        yield begin_session(access, address, connection)
    finally:
        close(connection)


def begin_session(access: ConnectionSettings, address: Address, connection: Any) -> LdapSession:
    """Bind on a connection.

    :param connection: what `connect` gave for the same server; it stays open when this fails.
    :raises ServerError: when there is no session, and another server may give one.
    :raises DirectoryError: when the server refuses the account.
    """
    sealed = bind(connection, address.uri, access.account)
    return LdapSession(
        address.uri,
        connection,
        read_root_dse(connection, address.uri).is_active_directory,
        is_in_clear=not (
            address.use_ssl or access.start_tls or sealed or is_loopback(address.host)
        ),
        is_sealed=sealed,
    )
