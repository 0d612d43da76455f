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
from .diagnosis import ServerError, error_of_result, finding_of_failure
from .library import FAILURES, ldap3


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
        bind(connection, address.uri, access.account)
        yield Session(
            address.uri,
            connection,
            _is_active_directory(connection, address.uri),
            is_in_clear=not (address.use_ssl or access.start_tls or is_loopback(address.host)),
        )
    finally:
        close(connection)


# LDAP_CAP_ACTIVE_DIRECTORY_OID (MS-ADTS 3.1.1.3.4.3.1).
_ACTIVE_DIRECTORY = b"1.2.840.113556.1.4.800"


def _is_active_directory(connection: Any, uri: str) -> bool:
    tried = f"Cannot read the root DSE of {uri}"
    try:
        connection.search("", "(objectClass=*)", ldap3.BASE, attributes=["supportedCapabilities"])
    except FAILURES as error:
        raise ServerError(tried, *finding_of_failure(error, None)) from None
    if connection.result["result"] != 0:
        raise error_of_result(tried, connection.result)
    for entry in connection.response or ():
        for values in entry.get("raw_attributes", {}).values():
            # ldap3 gives None for an attribute without values.
            if _ACTIVE_DIRECTORY in (values or ()):
                return True
    return False
