# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory's servers, given or named by DNS, and their addresses."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from .._errors import Diagnosis
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
from .settings import Address, ConnectionSettings, check_settings

if TYPE_CHECKING:
    from .resolver import Resolver


def find_servers(settings: ConnectionSettings) -> tuple[list[Address], list[Diagnosis]]:
    """The servers in the order in which they are to be tried, and what was odd about how they were found.

    :raises InputError: for settings that cannot work.
    :raises LibraryError: when DNS is to be asked, and dnspython is missing or too old.
    :raises DirectoryError: when DNS names no server.
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
            *explain_dns("nothing", f"no SRV record {' or '.join(domain_srv_names(domain))}"),
        )
    # Whoever forges an answer of DNS can have a good certificate for another name.
    outside = {record.target for record in records if not is_in_domain(record.target, domain.name)}
    inside = [record for record in records if record.target not in outside]
    if not inside:
        raise DirectoryError(action, *explain_dns("outside", ", ".join(sorted(outside))))
    notes += [
        Diagnosis(
            f"Left out {target}, which DNS names for {domain.name}: it is outside of that domain",
            "If it is right, name it in server_uri",
        )
        for target in sorted(outside)
    ]
    return list(
        dict.fromkeys(_secure_address(record, settings.start_tls) for record in inside)
    ), notes


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
        problem = f"DNS knows no server of the site {domain.site} in {domain.name}"
        notes.append(
            Diagnosis(
                f"{problem}: those of the whole domain were taken", "Correct site, or leave it out"
            )
        )
    return [*order_srv_records(site_records), *order_srv_records(domain_records)], notes


def _secure_address(record: SrvRecord, start_tls: bool) -> Address:
    """Where a service listens, with TLS: what DNS names is the port without it."""
    scheme, default_port = ("ldap", 389) if start_tls else ("ldaps", 636)
    host, port = record.target.lower(), record.port
    if port == 389:
        port = default_port
    uri = f"{scheme}://{host}" if port == default_port else f"{scheme}://{host}:{port}"
    return Address(uri=uri, host=host, port=port, use_ssl=not start_tls)


def resolve_address(settings: ConnectionSettings, address: Address) -> list[tuple[Any, ...]]:
    """Where to connect to, as socket.getaddrinfo says it.

    :raises ServerError: when the host's name does not resolve.
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
        problem = "target" if settings.domain.name else "host"
        diagnosis = explain_dns(problem, error.strerror or str(error))
        raise ServerError(f"Cannot connect to {address.uri}", *diagnosis) from None


def _query_ip_addresses(settings: ConnectionSettings, address: Address) -> list[str]:
    """The IP addresses of a host by the DNS servers that named it: this host's may not know it."""
    action = f"Cannot connect to {address.uri}"
    try:
        addresses = open_resolver(settings.domain, settings.connection_timeout).query_addresses(
            address.host
        )
    except DnsError as error:
        raise ServerError(action, *error.diagnosis) from None
    if not addresses:
        raise ServerError(action, *explain_dns("target", "DNS has no address of it"))
    return addresses


def open_resolver(domain: Domain, timeout: int) -> Resolver:
    """Who is asked for a domain's servers and their addresses.

    :param timeout: how long the answer to one question may take.
    :raises LibraryError: when dnspython is missing or too old.
    :raises DnsError: when there is nobody to ask.
    """
    from .resolver import Resolver  # noqa: PLC0415  # takes as long as loading ldap3, and few need it

    return Resolver(domain, timeout)
