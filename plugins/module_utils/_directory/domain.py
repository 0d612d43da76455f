# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A domain whose servers DNS names: its options, and the order of what DNS says (RFC 2782)."""

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
# One label of a name (RFC 2181, 11); the site is one in what is asked for.
_SITE_NAME = re.compile(r"[\w-]{1,63}")
_ADDRESS_AND_PORT = re.compile(r"(?:\[([^]]+)]|([^:]+)):([0-9]{1,5})")


@dataclass(frozen=True)
class Domain:
    """A domain whose servers DNS is to name.

    :ivar name: its DNS name; empty for none: the servers are given.
    :ivar site: the Active Directory site whose servers come first; empty for none.
    :ivar dns_servers: who is asked, as ADDRESS or ADDRESS:PORT; empty for those of this host.
    """

    name: str = ""
    site: str = ""
    dns_servers: Sequence[str] = ()


class SrvRecord(NamedTuple):
    """What one SRV record says (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str


class DnsError(Exception):
    """DNS gave no answer, not even that there is nothing; callers know what was tried.

    :ivar diagnosis: why.
    """

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        super().__init__(diagnosis.cause)


def check_domain(domain: Domain) -> None:
    """Check that a domain can be asked for.

    :raises InputError: for a name, a site or an address that is none, or for either without a domain.
    """
    for option, value in (("site", domain.site), ("dns_servers", domain.dns_servers)):
        if value and not domain.name:
            raise InputError(
                f"Cannot use {option} without domain",
                "the servers in server_uri are not looked for",
                f"Leave out {option}, or give domain in the place of server_uri",
            )
    if domain.name and (not is_host(domain.name) or _IP_ADDRESS.fullmatch(domain.name)):
        raise InputError(
            f"Cannot use domain {domain.name!r}",
            "it is not the name of a domain",
            "Give the DNS name, as in corp.example, or a server's address in server_uri",
        )
    if domain.site and not _SITE_NAME.fullmatch(domain.site):
        raise InputError(
            f"Cannot use site {domain.site!r}",
            "it is not the name of a site",
            "Write it as Active Directory Sites and Services does, as in Default-First-Site-Name",
        )
    addresses = [address for address, _port in parse_dns_servers(domain.dns_servers)]
    for address in addresses:
        if addresses.count(address) > 1:
            raise InputError("Cannot use dns_servers", f"{address} is in it twice")


def parse_dns_servers(values: Iterable[str]) -> list[tuple[str, int]]:
    """Addresses and ports of the DNS servers that an option names.

    :raises InputError: for anything that is no address; a name would have to be resolved first.
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
            f"Cannot use the DNS server {value!r} in dns_servers",
            "it is not of the form ADDRESS or ADDRESS:PORT",
            "Give an IP address, as in 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353",
        )
    return address, port


def site_srv_name(domain: Domain) -> str:
    """The name under which DNS knows the domain controllers of the site (MS-ADTS 6.3.2.3)."""
    return f"_ldap._tcp.{domain.site}._sites.dc._msdcs.{domain.name}"


def domain_srv_names(domain: Domain) -> list[str]:
    """The names under which DNS may know the servers of the whole domain, to be asked for until one is known.

    Domain controllers have one of their own (MS-ADTS 6.3.2.3); that of LDAP servers of any kind
    (RFC 2782) comes after it.
    """
    return [f"_ldap._tcp.dc._msdcs.{domain.name}", f"_ldap._tcp.{domain.name}"]


def is_in_domain(host: str, domain: str) -> bool:
    """Whether what DNS gave is a host's name, and a domain's own or below it."""
    return is_host(host) and f".{host}".lower().endswith(f".{domain}".lower())


def order_srv_records(
    records: Iterable[SrvRecord], randbelow: Callable[[int], int] = secrets.randbelow
) -> list[SrvRecord]:
    """Put services into the order in which they are to be tried (RFC 2782, "Usage rules").

    Lower priorities come first; within one, those of greater weight are more likely to.

    :param randbelow: gives a random number from 0 to one less than its argument.
    """
    by_priority = attrgetter("priority")
    ordered = []
    for _priority, group in groupby(sorted(records, key=by_priority), key=by_priority):
        # Those without weight stand first, so that they have a chance when the number is 0.
        remaining = sorted(group, key=lambda record: record.weight > 0)
        while remaining:
            totals = list(accumulate(record.weight for record in remaining))
            threshold = randbelow(totals[-1] + 1)
            index = next(position for position, total in enumerate(totals) if total >= threshold)
            ordered.append(remaining.pop(index))
    return ordered
