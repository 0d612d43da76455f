# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A look at one server, step by step, which goes on as far as it gets."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from .certificate import Certificate, parse_certificate
from .connection import LdapSession, begin_session, close, connect
from .diagnosis import DirectoryError, ServerError
from .library import FAILURES, ldap3
from .query import Query
from .root_dse import RootDse, read_root_dse
from .servers import resolve_address
from .settings import Address, ConnectionSettings
from .tls import create_ssl_context


@dataclass(frozen=True)
class TlsInfo:
    """The encryption of a connection.

    :ivar version: for instance ``TLSv1.3``.
    :ivar cipher: OpenSSL's name of the cipher suite.
    :ivar certificate: what the server shows; None when it cannot be read.
    """

    version: str
    cipher: str
    certificate: Certificate | None


class Probe:
    """What was found out about a server, as far as it could be.

    :ivar uri: the server.
    :ivar resolved: all addresses of its name.
    :ivar address: the one that answered; empty when none did.
    :ivar tls: its encryption; None without one.
    :ivar root_dse: what it says of itself.
    :ivar authorization_id: who the account is to the server (RFC 4513, 5.2.1.8), if it says so.
    :ivar session: the session with it, open until the end of `probe_server`; None when there is none.
    :ivar error: why there is none.
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
        """Whether the server answered, and wants nothing of this account."""
        return self.error is not None and not isinstance(self.error, ServerError)


@contextmanager
def probe_server(
    settings: ConnectionSettings, address: Address, context: ssl.SSLContext, *, authenticate: bool
) -> Iterator[Probe]:
    """Find out about a server what can be found out, and stay connected meanwhile.

    Two connections are made. By the first, over which nothing is said, one sees what the server shows even
    where it must not be trusted; the second is as any session's.

    :param context: what the server's certificate must satisfy.
    :param authenticate: whether to bind; without, only what the server tells everybody is asked for.
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
            # Nothing else depends on it.
            with suppress(DirectoryError):
                probe.root_dse = read_root_dse(connection, address.uri)
                probe.authorization_id = _query_authorization_id(probe)
        yield probe
    finally:
        close(connection)


def _resolve_ip_addresses(settings: ConnectionSettings, address: Address) -> list[str]:
    # What a name that does not resolve means is told by the connection that cannot be made.
    with suppress(ServerError):
        return list(
            dict.fromkeys(str(where[0]) for *_kind, where in resolve_address(settings, address))
        )
    return []


def _inspect_connection(probe: Probe, settings: ConnectionSettings, address: Address) -> None:
    unverified_context = create_ssl_context(replace(settings, ca_path=None, validate_certs=False))
    connection = connect(settings, address, unverified_context)
    try:
        # Whoever has hung up by now has no address any more; why, the session's connection tells.
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


_WHO_AM_I = "1.3.6.1.4.1.4203.1.11.3"  # RFC 4532


def _query_authorization_id(probe: Probe) -> str:
    """Ask a server that can tell whom it takes the account for."""
    if probe.session is None or _WHO_AM_I not in probe.root_dse.get_all("supportedextension"):
        return ""
    # A server that says it can and cannot is no problem of the account's.
    with suppress(*FAILURES):
        return str(probe.session.connection.extend.standard.who_am_i() or "")
    return ""


def has_visible_entries(session: LdapSession, query: Query) -> bool:
    """Whether the server shows the account anything at all right below the base of a search, people or not.

    Directories say nothing of what an account may not read: it is as if it were not there. Nor
    does one that gives no answer any more show anything.
    """
    scope = ldap3.BASE if query.scope == "base" else ldap3.LEVEL
    try:
        session.connection.search(
            query.search_base, "(objectClass=*)", scope, attributes=["1.1"], size_limit=1
        )
    except FAILURES:
        return False
    return any(
        response["type"] == "searchResEntry" for response in session.connection.response or ()
    )
