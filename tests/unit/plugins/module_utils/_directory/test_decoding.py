# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of decoding entries and continuation references.

test_decoding_properties.py compares the results with those of ldap3.
"""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import (
    decoding,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.decoding import (
    EntryDecoder,
    MalformedError,
    decode_first_string,
    decode_uris,
    locate_content,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    MAX_VALUE_SIZE,
    UNUSABLE_VALUE,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    ber,
    entry,
    reference,
)

NAMES = ["sn", "mail"]
SHORT = bytes.fromhex("641b 0404434e3d31 3013 300a0402736e31040402 4c69 300504016c3100")


def _decode(operation: bytes) -> object:
    return EntryDecoder(NAMES).decode(operation)


@pytest.mark.parametrize(
    ("attributes", "values"),
    [
        ({}, [b"", b""]),
        ({"mail": [b"a"], "SN": [b"b"]}, [b"b", b"a"]),
        ({"sn": [], "mail": [b""]}, [b"", b""]),
        ({"sn": [b"a", b"b", b""]}, [[b"a", b"b", b""], b""]),
        ({"sn;lang-de": [b"a"], "cn": [b"b"], "snn": [b"c"], "s": [b"d"]}, [b"", b""]),
        ({"sn": [b"x" * 127], "mail": [b"y" * 128]}, [b"x" * 127, b"y" * 128]),
        ({"sn": [b"x" * 70_000]}, [b"x" * 70_000, b""]),
        ({"sn": [b"x" * MAX_VALUE_SIZE]}, [b"x" * MAX_VALUE_SIZE, b""]),
        # Longer values are truncated.
        ({"sn": [b"x" * 200_000]}, [b"x" * MAX_VALUE_SIZE, b""]),
        ({"sn": [b"a", b"x" * 200_000]}, [[b"a", b"x" * MAX_VALUE_SIZE], b""]),
        ({"sn": [bytes(range(256))]}, [bytes(range(256)), b""]),
        ({"cn" * 100: [b"a"], "sn": [b"b"]}, [b"b", b""]),
        # A value that looks like another attribute.
        ({"cn": [b"\x04\x02sn\x31\x03\x04\x01x"], "sn": [b"b"]}, [b"b", b""]),
    ],
)
def test_an_entry_is_decoded_into_the_requested_values(
    attributes: dict[str, list[bytes]], values: object
) -> None:
    operation, _controls = entry("CN=1", attributes)
    decoder = EntryDecoder(NAMES)
    # The second call uses the headers that the first call cached.
    assert decoder.decode(operation) == decoder.decode(operation) == values


@pytest.mark.parametrize("values", [[b"a"], [b"a", b"b"], []])
def test_incomplete_values_are_replaced_by_an_unusable_value(values: list[bytes]) -> None:
    for attributes in (
        {"mail": [], "mail;range=0-1": values, "sn": [b"Lie"]},
        {"mail;RANGE=0-1": values, "Mail": [], "sn": [b"Lie"]},
    ):
        operation = entry("CN=1", attributes)[0]
        decoder = EntryDecoder(NAMES)
        expected = [b"Lie", UNUSABLE_VALUE]
        assert decoder.decode(operation) == decoder.decode(operation) == expected


def test_lengths_in_the_short_form_are_decoded() -> None:
    assert _decode(SHORT) == [b"Li", b""]


def test_an_attribute_can_be_requested_twice() -> None:
    operation, _controls = entry("CN=1", {"sn": [b"a"], "mail": [b"b"]})
    assert EntryDecoder(["mail", "sn", "Mail"]).decode(operation) == [b"b", b"a", b"b"]


def test_the_last_of_several_attributes_with_the_same_name_is_used() -> None:
    operation = entry("CN=1", {"sn": [b"a"], "SN": [b"b"]})[0]
    assert _decode(operation) == [b"b", b""]


def test_the_number_of_cached_headers_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_MAX_CACHED_HEADERS", 3)
    decoder = EntryDecoder(NAMES)
    for number in range(10):
        operation = entry("CN=1", {f"cn{number}": [b"a"], "sn": [b"b"]})[0]
        assert decoder.decode(operation) == [b"b", b""]
    assert len(decoder._long_form.headers) == 3


@pytest.mark.parametrize("controls", [b"\xa0\x00", b"\xa0\x03\x30\x01\x04"])
def test_controls_are_ignored(controls: bytes) -> None:
    assert _decode(SHORT + controls) == [b"Li", b""]
    assert decode_uris(reference("ldap://a")[0] + controls) == ["ldap://a"]


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(SHORT[:-1], id="truncated"),
        pytest.param(SHORT[:1], id="only a tag"),
        pytest.param(b"", id="empty"),
        pytest.param(SHORT + b"\x00", id="trailing byte"),
        pytest.param(SHORT + b"\xa0\x00\x00", id="trailing byte after the controls"),
        pytest.param(SHORT.replace(b"\x64\x1b", b"\x65\x1b"), id="other operation"),
        pytest.param(SHORT.replace(b"\x64\x1b", b"\x64\x80"), id="indefinite length"),
        pytest.param(SHORT.replace(b"\x64\x1b", b"\x64\xff"), id="reserved length"),
        pytest.param(SHORT.replace(b"\x30\x13", b"\x30\x12"), id="attributes too short"),
        pytest.param(SHORT.replace(b"\x30\x13", b"\x30\x14"), id="attributes too long"),
        pytest.param(SHORT.replace(b"\x30\x13", b"\x31\x13"), id="attributes are not a sequence"),
        pytest.param(SHORT.replace(b"\x04\x04CN", b"\x0c\x04CN"), id="DN is not an octet string"),
        pytest.param(SHORT.replace(b"\x30\x0a", b"\x30\x0b"), id="attribute too long"),
        pytest.param(SHORT.replace(b"\x30\x0a", b"\x30\x09"), id="attribute too short"),
        pytest.param(SHORT.replace(b"\x31\x04", b"\x31\x03"), id="values too short"),
        pytest.param(SHORT.replace(b"\x31\x04", b"\x31\x05"), id="values too long"),
        pytest.param(SHORT.replace(b"\x31\x04", b"\x30\x04"), id="values are not a set"),
        pytest.param(SHORT.replace(b"\x04\x02L", b"\x04\x03L"), id="value too long"),
        pytest.param(SHORT.replace(b"\x04\x02L", b"\x04\x01L"), id="value too short"),
        pytest.param(SHORT.replace(b"\x04\x02L", b"\x02\x02L"), id="value is an integer"),
        pytest.param(SHORT.replace(b"\x04\x02L", b"\x24\x02L"), id="value is constructed"),
        pytest.param(
            SHORT.replace(b"\x04\x02s", b"\x02\x02s"), id="attribute description is an integer"
        ),
    ],
)
def test_invalid_entries_are_rejected(operation: bytes) -> None:
    decoder = EntryDecoder(NAMES)
    for _attempt in range(2):
        with pytest.raises(MalformedError):
            decoder.decode(operation)
        # Cache the headers for the second attempt.
        decoder.decode(SHORT)


def test_a_cached_header_does_not_hide_a_truncated_value() -> None:
    decoder = EntryDecoder(NAMES)
    assert decoder.decode(bytes.fromhex("6413 0404434e3d31 300b 3009 0402736e 3103 040179")) == [
        b"y",
        b"",
    ]
    with pytest.raises(MalformedError):
        decoder.decode(bytes.fromhex("6412 0404434e3d31 300a 3009 0402736e 3103 0401"))


def test_an_entry_can_contain_lengths_in_both_forms() -> None:
    attributes = ber(0x30, ber(0x04, b"sn"), ber(0x31, ber(0x04, b"y"))) + bytes.fromhex(
        "3005 04016c 3100"
    )
    assert _decode(ber(0x64, ber(0x04), ber(0x30, attributes))) == [b"y", b""]


def test_a_header_with_an_unexpected_length_is_decoded_without_the_cache() -> None:
    twice = bytes.fromhex("308108 0481016c 3102 0400") * 2
    assert _decode(bytes.fromhex("641a 0400 3016") + twice) == [b"", b""]


@pytest.mark.parametrize(
    "length", [b"\x03", b"\x81\x03", b"\x84\0\0\0\x03", b"\xfe" + bytes(125) + b"\x03"]
)
def test_lengths_in_the_short_and_the_long_form_are_parsed(length: bytes) -> None:
    data = b"\x04" + length + b"abc"
    start, end = locate_content(data, 0, len(data), 0x04)
    assert data[start:end] == b"abc"


def test_continuation_references_and_first_strings_are_decoded() -> None:
    operation = b"\x73\x0e\x04\x08ldap://a\x04\x00\x04\x00"
    assert decode_uris(operation) == ["ldap://a"]
    assert decode_first_string(operation) == b"ldap://a"
    assert decode_first_string(SHORT) == b"CN=1"


@pytest.mark.parametrize(
    "operation",
    [
        b"",
        b"\x73",
        b"\x73\x02\x04\x01",
        b"\x73\x02\x02\x00",
        b"\x73\x03\x04\x01\xff",
        b"\x73\x00\x00",
    ],
)
def test_invalid_continuation_references_are_rejected(operation: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_uris(operation)
