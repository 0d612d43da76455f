# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directory errors and results with too few contacts: the export fails and keeps the old roster."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.export_runs import run_failing_export
from tests.integration.support.options import site_sources

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library

MISSING_OU = "OU=Nowhere,OU=Staff,dc=fjord,dc=test"


class TestMissingSearchBase:
    """Errors for a search base that does not exist."""

    REMEDY = "Correct search_base, or allow the bind account to read it."

    def expected_start(self, directory: RunningDirectory) -> str:
        return (
            f"source 1 (location 'oslo-hq'): Cannot search {MISSING_OU} on {directory.uri_ldaps}:"
            " the search base does not exist (result 32 noSuchObject, "
        )

    def test_active_directory_reports_a_missing_base(
        self, active_directory: RunningDirectory, workspace: Workspace
    ) -> None:
        message = run_failing_export(
            active_directory,
            workspace,
            sources=[{"location": "oslo-hq", "search_base": MISSING_OU}],
        )
        # Samba's diagnostic message contains line numbers of its source code.
        match = re.fullmatch(
            re.escape(self.expected_start(active_directory))
            + r"(.+)\)\. "
            + re.escape(self.REMEDY),
            message,
        )
        assert match, message
        assert "instanceType" in match[1]

    def test_openldap_reports_the_part_of_the_base_that_exists(
        self, open_ldap: RunningDirectory, workspace: Workspace
    ) -> None:
        message = run_failing_export(
            open_ldap, workspace, sources=[{"location": "oslo-hq", "search_base": MISSING_OU}]
        )
        diagnostic = "matched DN ou=Staff,dc=fjord,dc=test"
        assert message == f"{self.expected_start(open_ldap)}{diagnostic}). {self.REMEDY}"


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
    """Errors for complete results in which too few people have a valid row."""

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
        """The search base exists, but no entry matches."""
        without_people = replace(open_ldap, people_filter="(sn=Nobody At All)")
        message = run_failing_export(without_people, workspace)
        assert message.startswith(
            f"Cannot export source 1 (location 'oslo-hq') from {open_ldap.uri_ldaps}: too few contacts in"
            f" {company.site_dn(company.sites[0])}: 0, but minimum is 1; people found: 0. "
        )
