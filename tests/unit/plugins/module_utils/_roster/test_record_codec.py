# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of encoding, decoding and splitting the lines of contacts and left-out people."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.record_codec import (
    CONTACT,
    HEAD_BYTES,
    LEFT_OUT,
    TAIL_BYTES,
    Candidate,
    RecordCodec,
    decode_candidate,
    decode_source,
    encode_candidate,
    split_lines,
)

ONE, OTHER = "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "3f2504e0-4f89-11d3-9a0c-0305e82c3302"
EMPTIED = (("Phone", "none"),)
CODEC = RecordCodec(["oslo", "bergen", "oslo"])


def _line(contact: Contact, source: int) -> bytes:
    head, tail = CODEC.head_and_tail(contact.location, source)
    assert (len(head), len(tail)) == (HEAD_BYTES, TAIL_BYTES)
    return head + contact.record + tail


def test_a_line_contains_rank_record_and_source() -> None:
    contact = Contact("oslo", ("Åse", ""), ONE)
    line = _line(contact, 2)
    assert line == f"000001\0Åse\0\0{ONE}\0\x00000002\n".encode()
    assert CODEC.decode_contact(line) == contact
    assert (CODEC.decode_location(line), decode_source(line)) == ("oslo", 2)
    assert CODEC.encode_resolved(contact) == line.replace(b"000002", b"------")


def test_emptied_cells_and_left_out_people_are_decoded() -> None:
    contact = Contact("bergen", ("a\0b",), "id", EMPTIED)
    assert CODEC.decode_contact(_line(contact, 1)) == contact
    person = LeftOut("id", "bergen", "a\nb")
    assert CODEC.decode_left_out(CODEC.encode_left_out(person)) == person


def test_candidates_start_with_rank_identity_and_kind() -> None:
    contact = _line(Contact("oslo", ("B",), "2"), 0)
    left_out = CODEC.encode_left_out(LeftOut("2", "oslo", "x"))
    encoded = encode_candidate(contact, CONTACT)
    assert encoded == b"\0".join([b"000001", b"2", b"0", contact])
    assert decode_candidate(encoded) == Candidate(
        rank=b"000001", identity=b"2", is_contact=True, line=contact
    )
    encoded = encode_candidate(left_out, LEFT_OUT)
    assert encoded == b"\0".join([b"000001", b"2", b"1", left_out])
    assert decode_candidate(encoded) == Candidate(
        rank=b"000001", identity=b"2", is_contact=False, line=left_out
    )


@pytest.mark.parametrize(
    "people",
    [
        [("A", "x", ONE), ("", "", OTHER)],
        [("A", "x", ONE, EMPTIED), ("", "", OTHER)],
        [("A", "", "id"), ("A", "", "id-2", EMPTIED)],
        [("A", "", ONE.upper())],
        # An identity that is as long as a UUID, and UUIDs in the wrong field.
        [("A", "", "x" * 36), ("A", "0" * 36, "", ())],
        [("A", ONE, "", ())],
    ],
)
def test_lines_are_split_into_cells_identities_and_lines_with_emptied_cells(
    people: list[tuple[str, str, str, tuple[tuple[str, str], ...]]],
) -> None:
    contacts = [Contact("oslo", person[:2], *person[2:]) for person in people]
    lines = [_line(contact, 0) for contact in contacts]
    parts = split_lines(lines)
    assert list(parts.cells) == ["\0".join(contact.cells).encode() for contact in contacts]
    assert list(parts.identities) == [contact.identity.encode() for contact in contacts]
    assert list(parts.emptied) == [
        line for line, contact in zip(lines, contacts) if contact.emptied
    ]
