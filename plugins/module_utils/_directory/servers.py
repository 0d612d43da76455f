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
    return (addresses, []) if addresses else _named_by_dns(settings)


def _named_by_dns(settings: ConnectionSettings) -> tuple[list[Address], list[Diagnosis]]:
    domain = settings.domain
    services, notes = _services(settings)
    action = f"Cannot find the servers of {domain.name}"
    if not services:
        raise DirectoryError(
            action,
            *explain_dns("nothing", f"no SRV record {' or '.join(domain_srv_names(domain))}"),
        )
    # Whoever forges an answer of DNS can have a good certificate for another name.
    outside = {
        service.target for service in services if not is_in_domain(service.target, domain.name)
    }
    inside = [service for service in services if service.target not in outside]
    if not inside:
        raise DirectoryError(action, *explain_dns("outside", ", ".join(sorted(outside))))
    notes += [
        Diagnosis(
            f"Left out {target}, which DNS names for {domain.name}: it is outside of that domain",
            "If it is right, name it in server_uri",
        )
        for target in sorted(outside)
    ]
    return list(dict.fromkeys(_address(service, settings.start_tls) for service in inside)), notes


def _services(settings: ConnectionSettings) -> tuple[list[SrvRecord], list[Diagnosis]]:
    domain = settings.domain
    try:
        resolver = open_resolver(domain, settings.connection_timeout)
        near = resolver.query_srv(site_srv_name(domain)) if domain.site else []
        found = next(filter(None, map(resolver.query_srv, domain_srv_names(domain))), [])
    except DnsError as error:
        raise DirectoryError(
            f"Cannot find the servers of {domain.name}", *error.diagnosis
        ) from None
    notes = []
    if domain.site and not near:
        unknown = f"DNS knows no server of the site {domain.site} in {domain.name}"
        notes.append(
            Diagnosis(
                f"{unknown}: those of the whole domain were taken", "Correct site, or leave it out"
            )
        )
    return [*order_srv_records(near), *order_srv_records(found)], notes


def _address(service: SrvRecord, start_tls: bool) -> Address:
    """Where a service listens, with TLS: what DNS names is the port without it."""
    scheme, standard = ("ldap", 389) if start_tls else ("ldaps", 636)
    host, port = service.target.lower(), service.port
    if port == 389:
        port = standard
    uri = f"{scheme}://{host}" if port == standard else f"{scheme}://{host}:{port}"
    return Address(uri=uri, host=host, port=port, use_ssl=not start_tls)


def resolve_address(settings: ConnectionSettings, address: Address) -> list[tuple[Any, ...]]:
    """Where to connect to, as socket.getaddrinfo says it.

    :raises ServerError: when the host's name does not resolve.
    """
    hosts = _asked_dns(settings, address) if settings.domain.dns_servers else [address.host]
    try:
        return [
            place
            for host in hosts
            for place in socket.getaddrinfo(host, address.port, type=socket.SOCK_STREAM)
        ]
    except OSError as error:
        problem = "target" if settings.domain.name else "host"
        diagnosis = explain_dns(problem, error.strerror or str(error))
        raise ServerError(f"Cannot connect to {address.uri}", *diagnosis) from None


def _asked_dns(settings: ConnectionSettings, address: Address) -> list[str]:
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


def open_resolver(domain: Domain, seconds: int) -> Resolver:
    """Who is asked for a domain's servers and their addresses.

    :param seconds: how long the answer to one question may take.
    :raises LibraryError: when dnspython is missing or too old.
    :raises DnsError: when there is nobody to ask.
    """
    from .resolver import Resolver  # noqa: PLC0415  # takes as long as loading ldap3, and few need it

    return Resolver(domain, seconds)
