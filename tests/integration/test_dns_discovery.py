# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Discovery of servers through DNS SRV records: the order of the servers, and the domains that are trusted."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import dns.rcode
import pytest

from tests.integration.support.export_runs import run_failing_export
from tests.integration.support.ldap_proxy import ldap_proxy
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.integration.support.ports import find_closed_port
from tests.lab.dns import name_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority, Certificate
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library

CONTROLLERS = "_ldap._tcp.dc._msdcs.fjord.test SRV"
OSLO_CONTROLLERS = "_ldap._tcp.Oslo._sites.dc._msdcs.fjord.test SRV"
SERVERS = "_ldap._tcp.fjord.test SRV"
ADDRESSES = {"dc1.fjord.test A": ["127.0.0.1"], "dc2.fjord.test A": ["127.0.0.1"]}


@pytest.fixture
def certificate(ca: Authority) -> Certificate:
    """The certificate of the servers in the domain."""
    return ca.issue("dc1.fjord.test", "dc2.fjord.test")


@pytest.fixture
def port(open_ldap: RunningDirectory, certificate: Certificate) -> Iterator[int]:
    """The LDAPS port of a server in the domain.

    The server accepts only one client.
    """
    with ldap_proxy(open_ldap, certificate=certificate) as uri:
        yield urlsplit(uri).port or 0


BY_DOMAIN: dict[str, Any] = {"server_uri": None, "domain": "fjord.test"}


@pytest.mark.parametrize("start_tls", [False, True])
def test_active_directory_is_found_by_its_domain_name(
    start_tls: bool, active_directory: RunningDirectory, workspace: Workspace
) -> None:
    """The SRV record contains port 389, but LDAPS must use port 636 of the same host."""
    host = urlsplit(active_directory.uri_ldaps).hostname or ""
    records = {CONTROLLERS: ["0 100 389 dc.fjord.test."], "dc.fjord.test A": [host]}
    with name_server(records) as dns_server:
        discovery = {**BY_DOMAIN, "dns_servers": [dns_server.address], "start_tls": start_tls}
        # The certificate of the lab's domain controller does not contain this name.
        unverified = {"validate_certs": False, "ca_path": None}
        options = export_options(active_directory, workspace, **discovery, **unverified)
        result = run_module(workspace, "ad_contacts_export", options)
    assert result["server"] == ("ldap" if start_tls else "ldaps") + "://dc.fjord.test"
    assert result["counts"]["contacts"] > 0
    assert not result.warnings
    assert dns_server.queries[0] == CONTROLLERS


def test_servers_that_are_not_domain_controllers_are_found(
    open_ldap: RunningDirectory, port: int, workspace: Workspace
) -> None:
    records = {**ADDRESSES, SERVERS: [f"0 0 {port} dc1.fjord.test."]}
    with name_server(records) as dns_server:
        options = export_options(
            open_ldap, workspace, **BY_DOMAIN, dns_servers=[dns_server.address]
        )
        result = run_module(workspace, "ad_contacts_export", options)
    assert result["server"] == f"ldaps://dc1.fjord.test:{port}"
    assert dns_server.queries == [CONTROLLERS, SERVERS, "dc1.fjord.test A", "dc1.fjord.test AAAA"]


def test_servers_are_ordered_by_site_then_by_priority(
    open_ldap: RunningDirectory, port: int, workspace: Workspace
) -> None:
    closed, other_closed = find_closed_port(), find_closed_port()
    records = {
        **ADDRESSES,
        OSLO_CONTROLLERS: [f"9 0 {closed} dc1.fjord.test."],
        CONTROLLERS: [
            f"7 0 {port} dc1.fjord.test.",
            f"5 0 {other_closed} dc2.fjord.test.",
            f"9 0 {closed} dc1.fjord.test.",
        ],
    }
    with name_server(records) as dns_server:
        options = export_options(
            open_ldap, workspace, **BY_DOMAIN, dns_servers=[dns_server.address], site="Oslo"
        )
        result = run_module(workspace, "ad_contacts_export", options)
    assert result["server"] == f"ldaps://dc1.fjord.test:{port}"
    first, second = result.warnings
    dc1, dc2 = f"ldaps://dc1.fjord.test:{closed}", f"ldaps://dc2.fjord.test:{other_closed}"
    assert first.startswith(f"Failed over from {dc1} to the next server. Cannot conn")
    assert second.startswith(f"Failed over from {dc2} to the next server. Cannot con")


def test_an_unknown_site_causes_a_warning(
    open_ldap: RunningDirectory, port: int, workspace: Workspace
) -> None:
    records = {**ADDRESSES, CONTROLLERS: [f"0 0 {port} dc1.fjord.test."]}
    with name_server(records) as dns_server:
        options = export_options(
            open_ldap, workspace, **BY_DOMAIN, dns_servers=[dns_server.address], site="Olso"
        )
        result = run_module(workspace, "ad_contacts_export", options)
    assert result.warnings == [
        (
            "DNS lists no server for the site Olso in fjord.test: using the servers of the whole domain."
            " Correct site, or remove it."
        )
    ]


def test_a_server_outside_the_domain_does_not_receive_the_password(
    open_ldap: RunningDirectory, port: int, workspace: Workspace
) -> None:
    """The certificate would only prove the server's name, which comes from unauthenticated DNS."""
    records = {
        **ADDRESSES,
        "dc1.evil.test A": ["127.0.0.1"],
        CONTROLLERS: [f"0 0 {port} dc1.evil.test.", f"1 0 {port} dc1.fjord.test."],
    }
    with name_server(records) as dns_server:
        options = export_options(
            open_ldap, workspace, **BY_DOMAIN, dns_servers=[dns_server.address]
        )
        result = run_module(workspace, "ad_contacts_export", options)
    assert result["server"] == f"ldaps://dc1.fjord.test:{port}"
    assert result.warnings == [
        (
            "Ignored dc1.evil.test, which DNS lists for fjord.test: it is outside the domain. If it is"
            " correct, list the servers in server_uri instead of using domain."
        )
    ]
    assert "dc1.evil.test A" not in dns_server.queries


FIND = "Cannot find the servers of fjord.test: "
CHECK_DNS = (
    "Check dns_servers, or the resolver of this host, and that port 53 of the DNS servers can be"
    " reached over UDP and TCP."
)


@pytest.mark.parametrize(
    ("records", "forced_rcode", "expected_start", "expected_end"),
    [
        pytest.param(
            {},
            None,
            (
                f"{FIND}DNS lists no LDAP servers for this domain (no SRV record"
                " _ldap._tcp.dc._msdcs.fjord.test or _ldap._tcp.fjord.test)."
            ),
            "Correct domain, set dns_servers to servers that have its records, or list the LDAP"
            " servers in server_uri.",
            id="unknown domain",
        ),
        pytest.param(
            {CONTROLLERS: ["0 0 0 ."], SERVERS: ["0 0 0 ."]},
            None,
            f"{FIND}DNS lists no LDAP servers for this domain (",
            "list the LDAP servers in server_uri.",
            id="service not available",
        ),
        pytest.param(
            {CONTROLLERS: ["0 0 389 dc1.evil.test."]},
            None,
            f"{FIND}all servers listed in DNS are outside the domain (dc1.evil.test).",
            "DNS responses can be forged.",
            id="server in another domain",
        ),
        pytest.param(
            {CONTROLLERS: ["0 0 389 dc9.fjord.test."]},
            None,
            (
                "Cannot connect to ldaps://dc9.fjord.test: its name does not resolve (no A or AAAA record)."
            ),
            "Correct its address in DNS, or set dns_servers to servers that can resolve it.",
            id="server without an address",
        ),
        pytest.param(
            {},
            dns.rcode.SERVFAIL,
            f"{FIND}no DNS server returned a usable response (",
            CHECK_DNS,
            id="SERVFAIL",
        ),
        pytest.param(
            {},
            dns.rcode.REFUSED,
            f"{FIND}no DNS server returned a usable response (",
            CHECK_DNS,
            id="REFUSED",
        ),
    ],
)
def test_missing_or_unusable_dns_data_is_an_error(
    *,
    records: dict[str, list[str]],
    forced_rcode: dns.rcode.Rcode | None,
    expected_start: str,
    expected_end: str,
    open_ldap: RunningDirectory,
    workspace: Workspace,
) -> None:
    with name_server(records, forced_rcode=forced_rcode) as dns_server:
        options = {**BY_DOMAIN, "dns_servers": [dns_server.address], "connection_timeout": 2}
        message = run_failing_export(open_ldap, workspace, **options)
    assert message.startswith(expected_start)
    assert message.endswith(expected_end)


def test_an_unresponsive_dns_server_is_an_error(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        options = {**BY_DOMAIN, "dns_servers": [address], "connection_timeout": 1}
        message = run_failing_export(open_ldap, workspace, **options)
    assert message.startswith(f"{FIND}no DNS server responded in time (")
    assert message.endswith(CHECK_DNS)
