# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to prove who reads, beside name and password: the same roster, or one clear error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.exports import refused_export
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.integration.support.place import Place
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
def expected(
    open_ldap: RunningDirectory, collections: Path, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """The roster by name and password."""
    place = Place.make(tmp_path_factory.mktemp("expected") / "place", collections)
    return roster(open_ldap, place)


def roster(directory: RunningDirectory, place: Place, **more: Any) -> bytes:
    """Everybody, read in the way that the options say."""
    env = {"FRONTDESK_BIND_DN": directory.bind_dn, "FRONTDESK_BIND_PW": directory.bind_pw}
    options = export_options(directory, place, **more)
    answer = run_module(place, "ad_contacts_export", options, env=env)
    assert not answer.failed, answer.result
    assert not answer.warnings
    assert directory.bind_pw not in answer.output
    return place.dest.read_bytes()


@pytest.fixture(scope="module")
def public(fjord: Company, issuer: Authority) -> Iterator[RunningDirectory]:
    """A directory that lets everybody read."""
    with openldap(fjord, issuer, anonymous_reads=True) as running:
        yield running


class TestAnonymous:
    """Nobody in particular reads."""

    @pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
    def test_same_roster(
        self, public: RunningDirectory, expected: bytes, place: Place, scheme: str
    ) -> None:
        if scheme == "ldap":
            options = {**ANONYMOUS, "server_uri": [public.uri_ldap], "ca_path": None}
            assert roster(public, place, **options) == expected
        else:
            assert roster(public, place, **ANONYMOUS) == expected

    def test_active_directory_lets_nobody_read(
        self, active_directory: RunningDirectory, place: Place
    ) -> None:
        options = export_options(active_directory, place, **ANONYMOUS)
        message = run_module(place, "ad_contacts_export", options).message
        base = options["sources"][0]["search_base"]
        assert message.startswith(
            f"source 1 (location 'oslo-hq'): Cannot search {base} on {active_directory.uri_ldaps}:"
            " the server does not allow anonymous reads (result 1 operationsError, 0000"
        )

    def test_account_that_is_given_all_the_same(
        self, open_ldap: RunningDirectory, place: Place
    ) -> None:
        message = refused_export(open_ldap, place, auth_protocol="anonymous")
        assert message.startswith("Cannot use bind_dn with auth_protocol anonymous: ")


class TestExternal:
    """Whoever shows a certificate reads."""

    @pytest.fixture
    def shown(self, issuer: Authority) -> dict[str, Any]:
        """The service account's certificate."""
        return by_certificate(issuer.issue("front-desk.test", common_name=CLIENT))

    @pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
    def test_same_roster(
        self,
        *,
        open_ldap: RunningDirectory,
        shown: dict[str, Any],
        expected: bytes,
        place: Place,
        scheme: str,
    ) -> None:
        if scheme == "ldap":
            shown |= {"server_uri": [open_ldap.uri_ldap], "start_tls": True}
        assert roster(open_ldap, place, **shown) == expected

    def test_certificate_beside_a_password(
        self, open_ldap: RunningDirectory, shown: dict[str, Any], expected: bytes, place: Place
    ) -> None:
        beside = {name: shown[name] for name in ("client_cert", "client_key")}
        assert roster(open_ldap, place, **beside) == expected

    @pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
    def test_certificate_of_another_authority(
        self, open_ldap: RunningDirectory, place: Place, scheme: str
    ) -> None:
        with authority() as other:
            shown = by_certificate(other.issue("front-desk.test", common_name=CLIENT))
            message = self.refused(open_ldap, place, shown, scheme)
        assert "it closed the connection (" in message
        assert ". Check that the server accepts client_cert. " in message

    @pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
    def test_certificate_that_has_expired(
        self, open_ldap: RunningDirectory, issuer: Authority, place: Place, scheme: str
    ) -> None:
        begins, ends = (datetime.now(UTC) - timedelta(days=days) for days in (9, 1))
        made = issuer.issue(
            "front-desk.test", common_name=CLIENT, not_before=begins, not_after=ends
        )
        message = self.refused(open_ldap, place, by_certificate(made), scheme)
        assert ". Check that the server accepts client_cert. " in message

    def test_key_of_another_certificate(
        self, open_ldap: RunningDirectory, issuer: Authority, shown: dict[str, Any], place: Place
    ) -> None:
        shown["client_key"] = str(issuer.issue("other.test").key_file)
        message = self.refused(open_ldap, place, shown, "ldaps")
        assert message.startswith(f"Cannot use client_cert {shown['client_cert']} with client_key ")
        assert ": they are not a certificate and its private key. " in message

    def test_server_without_it(
        self, active_directory: RunningDirectory, shown: dict[str, Any], place: Place
    ) -> None:
        """Active Directory itself has it; Samba does not."""
        message = self.refused(active_directory, place, shown, "ldap")
        assert message.startswith(
            f"Cannot bind to {active_directory.uri_ldap} with the certificate {shown['client_cert']}:"
            " the server does not support this kind of bind (result 1 operationsError, SASL: "
        )

    def refused(
        self, directory: RunningDirectory, place: Place, shown: dict[str, Any], scheme: str
    ) -> str:
        if scheme == "ldap":
            shown = {**shown, "server_uri": [directory.uri_ldap], "start_tls": True}
        options = export_options(directory, place, **shown)
        return run_module(place, "ad_contacts_export", options).message


def by_certificate(certificate: Certificate) -> dict[str, Any]:
    """Options for who shows a certificate, and nothing else."""
    return {
        **ANONYMOUS,
        "auth_protocol": "external",
        "client_cert": str(certificate.cert_file),
        "client_key": str(certificate.key_file),
    }
