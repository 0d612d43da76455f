# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How to get into a directory, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from .._errors import InputError
from .._hosts import check_timeout, is_host
from .account import Account, check_account, check_clear
from .bind import require_libraries
from .domain import Domain, check_domain


class ConnectionSettings(NamedTuple):
    """How to get into a directory.

    :ivar server_uris: tried in order until one gives everything; empty when DNS is to name the servers.
    :ivar account: who reads, and how that is proved.
    :ivar start_tls: whether to encrypt an ldap:// connection before the bind.
    :ivar validate_certs: whether the server's certificate is verified.
    :ivar ca_path: file with the certificates to trust; None for those of the system.
    :ivar connection_timeout: seconds for the TCP connection, and for each answer of DNS.
    :ivar receive_timeout: seconds that any answer may take.
    :ivar domain: the domain whose servers DNS names, in the place of server_uris.
    """

    server_uris: Sequence[str]
    account: Account
    start_tls: bool
    validate_certs: bool
    ca_path: str | None
    connection_timeout: int
    receive_timeout: int
    domain: Domain = Domain()


class Address(NamedTuple):
    """Where a directory server listens."""

    uri: str
    host: str
    port: int
    use_ssl: bool


def check_access(access: ConnectionSettings) -> list[Address]:
    """Check all that can be checked without a server.

    :returns: the servers that are given; none when DNS is to name them.
    :raises InputError: for a malformed URI, an account that is none, or one that would
        send a secret in clear.
    :raises LibraryError: when a library that the account's protocol needs is missing.
    """
    if not (access.server_uris or access.domain.name):
        raise InputError(
            "Cannot connect",
            "server_uri and domain are both empty",
            "Give at least one ldaps:// URI, or the domain whose servers DNS names",
        )
    if access.server_uris and access.domain.name:
        raise InputError("Cannot use server_uri and domain together", "", "Give one of the two")
    check_domain(access.domain)
    check_account(access.account)
    require_libraries(access.account.auth_protocol)
    check_timeout("connection_timeout", access.connection_timeout)
    check_timeout("receive_timeout", access.receive_timeout)
    return [_address(uri, access) for uri in access.server_uris]


def _address(uri: str, access: ConnectionSettings) -> Address:
    try:
        parts = urlsplit(uri)
        host, port, scheme = parts.hostname, parts.port, parts.scheme
    except ValueError:
        host, port, scheme = None, None, ""
    rest = (parts.path.strip("/"), parts.query, parts.fragment, "@" in parts.netloc) if host else ()
    if scheme not in ("ldap", "ldaps") or not host or not is_host(host) or any(rest):
        # What stands before an @ may be a password.
        shown = repr(uri) if "@" not in uri else "that holds an account"
        raise InputError(
            f"Cannot use the server_uri {shown}",
            "it is not of the form ldaps://HOST or ldaps://HOST:PORT",
            "Give the base in search_base and the account in bind_dn",
        )
    if scheme == "ldap" and not access.start_tls:
        check_clear(access.account, uri)
    if scheme == "ldaps" and access.start_tls:
        raise InputError(
            f"Cannot use start_tls with {uri}", "LDAPS is encrypted already", "Use one of the two"
        )
    return Address(uri, host, port or (636 if scheme == "ldaps" else 389), scheme == "ldaps")
