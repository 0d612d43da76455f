# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domains whose servers are looked up in DNS: options, names of SRV records, and the order of servers (RFC 2782)."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import attrgetter
from typing import NamedTuple

from .._errors import Diagnosis, InputError
from .._hosts import is_host

_DNS_PORT = 53
_IP_ADDRESS = re.compile(r"[\d.]+|.*:.*")
# The site is a single label of the SRV record name (RFC 2181, 11).
_SITE_NAME = re.compile(r"[\w-]{1,63}")
_ADDRESS_AND_PORT = re.compile(r"(?:\[([^]]+)]|([^:]+)):([0-9]{1,5})")


@dataclass(frozen=True)
class Domain:
    """A domain whose servers are looked up in DNS.

    :ivar name: DNS name of the domain; empty if the servers are configured by URI.
    :ivar site: Active Directory site whose servers are tried first; empty if no site is preferred.
    :ivar dns_servers: DNS servers to query, as ADDRESS or ADDRESS:PORT; empty for those of this host.
    """

    name: str = ""
    site: str = ""
    dns_servers: Sequence[str] = ()


class SrvRecord(NamedTuple):
    """The data of an SRV record, in the order of RFC 2782."""

    priority: int
    weight: int
    port: int
    target: str


class DnsError(Exception):
    """A DNS query failed, or no DNS server is configured.

    The caller adds the action to the error message.

    :ivar diagnosis: cause and remedy.
    """

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        super().__init__(diagnosis.cause)


def check_domain(domain: Domain) -> None:
    """Check that the options of a domain are consistent and well-formed.

    :raises InputError: if the name, the site or an address is malformed, if an address is repeated, or if other
        options are set without a name.
    """
    for option, value in (("site", domain.site), ("dns_servers", domain.dns_servers)):
        if value and not domain.name:
            raise InputError(
                f"Cannot use O({option}) without O(domain)",
                "the servers in O(server_uri) are not looked up in DNS",
                f"Remove O({option}), or set O(domain) instead of O(server_uri)",
            )
    if domain.name and (not is_host(domain.name) or _IP_ADDRESS.fullmatch(domain.name)):
        raise InputError(
            f"Cannot use O(domain) {domain.name!r}",
            "it is not a valid domain name",
            "Set it to the DNS name, such as corp.example, or list the servers in O(server_uri)",
        )
    if domain.site and not _SITE_NAME.fullmatch(domain.site):
        raise InputError(
            f"Cannot use O(site) {domain.site!r}",
            "it is not a valid site name",
            "Write it as in Active Directory Sites and Services, such as Default-First-Site-Name",
        )
    addresses = [address for address, _port in parse_dns_servers(domain.dns_servers)]
    for address in addresses:
        if addresses.count(address) > 1:
            raise InputError(
                "Cannot use O(dns_servers)",
                f"{address} is listed more than once",
                "List each address only once",
            )


def parse_dns_servers(values: Iterable[str]) -> list[tuple[str, int]]:
    """Parse DNS servers into IP addresses and ports.

    :param values: DNS servers, as in `Domain.dns_servers`.
    :raises InputError: if a value is malformed, or contains a host name instead of an IP address.
    """
    return [_parse_dns_server(value) for value in values]


def _parse_dns_server(value: str) -> tuple[str, int]:
    match = _ADDRESS_AND_PORT.fullmatch(value)
    address = (match[1] or match[2]) if match else value
    port = int(match[3]) if match else _DNS_PORT
    try:
        ipaddress.ip_address(address)
    except ValueError:
        port = 0
    if not 1 <= port <= 65_535:
        raise InputError(
            f"Cannot use the DNS server {value!r} in O(dns_servers)",
            "it is not of the form ADDRESS or ADDRESS:PORT",
            "Use an IP address, as in 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353",
        )
    return address, port


def site_srv_name(domain: Domain) -> str:
    """Return the name of the SRV records of the site's domain controllers (MS-ADTS 6.3.2.3)."""
    return f"_ldap._tcp.{domain.site}._sites.dc._msdcs.{domain.name}"


def domain_srv_names(domain: Domain) -> list[str]:
    """Return the possible names of the SRV records of the whole domain, in the order in which to look them up.

    Under the first name, DNS lists only Active Directory domain controllers (MS-ADTS 6.3.2.3); under the second name,
    it can list any LDAP server (RFC 2782). Only the first name that has records is used.
    """
    return [f"_ldap._tcp.dc._msdcs.{domain.name}", f"_ldap._tcp.{domain.name}"]


def is_in_domain(host: str, domain: str) -> bool:
    """Return whether the target of an SRV record is a valid host name in a domain.

    :param host: the target.
    :param domain: the domain name. A domain contains its own name.
    """
    return is_host(host) and f".{host}".lower().endswith(f".{domain}".lower())


def order_srv_records(
    records: Iterable[SrvRecord], randbelow: Callable[[int], int] = secrets.randbelow
) -> list[SrvRecord]:
    """Return SRV records in the order in which to try them (RFC 2782, "Usage rules").

    Records with a lower priority value come first. Within a priority, the order is random, and records
    with a larger weight are more likely to come first.

    :param records: SRV records of one name.
    :param randbelow: function that returns a random number from 0 up to, but not including, its argument.
    """
    by_priority = attrgetter("priority")
    ordered = []
    for _priority, group in groupby(sorted(records, key=by_priority), key=by_priority):
        # Records with weight 0 precede the others here, so that one of them is selected if the random number is 0.
        remaining = sorted(group, key=lambda record: record.weight > 0)
        while remaining:
            totals = list(accumulate(record.weight for record in remaining))
            threshold = randbelow(totals[-1] + 1)
            index = next(position for position, total in enumerate(totals) if total >= threshold)
            ordered.append(remaining.pop(index))
    return ordered
