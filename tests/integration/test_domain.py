# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that DNS names: found in its order, and only where they can be trusted."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import dns.rcode
import pytest

from tests.integration.support.exports import refused_export
from tests.integration.support.faulty_line import faulty_line
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.lab.dns import name_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.support.place import Place
    from tests.lab.authority import Authority, Certificate
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library

CONTROLLERS = "_ldap._tcp.dc._msdcs.fjord.test SRV"
OF_OSLO = "_ldap._tcp.Oslo._sites.dc._msdcs.fjord.test SRV"
SERVERS = "_ldap._tcp.fjord.test SRV"
HERE = {"dc1.fjord.test A": ["127.0.0.1"], "dc2.fjord.test A": ["127.0.0.1"]}


@pytest.fixture
def certificate(issuer: Authority) -> Certificate:
    """What a server of the domain shows."""
    return issuer.issue("dc1.fjord.test", "dc2.fjord.test")


@pytest.fixture
def port(open_ldap: RunningDirectory, certificate: Certificate) -> Iterator[int]:
    """Where a server of the domain listens for one client, with TLS."""
    with faulty_line(open_ldap, certificate=certificate) as uri:
        yield urlsplit(uri).port or 0


def closed_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
    return port


BY_DOMAIN: dict[str, Any] = {"server_uri": None, "domain": "fjord.test"}


@pytest.mark.parametrize("start_tls", [False, True])
def test_active_directory_by_its_domain_alone(
    start_tls: bool, active_directory: RunningDirectory, place: Place
) -> None:
    """DNS says 389; LDAPS goes to 636 of the same host."""
    host = urlsplit(active_directory.uri_ldaps).hostname or ""
    records = {CONTROLLERS: ["0 100 389 dc.fjord.test."], "dc.fjord.test A": [host]}
    with name_server(records) as names:
        way = {**BY_DOMAIN, "dns_servers": [names.address], "start_tls": start_tls}
        # The lab's domain controller has a certificate for its address alone.
        unverified = {"validate_certs": False, "ca_path": None}
        options = export_options(active_directory, place, **way, **unverified)
        answer = run_module(place, "ad_contacts_export", options)
    assert answer["server"] == ("ldap" if start_tls else "ldaps") + "://dc.fjord.test"
    assert answer["counts"]["contacts"] > 0
    assert not answer.warnings
    assert names.queries[0] == CONTROLLERS


def test_servers_that_are_no_domain_controllers(
    open_ldap: RunningDirectory, port: int, place: Place
) -> None:
    records = {**HERE, SERVERS: [f"0 0 {port} dc1.fjord.test."]}
    with name_server(records) as names:
        options = export_options(open_ldap, place, **BY_DOMAIN, dns_servers=[names.address])
        answer = run_module(place, "ad_contacts_export", options)
    assert answer["server"] == f"ldaps://dc1.fjord.test:{port}"
    assert names.queries == [CONTROLLERS, SERVERS, "dc1.fjord.test A", "dc1.fjord.test AAAA"]


def test_servers_of_the_site_come_first_and_then_by_priority(
    open_ldap: RunningDirectory, port: int, place: Place
) -> None:
    gone, away = closed_port(), closed_port()
    records = {
        **HERE,
        OF_OSLO: [f"9 0 {gone} dc1.fjord.test."],
        CONTROLLERS: [
            f"7 0 {port} dc1.fjord.test.",
            f"5 0 {away} dc2.fjord.test.",
            f"9 0 {gone} dc1.fjord.test.",
        ],
    }
    with name_server(records) as names:
        options = export_options(
            open_ldap, place, **BY_DOMAIN, dns_servers=[names.address], site="Oslo"
        )
        answer = run_module(place, "ad_contacts_export", options)
    assert answer["server"] == f"ldaps://dc1.fjord.test:{port}"
    first, second = answer.warnings
    dc1, dc2 = f"ldaps://dc1.fjord.test:{gone}", f"ldaps://dc2.fjord.test:{away}"
    assert first.startswith(f"Failed over from {dc1} to the next server. Cannot conn")
    assert second.startswith(f"Failed over from {dc2} to the next server. Cannot con")


def test_a_site_that_dns_does_not_know_is_told(
    open_ldap: RunningDirectory, port: int, place: Place
) -> None:
    records = {**HERE, CONTROLLERS: [f"0 0 {port} dc1.fjord.test."]}
    with name_server(records) as names:
        options = export_options(
            open_ldap, place, **BY_DOMAIN, dns_servers=[names.address], site="Olso"
        )
        answer = run_module(place, "ad_contacts_export", options)
    assert answer.warnings == [
        (
            "DNS lists no server for the site Olso in fjord.test: using the servers of the whole domain."
            " Correct site, or remove it."
        )
    ]


def test_a_server_outside_of_the_domain_is_not_given_the_password(
    open_ldap: RunningDirectory, port: int, place: Place
) -> None:
    """A certificate proves a name, and this name is one that DNS alone has said."""
    records = {
        **HERE,
        "dc1.evil.test A": ["127.0.0.1"],
        CONTROLLERS: [f"0 0 {port} dc1.evil.test.", f"1 0 {port} dc1.fjord.test."],
    }
    with name_server(records) as names:
        options = export_options(open_ldap, place, **BY_DOMAIN, dns_servers=[names.address])
        answer = run_module(place, "ad_contacts_export", options)
    assert answer["server"] == f"ldaps://dc1.fjord.test:{port}"
    assert answer.warnings == [
        (
            "Ignored dc1.evil.test, which DNS lists for fjord.test: it is outside the domain. If it is"
            " correct, list the servers in server_uri instead of using domain."
        )
    ]
    assert "dc1.evil.test A" not in names.queries


FIND = "Cannot find the servers of fjord.test: "
CHECK = (
    "Check dns_servers, or the resolver of this host, and that port 53 of the DNS servers can be"
    " reached over UDP and TCP."
)


@pytest.mark.parametrize(
    ("records", "refusal", "begin", "end"),
    [
        pytest.param(
            {},
            None,
            (
                f"{FIND}DNS has no LDAP servers for this domain (no SRV record"
                " _ldap._tcp.dc._msdcs.fjord.test or _ldap._tcp.fjord.test)."
            ),
            "Correct domain, set dns_servers to servers that have its records, or list the LDAP"
            " servers in server_uri.",
            id="no such domain",
        ),
        pytest.param(
            {CONTROLLERS: ["0 0 0 ."], SERVERS: ["0 0 0 ."]},
            None,
            f"{FIND}DNS has no LDAP servers for this domain (",
            "list the LDAP servers in server_uri.",
            id="no such service",
        ),
        pytest.param(
            {CONTROLLERS: ["0 0 389 dc1.evil.test."]},
            None,
            f"{FIND}all servers named by DNS are outside the domain (dc1.evil.test).",
            "DNS responses can be forged.",
            id="servers of another domain",
        ),
        pytest.param(
            {CONTROLLERS: ["0 0 389 dc9.fjord.test."]},
            None,
            (
                "Cannot connect to ldaps://dc9.fjord.test: its name does not resolve (DNS has no"
                " address of it)."
            ),
            "Correct its address in DNS, or set dns_servers to servers that can resolve it.",
            id="a server without an address",
        ),
        pytest.param(
            {}, dns.rcode.SERVFAIL, f"{FIND}no DNS server returned an answer (", CHECK, id="failing"
        ),
        pytest.param(
            {}, dns.rcode.REFUSED, f"{FIND}no DNS server returned an answer (", CHECK, id="refusing"
        ),
    ],
)
def test_what_dns_does_not_know(
    *,
    records: dict[str, list[str]],
    refusal: dns.rcode.Rcode | None,
    begin: str,
    end: str,
    open_ldap: RunningDirectory,
    place: Place,
) -> None:
    with name_server(records, forced_rcode=refusal) as names:
        way = {**BY_DOMAIN, "dns_servers": [names.address], "connection_timeout": 2}
        message = refused_export(open_ldap, place, **way)
    assert message.startswith(begin)
    assert message.endswith(end)


def test_a_dns_server_that_is_silent(open_ldap: RunningDirectory, place: Place) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        way = {**BY_DOMAIN, "dns_servers": [address], "connection_timeout": 1}
        message = refused_export(open_ldap, place, **way)
    assert message.startswith(f"{FIND}no DNS server answered in time (")
    assert message.endswith(CHECK)
