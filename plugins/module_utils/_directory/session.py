# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A session with one directory server: connected, encrypted, bound."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NamedTuple

from .._errors import Finding
from .._tls import tls_context
from .access import Access, Address, check_access
from .diagnosis import (
    DirectoryError,
    UnreachableError,
    finding_of_failure,
    finding_of_refused_tls,
    finding_of_result,
)
from .library import FAILURES, ldap3
from .timed import TimedSocket
from .tls import VerifiedTls


class Session(NamedTuple):
    """An open session.

    :ivar uri: the server it is with.
    :ivar connection: ldap3's connection.
    :ivar is_active_directory: whether the server is an Active Directory domain controller.
    """

    uri: str
    connection: Any
    is_active_directory: bool


@contextmanager
def open_session(access: Access) -> Iterator[Session]:
    """Connect, encrypt and bind; unbind at the end.

    A server that cannot be reached, or gives no answer, is left for the next one. One that refuses the
    account is not: trying a wrong password on every server would lock the account.

    :raises InputError: for settings that cannot work.
    :raises DirectoryError: when no server could be reached, or one refused the account.
    """
    addresses = check_access(access)
    context = tls_context(access.ca_path, access.validate_certs)
    session = _first_reached(access, addresses, context)
    try:
        yield session
    finally:
        _close(session.connection)


def _first_reached(
    access: Access, addresses: Sequence[Address], context: ssl.SSLContext
) -> Session:
    failures: list[UnreachableError] = []
    for address in addresses:
        try:
            return _session_with(access, address, context)
        except UnreachableError as error:
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    raise DirectoryError(
        f"Cannot connect to any of {len(failures)} servers",
        "; ".join(f"{address.uri}: {error.answer}" for address, error in zip(addresses, failures)),
        failures[0].remedy,
    )


def _session_with(access: Access, address: Address, context: ssl.SSLContext) -> Session:
    connection = _connect(access, address, context)
    with ExitStack() as undo:
        undo.callback(_close, connection)
        _bind(connection, address.uri, access.bind_dn)
        session = Session(address.uri, connection, _is_active_directory(connection, address.uri))
        undo.pop_all()
    return session


def _connect(access: Access, address: Address, context: ssl.SSLContext) -> Any:
    tls = VerifiedTls(context, access.receive_timeout)
    tried = f"Cannot connect to {address.uri}"
    _resolve(address, tried)
    server = ldap3.Server(
        address.host,
        port=address.port,
        use_ssl=address.use_ssl,
        tls=tls,
        get_info=ldap3.NONE,
        connect_timeout=access.connection_timeout,
        allowed_referral_hosts=[],
    )
    connection = ldap3.Connection(
        server,
        user=access.bind_dn,
        password=access.bind_pw,
        authentication=ldap3.SIMPLE,
        client_strategy=ldap3.SYNC,
        # A referral followed by ldap3 would send name and password on, in clear if it says ldap://.
        auto_referrals=False,
        # ldap3 asks for the rest of many values itself, without end if need be, and is silent when it gets none.
        auto_range=False,
        check_names=False,
        read_only=True,
    )
    try:
        connection.open(read_server_info=False)
    except FAILURES as error:
        _close(connection)
        raise UnreachableError(tried, *finding_of_failure(error, tls.failure)) from None
    if access.start_tls:
        _start_tls(connection, address.uri, tls, access.receive_timeout)
    return connection


def _resolve(address: Address, tried: str) -> None:
    # ldap3 tells an unknown name and a refused connection apart by text alone.
    try:
        socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError as error:
        finding = Finding(
            f"its name does not resolve ({error.strerror})", "Correct the host name in server_uri"
        )
        raise UnreachableError(tried, *finding) from None


def _start_tls(connection: Any, uri: str, tls: VerifiedTls, seconds: int) -> None:
    connection.socket = TimedSocket(connection.socket, seconds)
    try:
        if connection.start_tls(read_server_info=False):
            return
        # ldap3 would go on without, and the password would follow in clear.
        raise ldap3.core.exceptions.LDAPStartTLSError("TLS was not started")
    except FAILURES as error:
        result = connection.result
        refused = tls.failure is None and result and result["result"] != 0
        finding = (
            finding_of_refused_tls(result) if refused else finding_of_failure(error, tls.failure)
        )
        _close(connection)
        raise UnreachableError(f"Cannot start TLS with {uri}", *finding) from None


def _bind(connection: Any, uri: str, bind_dn: str) -> None:
    # auto_bind would lose the server's message, and with it Active Directory's reason.
    tried = f"Cannot bind to {uri} as {bind_dn}"
    try:
        bound = connection.bind(read_server_info=False)
    except FAILURES as error:
        raise UnreachableError(tried, *finding_of_failure(error, None)) from None
    if not bound:
        raise DirectoryError(tried, *finding_of_result(connection.result))


# LDAP_CAP_ACTIVE_DIRECTORY_OID (MS-ADTS 3.1.1.3.4.3.1).
_ACTIVE_DIRECTORY = b"1.2.840.113556.1.4.800"


def _is_active_directory(connection: Any, uri: str) -> bool:
    try:
        connection.search("", "(objectClass=*)", ldap3.BASE, attributes=["supportedCapabilities"])
    except FAILURES as error:
        raise UnreachableError(
            f"Cannot read the root DSE of {uri}", *finding_of_failure(error, None)
        ) from None
    if connection.result["result"] != 0:
        raise DirectoryError(
            f"Cannot read the root DSE of {uri}", *finding_of_result(connection.result)
        )
    for entry in connection.response or ():
        for values in entry.get("raw_attributes", {}).values():
            # ldap3 gives None for an attribute without values.
            if _ACTIVE_DIRECTORY in (values or ()):
                return True
    return False


def _close(connection: Any) -> None:
    # The session is over either way; what went wrong before is what matters.
    with suppress(*FAILURES):
        connection.unbind()
