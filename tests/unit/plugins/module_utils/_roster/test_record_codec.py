# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Contacts and people left out as lines, and lines taken apart."""

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
    RecordCodec,
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


def test_a_line_holds_rank_record_and_source() -> None:
    contact = Contact("oslo", ("Åse", ""), ONE)
    line = _line(contact, 2)
    assert line == f"000001\0Åse\0\0{ONE}\0\x00000002\n".encode()
    assert (CODEC.decode_contact(line), CODEC.decode_location(line), decode_source(line)) == (
        contact,
        "oslo",
        2,
    )
    assert CODEC.encode_resolved(contact) == line.replace(b"000002", b"------")


def test_what_was_emptied_and_who_was_left_out_comes_back() -> None:
    contact = Contact("bergen", ("a\0b",), "id", EMPTIED)
    assert CODEC.decode_contact(_line(contact, 1)) == contact
    person = LeftOut("id", "bergen", "a\nb")
    assert CODEC.decode_left_out(CODEC.encode_left_out(person)) == person


def test_lines_can_be_put_in_the_order_of_identities() -> None:
    line, other = (
        _line(Contact("oslo", ("B",), "2"), 0),
        CODEC.encode_left_out(LeftOut("2", "oslo", "x")),
    )
    assert encode_candidate(line, CONTACT) == b"\0".join([b"000001", b"2", b"0", line])
    assert encode_candidate(other, LEFT_OUT) == b"\0".join([b"000001", b"2", b"1", other])


@pytest.mark.parametrize(
    "people",
    [
        [("A", "x", ONE), ("", "", OTHER)],
        [("A", "x", ONE, EMPTIED), ("", "", OTHER)],
        [("A", "", "id"), ("A", "", "id-2", EMPTIED)],
        [("A", "", ONE.upper())],
        # As long as what follows the cells of others.
        [("A", "", "x" * 36), ("A", "0" * 36, "", ())],
        [("A", ONE, "", ())],
    ],
)
def test_lines_are_taken_apart(
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
