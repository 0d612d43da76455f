# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers of a directory, configured or looked up in DNS, and their IP addresses."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from .._errors import Diagnosis
from .causes import DnsFailure
from .diagnosis import DirectoryError, ServerError, explain_dns
from .domain import (
    DnsError,
    Domain,
    SrvRecord,
    domain_srv_names,
    is_in_domain,
    order_srv_records,
    site_srv_name,
)
from .settings import LDAP_PORT, LDAPS_PORT, Address, ConnectionSettings, check_settings

if TYPE_CHECKING:
    from .resolver import Resolver


def find_servers(settings: ConnectionSettings) -> tuple[list[Address], list[Diagnosis]]:
    """Return the servers in the order in which to try them, and warnings about the DNS records.

    :param settings: the connection settings.
    :raises InputError: if the settings are invalid.
    :raises LibraryError: if a library that the settings require is missing or too old.
    :raises DirectoryError: if the DNS lookup fails, or finds no usable server.
    """
    addresses = check_settings(settings)
    return (addresses, []) if addresses else _find_servers_in_dns(settings)


def _find_servers_in_dns(settings: ConnectionSettings) -> tuple[list[Address], list[Diagnosis]]:
    domain = settings.domain
    records, notes = _query_srv_records(settings)
    action = f"Cannot find the servers of {domain.name}"
    if not records:
        raise DirectoryError(
            action,
            *explain_dns(
                DnsFailure.NO_RECORDS, f"no SRV record {' or '.join(domain_srv_names(domain))}"
            ),
        )
    # An attacker who spoofs DNS responses can have a valid certificate for a name in another domain.
    outside = {record.target for record in records if not is_in_domain(record.target, domain.name)}
    inside = [record for record in records if record.target not in outside]
    if not inside:
        raise DirectoryError(
            action, *explain_dns(DnsFailure.OUTSIDE_DOMAIN, ", ".join(sorted(outside)))
        )
    notes += [
        Diagnosis(
            f"Ignored {target}, which DNS lists for {domain.name}: it is outside the domain",
            "If it is correct, list the servers in O(server_uri) instead of using O(domain)",
        )
        for target in sorted(outside)
    ]
    addresses = [_build_secure_address(record, settings.start_tls) for record in inside]
    return list(dict.fromkeys(addresses)), notes


def _query_srv_records(settings: ConnectionSettings) -> tuple[list[SrvRecord], list[Diagnosis]]:
    domain = settings.domain
    try:
        resolver = open_resolver(domain, settings.connection_timeout)
        site_records = resolver.query_srv(site_srv_name(domain)) if domain.site else []
        domain_records = next(filter(None, map(resolver.query_srv, domain_srv_names(domain))), [])
    except DnsError as error:
        raise DirectoryError(
            f"Cannot find the servers of {domain.name}", *error.diagnosis
        ) from None
    notes = []
    if domain.site and not site_records:
        problem = f"DNS lists no server for the site {domain.site} in {domain.name}"
        notes.append(
            Diagnosis(
                f"{problem}: using the servers of the whole domain", "Correct O(site), or remove it"
            )
        )
    return [*order_srv_records(site_records), *order_srv_records(domain_records)], notes


def _build_secure_address(record: SrvRecord, start_tls: bool) -> Address:
    """Build the address for a TLS connection from an SRV record.

    SRV records usually contain port 389, which is replaced with 636 for LDAPS. Other ports are not changed.
    """
    scheme, default_port = ("ldap", LDAP_PORT) if start_tls else ("ldaps", LDAPS_PORT)
    host, port = record.target.lower(), record.port
    if port == LDAP_PORT:
        port = default_port
    uri = f"{scheme}://{host}" if port == default_port else f"{scheme}://{host}:{port}"
    return Address(uri=uri, host=host, port=port, use_ssl=not start_tls)


def resolve_address(settings: ConnectionSettings, address: Address) -> list[tuple[Any, ...]]:
    """Resolve a server's host name.

    :param settings: the connection settings.
    :param address: address of the server.
    :returns: the results of `socket.getaddrinfo`.
    :raises ServerError: if the host name does not resolve, or a DNS query fails.
    """
    hosts = (
        _query_ip_addresses(settings, address) if settings.domain.dns_servers else [address.host]
    )
    try:
        return [
            address_info
            for host in hosts
            for address_info in socket.getaddrinfo(host, address.port, type=socket.SOCK_STREAM)
        ]
    except OSError as error:
        failure = DnsFailure.TARGET_UNKNOWN if settings.domain.name else DnsFailure.HOST_UNKNOWN
        diagnosis = explain_dns(failure, error.strerror or str(error))
        raise ServerError(f"Cannot connect to {address.uri}", *diagnosis) from None


def _query_ip_addresses(settings: ConnectionSettings, address: Address) -> list[str]:
    """Return the IP addresses of a server from the configured DNS servers.

    This host's resolver is not used, because it might not resolve names in the domain.
    """
    action = f"Cannot connect to {address.uri}"
    try:
        resolver = open_resolver(settings.domain, settings.connection_timeout)
        addresses = resolver.query_addresses(address.host)
    except DnsError as error:
        raise ServerError(action, *error.diagnosis) from None
    if not addresses:
        raise ServerError(action, *explain_dns(DnsFailure.TARGET_UNKNOWN, "no A or AAAA record"))
    return addresses


def open_resolver(domain: Domain, timeout: int) -> Resolver:
    """Create a resolver for the SRV records of a domain and the addresses of its servers.

    :param domain: the domain.
    :param timeout: timeout of a query in seconds.
    :raises LibraryError: if dnspython is missing or too old.
    :raises DnsError: if neither the domain nor this host has a configured DNS server.
    """
    from .resolver import Resolver  # noqa: PLC0415  # loads dnspython, which is slow and rarely needed

    return Resolver(domain, timeout)
