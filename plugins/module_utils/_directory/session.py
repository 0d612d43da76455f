# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A session with one directory server: connected, encrypted, bound."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from .._network import is_loopback
from .access import Access, Address
from .bind import bind
from .connection import close, connect
from .root_dse import read_root_dse


class Session(NamedTuple):
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
def open_session(access: Access, address: Address, context: ssl.SSLContext) -> Iterator[Session]:
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


def begin_session(access: Access, address: Address, connection: Any) -> Session:
    """Bind on a connection.

    :param connection: what `connect` gave for the same server; it stays open when this fails.
    :raises ServerError: when there is no session, and another server may give one.
    :raises DirectoryError: when the server refuses the account.
    """
    sealed = bind(connection, address.uri, access.account)
    return Session(
        address.uri,
        connection,
        read_root_dse(connection, address.uri).is_active_directory,
        is_in_clear=not (
            address.use_ssl or access.start_tls or sealed or is_loopback(address.host)
        ),
        is_sealed=sealed,
    )
