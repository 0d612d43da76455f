# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking DNS: the one place that names dnspython.

Loading it takes as long as loading ldap3, so this file is imported by `open_resolver` alone.
"""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import Any

from .._library import Library
from .diagnosis import explain_dns
from .domain import DnsError, Domain, SrvRecord, name_servers

# The oldest release that knows Python 3.9.
DNSPYTHON = Library("dnspython", "2.1.0")

try:
    import dns.exception
    import dns.resolver
    import dns.version

    DNSPYTHON = replace(DNSPYTHON, package=dns, release=dns.version.version)
except ImportError:
    DNSPYTHON = replace(DNSPYTHON, failure=traceback.format_exc())


class Resolver:
    """Asks the DNS servers of a domain, or of this host.

    :param seconds: how long the answer to one question may take.
    :raises LibraryError: when dnspython is missing or too old.
    :raises DnsError: when there is nobody to ask.
    """

    def __init__(self, domain: Domain, seconds: int) -> None:
        DNSPYTHON.require("by domain")
        servers = dict(name_servers(domain.dns_servers))
        try:
            self._resolver = dns.resolver.Resolver(configure=not servers)
        except dns.resolver.NoResolverConfiguration as error:
            raise DnsError(explain_dns("no resolver", str(error))) from None
        if servers:
            self._resolver.nameservers = list(servers)
            self._resolver.nameserver_ports = servers
        self._resolver.lifetime = float(seconds)

    def services(self, name: str) -> list[SrvRecord]:
        """What the SRV records of a name say, in no order; empty when there is nothing.

        A target of "." says that there is no such service (RFC 2782).

        :raises DnsError: when there is no answer.
        """
        return [
            SrvRecord(record.priority, record.weight, record.port, target)
            for record in self._records(name, "SRV")
            if (target := record.target.to_text(omit_final_dot=True)) != "."
        ]

    def addresses(self, host: str) -> list[str]:
        """The IP addresses of a host; empty when it has none.

        :raises DnsError: when there is no answer.
        """
        return [record.address for kind in ("A", "AAAA") for record in self._records(host, kind)]

    def _records(self, name: str, kind: str) -> list[Any]:
        try:
            # The final dot keeps the search list of this host out of it.
            return list(self._resolver.resolve(f"{name}.", kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.Timeout as error:
            raise DnsError(explain_dns("timeout", str(error))) from None
        except dns.exception.DNSException as error:
            raise DnsError(explain_dns("failed", str(error))) from None
