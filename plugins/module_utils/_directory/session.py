# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A session with one directory server: connected, encrypted, bound."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from .._network import is_loopback
from .._tls import tls_context
from .access import Access, Address, check_access
from .bind import bind
from .connection import close, connect
from .diagnosis import DirectoryError, UnreachableError, finding_of_failure, finding_of_result
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
        close(session.connection)


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
    connection = connect(access, address, context)
    with ExitStack() as undo:
        undo.callback(close, connection)
        bind(connection, address.uri, access.account)
        session = Session(
            address.uri,
            connection,
            _is_active_directory(connection, address.uri),
            is_in_clear=not (address.use_ssl or access.start_tls or is_loopback(address.host)),
        )
        undo.pop_all()
    return session


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
