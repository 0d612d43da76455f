# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries and references, taken apart; ldap3 is the measure in test_decoding_properties.py."""

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
    element_content,
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
        ({"sn": [bytes(range(256))]}, [bytes(range(256)), b""]),
        ({"cn" * 100: [b"a"], "sn": [b"b"]}, [b"b", b""]),
        # What a name is followed by looks like another name's element.
        ({"cn": [b"\x04\x02sn\x31\x03\x04\x01x"], "sn": [b"b"]}, [b"b", b""]),
    ],
)
def test_a_row_has_what_was_asked_for(attributes: dict[str, list[bytes]], values: object) -> None:
    operation, _controls = entry("CN=1", attributes)
    decoder = EntryDecoder(NAMES)
    # The second time it knows the names.
    assert decoder.decode(operation) == decoder.decode(operation) == values


def test_the_shortest_lengths_are_read_as_well() -> None:
    assert _decode(SHORT) == [b"Li", b""]


def test_what_is_asked_for_twice_is_there_twice() -> None:
    operation, _controls = entry("CN=1", {"sn": [b"a"], "mail": [b"b"]})
    assert EntryDecoder(["mail", "sn", "Mail"]).decode(operation) == [b"b", b"a", b"b"]


def test_of_an_attribute_that_comes_twice_the_last_counts() -> None:
    operation = entry("CN=1", {"sn": [b"a"], "SN": [b"b"]})[0]
    assert _decode(operation) == [b"b", b""]


def test_only_so_many_beginnings_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_MAX_CACHED_HEADERS", 3)
    decoder = EntryDecoder(NAMES)
    for number in range(10):
        operation = entry("CN=1", {f"cn{number}": [b"a"], "sn": [b"b"]})[0]
        assert decoder.decode(operation) == [b"b", b""]
    assert len(decoder._long_form.headers) == 3


@pytest.mark.parametrize("controls", [b"\xa0\x00", b"\xa0\x03\x30\x01\x04"])
def test_controls_do_no_harm(controls: bytes) -> None:
    assert _decode(SHORT + controls) == [b"Li", b""]
    assert decode_uris(reference("ldap://a")[0] + controls) == ["ldap://a"]


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(SHORT[:-1], id="cut"),
        pytest.param(SHORT[:1], id="an identifier alone"),
        pytest.param(b"", id="nothing"),
        pytest.param(SHORT + b"\x00", id="something after it"),
        pytest.param(SHORT + b"\xa0\x00\x00", id="something after its controls"),
        pytest.param(SHORT.replace(b"\x64\x1b", b"\x65\x1b"), id="another operation"),
        pytest.param(SHORT.replace(b"\x64\x1b", b"\x64\x80"), id="a length without end"),
        pytest.param(SHORT.replace(b"\x64\x1b", b"\x64\xff"), id="a reserved length"),
        pytest.param(SHORT.replace(b"\x30\x13", b"\x30\x12"), id="a list too short"),
        pytest.param(SHORT.replace(b"\x30\x13", b"\x30\x14"), id="a list too long"),
        pytest.param(SHORT.replace(b"\x30\x13", b"\x31\x13"), id="no list"),
        pytest.param(SHORT.replace(b"\x04\x04CN", b"\x0c\x04CN"), id="no name"),
        pytest.param(SHORT.replace(b"\x30\x0a", b"\x30\x0b"), id="an attribute too long"),
        pytest.param(SHORT.replace(b"\x30\x0a", b"\x30\x09"), id="an attribute too short"),
        pytest.param(SHORT.replace(b"\x31\x04", b"\x31\x03"), id="values too short"),
        pytest.param(SHORT.replace(b"\x31\x04", b"\x31\x05"), id="values too long"),
        pytest.param(SHORT.replace(b"\x31\x04", b"\x30\x04"), id="no values"),
        pytest.param(SHORT.replace(b"\x04\x02L", b"\x04\x03L"), id="a value too long"),
        pytest.param(SHORT.replace(b"\x04\x02L", b"\x04\x01L"), id="a value too short"),
        pytest.param(SHORT.replace(b"\x04\x02L", b"\x02\x02L"), id="a number for a value"),
        pytest.param(SHORT.replace(b"\x04\x02L", b"\x24\x02L"), id="a value in parts"),
        pytest.param(SHORT.replace(b"\x04\x02s", b"\x02\x02s"), id="a number for a name"),
    ],
)
def test_what_is_no_entry_is_refused(operation: bytes) -> None:
    decoder = EntryDecoder(NAMES)
    for _time in range(2):
        with pytest.raises(MalformedError):
            decoder.decode(operation)
        # Also when it knows how it should be.
        decoder.decode(SHORT)


def test_the_last_value_must_end_with_its_entry() -> None:
    decoder = EntryDecoder(NAMES)
    assert decoder.decode(bytes.fromhex("6413 0404434e3d31 300b 3009 0402736e 3103 040179")) == [
        b"y",
        b"",
    ]
    with pytest.raises(MalformedError):
        decoder.decode(bytes.fromhex("6412 0404434e3d31 300a 3009 0402736e 3103 0401"))


def test_forms_of_lengths_may_change_within_an_entry() -> None:
    attributes = ber(0x30, ber(0x04, b"sn"), ber(0x31, ber(0x04, b"y"))) + bytes.fromhex(
        "3005 04016c 3100"
    )
    assert _decode(ber(0x64, ber(0x04), ber(0x30, attributes))) == [b"y", b""]


def test_a_beginning_that_is_found_elsewhere_than_it_ends_is_not_remembered() -> None:
    twice = bytes.fromhex("308108 0481016c 3102 0400") * 2
    assert _decode(bytes.fromhex("641a 0400 3016") + twice) == [b"", b""]


@pytest.mark.parametrize(
    "length", [b"\x03", b"\x81\x03", b"\x84\0\0\0\x03", b"\xfe" + bytes(125) + b"\x03"]
)
def test_a_length_is_read_in_any_form(length: bytes) -> None:
    data = b"\x04" + length + b"abc"
    start, end = element_content(data, 0, len(data), 0x04)
    assert data[start:end] == b"abc"


def test_references_are_read() -> None:
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
def test_what_is_no_reference_is_refused(operation: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_uris(operation)
