# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections to a single directory server, and authenticated sessions."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._hosts import is_loopback
from .._tls import Verification, create_tls_context, describe_verification, name_trust_store
from .attribute_names import AttributeNames
from .bind import bind
from .diagnosis import ServerError, explain_failure, explain_refused_start_tls
from .entry import Entry
from .library import FAILURES, LDAP3, ldap3
from .root_dse import read_root_dse
from .servers import resolve_address
from .settings import Address, ConnectionSettings
from .sockets import DeadlineSocket
from .tls import VerifiedTls

# This file must be importable without ldap3, so that the modules can report that ldap3 is missing.
if TYPE_CHECKING or LDAP3.failure is None:
    from ldap3 import Server as _Server
else:
    _Server = object


_GLOBAL_CATALOG_PORTS = (3268, 3269)  # without and with TLS


@dataclass(frozen=True)
class LdapSession:
    """An authenticated session with a directory server.

    :ivar uri: URI of the server.
    :ivar connection: ldap3 connection.
    :ivar is_active_directory: whether the server is an Active Directory domain controller.
    :ivar identity_attribute: attribute that identifies an entry: OBJECT_GUID or ENTRY_UUID.
    :ivar is_unencrypted: whether messages cross a network unencrypted, so that attackers could read and alter them.
    :ivar has_sasl_layer: whether messages are encrypted by a SASL security layer (RFC 4422, 3.7) instead of TLS.
    :ivar is_global_catalog: whether the port is that of a global catalog, which contains only some attributes.
    :ivar subschema_dn: DN of the subschema of the server (RFC 4512, 4.2); empty if the root DSE does not contain it.
    :ivar attribute_names: known names of the attributes on the server.
    :ivar check_identities: function that checks the identities on each page; its arguments are the entries that have an
        identity, and the distinguished names of these entries. None if identities are not checked.
    :ivar requires_identities: whether a search fails if it finds an entry without an identity. Otherwise, the identity
        of such an entry is empty.
    """

    uri: str
    # ldap3's representation of a connection contains the password.
    connection: Any = field(repr=False)
    is_active_directory: bool
    identity_attribute: str
    is_unencrypted: bool = False
    has_sasl_layer: bool = False
    is_global_catalog: bool = False
    subschema_dn: str = ""
    attribute_names: AttributeNames = field(default_factory=AttributeNames, compare=False)
    check_identities: Callable[[Sequence[Entry], Sequence[bytes]], None] | None = None
    requires_identities: bool = True


class ResolvedServer(_Server):
    """An ldap3 server whose name is already resolved.

    If ldap3 resolved the name, the only description of a failure would be the text of an error message.

    :param address_infos: results of `socket.getaddrinfo`.
    :param host: host name of the server.
    :param options: other arguments for ldap3's Server.
    """

    def __init__(self, address_infos: Sequence[tuple[Any, ...]], host: str, **options: Any) -> None:
        super().__init__(host, **options)
        # ldap3 appends two fields: whether the address is reachable, and when that was determined.
        self._address_infos = [[*address_info, None, None] for address_info in address_infos]
        self._address_info = self._address_infos

    @property
    def address_info(self) -> list[list[Any]]:
        """The addresses, each with ldap3's fields for its availability."""
        return self._address_infos


@contextmanager
def open_session(
    settings: ConnectionSettings, address: Address, context: ssl.SSLContext
) -> Iterator[LdapSession]:
    """Connect to a server, bind, and unbind when the context ends.

    :param settings: settings of the connection.
    :param address: address of the server.
    :param context: TLS context for verifying the server's certificate.
    :raises LibraryError: as for `bind`.
    :raises ServerError: if the session fails for a reason that might not affect other servers.
    :raises DirectoryError: if the session fails for any other reason, such as a wrong password.
    """
    connection = connect(settings, address, context)
    try:
        yield begin_session(settings, address, connection)
    finally:
        close(connection)


def begin_session(settings: ConnectionSettings, address: Address, connection: Any) -> LdapSession:
    """Bind on a connection, and return the session.

    :param settings: settings of the connection.
    :param address: address of the server.
    :param connection: result of `connect` for the same server; it stays open if the bind fails.
    :raises LibraryError: as for `bind`.
    :raises ServerError: if the session fails for a reason that might not affect other servers.
    :raises DirectoryError: if the session fails for any other reason, such as a wrong password.
    """
    has_sasl_layer = bind(connection, address.uri, settings.account)
    root_dse = read_root_dse(connection, address.uri)
    return LdapSession(
        uri=address.uri,
        connection=connection,
        is_active_directory=root_dse.is_active_directory,
        identity_attribute=root_dse.identity_attribute,
        is_unencrypted=not (
            address.use_ssl or settings.start_tls or has_sasl_layer or is_loopback(address.host)
        ),
        has_sasl_layer=has_sasl_layer,
        is_global_catalog=root_dse.is_active_directory and address.port in _GLOBAL_CATALOG_PORTS,
        subschema_dn=root_dse.get_first("subschemasubentry"),
    )


def connect(settings: ConnectionSettings, address: Address, context: ssl.SSLContext) -> Any:
    """Connect to a server, with TLS if configured, without a bind.

    :param settings: settings of the connection.
    :param address: address of the server.
    :param context: TLS context for verifying the server's certificate.
    :returns: the ldap3 connection.
    :raises ServerError: if the host name does not resolve, the server does not respond, or TLS fails.
    """
    tls = VerifiedTls(context, settings.receive_timeout)
    action = f"Cannot connect to {address.uri}"
    connection = _create_connection(settings, address, tls)
    try:
        connection.open(read_server_info=False)
    except FAILURES as error:
        close(connection)
        verification = _inspect_certificate(settings, address, context, tls.failure)
        diagnosis = explain_failure(error, tls.failure, verification=verification)
        raise ServerError(action, *diagnosis) from None
    if not address.use_ssl:
        connection.socket = DeadlineSocket(connection.socket, settings.receive_timeout)
    if settings.start_tls:
        _start_tls(settings, address, context, connection, tls)
    return connection


def _inspect_certificate(
    settings: ConnectionSettings,
    address: Address,
    context: ssl.SSLContext,
    tls_error: OSError | None,
) -> Verification | None:
    """Describe a failed verification of a server's certificate; return None if the failure has another reason.

    Python does not reveal a certificate that it rejects. Therefore another connection is made, which does not verify
    the certificate, and is closed after the TLS handshake.
    """
    if not isinstance(tls_error, ssl.SSLCertVerificationError):
        return None
    connection = None
    try:
        with suppress(ServerError):
            unverified = create_tls_context(None, validate_certs=False)
            connection = connect(settings, address, unverified)
        tls_socket = connection.socket if connection else None
        trust_store = name_trust_store(settings.ca_path)
        return describe_verification(address.host, trust_store, context, tls_socket)
    finally:
        if connection:
            close(connection)


def _create_connection(settings: ConnectionSettings, address: Address, tls: VerifiedTls) -> Any:
    """Create the ldap3 connection without opening it.

    Only the server's name is resolved.

    :raises ServerError: if the host name does not resolve.
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
        # When ldap3 follows a referral, it sends the credentials to the other server, even unencrypted.
        auto_referrals=False,
        # When ldap3 retrieves ranges of values itself, it might never stop, and it ignores missing ranges.
        auto_range=False,
        # Adding empty lists for missing attributes makes ldap3 fail on ranges other than the first one.
        return_empty_attributes=False,
        check_names=False,
        read_only=True,
    )


def _start_tls(
    settings: ConnectionSettings,
    address: Address,
    context: ssl.SSLContext,
    connection: Any,
    tls: VerifiedTls,
) -> None:
    try:
        if connection.start_tls(read_server_info=False):
            return
        # Without an exception, the bind would follow and send the password unencrypted.
        raise ldap3.core.exceptions.LDAPStartTLSError("TLS was not started")
    except FAILURES as error:
        result = connection.result
        is_refused = tls.failure is None and result and result["result"] != 0
        close(connection)
        if is_refused:
            diagnosis = explain_refused_start_tls(result)
        else:
            verification = _inspect_certificate(settings, address, context, tls.failure)
            diagnosis = explain_failure(
                error, tls.failure, during_start_tls=True, verification=verification
            )
        raise ServerError(f"Cannot start TLS with {address.uri}", *diagnosis) from None


def close(connection: Any) -> None:
    """Unbind and close a connection, ignoring errors."""
    # Errors at this point do not affect the result, and must not hide an earlier error.
    with suppress(*FAILURES):
        connection.unbind()
