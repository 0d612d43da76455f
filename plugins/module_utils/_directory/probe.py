# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probe of a server: connect, inspect TLS, bind and read the root DSE, as far as possible."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from .._certificate import Certificate, parse_certificate
from .connection import LdapSession, begin_session, close, connect
from .diagnosis import DirectoryError, ServerError
from .library import FAILURES, ldap3
from .query import Query
from .root_dse import RootDse, read_root_dse
from .servers import resolve_address
from .settings import Address, ConnectionSettings
from .tls import create_ssl_context

_WHO_AM_I = "1.3.6.1.4.1.4203.1.11.3"  # RFC 4532


@dataclass(frozen=True)
class TlsInfo:
    """The TLS parameters of a connection.

    :ivar version: protocol version, such as ``TLSv1.3``.
    :ivar cipher: OpenSSL's name of the cipher suite.
    :ivar certificate: the server's certificate; None if it cannot be parsed.
    """

    version: str
    cipher: str
    certificate: Certificate | None


class Probe:
    """The findings about a server.

    The attributes for steps that were not performed keep their initial values.

    :ivar uri: URI of the server.
    :ivar resolved: all IP addresses of the host name.
    :ivar address: IP address to which the connection was made; empty if there was no connection.
    :ivar tls: TLS parameters; None if the connection did not use TLS.
    :ivar root_dse: root DSE of the server.
    :ivar authorization_id: authorization identity of the account (RFC 4513, 5.2.1.8); empty if it is unknown.
    :ivar session: session with the server, open until the `with` block of `probe_server` ends; None if there was none.
    :ivar error: the error that prevented the connection or the session; None if there was none.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.resolved: Sequence[str] = ()
        self.address = ""
        self.tls: TlsInfo | None = None
        self.root_dse = RootDse({})
        self.authorization_id = ""
        self.session: LdapSession | None = None
        self.error: DirectoryError | None = None

    @property
    def is_account_refused(self) -> bool:
        """Whether the session failed for a reason that does not depend on the server, such as a rejected account."""
        return self.error is not None and not isinstance(self.error, ServerError)


@contextmanager
def probe_server(
    settings: ConnectionSettings, address: Address, context: ssl.SSLContext, *, authenticate: bool
) -> Iterator[Probe]:
    """Probe a server, and stay connected until the `with` block ends.

    Two connections are made. The first connection does not verify the certificate, so that an untrusted certificate
    can be shown, and is closed without a bind. The second connection is set up as for any other session.

    :param settings: settings of the connections.
    :param address: address of the server.
    :param context: TLS context for verifying the server's certificate.
    :param authenticate: whether to bind; the root DSE is read even without a bind.
    :raises InputError: as for `create_ssl_context`.
    :raises LibraryError: as for `begin_session`.
    """
    probe = Probe(address.uri)
    probe.resolved = _resolve_ip_addresses(settings, address)
    try:
        _inspect_connection(probe, settings, address)
        connection = connect(settings, address, context)
    except ServerError as error:
        probe.error = error
        yield probe
        return
    try:
        if authenticate:
            _begin_session(probe, settings, address, connection)
        if not isinstance(probe.error, ServerError):
            # Errors are ignored, because the other findings are useful even without the root DSE.
            with suppress(DirectoryError):
                probe.root_dse = read_root_dse(connection, address.uri)
                probe.authorization_id = _query_authorization_id(probe)
        yield probe
    finally:
        close(connection)


def _resolve_ip_addresses(settings: ConnectionSettings, address: Address) -> list[str]:
    # If the name does not resolve, the connection reports the error.
    with suppress(ServerError):
        infos = resolve_address(settings, address)
        return list(dict.fromkeys(str(socket_address[0]) for *_kind, socket_address in infos))
    return []


def _inspect_connection(probe: Probe, settings: ConnectionSettings, address: Address) -> None:
    unverified_context = create_ssl_context(replace(settings, ca_path=None, validate_certs=False))
    connection = connect(settings, address, unverified_context)
    try:
        # If the server has already closed the connection, the second connection reports the error.
        with suppress(OSError):
            probe.address = str(connection.socket.getpeername()[0])
        if address.use_ssl or settings.start_tls:
            probe.tls = _read_tls_info(connection.socket)
    finally:
        close(connection)


def _read_tls_info(tls_socket: Any) -> TlsInfo:
    return TlsInfo(
        version=str(tls_socket.version()),
        cipher=str(tls_socket.cipher()[0]),
        certificate=parse_certificate(tls_socket.getpeercert(binary_form=True)),
    )


def _begin_session(
    probe: Probe, settings: ConnectionSettings, address: Address, connection: Any
) -> None:
    try:
        probe.session = begin_session(settings, address, connection)
    except DirectoryError as error:
        probe.error = error


def _query_authorization_id(probe: Probe) -> str:
    """Return the authorization identity of the account; empty if the server does not report it."""
    if probe.session is None or _WHO_AM_I not in probe.root_dse.get_all("supportedextension"):
        return ""
    # This operation is optional, so its failure is not reported as a problem.
    with suppress(*FAILURES):
        return str(probe.session.connection.extend.standard.who_am_i() or "")
    return ""


def has_visible_entries(session: LdapSession, query: Query) -> bool:
    """Return whether the account can see at least one entry of any type directly below a search base.

    If the scope is base, only the base itself is read. Directories hide entries that an account is not allowed to
    read, as if they did not exist. If the server does not respond, no entry is considered visible.

    :param query: the query whose base and scope are used.
    """
    scope = ldap3.BASE if query.scope == "base" else ldap3.LEVEL
    try:
        session.connection.search(
            query.search_base,
            "(objectClass=*)",
            scope,
            dereference_aliases=ldap3.DEREF_NEVER,
            attributes=["1.1"],
            size_limit=1,
        )
    except FAILURES:
        return False
    return any(
        response["type"] == "searchResEntry" for response in session.connection.response or ()
    )
