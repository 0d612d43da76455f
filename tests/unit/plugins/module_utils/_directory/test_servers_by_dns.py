# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that DNS names: which of them are tried, in what order, and where they listen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import (
    connection,
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
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.servers import (
    find_servers,
    read_from_first,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    Address,
    ConnectionSettings,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import (
    Directory,
    access_to,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import ldap_server
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import free_port, tls

CONTROLLERS = "_ldap._tcp.dc._msdcs.x.no"
ACCESS = ConnectionSettings(
    server_uris=[],
    account=Account("simple", "svc@x.no", "s3cret"),
    start_tls=False,
    validate_certs=True,
    ca_path=None,
    connection_timeout=5,
    receive_timeout=5,
    domain=Domain("x.no"),
)


class _Dns:
    """A resolver that knows what stands in a table; an error in it is raised."""

    def __init__(
        self, services: Mapping[str, Sequence[SrvRecord] | DnsError], *addresses: str
    ) -> None:
        self.known = services
        self.known_addresses = addresses
        self.asked: list[str] = []

    def __call__(self, domain: Domain, seconds: int) -> _Dns:
        assert (domain.name, seconds) == ("x.no", 5)
        return self

    def services(self, name: str) -> Sequence[SrvRecord]:
        self.asked.append(name)
        found = self.known.get(name, [])
        if isinstance(found, DnsError):
            raise found
        return found

    def addresses(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self.known_addresses


def _service(target: str, priority: int = 0, port: int = 389) -> SrvRecord:
    return SrvRecord(priority, 0, port, target)


@pytest.mark.parametrize(
    ("start_tls", "port", "address"),
    [
        (False, 389, Address("ldaps://dc1.x.no", "dc1.x.no", 636, True)),
        (False, 636, Address("ldaps://dc1.x.no", "dc1.x.no", 636, True)),
        (False, 3636, Address("ldaps://dc1.x.no:3636", "dc1.x.no", 3636, True)),
        (True, 389, Address("ldap://dc1.x.no", "dc1.x.no", 389, False)),
        (True, 1389, Address("ldap://dc1.x.no:1389", "dc1.x.no", 1389, False)),
    ],
)
def test_where_a_server_listens_with_tls(
    monkeypatch: pytest.MonkeyPatch, start_tls: bool, port: int, address: Address
) -> None:
    found = _Dns({CONTROLLERS: [_service("DC1.x.no", port=port)]})
    monkeypatch.setattr(servers, "open_resolver", found)
    assert find_servers(ACCESS._replace(start_tls=start_tls)) == ([address], [])


@pytest.mark.parametrize(
    ("site", "services", "hosts", "asked"),
    [
        ("", {CONTROLLERS: [_service("b.x.no", 2), _service("a.x.no", 1)]}, "a b", [CONTROLLERS]),
        (
            "",
            {"_ldap._tcp.x.no": [_service("c.x.no")]},
            "c",
            [CONTROLLERS, "_ldap._tcp.x.no"],
        ),
        (
            "S",
            {
                "_ldap._tcp.S._sites.dc._msdcs.x.no": [_service("b.x.no", 9)],
                CONTROLLERS: [_service("a.x.no", 1), _service("B.x.no", 9), _service("c.x.no", 5)],
            },
            "b a c",
            ["_ldap._tcp.S._sites.dc._msdcs.x.no", CONTROLLERS],
        ),
    ],
)
def test_in_what_order_servers_are_tried(
    *,
    monkeypatch: pytest.MonkeyPatch,
    site: str,
    services: dict[str, list[SrvRecord]],
    hosts: str,
    asked: list[str],
) -> None:
    found = _Dns(services)
    monkeypatch.setattr(servers, "open_resolver", found)
    addresses, notes = find_servers(ACCESS._replace(domain=Domain("x.no", site)))
    assert [address.host for address in addresses] == [f"{host}.x.no" for host in hosts.split()]
    assert notes == []
    assert found.asked == asked


def test_a_site_that_is_not_known_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "open_resolver", _Dns({CONTROLLERS: [_service("a.x.no")]}))
    _addresses, notes = find_servers(ACCESS._replace(domain=Domain("x.no", "S")))
    assert notes == [
        (
            "DNS knows no server of the site S in x.no: those of the whole domain were taken",
            "Correct site, or leave it out",
        )
    ]


def test_servers_outside_of_the_domain_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    services = [_service("dc.evil"), _service("a.x.no", 1), _service("ax.no", 2)]
    monkeypatch.setattr(servers, "open_resolver", _Dns({CONTROLLERS: services}))
    addresses, notes = find_servers(ACCESS)
    assert [address.host for address in addresses] == ["a.x.no"]
    outside = "which DNS names for x.no: it is outside of that domain"
    assert notes == [
        (f"Left out {host}, {outside}", "If it is right, name it in server_uri")
        for host in ("ax.no", "dc.evil")
    ]


@pytest.mark.parametrize(
    ("services", "message"),
    [
        (
            {},
            (
                "DNS has no LDAP servers for this domain (no SRV record _ldap._tcp.dc._msdcs.x.no"
                " or _ldap._tcp.x.no). Correct domain, set dns_servers to servers that have its records,"
                " or list the LDAP servers in server_uri."
            ),
        ),
        (
            {CONTROLLERS: [_service("b.evil"), _service("a.evil")]},
            (
                "all servers named by DNS are outside the domain (a.evil, b.evil). If they are"
                " correct, list them in server_uri; DNS responses can be forged."
            ),
        ),
        (
            {CONTROLLERS: DnsError(explain_dns(DnsFailure.TIMEOUT, "after 5 s"))},
            (
                "no DNS server answered in time (after 5 s). Check dns_servers, or the resolver of"
                " this host, and that port 53 of the DNS servers can be reached over UDP and TCP."
            ),
        ),
    ],
)
def test_when_there_is_no_server_to_try(
    monkeypatch: pytest.MonkeyPatch,
    services: dict[str, list[SrvRecord] | DnsError],
    message: str,
) -> None:
    monkeypatch.setattr(servers, "open_resolver", _Dns(services))
    with pytest.raises(DirectoryError) as caught:
        find_servers(ACCESS)
    assert str(caught.value) == f"Cannot find the servers of x.no: {message}"


@pytest.mark.parametrize("dns_servers", [(), ("192.0.2.53",)])
def test_a_server_is_looked_up_where_it_was_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dns_servers: Sequence[str]
) -> None:
    """By this host, unless other DNS servers are given; its certificate bears its name either way."""
    host = "dc1.x.no" if dns_servers else "localhost"
    domain = Domain("x.no" if dns_servers else "localhost", dns_servers=dns_servers)
    server_tls = tls(tmp_path, host)
    with ldap_server(Directory(), server_tls.context) as port:
        found = _Dns({f"_ldap._tcp.dc._msdcs.{domain.name}": [_service(host, port=port)]})
        found.known_addresses = ("127.0.0.1",)
        for place in (servers, connection):
            monkeypatch.setattr(place, "open_resolver", lambda *_asked: found)
        access = access_to(server_tls, domain=domain)
        assert read_from_first(access, lambda session: session.uri) == (
            f"ldaps://{host}:{port}",
            [],
        )
    assert ("dc1.x.no" in found.asked) is bool(dns_servers)


def test_a_server_without_an_address_is_left_for_the_next_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    services = [_service("a.x.no", port=free_port())]
    for place in (servers, connection):
        monkeypatch.setattr(place, "open_resolver", _Dns({CONTROLLERS: services}))
    access = access_to(tls(tmp_path, "a.x.no"), domain=Domain("x.no", dns_servers=["192.0.2.53"]))
    with pytest.raises(DirectoryError) as caught:
        read_from_first(access, lambda session: session.uri)
    assert caught.value.cause == "its name does not resolve (DNS has no address of it)"
    assert (
        caught.value.remedy
        == "Correct its address in DNS, or set dns_servers to servers that can resolve it"
    )
