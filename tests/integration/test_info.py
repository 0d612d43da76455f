# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Information and problems that ad_contacts_info reports about servers, certificates and DNS."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.integration.support.info_runs import problem_causes, run_info
from tests.integration.support.options import CHECK_MODE
from tests.lab.company import build_company
from tests.lab.dns import name_server
from tests.lab.openldap import openldap

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory


PRODUCTS = {
    "active_directory": ("Samba Active Directory", r"4\.\d+\.\d+"),
    "open_ldap": ("OpenLDAP", ""),
    "ds_389": ("389 Directory Server", r"\d\.\d+\.\d+"),
}


def bind_dn_ids(directory: RunningDirectory) -> list[str]:
    return [f"dn:{directory.bind_dn}".replace(" ", "").lower()]


# Samba does not report an authorization identity.
AUTHORIZATION_IDS = {
    "active_directory": lambda _directory: [""],
    "open_ldap": bind_dn_ids,
    "ds_389": bind_dn_ids,
}


@pytest.mark.every_library
@pytest.mark.parametrize("overrides", [{}, CHECK_MODE], ids=["real run", "check mode"])
@pytest.mark.parametrize("name", PRODUCTS)
def test_a_healthy_directory_is_described_without_problems(
    request: pytest.FixtureRequest,
    name: str,
    overrides: dict[str, Any],
    workspace: Workspace,
    company: Company,
) -> None:
    directory: RunningDirectory = request.getfixturevalue(name)
    result = run_info(directory, workspace, **overrides)
    assert result["problems"] == []
    (server,) = result["servers"]
    assert server["uri"] == directory.uri_ldaps
    assert server["address"] in server["resolved"]
    assert server["bound"]
    assert server["auth_protocol"] == "simple"
    assert server["account"] == f"as {directory.bind_dn}"
    assert server["authorization_id"].replace(" ", "").lower() in AUTHORIZATION_IDS[name](directory)
    assert not server["sealed"]
    assert server["product"] == PRODUCTS[name][0]
    assert re.match(PRODUCTS[name][1], server["version"])
    assert company.base_dn.lower() in [context.lower() for context in server["naming_contexts"]]
    assert server["tls_version"] in ("TLSv1.2", "TLSv1.3")
    assert server["certificate"]["issuer"].endswith("O=Fjord lab")
    assert server["certificate"]["days_left"] > 0
    people = {site.location: len(company.at(site)) for site in company.sites}
    sources = {source["location"]: source for source in server["sources"]}
    assert {location: source["entries"] for location, source in sources.items()} == people
    assert sources["oslo-hq"]["contacts"] == people["oslo-hq"]
    assert sources["tromso"]["left_out"] == {"Email and SMS Phone are both empty": 1}
    mobiles = [person.mobile for person in company.at(company.site("oslo-hq"))]
    assert sources["oslo-hq"]["empty_columns"] == [
        {"column": "SMS Phone", "attributes": ["mobile"], "empty": mobiles.count("")}
    ]


def test_samples_are_masked_and_the_same_from_both_directories(
    active_directory: RunningDirectory,
    open_ldap: RunningDirectory,
    workspace: Workspace,
    company: Company,
) -> None:
    samples = []
    for directory in (active_directory, open_ldap):
        result = run_info(directory, workspace)
        (server,) = result["servers"]
        samples.append([source["samples"] for source in server["sources"]])
        for person in company.people:
            values = (person.mail, person.mobile, person.telephone, person.display_name)
            assert not [value for value in values if value and value in result.output]
    assert samples[0] == samples[1]
    shown = json.dumps(samples[0], ensure_ascii=False)
    names = {name for person in company.people for name in (person.given_name, person.last_name)}
    assert [name for name in names if name in shown] == []
    assert all(len(source_samples) == 3 for source_samples in samples[0])
    assert '"Email": "' in shown
    assert re.search(r'"SMS Phone": "\*\*\*"', shown)


@pytest.mark.every_library
def test_every_server_is_checked(open_ldap: RunningDirectory, workspace: Workspace) -> None:
    uris = ["ldaps://localhost:1", open_ldap.uri_ldaps, "ldaps://no-such-host.invalid"]
    result = run_info(open_ldap, workspace, server_uri=uris)
    assert [server["uri"] for server in result["servers"]] == uris
    assert [server["bound"] for server in result["servers"]] == [False, True, False]
    refused, unknown = problem_causes(result)
    assert refused.startswith("Cannot connect to ldaps://localhost:1: the connection was refused")
    assert "its name does not resolve" in unknown
    assert result["servers"][2]["resolved"] == []


def test_a_rejected_account_is_not_tried_on_the_next_server(
    open_ldap: RunningDirectory, active_directory: RunningDirectory, workspace: Workspace
) -> None:
    uris = [active_directory.uri_ldaps, open_ldap.uri_ldaps]
    result = run_info(open_ldap, workspace, server_uri=uris, bind_pw="Pw7.wrong")
    (cause,) = problem_causes(result)
    assert cause.startswith(f"Cannot bind to {uris[0]} as {open_ldap.bind_dn}: the name or the ")
    assert [server["bound"] for server in result["servers"]] == [False, False]
    # Information that does not require a bind is still reported.
    assert [server["product"] for server in result["servers"]] == [
        "Samba Active Directory",
        "OpenLDAP",
    ]
    assert all(server["certificate"] for server in result["servers"])


@pytest.mark.every_library
@pytest.mark.parametrize(
    ("name", "remaining", "expected"),
    [
        ("other.test", timedelta(days=90, hours=1), "its certificate was issued for another name"),
        ("localhost", timedelta(days=-2, hours=1), "its certificate has expired"),
        ("localhost", timedelta(days=12, hours=1), "its certificate expires in 12 days, on "),
    ],
)
def test_certificate_problems_are_reported(
    name: str, remaining: timedelta, expected: str, ca: Authority, workspace: Workspace
) -> None:
    now = datetime.now(UTC)
    certificate = ca.issue(name, not_before=now - timedelta(days=9), not_after=now + remaining)
    with openldap(build_company(), ca, certificate=certificate) as directory:
        result = run_info(directory, workspace)
    (server,) = result["servers"]
    (cause,) = problem_causes(result)
    assert expected in cause
    assert server["certificate"]["names"] == [name]
    assert server["certificate"]["days_left"] == remaining.days
    if not server["bound"]:
        assert f"the certificate is for {name}, was issued by " in cause


def test_the_certificate_is_reported_over_start_tls(
    open_ldap: RunningDirectory, workspace: Workspace
) -> None:
    result = run_info(open_ldap, workspace, server_uri=[open_ldap.uri_ldap], start_tls=True)
    (server,) = result["servers"]
    assert problem_causes(result) == []
    assert server["certificate"]["names"] == ["localhost", "127.0.0.1"]


@pytest.mark.parametrize("tls", [True, False], ids=["TLS", "SASL security layer"])
def test_a_kerberos_bind_is_reported(
    active_directory: RunningDirectory, workspace: Workspace, *, tls: bool
) -> None:
    realm = active_directory.realm
    assert realm is not None
    conf = workspace.root / "krb5.conf"
    conf.write_text(realm.conf(), "utf-8")
    options: dict[str, Any] = {"auth_protocol": "kerberos", "keytab": str(realm.keytab)}
    options |= {"bind_dn": None, "bind_pw": None}
    if not tls:
        options |= {"server_uri": [active_directory.uri_ldap], "ca_path": None}
    result = run_info(active_directory, workspace, env={"KRB5_CONFIG": str(conf)}, **options)
    (server,) = result["servers"]
    assert problem_causes(result) == []
    assert server["account"] == f"using Kerberos with the keytab {realm.keytab}"
    assert bool(server["tls_version"]) is bool(server["certificate"]) is tls
    assert server["sealed"] is not tls
    assert abs(server["clock_offset"]) < 300
    assert "GSSAPI" in server["sasl_mechanisms"]


def test_an_unknown_domain_is_a_problem(open_ldap: RunningDirectory, workspace: Workspace) -> None:
    """The result reports the problem, but the task does not fail."""
    with name_server({}) as dns_server:
        options: dict[str, Any] = {
            "server_uri": None,
            "domain": "fjord.test",
            "dns_servers": [dns_server.address],
        }
        result = run_info(open_ldap, workspace, **options)
    assert result["servers"] == []
    (problem,) = result["problems"]
    assert problem["where"] == "fjord.test"
    assert problem["cause"].startswith(
        "Cannot find the servers of fjord.test: DNS lists no LDAP servers for this domain ("
    )


def test_servers_found_in_dns_are_checked(
    active_directory: RunningDirectory, workspace: Workspace
) -> None:
    host = urlsplit(active_directory.uri_ldaps).hostname or ""
    records = {
        "_ldap._tcp.dc._msdcs.fjord.test SRV": ["0 100 389 dc.fjord.test."],
        "dc.fjord.test A": [host],
    }
    with name_server(records) as dns_server:
        options: dict[str, Any] = {"server_uri": None, "domain": "fjord.test", "site": "Olso"}
        # The certificate of the lab's domain controller does not contain this name.
        unverified: dict[str, Any] = {"validate_certs": False, "ca_path": None}
        result = run_info(
            active_directory, workspace, **options, **unverified, dns_servers=[dns_server.address]
        )
    (server,) = result["servers"]
    assert (server["uri"], server["resolved"]) == ("ldaps://dc.fjord.test", [host])
    assert server["bound"]
    assert problem_causes(result)[0].startswith(
        "DNS lists no server for the site Olso in fjord.test: "
    )
