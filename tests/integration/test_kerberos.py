# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kerberos authentication to a domain controller, and to an OpenLDAP server in its realm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.kerberos_client import WRONG_PASSWORD, KerberosClient
from tests.integration.support.ldap_proxy import ldap_proxy
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.integration.support.ports import find_closed_port
from tests.integration.support.workspace import Workspace
from tests.lab.entries import SERVICE_ACCOUNT, STALE_ACCOUNT
from tests.lab.openldap import openldap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.support.modules import ModuleResult
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

HOUR = 3600


@pytest.fixture
def client(active_directory: RunningDirectory, workspace: Workspace) -> KerberosClient:
    """A host with a krb5.conf, but without tickets."""
    assert active_directory.realm is not None
    return KerberosClient(active_directory, active_directory.realm, workspace)


@pytest.fixture(scope="module")
def kerberos_openldap(
    active_directory: RunningDirectory, company: Company, ca: Authority
) -> Iterator[RunningDirectory]:
    """OpenLDAP in the Kerberos realm.

    The server verifies channel bindings.
    """
    with openldap(company, ca, realm=active_directory.realm) as running:
        yield running


@pytest.fixture(scope="module")
def expected_roster(
    active_directory: RunningDirectory,
    collections_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> bytes:
    """The roster that is exported with a name and a password."""
    workspace = Workspace.create(tmp_path_factory.mktemp("expected") / "work", collections_path)
    options = export_options(active_directory, workspace)
    assert not run_module(workspace, "ad_contacts_export", options).failed
    return workspace.dest.read_bytes()


class TestCredentials:
    """Tests that the source of the Kerberos credentials and the kind of encryption do not change the roster."""

    def assert_roster(
        self, client: KerberosClient, expected_roster: bytes, result: ModuleResult
    ) -> None:
        assert not result.failed, result.data
        assert not result.warnings
        assert client.workspace.dest.read_bytes() == expected_roster

    @pytest.mark.parametrize("transport", ["ldaps", "start_tls", "sasl_layer"])
    def test_a_password_is_accepted(
        self, client: KerberosClient, expected_roster: bytes, transport: str
    ) -> None:
        start_tls = {"server_uri": [client.directory.uri_ldap], "start_tls": True}
        transports: dict[str, dict[str, Any]] = {
            "ldaps": {},
            "start_tls": start_tls,
            "sasl_layer": client.options_without_tls(),
        }
        account: dict[str, Any] = {
            "bind_dn": client.principal,
            "bind_pw": client.directory.bind_pw,
        }
        self.assert_roster(
            client, expected_roster, client.export(**account, **transports[transport])
        )

    def test_a_keytab_is_accepted(self, client: KerberosClient, expected_roster: bytes) -> None:
        keytab = str(client.realm.keytab)
        self.assert_roster(client, expected_roster, client.export(keytab=keytab))
        self.assert_roster(
            client, expected_roster, client.export(keytab=keytab, bind_dn=client.principal)
        )

    def test_a_ticket_cache_is_accepted(
        self, client: KerberosClient, expected_roster: bytes
    ) -> None:
        ticket = client.make_ticket_cache()
        self.assert_roster(client, expected_roster, client.export(ccache=ticket))
        self.assert_roster(client, expected_roster, client.export({"KRB5CCNAME": f"FILE:{ticket}"}))

    def test_credentials_can_come_from_the_environment(
        self, client: KerberosClient, expected_roster: bytes
    ) -> None:
        self.assert_roster(
            client, expected_roster, client.export({"KRB5_CLIENT_KTNAME": str(client.realm.keytab)})
        )
        password = {
            "FRONTDESK_BIND_DN": client.principal,
            "FRONTDESK_BIND_PW": client.directory.bind_pw,
        }
        self.assert_roster(
            client,
            expected_roster,
            client.export(password, page_size=7, **client.options_without_tls()),
        )


GET_TICKET = "Run kinit, or set keytab, or set bind_dn and bind_pw."


class TestTicketErrors:
    """Errors that state why no ticket can be obtained."""

    def test_missing_credentials_are_an_error(self, client: KerberosClient) -> None:
        message = client.export_error({"KRB5CCNAME": "/nowhere"})
        assert message == (
            "Cannot get a Kerberos ticket: there is no ticket (No Kerberos credentials available"
            f" (default cache: /nowhere)). {GET_TICKET}"
        )

    @pytest.mark.parametrize(
        ("ccache", "cause"),
        [
            pytest.param("/nowhere", "there is no ticket (", id="missing file"),
            pytest.param("{conf}", "the file is not a ticket cache (", id="not a ticket cache"),
            pytest.param(
                "ODD:x", "the type of the ticket cache is unknown (", id="unknown cache type"
            ),
        ],
    )
    def test_an_unusable_ticket_cache_is_an_error(
        self, client: KerberosClient, ccache: str, cause: str
    ) -> None:
        ccache_path = ccache.format(conf=client.workspace.root / "krb5.conf")
        message = client.export_error(ccache=ccache_path)
        assert message.startswith(
            f"Cannot get a Kerberos ticket with the ticket cache {ccache_path}: {cause}"
        )

    def test_a_ticket_of_another_account_is_an_error(self, client: KerberosClient) -> None:
        other = f"{STALE_ACCOUNT}@{client.realm.name}"
        message = client.export_error(ccache=client.make_ticket_cache(), bind_dn=other)
        assert message.startswith(
            f"Cannot get a Kerberos ticket as {other}: the ticket cache belongs to another account ("
        )

    def test_an_expired_ticket_is_an_error(self, client: KerberosClient) -> None:
        ticket = client.make_ticket_cache(clock_offset=100 * HOUR)
        assert client.export_error(ccache=ticket) == (
            f"Cannot get a Kerberos ticket with the ticket cache {ticket}: the ticket has expired"
            f" (The referenced credential has expired). {GET_TICKET}"
        )

    def test_a_missing_keytab_is_an_error(self, client: KerberosClient) -> None:
        assert client.export_error(keytab="/nowhere") == (
            "Cannot use keytab /nowhere: No such file or directory. Set keytab to a file that"
            " the user running the module can read."
        )

    def test_a_keytab_of_another_account_is_an_error(self, client: KerberosClient) -> None:
        message = client.export_error(
            keytab=str(client.realm.other_keytab), bind_dn=client.principal
        )
        assert message == (
            f"Cannot get a Kerberos ticket as {client.principal}: the keytab has no key for this"
            " account (No credentials cache found). Create the keytab for the account in bind_dn;"
            " klist -k lists the accounts in a keytab."
        )

    @pytest.mark.parametrize(
        ("name", "password", "cause"),
        [
            pytest.param(
                f"{SERVICE_ACCOUNT}@{{realm}}",
                WRONG_PASSWORD,
                "the password, or the key in the keytab, is wrong (Preauthentication failed)."
                " Correct bind_pw, or create a new keytab; every change of the password"
                " invalidates existing keytabs.",
                id="wrong password",
            ),
            pytest.param(
                "nobody@{realm}",
                WRONG_PASSWORD,
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
                id="realm in lowercase",
            ),
        ],
    )
    def test_rejected_credentials_are_an_error(
        self, client: KerberosClient, name: str, password: str | None, cause: str
    ) -> None:
        account = name.format(realm=client.realm.name)
        message = client.export_error(bind_dn=account, bind_pw=password or client.directory.bind_pw)
        assert message == f"Cannot get a Kerberos ticket as {account}: {cause}"

    def test_an_unreachable_kdc_is_an_error(self, client: KerberosClient) -> None:
        (client.workspace.root / "krb5.conf").write_text(
            client.realm.conf(kdc=f"127.0.0.1:{find_closed_port()}"), "utf-8"
        )
        keytab = client.realm.keytab
        assert client.export_error(keytab=str(keytab)) == (
            f"Cannot get a Kerberos ticket with the keytab {keytab}: no KDC responded (Cannot"
            " contact any KDC for realm 'FJORD.TEST'). Check krb5.conf, and that this host can"
            " reach port 88 of the domain controllers."
        )


def test_clock_skew_is_an_error(client: KerberosClient) -> None:
    ticket, uri = client.make_ticket_cache(clock_offset=HOUR), client.directory.uri_ldaps
    assert client.export_error(ccache=ticket) == (
        f"Cannot bind to {uri} using Kerberos with the ticket cache {ticket}: the clocks of this host"
        " and of the KDC differ too much (Clock skew too great). Synchronize both with the same"
        " time servers."
    )


def test_an_unknown_service_principal_is_an_error(client: KerberosClient) -> None:
    """The URI contains a host without a service principal, as can happen behind a load balancer."""
    keytab = str(client.realm.keytab)
    with ldap_proxy(client.directory) as proxy_uri:
        uri = proxy_uri.replace("localhost", "127.0.0.1")
        message = client.export_error(keytab=keytab, server_uri=[uri], ca_path=None)
    assert message == (
        f"Cannot bind to {uri} using Kerberos with the keytab {keytab}: the realm has no service with"
        " this name (Server not found in Kerberos database). In server_uri, use the host name in"
        " the server's servicePrincipalName, or add ldap/HOST to that attribute."
    )


class TestOpenLdapInRealm:
    """Exports from an OpenLDAP server that accepts tickets of the Active Directory domain."""

    @pytest.fixture
    def client(self, kerberos_openldap: RunningDirectory, workspace: Workspace) -> KerberosClient:
        assert kerberos_openldap.realm is not None
        return KerberosClient(kerberos_openldap, kerberos_openldap.realm, workspace)

    @pytest.mark.parametrize("transport", ["ldaps", "sasl_layer"])
    def test_the_roster_is_the_same_as_from_active_directory(
        self, client: KerberosClient, expected_roster: bytes, transport: str
    ) -> None:
        overrides = client.options_without_tls() if transport == "sasl_layer" else {}
        result = client.export(keytab=str(client.realm.keytab), **overrides)
        assert not result.failed, result.data
        assert client.workspace.dest.read_bytes() == expected_roster

    def test_channel_binding_rejects_a_tls_proxy(
        self, client: KerberosClient, ca: Authority
    ) -> None:
        """Channel binding (RFC 5929) ties the bind to its TLS connection, so that no proxy can relay the bind."""
        keytab = str(client.realm.keytab)
        other = ca.issue("localhost")
        with ldap_proxy(client.directory, certificate=other, tls_to_directory=True) as uri:
            message = client.export_error(keytab=keytab, server_uri=[uri])
        assert message.startswith(
            f"Cannot bind to {uri} using Kerberos with the keytab {keytab}: the server does not accept"
            " the ticket (result 49 invalidCredentials, "
        )
        assert message.endswith(" and that no proxy in front of the server terminates TLS.")
