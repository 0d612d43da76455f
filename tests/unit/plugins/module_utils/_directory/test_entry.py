# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of entries that are built from the raw values in a response."""

from __future__ import annotations

import uuid

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    ENTRY_UUID,
    OBJECT_GUID,
    UNUSABLE_VALUE,
    Entry,
    Values,
    build_entries,
    select_values,
)
from hypothesis import given
from hypothesis import strategies as st

# MS-DTYP 2.3.4: the first three fields are little-endian on the wire.
GUID = bytes.fromhex("33221100 5544 7766 8899aabbccddeeff")
UUID = "00112233-4455-6677-8899-aabbccddeeff"
TEXT = UUID.encode()
OTHER = b"12345678-0000-0000-0000-000000000000"
OTHER_GUID = bytes.fromhex("78563412") + bytes(12)


@pytest.mark.parametrize(
    ("attribute", "value", "other"),
    [
        (OBJECT_GUID, GUID, OTHER_GUID),
        (ENTRY_UUID, TEXT, OTHER),
        (ENTRY_UUID, TEXT.upper(), OTHER),
        (ENTRY_UUID, [TEXT, OTHER], OTHER),
    ],
)
def test_the_identity_is_the_text_of_a_uuid(attribute: str, value: Values, other: Values) -> None:
    assert build_entries([[b"x", value]], attribute) == [Entry(UUID, [b"x"])]
    both = [Entry(UUID, [b"x"]), Entry(OTHER.decode(), [b"y"])]
    assert build_entries([[b"x", value], [b"y", other]], attribute) == both


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        (OBJECT_GUID, b""),
        (OBJECT_GUID, b"short"),
        (OBJECT_GUID, GUID + b"x"),
        (OBJECT_GUID, TEXT),
        (OBJECT_GUID, [GUID, bytes(16)]),
        (ENTRY_UUID, b""),
        (ENTRY_UUID, GUID),
        (ENTRY_UUID, b"not a UUID"),
        (ENTRY_UUID, b"\xff"),
        (ENTRY_UUID, b"0-11223344556677-8899-aabbccddee-ffx"),
        (ENTRY_UUID, TEXT.replace(b"a", b"g")),
        (ENTRY_UUID, TEXT.replace(b"-4", b"4-")[:-1] + b"-"),
    ],
)
def test_no_entries_are_built_if_one_has_no_valid_identity(attribute: str, value: Values) -> None:
    valid = GUID if attribute == OBJECT_GUID else TEXT
    assert build_entries([[b"x", value]], attribute) is None
    assert build_entries([[b"y", valid], [b"x", value]], attribute) is None


def test_no_entries_are_built_from_an_empty_page() -> None:
    for attribute in (OBJECT_GUID, ENTRY_UUID):
        assert build_entries([], attribute) == []


def test_values_are_in_the_order_of_the_requested_attributes() -> None:
    attributes = {
        "Mail": [b"b@x", b"a@x"],
        "SN": [b"Lie"],
        "sn;lang-de": [b"Luege"],
        "l": [],
        "c": None,
        "other": [b"x"],
    }
    values, unrequested = select_values(["sn", "mobile", "mail", "l", "c"], attributes)
    assert values == [b"Lie", b"", [b"b@x", b"a@x"], b"", b""]
    assert unrequested == {"other", "sn;lang-de"}


def test_descriptions_match_only_if_they_have_the_same_options_in_any_order() -> None:
    assert select_values(["sn"], {"sn;lang-de": [b"Luege"]}) == ([b""], {"sn;lang-de"})
    values = {"sn": [b"Luge"], "SN;x-a;lang-de": [b"Luege"]}
    assert select_values(["sn;lang-de;x-a"], values) == ([b"Luege"], {"sn"})


def test_values_are_found_under_the_aliases_of_a_name() -> None:
    aliases = {"surname": "sn", "2.5.4.4": "sn"}
    for name in ("SN", "surname", "2.5.4.4"):
        values = select_values(["cn", "surname", "sn"], {name: [b"Lie"]}, aliases)
        assert values == ([b"", b"Lie", b"Lie"], set())


def test_incomplete_values_are_replaced_by_an_unusable_value() -> None:
    attributes = {"memberOf": [], "memberOf;Range=0-1499": [b"A"], "sn": [b"Lie"]}
    for order in (attributes, dict(reversed(attributes.items()))):
        assert select_values(["memberof", "sn"], order) == ([UNUSABLE_VALUE, b"Lie"], set())
    for description in ("sn;range=0-1;lang-el", "sn;lang-el;range=0-1"):
        values = {description: [b"A"], "sn": [b"Lie"]}
        assert select_values(["sn;lang-el", "sn"], values) == ([UNUSABLE_VALUE, b"Lie"], set())


@given(st.lists(st.uuids()))
def test_both_identity_attributes_result_in_the_same_identity(identities: list[uuid.UUID]) -> None:
    texts = [str(identity) for identity in identities]
    with_guids: list[list[Values]] = [[identity.bytes_le] for identity in identities]
    with_uuids: list[list[Values]] = [[text.encode()] for text in texts]
    expected = [Entry(text, []) for text in texts]
    assert build_entries(with_guids, OBJECT_GUID) == expected
    assert build_entries(with_uuids, ENTRY_UUID) == expected
