# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kerberos, against the key distribution center and the directory of a domain controller."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.faulty_line import faulty_line
from tests.integration.support.kerberos import WRONG, Client
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.integration.support.place import Place
from tests.lab.entries import SERVICE_ACCOUNT, STALE_ACCOUNT
from tests.lab.openldap import openldap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.support.modules import Answer
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

HOUR = 3600


@pytest.fixture
def client(active_directory: RunningDirectory, place: Place) -> Client:
    """A host that has nothing of Kerberos but its configuration."""
    assert active_directory.realm is not None
    return Client(active_directory, active_directory.realm, place)


@pytest.fixture(scope="module")
def by_ticket(
    active_directory: RunningDirectory, fjord: Company, issuer: Authority
) -> Iterator[RunningDirectory]:
    """OpenLDAP that takes tickets, and looks at their channel bindings."""
    with openldap(fjord, issuer, realm=active_directory.realm) as running:
        yield running


@pytest.fixture(scope="module")
def expected(
    active_directory: RunningDirectory, collections: Path, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """The roster by name and password."""
    place = Place.make(tmp_path_factory.mktemp("expected") / "place", collections)
    options = export_options(active_directory, place)
    assert not run_module(place, "ad_contacts_export", options).failed
    return place.dest.read_bytes()


class TestWays:
    """Each way to a ticket, and each way to be encrypted, gives the same roster."""

    def check(self, client: Client, expected: bytes, answer: Answer) -> None:
        assert not answer.failed, answer.result
        assert not answer.warnings
        assert client.place.dest.read_bytes() == expected

    @pytest.mark.parametrize("way", ["ldaps", "start_tls", "sealed"])
    def test_password(self, client: Client, expected: bytes, way: str) -> None:
        start_tls = {"server_uri": [client.directory.uri_ldap], "start_tls": True}
        ways: dict[str, dict[str, Any]] = {
            "ldaps": {},
            "start_tls": start_tls,
            "sealed": client.plain(),
        }
        account: dict[str, Any] = {
            "bind_dn": client.principal,
            "bind_pw": client.directory.bind_pw,
        }
        self.check(client, expected, client.export(**account, **ways[way]))

    def test_keytab(self, client: Client, expected: bytes) -> None:
        keytab = str(client.realm.keytab)
        self.check(client, expected, client.export(keytab=keytab))
        self.check(client, expected, client.export(keytab=keytab, bind_dn=client.principal))

    def test_ticket_cache(self, client: Client, expected: bytes) -> None:
        ticket = client.ticket()
        self.check(client, expected, client.export(ccache=ticket))
        self.check(client, expected, client.export({"KRB5CCNAME": f"FILE:{ticket}"}))

    def test_environment(self, client: Client, expected: bytes) -> None:
        self.check(
            client, expected, client.export({"KRB5_CLIENT_KTNAME": str(client.realm.keytab)})
        )
        password = {
            "FRONTDESK_BIND_DN": client.principal,
            "FRONTDESK_BIND_PW": client.directory.bind_pw,
        }
        self.check(client, expected, client.export(password, page_size=7, **client.plain()))


NO_TICKET = "Run kinit, or set keytab, or set bind_dn and bind_pw."


class TestNoTicket:
    """Nobody is let in without a ticket, and what is said tells why there is none."""

    def test_nothing_is_given(self, client: Client) -> None:
        message = client.refused({"KRB5CCNAME": "/nowhere"})
        assert message == (
            "Cannot get a Kerberos ticket: there is no ticket (No Kerberos credentials available"
            f" (default cache: /nowhere)). {NO_TICKET}"
        )

    @pytest.mark.parametrize(
        ("ccache", "why"),
        [
            pytest.param("/nowhere", "there is no ticket (", id="missing"),
            pytest.param("{conf}", "this is not a ticket cache (", id="other file"),
            pytest.param("ODD:x", "the type of the ticket cache is unknown (", id="other kind"),
        ],
    )
    def test_ticket_cache(self, client: Client, ccache: str, why: str) -> None:
        given = ccache.format(conf=client.place.root / "krb5.conf")
        message = client.refused(ccache=given)
        assert message.startswith(
            f"Cannot get a Kerberos ticket with the ticket cache {given}: {why}"
        )

    def test_ticket_of_somebody_else(self, client: Client) -> None:
        other = f"{STALE_ACCOUNT}@{client.realm.name}"
        message = client.refused(ccache=client.ticket(), bind_dn=other)
        assert message.startswith(
            f"Cannot get a Kerberos ticket as {other}: the ticket cache belongs to another account ("
        )

    def test_ticket_that_has_expired(self, client: Client) -> None:
        ticket = client.ticket(clock=100 * HOUR)
        assert client.refused(ccache=ticket) == (
            f"Cannot get a Kerberos ticket with the ticket cache {ticket}: the ticket has expired"
            f" (The referenced credential has expired). {NO_TICKET}"
        )

    def test_keytab_that_is_missing(self, client: Client) -> None:
        assert client.refused(keytab="/nowhere") == (
            "Cannot use keytab /nowhere: No such file or directory. Give a file that whoever runs"
            " the module can read."
        )

    def test_keytab_of_another_account(self, client: Client) -> None:
        message = client.refused(keytab=str(client.realm.other_keytab), bind_dn=client.principal)
        assert message == (
            f"Cannot get a Kerberos ticket as {client.principal}: the keytab has no key for this"
            " account (No credentials cache found). Create it for the account in bind_dn; klist -k"
            " lists the accounts in it."
        )

    @pytest.mark.parametrize(
        ("name", "password", "why"),
        [
            pytest.param(
                f"{SERVICE_ACCOUNT}@{{realm}}",
                WRONG,
                "the password, or the key in the keytab, is wrong (Preauthentication failed)."
                " Correct bind_pw, or create a new keytab; every change of the password"
                " invalidates the old one.",
                id="wrong password",
            ),
            pytest.param(
                "nobody@{realm}",
                WRONG,
                "the realm has no such account (Client 'nobody@FJORD.TEST' not found in Kerberos"
                " database). Correct bind_dn, and write it as NAME@REALM.",
                id="unknown account",
            ),
            pytest.param(
                f"{STALE_ACCOUNT}@{{realm}}",
                None,
                "the password has expired, or must be changed first (Password has expired). Set a"
                " new password for the bind account.",
                id="expired password",
            ),
            pytest.param(
                f"{SERVICE_ACCOUNT}@fjord.test",
                None,
                'no KDC is known for this realm (Cannot find KDC for realm "fjord.test"). Write the'
                " realm in uppercase, and set its kdc in krb5.conf if DNS does not list one.",
                id="realm in small letters",
            ),
        ],
    )
    def test_account(self, client: Client, name: str, password: str | None, why: str) -> None:
        account = name.format(realm=client.realm.name)
        message = client.refused(bind_dn=account, bind_pw=password or client.directory.bind_pw)
        assert message == f"Cannot get a Kerberos ticket as {account}: {why}"

    def test_nobody_hands_out_tickets(self, client: Client) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            nowhere = f"127.0.0.1:{server.getsockname()[1]}"
        (client.place.root / "krb5.conf").write_text(client.realm.conf(kdc=nowhere), "utf-8")
        keytab = client.realm.keytab
        assert client.refused(keytab=str(keytab)) == (
            f"Cannot get a Kerberos ticket with the keytab {keytab}: no KDC answered (Cannot"
            " contact any KDC for realm 'FJORD.TEST'). Check krb5.conf, and that this host can"
            " reach port 88 of the domain controllers."
        )


def test_clocks_that_differ(client: Client) -> None:
    ticket, uri = client.ticket(clock=HOUR), client.directory.uri_ldaps
    assert client.refused(ccache=ticket) == (
        f"Cannot bind to {uri} using Kerberos with the ticket cache {ticket}: the clocks of this host"
        " and of the realm differ too much (Clock skew too great). Synchronize both with the same"
        " time servers."
    )


def test_service_that_the_realm_does_not_know(client: Client) -> None:
    """The directory by another name, as behind a load balancer."""
    keytab = str(client.realm.keytab)
    with faulty_line(client.directory) as line:
        uri = line.replace("localhost", "127.0.0.1")
        message = client.refused(keytab=keytab, server_uri=[uri], ca_path=None)
    assert message == (
        f"Cannot bind to {uri} using Kerberos with the keytab {keytab}: the realm has no service of"
        " this name (Server not found in Kerberos database). In server_uri, use the host name in"
        " the server's servicePrincipalName, or add ldap/HOST to that attribute."
    )


class TestOpenLdap:
    """Another directory whose clients have tickets of the domain."""

    @pytest.fixture
    def client(self, by_ticket: RunningDirectory, place: Place) -> Client:
        assert by_ticket.realm is not None
        return Client(by_ticket, by_ticket.realm, place)

    @pytest.mark.parametrize("way", ["ldaps", "sealed"])
    def test_same_roster(self, client: Client, expected: bytes, way: str) -> None:
        more = client.plain() if way == "sealed" else {}
        answer = client.export(keytab=str(client.realm.keytab), **more)
        assert not answer.failed, answer.result
        assert client.place.dest.read_bytes() == expected

    def test_tls_that_ends_on_the_way(self, client: Client, issuer: Authority) -> None:
        """The ticket is of use to nobody who passes it on (RFC 5929)."""
        keytab = str(client.realm.keytab)
        other = issuer.issue("localhost")
        with faulty_line(client.directory, certificate=other, over_tls=True) as uri:
            message = client.refused(keytab=keytab, server_uri=[uri])
        assert message.startswith(
            f"Cannot bind to {uri} using Kerberos with the keytab {keytab}: the server does not accept"
            " the ticket (result 49 invalidCredentials, "
        )
        assert message.endswith(" and that no proxy in front of the server terminates TLS.")
