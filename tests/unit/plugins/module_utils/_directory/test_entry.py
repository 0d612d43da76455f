# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries built from the raw values of a response."""

from __future__ import annotations

import uuid

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    IDENTITY_ATTRIBUTES,
    Entry,
    IncompleteValuesError,
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


@pytest.mark.parametrize(
    ("guid", "text"),
    [
        (GUID, b""),
        (b"", TEXT),
        (b"", TEXT.upper()),
        (GUID, OTHER),
        (GUID, b"not a UUID"),
        (b"short", TEXT),
        ([GUID, bytes(16)], b""),
        (b"", [TEXT, OTHER]),
        ([b"short"] * 16, TEXT),
    ],
)
@pytest.mark.parametrize(
    "other_entries",
    [
        pytest.param([], id="single"),
        pytest.param([(GUID, b"")], id="with an entry that has a GUID"),
        pytest.param([(b"", TEXT)], id="with an entry that has a UUID"),
    ],
)
def test_the_identity_is_the_text_of_a_uuid(
    guid: Values, text: Values, other_entries: list[tuple[Values, Values]]
) -> None:
    value_lists = [[b"x", *each] for each in [(guid, text), *other_entries]]
    assert build_entries(value_lists) == [Entry(UUID, [b"x"])] * len(value_lists)


@pytest.mark.parametrize(
    ("guid", "text"),
    [
        (b"", b""),
        (b"short", b""),
        (GUID + b"x", b""),
        (b"", b"not a UUID"),
        (b"", b"\xff"),
        (b"", b"0-11223344556677-8899-aabbccddee-ffx"),
        (b"", TEXT.replace(b"a", b"g")),
        (b"", TEXT.replace(b"-4", b"4-")[:-1] + b"-"),
    ],
)
def test_no_entries_are_built_if_one_has_no_identity(guid: Values, text: Values) -> None:
    assert build_entries([[b"x", guid, text]]) is None
    assert build_entries([[b"y", GUID, b""], [b"x", guid, text]]) is None


def test_a_page_without_values_has_no_entries() -> None:
    assert build_entries([]) == []


def test_values_are_in_the_order_of_the_requested_attributes() -> None:
    attributes = {
        "Mail": [b"b@x", b"a@x"],
        "SN": [b"Lie"],
        "sn;lang-de": [b"Luege"],
        "l": [],
        "c": None,
        "other": [b"x"],
    }
    values = select_values(["sn", "mobile", "mail", "l", "c"], attributes)
    assert values == [b"Lie", b"", [b"b@x", b"a@x"], b"", b""]


def test_an_attribute_name_does_not_match_a_description_with_an_option() -> None:
    assert select_values(["sn"], {"sn;lang-de": [b"Luege"]}) == [b""]


def test_incomplete_values_are_an_error() -> None:
    with pytest.raises(IncompleteValuesError) as caught:
        select_values(["sn"], {"memberOf": [], "memberOf;Range=0-1499": [b"A"]})
    assert str(caught.value) == "memberOf;Range=0-1499"


@given(st.lists(st.uuids()))
def test_both_identity_attributes_result_in_the_same_identity(identities: list[uuid.UUID]) -> None:
    texts = [str(identity) for identity in identities]
    with_guids: list[list[Values]] = [[identity.bytes_le, b""] for identity in identities]
    with_uuids: list[list[Values]] = [[b"", text.encode()] for text in texts]
    expected = [Entry(text, []) for text in texts]
    assert build_entries(with_guids) == build_entries(with_uuids) == expected


def test_the_identity_attributes_are_objectguid_and_entryuuid() -> None:
    assert IDENTITY_ATTRIBUTES == ("objectGUID", "entryUUID")
