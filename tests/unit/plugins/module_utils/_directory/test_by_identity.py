# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of filters for identities. The integration tests use them with directories."""

from __future__ import annotations

import uuid

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.by_identity import (
    filter_identities,
    is_identity,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    ENTRY_UUID,
    OBJECT_GUID,
    build_entries,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import (
    check_filter,
)

IDENTITY = "00112233-4455-6677-8899-aabbccddeeff"


def test_guids_are_written_as_escaped_octets() -> None:
    octets = r"\33\22\11\00\55\44\77\66\88\99\aa\bb\cc\dd\ee\ff"
    assert filter_identities(OBJECT_GUID, [IDENTITY]) == f"(objectGUID={octets})"
    # The filter contains the octets of which the server returns the identity.
    raw = bytes.fromhex(octets.replace("\\", ""))
    entries = build_entries([[raw]], OBJECT_GUID)
    assert entries is not None
    assert [entry.identity for entry in entries] == [IDENTITY]


def test_uuids_are_written_as_text() -> None:
    other = str(uuid.UUID(int=1))
    expected = f"(|(entryUUID={IDENTITY})(entryUUID={other}))"
    assert filter_identities(ENTRY_UUID, [IDENTITY, other]) == expected


@pytest.mark.parametrize("attribute", [OBJECT_GUID, ENTRY_UUID])
def test_ldap3_sends_the_filters_unchanged(attribute: str) -> None:
    check_filter(filter_identities(attribute, [IDENTITY, str(uuid.UUID(int=1))]), "the test")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (IDENTITY, True),
        (IDENTITY.upper(), False),
        (f"{{{IDENTITY}}}", False),
        (f"{IDENTITY[:-1]})", False),
        ("", False),
    ],
)
def test_only_canonical_uuids_are_identities(text: str, *, expected: bool) -> None:
    assert is_identity(text) is expected
