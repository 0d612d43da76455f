# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of DNS queries and their failures, with dnspython patched to work without a network."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.resolver
import dns.rrset
import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import (
    resolver as resolver_module,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.domain import (
    DnsError,
    Domain,
    SrvRecord,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.servers import (
    open_resolver,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._library import (
    Library,
    LibraryError,
)

DOMAIN = Domain("x.no", dns_servers=["192.0.2.1:5353", "2001:db8::1"])
CHECK = (
    "Check O(dns_servers), or the resolver of this host, and that port 53 of the DNS servers can be"
    " reached over UDP and TCP"
)


@pytest.fixture(name="responses")
def _responses(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return a dictionary for the responses to queries.

    A key is a query, such as ``x.no. A``. A value is a list of records in text form, or an exception.
    """
    responses: dict[str, Any] = {}

    def resolve(_resolver: object, name: str, kind: str) -> object:
        response = responses[f"{name} {kind}"]
        if isinstance(response, Exception):
            raise response
        return dns.rrset.from_text(name, 60, "IN", kind, *response)

    monkeypatch.setattr(dns.resolver.Resolver, "resolve", resolve)
    return responses


def test_srv_records_with_the_root_as_target_are_omitted(responses: dict[str, Any]) -> None:
    responses["_ldap._tcp.x.no. SRV"] = ["1 2 389 DC1.x.no.", "0 0 0 ."]
    resolver = open_resolver(DOMAIN, 5)
    assert resolver.query_srv("_ldap._tcp.x.no") == [SrvRecord(1, 2, 389, "DC1.x.no")]


def test_addresses_include_ipv4_and_ipv6(responses: dict[str, Any]) -> None:
    responses["dc1.x.no. A"] = ["192.0.2.7"]
    responses["dc1.x.no. AAAA"] = ["2001:db8::7"]
    assert open_resolver(DOMAIN, 5).query_addresses("dc1.x.no") == ["192.0.2.7", "2001:db8::7"]


@pytest.mark.parametrize("error", [dns.resolver.NXDOMAIN, dns.resolver.NoAnswer])
def test_a_name_without_records_is_not_an_error(responses: dict[str, Any], error: Any) -> None:
    # The constructor is skipped, because its arguments do not matter here.
    responses["x.no. SRV"] = error.__new__(error)
    assert open_resolver(DOMAIN, 5).query_srv("x.no") == []


@pytest.mark.parametrize(
    ("kind", "arguments", "cause"),
    [
        (dns.exception.Timeout, ["late."], "no DNS server responded in time (late)"),
        (dns.resolver.NoNameservers, [], "no DNS server returned a usable response ("),
        (dns.exception.DNSException, ["odd."], "no DNS server returned a usable response (odd)"),
    ],
)
def test_a_failed_query_is_an_error(
    responses: dict[str, Any], kind: Any, arguments: list[str], cause: str
) -> None:
    responses["x.no. SRV"] = kind(*arguments)
    with pytest.raises(DnsError) as caught:
        open_resolver(DOMAIN, 5).query_srv("x.no")
    assert caught.value.diagnosis.cause.startswith(cause)
    assert caught.value.diagnosis.remedy == CHECK


def _resolver_used(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> dns.resolver.Resolver:
    """Query a domain, and return the dnspython resolver that was used."""
    used: list[dns.resolver.Resolver] = []

    def resolve(resolver: dns.resolver.Resolver, *_query: str) -> list[object]:
        used.append(resolver)
        return []

    monkeypatch.setattr(dns.resolver.Resolver, "resolve", resolve)
    open_resolver(domain, 7).query_srv("x.no")
    return used[0]


def test_configured_dns_servers_are_queried(monkeypatch: pytest.MonkeyPatch) -> None:
    used = _resolver_used(DOMAIN, monkeypatch)
    assert used.nameservers == ["192.0.2.1", "2001:db8::1"]
    assert used.nameserver_ports == {"192.0.2.1": 5353, "2001:db8::1": 53}
    assert used.lifetime == 7


def test_the_dns_servers_of_the_host_are_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    def configure(resolver: dns.resolver.Resolver, *_file: str) -> None:
        resolver.nameservers = ["192.0.2.9"]

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", configure)
    assert _resolver_used(Domain("x.no"), monkeypatch).nameservers == ["192.0.2.9"]


def test_a_host_without_dns_servers_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    missing: Any = dns.resolver.NoResolverConfiguration

    def configure(_resolver: object, *_file: str) -> None:
        raise missing("cannot open /etc/resolv.conf")

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", configure)
    with pytest.raises(DnsError) as caught:
        open_resolver(Domain("x.no"), 5)
    assert caught.value.diagnosis == (
        "no DNS server is configured on this host (cannot open /etc/resolv.conf)",
        "Set O(dns_servers)",
    )


def test_the_error_about_missing_dnspython_names_the_option(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing = Library("dnspython", "2.1.0", failure="Traceback ...")
    monkeypatch.setattr(resolver_module, "DNSPYTHON", missing)
    with pytest.raises(LibraryError) as caught:
        open_resolver(DOMAIN, 5)
    assert caught.value.reason == "by O(domain)"
