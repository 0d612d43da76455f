# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of servers looked up in DNS: their order, their addresses, and servers that are ignored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import (
    servers,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.causes import DnsFailure
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
    explain_dns,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.domain import (
    DnsError,
    Domain,
    SrvRecord,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.failover import (
    read_with_failover,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.servers import (
    find_servers,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    Address,
    ConnectionSettings,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import (
    Directory,
    settings_for,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import ldap_server
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import free_port, tls

CONTROLLERS = "_ldap._tcp.dc._msdcs.x.no"
SETTINGS = ConnectionSettings(
    server_uris=[],
    account=Account("simple", bind_dn="svc@x.no", bind_pw="s3cret"),
    start_tls=False,
    validate_certs=True,
    ca_path=None,
    connection_timeout=5,
    receive_timeout=5,
    domain=Domain("x.no"),
)


class _Dns:
    """A fake resolver, which also stands in for the function `open_resolver`.

    :ivar srv_records: SRV records, or the error of the query, by name.
    :ivar ip_addresses: IP addresses of every host.
    :ivar queries: names that were looked up.
    """

    def __init__(
        self, records: Mapping[str, Sequence[SrvRecord] | DnsError], *addresses: str
    ) -> None:
        self.srv_records = records
        self.ip_addresses = addresses
        self.queries: list[str] = []

    def __call__(self, domain: Domain, timeout: int) -> _Dns:
        assert (domain.name, timeout) == ("x.no", 5)
        return self

    def query_srv(self, name: str) -> Sequence[SrvRecord]:
        self.queries.append(name)
        records = self.srv_records.get(name, [])
        if isinstance(records, DnsError):
            raise records
        return records

    def query_addresses(self, host: str) -> Sequence[str]:
        self.queries.append(host)
        return self.ip_addresses


def _srv_record(target: str, priority: int = 0, port: int = 389) -> SrvRecord:
    return SrvRecord(priority, 0, port, target)


@pytest.mark.parametrize(
    ("start_tls", "port", "address"),
    [
        (False, 389, Address(uri="ldaps://dc1.x.no", host="dc1.x.no", port=636, use_ssl=True)),
        (False, 636, Address(uri="ldaps://dc1.x.no", host="dc1.x.no", port=636, use_ssl=True)),
        (
            False,
            3636,
            Address(uri="ldaps://dc1.x.no:3636", host="dc1.x.no", port=3636, use_ssl=True),
        ),
        (True, 389, Address(uri="ldap://dc1.x.no", host="dc1.x.no", port=389, use_ssl=False)),
        (
            True,
            1389,
            Address(uri="ldap://dc1.x.no:1389", host="dc1.x.no", port=1389, use_ssl=False),
        ),
    ],
)
def test_addresses_use_ldaps_unless_start_tls_is_set(
    monkeypatch: pytest.MonkeyPatch, start_tls: bool, port: int, address: Address
) -> None:
    dns = _Dns({CONTROLLERS: [_srv_record("DC1.x.no", port=port)]})
    monkeypatch.setattr(servers, "open_resolver", dns)
    assert find_servers(replace(SETTINGS, start_tls=start_tls)) == ([address], [])


@pytest.mark.parametrize(
    ("site", "records", "hosts", "queries"),
    [
        (
            "",
            {CONTROLLERS: [_srv_record("b.x.no", 2), _srv_record("a.x.no", 1)]},
            "a b",
            [CONTROLLERS],
        ),
        (
            "",
            {"_ldap._tcp.x.no": [_srv_record("c.x.no")]},
            "c",
            [CONTROLLERS, "_ldap._tcp.x.no"],
        ),
        (
            "S",
            {
                "_ldap._tcp.S._sites.dc._msdcs.x.no": [_srv_record("b.x.no", 9)],
                CONTROLLERS: [
                    _srv_record("a.x.no", 1),
                    _srv_record("B.x.no", 9),
                    _srv_record("c.x.no", 5),
                ],
            },
            "b a c",
            ["_ldap._tcp.S._sites.dc._msdcs.x.no", CONTROLLERS],
        ),
    ],
)
def test_servers_of_the_site_come_first_then_those_of_the_domain(
    *,
    monkeypatch: pytest.MonkeyPatch,
    site: str,
    records: dict[str, list[SrvRecord]],
    hosts: str,
    queries: list[str],
) -> None:
    dns = _Dns(records)
    monkeypatch.setattr(servers, "open_resolver", dns)
    addresses, notes = find_servers(replace(SETTINGS, domain=Domain("x.no", site=site)))
    assert [address.host for address in addresses] == [f"{host}.x.no" for host in hosts.split()]
    assert notes == []
    assert dns.queries == queries


def test_an_unknown_site_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "open_resolver", _Dns({CONTROLLERS: [_srv_record("a.x.no")]}))
    _addresses, notes = find_servers(replace(SETTINGS, domain=Domain("x.no", site="S")))
    assert notes == [
        (
            "DNS lists no server for the site S in x.no: using the servers of the whole domain",
            "Correct O(site), or remove it",
        )
    ]


def test_servers_outside_the_domain_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [_srv_record("dc.evil"), _srv_record("a.x.no", 1), _srv_record("ax.no", 2)]
    monkeypatch.setattr(servers, "open_resolver", _Dns({CONTROLLERS: records}))
    addresses, notes = find_servers(SETTINGS)
    assert [address.host for address in addresses] == ["a.x.no"]
    outside = "which DNS lists for x.no: it is outside the domain"
    remedy = "If it is correct, list the servers in O(server_uri) instead of using O(domain)"
    assert notes == [(f"Ignored {host}, {outside}", remedy) for host in ("ax.no", "dc.evil")]


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (
            {},
            (
                "DNS lists no LDAP servers for this domain (no SRV record _ldap._tcp.dc._msdcs.x.no"
                " or"
                " _ldap._tcp.x.no). Correct domain, set dns_servers to servers that have its"
                " records, or list the LDAP servers in server_uri."
            ),
        ),
        (
            {CONTROLLERS: [_srv_record("b.evil"), _srv_record("a.evil")]},
            (
                "all servers listed in DNS are outside the domain (a.evil, b.evil). If they are"
                " correct, list them in server_uri instead of using domain; DNS responses can be forged."
            ),
        ),
        (
            {CONTROLLERS: DnsError(explain_dns(DnsFailure.TIMEOUT, "after 5 s"))},
            (
                "no DNS server responded in time (after 5 s). Check dns_servers, or the resolver of"
                " this host, and that port 53 of the DNS servers can be reached over UDP and TCP."
            ),
        ),
    ],
)
def test_no_usable_server_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
    records: dict[str, list[SrvRecord] | DnsError],
    message: str,
) -> None:
    monkeypatch.setattr(servers, "open_resolver", _Dns(records))
    with pytest.raises(DirectoryError) as caught:
        find_servers(SETTINGS)
    assert str(caught.value) == f"Cannot find the servers of x.no: {message}"


@pytest.mark.parametrize("dns_servers", [(), ("192.0.2.53",)])
def test_host_names_are_resolved_by_the_configured_dns_servers_or_by_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dns_servers: Sequence[str]
) -> None:
    # In both cases, the certificate is verified against the host name.
    host = "dc1.x.no" if dns_servers else "localhost"
    domain = Domain("x.no" if dns_servers else "localhost", dns_servers=dns_servers)
    server_tls = tls(tmp_path, host)
    with ldap_server(Directory(), server_tls.context) as port:
        dns = _Dns({f"_ldap._tcp.dc._msdcs.{domain.name}": [_srv_record(host, port=port)]})
        dns.ip_addresses = ("127.0.0.1",)
        monkeypatch.setattr(servers, "open_resolver", lambda *_arguments: dns)
        settings = settings_for(server_tls, domain=domain)
        assert read_with_failover(settings, lambda session: session.uri) == (
            f"ldaps://{host}:{port}",
            [],
        )
    assert ("dc1.x.no" in dns.queries) is bool(dns_servers)


def test_a_server_without_an_address_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    records = [_srv_record("a.x.no", port=free_port())]
    monkeypatch.setattr(servers, "open_resolver", _Dns({CONTROLLERS: records}))
    settings = settings_for(
        tls(tmp_path, "a.x.no"), domain=Domain("x.no", dns_servers=["192.0.2.53"])
    )
    with pytest.raises(DirectoryError) as caught:
        read_with_failover(settings, lambda session: session.uri)
    assert caught.value.cause == "its name does not resolve (no A or AAAA record)"
    assert (
        caught.value.remedy
        == "Correct its address in DNS, or set O(dns_servers) to servers that can resolve it"
    )
