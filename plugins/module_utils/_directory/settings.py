# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection settings, validated before any connection is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .._errors import InputError
from .._hosts import check_timeout, is_host
from .account import Account, check_account, check_cleartext_bind
from .bind import require_libraries
from .domain import Domain, check_domain

LDAP_PORT, LDAPS_PORT = 389, 636
"""Default ports of ldap:// and ldaps://."""


@dataclass(frozen=True)
class ConnectionSettings:
    """The settings for connecting to a directory.

    :ivar server_uris: URIs of the servers, in the order in which to try them; empty to look up the servers in DNS.
    :ivar account: the account that reads the directory.
    :ivar start_tls: whether to encrypt ldap:// connections with StartTLS before the bind.
    :ivar validate_certs: whether to verify the server's certificate.
    :ivar ca_path: file with the trusted CA certificates; None for those of the system.
    :ivar connection_timeout: timeout in seconds for each TCP connection, each TLS handshake and each DNS query.
    :ivar receive_timeout: timeout in seconds for each complete response.
    :ivar domain: the domain whose servers are looked up in DNS, as an alternative to `server_uris`.
    """

    server_uris: Sequence[str]
    account: Account
    start_tls: bool
    validate_certs: bool
    ca_path: str | None
    connection_timeout: int
    receive_timeout: int
    domain: Domain = field(default_factory=Domain)


@dataclass(frozen=True)
class Address:
    """The address of a directory server.

    :ivar uri: the URI that identifies the server in messages and results.
    :ivar host: host name or IP address.
    :ivar port: TCP port.
    :ivar use_ssl: whether the connection starts with a TLS handshake (LDAPS).
    """

    uri: str
    host: str
    port: int
    use_ssl: bool


def check_settings(settings: ConnectionSettings) -> list[Address]:
    """Check the settings that can be checked without opening a connection or a certificate file.

    :param settings: the settings to check.
    :returns: the addresses of the configured servers; empty if the servers are looked up in DNS.
    :raises InputError: if a setting is missing or malformed, options contradict each other, or a secret would be sent
        unencrypted.
    :raises LibraryError: if a library required by the account's protocol is missing or too old.
    """
    if not (settings.server_uris or settings.domain.name):
        raise InputError(
            "Cannot connect",
            "O(server_uri) and O(domain) are both empty",
            "Set O(server_uri), or set O(domain) to look up its servers in DNS",
        )
    check_domain(settings.domain)
    check_account(settings.account)
    require_libraries(settings.account.auth_protocol)
    check_timeout("connection_timeout", settings.connection_timeout)
    check_timeout("receive_timeout", settings.receive_timeout)
    return [_parse_uri(uri, settings) for uri in settings.server_uris]


def _parse_uri(uri: str, settings: ConnectionSettings) -> Address:
    try:
        parts = urlsplit(uri)
        host, port, scheme = parts.hostname, parts.port, parts.scheme
    except ValueError:
        host, port, scheme = None, None, ""
    unexpected_parts = (
        (parts.path.strip("/"), parts.query, parts.fragment, "@" in parts.netloc) if host else ()
    )
    if scheme not in ("ldap", "ldaps") or not host or not is_host(host) or any(unexpected_parts):
        # The part before an @ might contain a password.
        shown_uri = (
            f"the O(server_uri) {uri!r}" if "@" not in uri else "a O(server_uri) with an account"
        )
        raise InputError(
            f"Cannot use {shown_uri}",
            "it is not of the form ldaps://HOST or ldaps://HOST:PORT",
            "Use one of these forms, and set the search base in O(sources[].search_base) and the account in O(bind_dn)",
        )
    if scheme == "ldap" and not settings.start_tls:
        check_cleartext_bind(settings.account, uri)
    if scheme == "ldaps" and settings.start_tls:
        raise InputError(
            f"Cannot use O(start_tls) with {uri}",
            "LDAPS is already encrypted",
            "Use either ldaps:// or O(start_tls=true)",
        )
    use_ssl = scheme == "ldaps"
    default_port = LDAPS_PORT if use_ssl else LDAP_PORT
    return Address(uri=uri, host=host, port=port or default_port, use_ssl=use_ssl)
