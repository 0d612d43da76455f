# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What directories refuse, or fail to do: one clear error, and the old roster stays."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.exports import refused_export
from tests.integration.support.options import sources

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.company import Company
    from tests.lab.directory import RunningDirectory

pytestmark = pytest.mark.every_library

NOWHERE = "OU=Nowhere,OU=Staff,dc=fjord,dc=test"


class TestBase:
    """A search base that is not there."""

    REMEDY = "Correct search_base, or allow the bind account to read it."

    def tried(self, directory: RunningDirectory) -> str:
        return (
            f"source 1 (location 'oslo-hq'): Cannot search {NOWHERE} on {directory.uri_ldaps}:"
            " the search base does not exist (result 32 noSuchObject, "
        )

    def test_active_directory(self, active_directory: RunningDirectory, place: Place) -> None:
        message = refused_export(
            active_directory, place, sources=[{"location": "oslo-hq", "search_base": NOWHERE}]
        )
        # The server's own words hold line numbers of its source.
        told = re.fullmatch(
            re.escape(self.tried(active_directory)) + r"(.+)\)\. " + re.escape(self.REMEDY), message
        )
        assert told, message
        assert "instanceType" in told[1]

    def test_openldap(self, open_ldap: RunningDirectory, place: Place) -> None:
        message = refused_export(
            open_ldap, place, sources=[{"location": "oslo-hq", "search_base": NOWHERE}]
        )
        matched = "matched DN ou=Staff,dc=fjord,dc=test"
        assert message == f"{self.tried(open_ldap)}{matched}). {self.REMEDY}"


class TestBind:
    """A name or a password that the directory does not take."""

    WRONG = "Pw7.not-the-password-at-all"

    @pytest.mark.parametrize("name", ["bind_dn", "bind_upn", "bind_down_level"])
    def test_active_directory(
        self, active_directory: RunningDirectory, place: Place, name: str
    ) -> None:
        bind_dn = getattr(active_directory, name)
        message = refused_export(active_directory, place, bind_dn=bind_dn, bind_pw=self.WRONG)
        assert message == (
            f"Cannot bind to {active_directory.uri_ldaps} as {bind_dn}: the name or the password is"
            " wrong (result 49 invalidCredentials, 80090308: LdapErr: DSID-0C0903A9, comment:"
            " AcceptSecurityContext error, data 52e, v1db1). Correct bind_dn or bind_pw."
        )

    def test_openldap(self, open_ldap: RunningDirectory, place: Place) -> None:
        message = refused_export(open_ldap, place, bind_pw=self.WRONG)
        assert message == (
            f"Cannot bind to {open_ldap.uri_ldaps} as {open_ldap.bind_dn}: the name or the password"
            " is wrong (result 49 invalidCredentials). Correct bind_dn or bind_pw."
        )

    def test_no_second_server_is_tried_with_a_wrong_password(
        self, open_ldap: RunningDirectory, active_directory: RunningDirectory, place: Place
    ) -> None:
        """That could lock the account."""
        servers = [open_ldap.uri_ldaps, active_directory.uri_ldaps]
        message = refused_export(open_ldap, place, server_uri=servers, bind_pw=self.WRONG)
        assert message.startswith(f"Cannot bind to {open_ldap.uri_ldaps} as ")


class TestResult:
    """A result that is cut short, or holds nobody who can be a contact."""

    def test_everybody_is_invalid(
        self, active_directory: RunningDirectory, fjord: Company, place: Place
    ) -> None:
        columns = [
            {"header": "Fax", "value": "facsimileTelephoneNumber", "required": True},
            {"header": "Location", "value": "location"},
        ]
        message = refused_export(active_directory, place, columns=columns)
        oslo = fjord.sites[0]
        number = len(fjord.at(oslo))
        assert message == (
            f"source 1 (location 'oslo-hq'): only 0 contacts in {fjord.site_dn(oslo)} on"
            f" {active_directory.uri_ldaps}: minimum is 1; the directory returned {number} entries,"
            f" without a valid row: Fax is empty: {number}. Check the base, the filter and the"
            " permissions of the bind account; minimum: 0 allows an empty source."
        )

    def test_too_few(self, active_directory: RunningDirectory, place: Place) -> None:
        (wrong, *others) = sources(active_directory)
        wrong["filter"] = "(&(objectClass=user)(sn=Quarrelstone))"
        message = refused_export(
            active_directory, place, sources=[*others, {**wrong, "minimum": 2}]
        )
        assert "source 3 (location 'oslo-hq'): only 1 contacts in " in message
        assert ": minimum is 2; the directory returned 1 entries. Check the base, " in message

    def test_invalid_people_are_not_to_be_skipped(
        self, active_directory: RunningDirectory, place: Place
    ) -> None:
        message = refused_export(active_directory, place, on_invalid="fail")
        assert message == (
            "Stopped because 1 people have no valid row: Email and SMS Phone are both empty: 1."
            " Correct their entries in the directory, or set on_invalid: skip."
        )

    def test_nobody_is_found(
        self, open_ldap: RunningDirectory, fjord: Company, place: Place
    ) -> None:
        """The base is there, and the filter finds nobody."""
        nobody = replace(open_ldap, people_filter="(sn=Nobody At All)")
        message = refused_export(nobody, place)
        assert message.startswith(
            f"source 1 (location 'oslo-hq'): only 0 contacts in {fjord.site_dn(fjord.sites[0])} on"
            f" {open_ldap.uri_ldaps}: minimum is 1; the directory returned 0 entries. "
        )
