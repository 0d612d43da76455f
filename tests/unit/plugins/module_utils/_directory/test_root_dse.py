# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the product, version and clock of a server, which are read from its root DSE."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.root_dse import (
    RootDse,
)

AD = ["1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670"]


@pytest.mark.parametrize(
    ("values", "product", "version"),
    [
        (
            {"supportedcapabilities": AD, "domaincontrollerfunctionality": ["7"]},
            *("Active Directory", "Windows Server 2016 or newer"),
        ),
        (
            {"supportedcapabilities": AD, "domaincontrollerfunctionality": ["11"]},
            *("Active Directory", ""),
        ),
        (
            {
                "supportedcapabilities": AD,
                "domaincontrollerfunctionality": ["4"],
                "vendorname": ["Samba Team (https://www.samba.org)"],
                "vendorversion": ["4.17.12-Debian"],
            },
            *("Samba Active Directory", "4.17.12-Debian"),
        ),
        (
            {"supportedcapabilities": ["1.2.840.113556.1.4.1851"]},
            *("Active Directory Lightweight Directory Services", ""),
        ),
        ({"objectclass": ["top", "OpenLDAProotDSE"]}, "OpenLDAP", ""),
        (
            {"vendorname": ["389 Project"], "vendorversion": ["389-Directory/2.3.1 B2025"]},
            *("389 Directory Server", "2.3.1 B2025"),
        ),
        ({"vendorname": ["ForgeRock AS."], "vendorversion": ["7.1"]}, "ForgeRock AS.", "7.1"),
        ({"namingcontexts": ["o=x"]}, "unknown LDAP server", ""),
        ({}, "", ""),
    ],
)
def test_the_product_and_version_of_a_server_are_recognized(
    values: dict[str, list[str]], product: str, version: str
) -> None:
    root = RootDse(values)
    assert (root.product, root.version) == (product, version)
    assert root.is_active_directory is (values.get("supportedcapabilities") == AD)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("20261124121214.0Z", datetime(2026, 11, 24, 12, 12, 14, tzinfo=timezone.utc)),
        ("", None),
        ("yesterday", None),
    ],
)
def test_the_clock_of_the_server_is_parsed(text: str, clock: datetime | None) -> None:
    assert RootDse({"currenttime": [text]}).clock == clock
    assert RootDse({}).clock is None
