# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection to one directory server, encrypted before anything is said."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from typing import Any

from .._errors import Finding
from .access import Access, Address
from .diagnosis import ServerError, finding_of_failure, finding_of_refused_tls
from .library import FAILURES, ldap3
from .timed import TimedSocket
from .tls import VerifiedTls


def connect(access: Access, address: Address, context: ssl.SSLContext) -> Any:
    """Connect to one server, encrypted; nothing of the account is sent.

    :param context: what the server's certificate must satisfy.
    :returns: ldap3's connection.
    :raises ServerError: when there is no answer, or no encryption that satisfies.
    """
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
    try:
        connection.open(read_server_info=False)
    except FAILURES as error:
        close(connection)
        raise ServerError(tried, *finding_of_failure(error, tls.failure)) from None
    if not address.use_ssl:
        connection.socket = TimedSocket(connection.socket, access.receive_timeout)
    if access.start_tls:
        _start_tls(connection, address.uri, tls)
    return connection


def _resolve(address: Address, tried: str) -> None:
    # ldap3 tells an unknown name and a refused connection apart by text alone.
    try:
        socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError as error:
        finding = Finding(
            f"its name does not resolve ({error.strerror})", "Correct the host name in server_uri"
        )
        raise ServerError(tried, *finding) from None


def _start_tls(connection: Any, uri: str, tls: VerifiedTls) -> None:
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
        close(connection)
        raise ServerError(f"Cannot start TLS with {uri}", *finding) from None


def close(connection: Any) -> None:
    """Unbind, if that can be done."""
    # The session is over either way; what went wrong before is what matters.
    with suppress(*FAILURES):
        connection.unbind()
