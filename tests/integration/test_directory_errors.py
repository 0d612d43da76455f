# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directory errors and results with too few contacts: the export fails and keeps the old roster."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.export_runs import run_failing_export
from tests.integration.support.options import site_sources
from tests.lab.openldap import openldap

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library

MISSING_OU = "OU=Nowhere,OU=Staff,dc=fjord,dc=test"


SERVERS = ("active_directory", "open_ldap", "ds_389")
ALLOW = ", or allow the bind account to read the search base."


class TestMissingEntries:
    """Errors for search bases, OUs and groups that do not exist."""

    @pytest.mark.parametrize("name", SERVERS)
    @pytest.mark.parametrize(
        ("base", "causes", "remedy"),
        [
            (
                MISSING_OU,
                ("below OU=Staff,dc=fjord,dc=test, ", "OU=Oslo HQ", "but not OU=Nowhere"),
                f"Correct search_base{ALLOW}",
            ),
            (
                "OU=Olso HQ,OU=Staff,dc=fjord,dc=test",
                (
                    "the bind account sees OU=Oslo HQ, OU=Bergen",
                    "and OU=Tromsø, but not OU=Olso HQ",
                ),
                f"Write OU=Oslo HQ instead of OU=Olso HQ in search_base{ALLOW}",
            ),
            (
                "CN=Staff,dc=fjord,dc=test",
                ("the bind account sees OU=Staff, ", "but not CN=Staff"),
                "Write OU=Staff instead of CN=Staff in search_base.",
            ),
            (
                "OU=Oslo HQ,dc=fjord,dc=test",
                ("but not OU=Oslo HQ",),
                f"Set search_base to OU=Oslo HQ,OU=Staff,dc=fjord,dc=test{ALLOW}",
            ),
            (
                "OU=Staff,dc=other,dc=test",
                ("the search base is in the domain other.test, but this server holds fjord.test",),
                (
                    "Correct search_base, or set server_uri to a server of the domain other.test, or"
                    " domain to other.test."
                ),
            ),
        ],
    )
    def test_the_error_about_a_search_base_names_existing_entries(
        self,
        request: pytest.FixtureRequest,
        *,
        name: str,
        base: str,
        causes: tuple[str, ...],
        remedy: str,
        workspace: Workspace,
    ) -> None:
        """389 Directory Server returns success for paged searches even if the search base does not exist."""
        directory: RunningDirectory = request.getfixturevalue(name)
        source = {"location": "oslo-hq", "search_base": base, "minimum": 0}
        message = run_failing_export(directory, workspace, sources=[source]).lower()
        start = f"source 1 (location 'oslo-hq'): Cannot search {base} on {directory.uri_ldaps}: "
        assert message.startswith(start.lower())
        # Active Directory and OpenLDAP change the case of attribute types.
        assert [cause for cause in causes if cause.lower() not in message] == []
        assert message.endswith(remedy.lower())

    @pytest.mark.parametrize("name", SERVERS)
    def test_the_error_names_existing_ous_and_groups(
        self, request: pytest.FixtureRequest, name: str, workspace: Workspace
    ) -> None:
        directory: RunningDirectory = request.getfixturevalue(name)
        base = "dc=fjord,dc=test"
        for overrides, remedy in (
            ({"exclude_ous": f"OU=Groups,OU=Staff,{base}"}, f"Set exclude_ous to OU=Groups,{base}"),
            (
                {"exclude_groups": f"CN=Tromso duty,OU=Groups,{base}"},
                "Write CN=Tromsø duty instead of CN=Tromso duty in member_of or exclude_groups",
            ),
        ):
            message = run_failing_export(directory, workspace, **overrides)
            assert remedy.lower() in message.lower()

    def test_a_referral_names_the_domain_that_the_server_holds(
        self, company: Company, ca: Authority, workspace: Workspace
    ) -> None:
        with openldap(company, ca, global_conf="referral ldap://dc1.other.test/") as directory:
            message = run_failing_export(
                directory, workspace, sources=[{"search_base": "OU=Staff,dc=other,dc=test"}]
            )
        cause = "the search base is in the domain other.test, but this server holds fjord.test"
        assert f"{cause} (result 10 referral, " in message
        assert "ldap://dc1.other.test/" in message


class TestWrongName:
    """Errors for bind names that do not identify an account on the server."""

    @pytest.mark.parametrize(
        ("name", "bind_dn", "cause", "remedy"),
        [
            (
                "active_directory",
                "svc-frontdesk",
                "the password is wrong, or the server does not accept the name because it contains no domain",
                "Set bind_dn to svc-frontdesk@fjord.test or DOMAIN\\svc-frontdesk, or correct bind_pw.",
            ),
            (
                "active_directory",
                "svc-frontdesk@other.test",
                "the name or the password is wrong; this server holds the domain fjord.test, not other.test",
                (
                    "Correct bind_dn or bind_pw, or set server_uri to a server of the domain other.test, or domain"
                    " to other.test."
                ),
            ),
            *(
                (
                    server,
                    bind_dn,
                    "this server requires a DN as the name, and bind_dn is not a DN",
                    "Set bind_dn to the DN of the account, such as uid=svc-frontdesk,ou=people,dc=fjord,dc=test.",
                )
                for server in ("open_ldap", "ds_389")
                for bind_dn in ("svc-frontdesk", "svc-frontdesk@fjord.test")
            ),
        ],
    )
    def test_the_error_states_which_name_the_server_requires(
        self,
        request: pytest.FixtureRequest,
        *,
        name: str,
        bind_dn: str,
        cause: str,
        remedy: str,
        workspace: Workspace,
    ) -> None:
        directory: RunningDirectory = request.getfixturevalue(name)
        message = run_failing_export(directory, workspace, bind_dn=bind_dn)
        start = f"Cannot bind to {directory.uri_ldaps} as {bind_dn}: {cause} (result "
        assert message.startswith(start)
        assert message.endswith(f"). {remedy}")


class TestWrongPassword:
    """Errors for a password that the directory rejects."""

    WRONG_PASSWORD = "Pw7.not-the-password-at-all"

    @pytest.mark.parametrize("name", ["bind_dn", "bind_upn", "bind_down_level"])
    def test_active_directory_rejects_the_bind_with_each_form_of_the_name(
        self, active_directory: RunningDirectory, workspace: Workspace, name: str
    ) -> None:
        bind_dn = getattr(active_directory, name)
        message = run_failing_export(
            active_directory, workspace, bind_dn=bind_dn, bind_pw=self.WRONG_PASSWORD
        )
        assert message == (
            f"Cannot bind to {active_directory.uri_ldaps} as {bind_dn}: the name or the password is"
            " wrong (result 49 invalidCredentials, 80090308: LdapErr: DSID-0C0903A9, comment:"
            " AcceptSecurityContext error, data 52e, v1db1). Correct bind_dn or bind_pw."
        )

    def test_openldap_rejects_the_bind(
        self, open_ldap: RunningDirectory, workspace: Workspace
    ) -> None:
        message = run_failing_export(open_ldap, workspace, bind_pw=self.WRONG_PASSWORD)
        assert message == (
            f"Cannot bind to {open_ldap.uri_ldaps} as {open_ldap.bind_dn}: the name or the password"
            " is wrong (result 49 invalidCredentials). Correct bind_dn or bind_pw."
        )

    def test_the_password_is_not_tried_on_the_next_server(
        self, open_ldap: RunningDirectory, active_directory: RunningDirectory, workspace: Workspace
    ) -> None:
        """Another attempt could lock the account."""
        servers = [open_ldap.uri_ldaps, active_directory.uri_ldaps]
        message = run_failing_export(
            open_ldap, workspace, server_uri=servers, bind_pw=self.WRONG_PASSWORD
        )
        assert message.startswith(f"Cannot bind to {open_ldap.uri_ldaps} as ")


class TestTooFewContacts:
    """Errors for complete results with too few contacts, or with people who do not have a valid row."""

    def test_a_source_without_a_valid_row_is_an_error(
        self, active_directory: RunningDirectory, company: Company, workspace: Workspace
    ) -> None:
        columns = [
            {"header": "Fax", "value": "facsimileTelephoneNumber", "required": True},
            {"header": "Location", "value": "location"},
        ]
        message = run_failing_export(active_directory, workspace, columns=columns)
        oslo = company.sites[0]
        entry_count = len(company.at(oslo))
        assert message == (
            f"Cannot export source 1 (location 'oslo-hq') from {active_directory.uri_ldaps}: too few contacts in"
            f" {company.site_dn(oslo)}: 0, but minimum is 1; people found: {entry_count}; without a valid row: Fax is"
            f" empty: {entry_count}; no entry has the attribute facsimiletelephonenumber, which the column Fax uses: it"
            " is not set, or the bind account is not allowed to read it. Give the account permission to read it, or"
            " use another attribute."
        )

    def test_fewer_contacts_than_minimum_is_an_error(
        self, active_directory: RunningDirectory, workspace: Workspace
    ) -> None:
        (oslo, *others) = site_sources(active_directory)
        oslo["filter"] = "(&(objectClass=user)(sn=Quarrelstone))"
        message = run_failing_export(
            active_directory, workspace, sources=[*others, {**oslo, "minimum": 2}]
        )
        assert message.startswith("Cannot export source 3 (location 'oslo-hq') from ldaps://")
        assert ": too few contacts in " in message
        assert (
            ": 1, but minimum is 2; people found: 1. Check the search base, the filter and "
            in message
        )

    def test_on_invalid_fail_stops_the_export(
        self, active_directory: RunningDirectory, workspace: Workspace
    ) -> None:
        message = run_failing_export(active_directory, workspace, on_invalid="fail")
        assert message == (
            "Stopped because 1 person has no valid row: Email and SMS Phone are both empty: 1."
            " Correct their entries in the directory, or set on_invalid: skip."
        )

    def test_a_filter_without_matches_is_an_error(
        self, open_ldap: RunningDirectory, company: Company, workspace: Workspace
    ) -> None:
        """The search base exists, but no entry below it matches the filter."""
        without_people = replace(open_ldap, people_filter="(sn=Nobody At All)")
        message = run_failing_export(without_people, workspace)
        assert message.startswith(
            f"Cannot export source 1 (location 'oslo-hq') from {open_ldap.uri_ldaps}: too few contacts in"
            f" {company.site_dn(company.sites[0])}: 0, but minimum is 1; people found: 0. "
        )
