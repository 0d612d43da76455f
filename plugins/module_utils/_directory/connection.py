# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection to one directory server, encrypted before anything is said."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._hosts import is_loopback
from .bind import bind
from .diagnosis import ServerError, explain_failure, explain_refused_tls
from .library import FAILURES, LDAP3, ldap3
from .root_dse import read_root_dse
from .servers import resolve_address
from .settings import Address, ConnectionSettings
from .sockets import DeadlineSocket
from .tls import VerifiedTls

# Without ldap3 this file must still load, so that the module can say that it is missing.
if TYPE_CHECKING or LDAP3.failure is None:
    from ldap3 import Server as _Server
else:
    _Server = object


@dataclass(frozen=True)
class LdapSession:
    """An open session.

    :ivar uri: the server it is with.
    :ivar connection: ldap3's connection.
    :ivar is_active_directory: whether the server is an Active Directory domain controller.
    :ivar is_in_clear: whether what is said crosses a network, and anybody on the way can read and alter it.
    :ivar has_sasl_layer: whether messages are encrypted by a layer of SASL's (RFC 4422, 3.7) in the place of TLS.
    """

    uri: str
    connection: Any
    is_active_directory: bool
    is_in_clear: bool = False
    has_sasl_layer: bool = False


class ResolvedServer(_Server):
    """A server for ldap3 whose name has been resolved: ldap3 tells an unknown name by text alone.

    :param address_infos: where it listens, as socket.getaddrinfo says it.
    """

    def __init__(self, address_infos: Sequence[tuple[Any, ...]], host: str, **options: Any) -> None:
        super().__init__(host, **options)
        # Whether a place is known to answer, and since when.
        self._address_infos = [[*address_info, None, None] for address_info in address_infos]
        self._address_info = self._address_infos

    @property
    def address_info(self) -> list[list[Any]]:
        """The places, each with what ldap3 notes about it."""
        return self._address_infos


@contextmanager
def open_session(
    settings: ConnectionSettings, address: Address, context: ssl.SSLContext
) -> Iterator[LdapSession]:
    """Connect to one server, encrypt and bind; unbind at the end.

    :param context: what the server's certificate must satisfy.
    :raises ServerError: when there is no session, and another server may give one.
    :raises DirectoryError: when the server refuses the account.
    """
    connection = connect(settings, address, context)
    try:
        yield begin_session(settings, address, connection)
    finally:
        close(connection)


def begin_session(settings: ConnectionSettings, address: Address, connection: Any) -> LdapSession:
    """Bind on a connection.

    :param connection: what `connect` gave for the same server; it stays open when this fails.
    :raises ServerError: when there is no session, and another server may give one.
    :raises DirectoryError: when the server refuses the account.
    """
    has_sasl_layer = bind(connection, address.uri, settings.account)
    return LdapSession(
        uri=address.uri,
        connection=connection,
        is_active_directory=read_root_dse(connection, address.uri).is_active_directory,
        is_in_clear=not (
            address.use_ssl or settings.start_tls or has_sasl_layer or is_loopback(address.host)
        ),
        has_sasl_layer=has_sasl_layer,
    )


def connect(settings: ConnectionSettings, address: Address, context: ssl.SSLContext) -> Any:
    """Connect to one server, encrypted; nothing of the account is sent.

    :param context: what the server's certificate must satisfy.
    :returns: ldap3's connection.
    :raises ServerError: when there is no answer, or no encryption that satisfies.
    """
    tls = VerifiedTls(context, settings.receive_timeout)
    action = f"Cannot connect to {address.uri}"
    connection = _create_connection(settings, address, tls)
    try:
        connection.open(read_server_info=False)
    except FAILURES as error:
        close(connection)
        raise ServerError(action, *explain_failure(error, tls.failure)) from None
    if not address.use_ssl:
        connection.socket = DeadlineSocket(connection.socket, settings.receive_timeout)
    if settings.start_tls:
        _start_tls(connection, address.uri, tls)
    return connection


def _create_connection(settings: ConnectionSettings, address: Address, tls: VerifiedTls) -> Any:
    """Make ldap3's connection, not yet open: nothing is asked but the addresses of the server's name.

    :raises ServerError: when the name has none.
    """
    server = ResolvedServer(
        resolve_address(settings, address),
        address.host,
        port=address.port,
        use_ssl=address.use_ssl,
        tls=tls,
        get_info=ldap3.NONE,
        connect_timeout=settings.connection_timeout,
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


def _start_tls(connection: Any, uri: str, tls: VerifiedTls) -> None:
    try:
        if connection.start_tls(read_server_info=False):
            return
        # ldap3 would go on without, and the password would follow in clear.
        raise ldap3.core.exceptions.LDAPStartTLSError("TLS was not started")
    except FAILURES as error:
        result = connection.result
        is_refused = tls.failure is None and result and result["result"] != 0
        diagnosis = (
            explain_refused_tls(result)
            if is_refused
            else explain_failure(error, tls.failure, asked_for_tls=True)
        )
        close(connection)
        raise ServerError(f"Cannot start TLS with {uri}", *diagnosis) from None


def close(connection: Any) -> None:
    """Unbind, if that can be done."""
    # The session is over either way; what went wrong before is what matters.
    with suppress(*FAILURES):
        connection.unbind()
