# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that the fast reader decodes responses as ldap3 does, or rejects them."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    UNUSABLE_VALUE,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.library import FAILURES
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.messages import (
    OversizeError,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.decoding import (
    MESSAGE_ID,
    decode_fast,
    decode_with_ldap3,
    recorded_pages,
)
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = ["givenName", "sn", "memberOf", "l", "objectGUID", "entryUUID"]
REJECTIONS: tuple[type[Exception], ...] = (*FAILURES, OversizeError)

# Minimum number of bytes in the long form of a length; 0 for the shortest form.
LENGTH_BYTES = st.integers(0, 4)
END = bytes.fromhex("300c 020107 6507 0a0100 0400 0400")


def _element(tag: int, content: bytes, length_bytes: int) -> bytes:
    size = len(content)
    if not length_bytes and size < 0x80:
        return bytes([tag, size]) + content
    count = max(length_bytes, (size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | count]) + size.to_bytes(count, "big") + content


def _elements(tag: int, contents: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.builds(partial(_element, tag), contents, LENGTH_BYTES)


def _sequence(*parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.tuples(*parts).map(b"".join)


def _any_case(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name, name.lower(), name.upper(), name.swapcase()])


OPTIONS = st.sampled_from([""] * 7 + [";lang-de", ";binary", ";x-a;lang-nn"])
KNOWN = st.sampled_from(NAMES).flatmap(_any_case)
NAME = st.builds("{}{}".format, st.one_of(KNOWN, st.sampled_from(["cn", "2.5.4.3"])), OPTIONS)
VALUE = st.one_of(st.binary(max_size=20), st.binary(min_size=120, max_size=300))
VALUES = st.one_of(_elements(0x04, VALUE), st.lists(_elements(0x04, VALUE)).map(b"".join))


def _attribute(name: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    named = _elements(0x04, name.map(str.encode))
    return _elements(0x30, _sequence(named, _elements(0x31, VALUES)))


def _message(operation: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    message_id = st.sampled_from([b"\x02\x01\x07", b"\x02\x02\x00\x07", b"\x02\x81\x01\x07"])
    control = _elements(0x30, _elements(0x04, st.just(b"1.2.3")))
    controls = st.one_of(st.just(b""), _elements(0xA0, control))
    return _elements(0x30, _sequence(message_id, operation, controls))


DN = _elements(0x04, st.text(max_size=150).map(str.encode))


def _attributes(names: list[str]) -> st.SearchStrategy[bytes]:
    return _sequence(*(_attribute(st.just(name)) for name in names))


# All attributes of an entry have different descriptions (RFC 4512, 2.5).
ATTRIBUTES = st.lists(NAME, max_size=8, unique_by=str.lower).flatmap(_attributes)
ENTRY = _elements(0x64, _sequence(DN, _elements(0x30, ATTRIBUTES)))
REFERENCE = _elements(0x73, _elements(0x04, st.just(b"ldap://other/DC=y")))
RESPONSE = st.lists(_message(st.one_of(ENTRY, ENTRY, ENTRY, REFERENCE))).map(b"".join)


@given(RESPONSE)
def test_responses_are_decoded_as_in_ldap3(response: bytes) -> None:
    assert decode_fast(response + END, NAMES) == decode_with_ldap3(response + END, NAMES)


@given(RESPONSE, st.integers(1, 50))
def test_the_size_of_the_received_parts_does_not_affect_decoding(
    response: bytes, size: int
) -> None:
    assert decode_fast(response + END, NAMES, size) == decode_fast(response + END, NAMES)


@given(st.lists(st.binary(max_size=40)), st.sampled_from(["range", "RANGE", "Range"]))
def test_incomplete_values_are_never_mistaken_for_complete_values(
    values: list[bytes], option: str
) -> None:
    name = _element(0x04, f"memberOf;{option}=0-1".encode(), 0)
    value_set = _element(0x31, b"".join(_element(0x04, value, 0) for value in values), 0)
    attributes = _element(0x30, _element(0x30, name + value_set, 0), 4)
    entry = _element(0x64, _element(0x04, b"CN=1", 0) + attributes, 4)
    response = _element(0x30, b"\x02\x01\x07" + entry, 4) + END
    for decode in (decode_fast, decode_with_ldap3):
        index = [name.lower() for name in NAMES].index("memberof")
        assert decode(response, NAMES).values[0][index] == UNUSABLE_VALUE


@pytest.mark.parametrize("server", ["samba", "openldap"])
def test_responses_of_real_servers_are_decoded_as_in_ldap3(server: str) -> None:
    pages = recorded_pages(server)
    names = ["sn", "member", "mail", "objectClass", "objectSid", *NAMES]
    entries, references = 0, 0
    for page in pages:
        # The first byte 0x02 is the tag of the messageID, because no length before it contains this byte.
        message_id = page[page.index(b"\x02") + 2]
        decoded = decode_fast(page, names, message_id=message_id)
        assert decoded == decode_with_ldap3(page, names, message_id=message_id)
        entries += len(decoded.values)
        references += len(decoded.references)
    assert entries > 10 * (len(pages) - 1)
    assert bool(references) == (server == "samba")


def _small_response(length_bytes: int) -> bytes:
    def attribute(name: bytes, *values: bytes) -> bytes:
        value_set = _element(
            0x31, b"".join(_element(0x04, value, 0) for value in values), length_bytes
        )
        return _element(0x30, _element(0x04, name, 0) + value_set, length_bytes)

    def message(operation: bytes) -> bytes:
        return _element(0x30, bytes([0x02, 0x01, MESSAGE_ID]) + operation, length_bytes)

    people = (
        [attribute(b"sn", b"Lie"), attribute(b"l", b"Oslo"), attribute(b"objectGUID", b"0" * 16)],
        [attribute(b"SN", b"Li"), attribute(b"memberOf", b"CN=A", b"CN=B"), attribute(b"l")],
    )
    entries = [
        _element(
            0x64,
            _element(0x04, b"CN=1", 0) + _element(0x30, b"".join(person), length_bytes),
            length_bytes,
        )
        for person in people
    ]
    reference = _element(0x73, _element(0x04, b"ldap://a", 0), length_bytes)
    cookie = _element(0x30, _element(0x02, b"\0", 0) + _element(0x04, b"c", 0), length_bytes)
    paged = _element(0x04, b"1.2.840.113556.1.4.319", 0) + _element(0x04, cookie, 0)
    result = _element(0x65, bytes.fromhex("0a010004000400"), length_bytes)
    end = result + _element(0xA0, _element(0x30, paged, length_bytes), length_bytes)
    return b"".join(map(message, [*entries, reference, end]))


def _mutate(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _change in range(rng.choice((1, 1, 1, 2, 3))):
        position = rng.randrange(len(changed))
        kind = rng.randrange(8)
        if kind == 0:
            del changed[position]
        elif kind == 1:
            changed.insert(position, rng.randrange(256))
        elif kind < 5:
            changed[position] ^= 1 << rng.randrange(8)
        else:
            changed[position] = rng.choice((0, 1, 2, 4, 0x30, 0x31, 0x64, 0x7F, 0x80, 0x84, 0xFF))
    return bytes(changed)


def _outcome(decode: Callable[..., Any], response: bytes) -> Any:
    try:
        return decode(response, NAMES)
    except REJECTIONS:
        return None


# Number of mutations: 100,000 by default, 1,000,000 in `make fuzz`, and fewer with the Hypothesis profiles `small` and
# `mutants`.
_MUTATIONS = min(1_000 * settings().max_examples, 1_000_000)
_PARTS = 20


# The mark lets `make fuzz` select this test. For speed, its random inputs are generated without Hypothesis.
@pytest.mark.hypothesis
@pytest.mark.parametrize(
    "length_bytes", [0, 4], ids=["lengths as in OpenLDAP", "lengths as in Active Directory"]
)
@pytest.mark.parametrize("part", range(_PARTS // 2))
def test_corrupted_responses_are_decoded_as_in_ldap3_or_rejected(
    part: int, length_bytes: int
) -> None:
    response = _small_response(length_bytes)
    assert decode_fast(response, NAMES) == decode_with_ldap3(response, NAMES)
    rng = random.Random(part)
    rejected = 0
    for _index in range(_MUTATIONS // _PARTS):
        corrupted = _mutate(response, rng)
        decoded = _outcome(decode_fast, corrupted)
        if decoded is None:
            rejected += 1
        else:
            # ldap3 receives only the bytes that the fast reader decoded as the response.
            assert decoded == _outcome(decode_with_ldap3, corrupted[: decoded.size]), (
                corrupted.hex()
            )
    assert 0 < rejected < _MUTATIONS // _PARTS
