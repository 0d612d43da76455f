# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries as they come over the wire."""

from __future__ import annotations

import uuid

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    IDENTITY_ATTRIBUTES,
    Entry,
    make_entry,
)
from hypothesis import given
from hypothesis import strategies as st

# MS-DTYP 2.3.4: the first three fields are little-endian on the wire.
GUID = bytes.fromhex("33221100 5544 7766 8899aabbccddeeff")
UUID = "00112233-4455-6677-8899-aabbccddeeff"


@pytest.mark.parametrize(
    "raw",
    [
        {"objectGUID": [GUID]},
        {"OBJECTGUID": [GUID]},
        {"entryUUID": [UUID.encode()]},
        {"entryuuid": [UUID.upper().encode()]},
        {"objectGUID": [GUID], "entryUUID": [b"12345678-0000-0000-0000-000000000000"]},
        {"objectGUID": [bytearray(GUID)]},
        {"objectGUID": [], "entryUUID": [UUID.encode()]},
        {"objectGUID": [b"short"], "entryUUID": [UUID.encode()]},
    ],
)
def test_the_identity_is_a_uuid(raw: dict[str, list[bytes]]) -> None:
    assert make_entry([], raw) == Entry(UUID, [])


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"objectGUID": []},
        {"entryUUID": []},
        {"objectGUID": [b"short"]},
        {"objectGUID": [GUID + b"x"]},
        {"entryUUID": [b"no UUID"]},
        {"entryUUID": [b"\xff"]},
        {"objectGUID;binary": [GUID]},
    ],
)
def test_without_an_identity_there_is_no_entry(raw: dict[str, list[bytes]]) -> None:
    assert make_entry(["sn"], raw) is None


def test_values_are_in_the_order_asked_for_whatever_the_spelling() -> None:
    raw = {
        "objectGUID": [GUID],
        "Mail": [b"b@x", b"a@x"],
        "SN": [b"Lie"],
        "sn;lang-de": [b"Luege"],
        "other": [b"x"],
    }
    entry = make_entry(["sn", "mobile", "mail"], raw)
    assert entry == Entry(UUID, [b"Lie", b"", [b"b@x", b"a@x"]])


def test_a_value_with_an_option_alone_is_another_attribute() -> None:
    entry = make_entry(["sn"], {"objectGUID": [GUID], "sn;lang-de": [b"Luege"]})
    assert entry == Entry(UUID, [b""])


@given(st.uuids())
def test_one_identity_whichever_way_it_comes(identity: uuid.UUID) -> None:
    one = make_entry([], {"objectGUID": [identity.bytes_le]})
    other = make_entry([], {"entryUUID": [str(identity).encode()]})
    assert one == other == Entry(str(identity), [])


def test_what_is_asked_for_to_tell_objects_apart() -> None:
    assert IDENTITY_ATTRIBUTES == ("objectGUID", "entryUUID")
