# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DNS queries. Only this file imports dnspython.

Loading dnspython takes as long as loading ldap3, so `open_resolver` imports this file only when it is needed.
"""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import Any

from .._library import Library
from .causes import DnsFailure
from .diagnosis import explain_dns
from .domain import DnsError, Domain, SrvRecord, parse_dns_servers

# The oldest release that supports Python 3.9.
DNSPYTHON = Library("dnspython", "2.1.0")

try:
    import dns.exception
    import dns.resolver
    import dns.version

    DNSPYTHON = replace(DNSPYTHON, package=dns, release=dns.version.version)
except ImportError:
    DNSPYTHON = replace(DNSPYTHON, failure=traceback.format_exc())


class Resolver:
    """A resolver that queries the DNS servers configured for a domain, or by default those that this host uses.

    :param domain: the domain.
    :param timeout: timeout of a query in seconds.
    :raises LibraryError: if dnspython is missing or too old.
    :raises DnsError: if neither the domain nor this host has a configured DNS server.
    """

    def __init__(self, domain: Domain, timeout: int) -> None:
        DNSPYTHON.require("by O(domain)")
        servers = dict(parse_dns_servers(domain.dns_servers))
        try:
            self._resolver = dns.resolver.Resolver(configure=not servers)
        except dns.resolver.NoResolverConfiguration as error:
            raise DnsError(explain_dns(DnsFailure.NO_RESOLVER, str(error))) from None
        if servers:
            self._resolver.nameservers = list(servers)
            self._resolver.nameserver_ports = servers
        self._resolver.lifetime = float(timeout)

    def query_srv(self, name: str) -> list[SrvRecord]:
        """Return the SRV records of a name, in arbitrary order; empty if it has none.

        Records with the target "." are omitted: they state that the service is not available (RFC 2782).

        :raises DnsError: if the query fails.
        """
        return [
            SrvRecord(record.priority, record.weight, record.port, target)
            for record in self._query(name, "SRV")
            if (target := record.target.to_text(omit_final_dot=True)) != "."
        ]

    def query_addresses(self, host: str) -> list[str]:
        """Return the IP addresses of a host; empty if it has none.

        :raises DnsError: if a query fails.
        """
        return [
            record.address
            for record_type in ("A", "AAAA")
            for record in self._query(host, record_type)
        ]

    def _query(self, name: str, record_type: str) -> list[Any]:
        try:
            # The final dot disables this host's DNS search list.
            return list(self._resolver.resolve(f"{name}.", record_type))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.Timeout as error:
            raise DnsError(explain_dns(DnsFailure.TIMEOUT, str(error))) from None
        except dns.exception.DNSException as error:
            raise DnsError(explain_dns(DnsFailure.SERVERS_FAILED, str(error))) from None
