# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Anonymous access, and authentication with client certificates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.export_runs import run_failing_export
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.integration.support.workspace import Workspace
from tests.lab.authority import authority
from tests.lab.openldap import CLIENT, openldap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.authority import Authority, Certificate
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library

ANONYMOUS: dict[str, Any] = {"auth_protocol": "anonymous", "bind_dn": None, "bind_pw": None}


@pytest.fixture(scope="module")
def expected_roster(
    open_ldap: RunningDirectory, collections_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """The roster that is exported with a name and a password."""
    workspace = Workspace.create(tmp_path_factory.mktemp("expected") / "work", collections_path)
    return export_roster(open_ldap, workspace)


def export_roster(directory: RunningDirectory, workspace: Workspace, **overrides: Any) -> bytes:
    """Export all sites, assert that the output does not contain the password, and return the roster.

    The environment always contains a name and a password.

    :param overrides: options to replace, or to remove if the value is None.
    """
    env = {"FRONTDESK_BIND_DN": directory.bind_dn, "FRONTDESK_BIND_PW": directory.bind_pw}
    options = export_options(directory, workspace, **overrides)
    result = run_module(workspace, "ad_contacts_export", options, env=env)
    assert not result.failed, result.data
    assert not result.warnings
    assert directory.bind_pw not in result.output
    return workspace.dest.read_bytes()


@pytest.fixture(scope="module")
def anonymous_directory(company: Company, ca: Authority) -> Iterator[RunningDirectory]:
    """A directory that allows anonymous reads."""
    with openldap(company, ca, anonymous_reads=True) as running:
        yield running


class TestAnonymous:
    """Exports with auth_protocol anonymous."""

    @pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
    def test_the_roster_is_the_same_as_with_a_password(
        self,
        anonymous_directory: RunningDirectory,
        expected_roster: bytes,
        workspace: Workspace,
        scheme: str,
    ) -> None:
        if scheme == "ldap":
            options = {**ANONYMOUS, "server_uri": [anonymous_directory.uri_ldap], "ca_path": None}
            assert export_roster(anonymous_directory, workspace, **options) == expected_roster
        else:
            assert export_roster(anonymous_directory, workspace, **ANONYMOUS) == expected_roster

    def test_active_directory_rejects_anonymous_searches(
        self, active_directory: RunningDirectory, workspace: Workspace
    ) -> None:
        options = export_options(active_directory, workspace, **ANONYMOUS)
        message = run_module(workspace, "ad_contacts_export", options).message
        base = options["sources"][0]["search_base"]
        assert message.startswith(
            f"source 1 (location 'oslo-hq'): Cannot search {base} on {active_directory.uri_ldaps}:"
            " the server does not allow anonymous reads (result 1 operationsError, 0000"
        )

    def test_bind_dn_cannot_be_combined_with_anonymous(
        self, open_ldap: RunningDirectory, workspace: Workspace
    ) -> None:
        message = run_failing_export(open_ldap, workspace, auth_protocol="anonymous")
        assert message.startswith("Cannot use bind_dn with auth_protocol anonymous: ")


class TestExternal:
    """Exports with auth_protocol external, and with a client certificate in addition to a password."""

    @pytest.fixture
    def certificate_options(self, ca: Authority) -> dict[str, Any]:
        """Options for authentication with a certificate of the service account."""
        return external_options(ca.issue("front-desk.test", common_name=CLIENT))

    @pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
    def test_the_roster_is_the_same_as_with_a_password(
        self,
        *,
        open_ldap: RunningDirectory,
        certificate_options: dict[str, Any],
        expected_roster: bytes,
        workspace: Workspace,
        scheme: str,
    ) -> None:
        if scheme == "ldap":
            certificate_options |= {"server_uri": [open_ldap.uri_ldap], "start_tls": True}
        assert export_roster(open_ldap, workspace, **certificate_options) == expected_roster

    def test_a_client_certificate_can_be_combined_with_a_password(
        self,
        open_ldap: RunningDirectory,
        certificate_options: dict[str, Any],
        expected_roster: bytes,
        workspace: Workspace,
    ) -> None:
        certificate_only = {
            name: certificate_options[name] for name in ("client_cert", "client_key")
        }
        assert export_roster(open_ldap, workspace, **certificate_only) == expected_roster

    @pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
    def test_a_certificate_from_an_untrusted_ca_is_rejected(
        self, open_ldap: RunningDirectory, workspace: Workspace, scheme: str
    ) -> None:
        with authority() as other:
            certificate_options = external_options(
                other.issue("front-desk.test", common_name=CLIENT)
            )
            message = self.export_error(open_ldap, workspace, certificate_options, scheme)
        assert "it closed the connection (" in message
        assert ". Check that the server accepts client_cert. " in message

    @pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
    def test_an_expired_certificate_is_rejected(
        self, open_ldap: RunningDirectory, ca: Authority, workspace: Workspace, scheme: str
    ) -> None:
        not_before, not_after = (datetime.now(UTC) - timedelta(days=days) for days in (9, 1))
        expired = ca.issue(
            "front-desk.test", common_name=CLIENT, not_before=not_before, not_after=not_after
        )
        message = self.export_error(open_ldap, workspace, external_options(expired), scheme)
        assert ". Check that the server accepts client_cert. " in message

    def test_a_key_that_does_not_match_the_certificate_is_an_error(
        self,
        open_ldap: RunningDirectory,
        ca: Authority,
        certificate_options: dict[str, Any],
        workspace: Workspace,
    ) -> None:
        certificate_options["client_key"] = str(ca.issue("other.test").key_file)
        message = self.export_error(open_ldap, workspace, certificate_options, "ldaps")
        assert message.startswith(
            f"Cannot use client_cert {certificate_options['client_cert']} with client_key "
        )
        assert ": the certificate or the key is not valid, or they do not match. " in message

    def test_a_server_without_sasl_external_is_an_error(
        self,
        active_directory: RunningDirectory,
        certificate_options: dict[str, Any],
        workspace: Workspace,
    ) -> None:
        """Active Directory supports SASL EXTERNAL, but Samba does not."""
        message = self.export_error(active_directory, workspace, certificate_options, "ldap")
        assert message.startswith(
            f"Cannot bind to {active_directory.uri_ldap} with the certificate {certificate_options['client_cert']}:"
            " the server does not support this kind of bind (result 1 operationsError, SASL: "
        )

    def export_error(
        self,
        directory: RunningDirectory,
        workspace: Workspace,
        certificate_options: dict[str, Any],
        scheme: str,
    ) -> str:
        if scheme == "ldap":
            certificate_options = {
                **certificate_options,
                "server_uri": [directory.uri_ldap],
                "start_tls": True,
            }
        options = export_options(directory, workspace, **certificate_options)
        return run_module(workspace, "ad_contacts_export", options).message


def external_options(certificate: Certificate) -> dict[str, Any]:
    """Return options for authentication with a certificate only."""
    return {
        **ANONYMOUS,
        "auth_protocol": "external",
        "client_cert": str(certificate.cert_file),
        "client_key": str(certificate.key_file),
    }
