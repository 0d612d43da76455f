# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of reading search responses message by message."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress

import ldap3
import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import (
    large_entry,
    messages,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.decoding import (
    EntryDecoder,
    MalformedError,
    decode_first_string,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    MAX_VALUE_SIZE,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.library import FAILURES
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.messages import (
    MAX_MESSAGE_SIZE,
    MessageReader,
    OversizeError,
    PartialResponse,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.decoding import (
    MESSAGE_ID,
    FakeSocket,
    connection_to,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    SEARCH,
    Message,
    ber,
    entry,
    numbered,
    page_end,
    reference,
    result,
)

PERSON = entry("CN=1,DC=x", {"sn": [b"Lie"]})
OTHER = entry("CN=2,DC=x", {})
REFERENCE = reference("ldap://other/DC=y")
END = page_end(b"c")


def _encode(*sent: Message, message_id: int = MESSAGE_ID) -> bytes:
    return b"".join(numbered(message_id, message) for message in sent)


def _read(data: bytes, size: int = 1 << 20) -> PartialResponse:
    return MessageReader(connection_to(FakeSocket(data, size))).read_response(MESSAGE_ID)


def _notification(oid: bytes, code: int = 0, text: bytes = b"") -> bytes:
    parts = (ber(0x0A, bytes([code])), ber(0x04), ber(0x04, text), ber(0x8A, oid))
    return numbered(0, (ber(0x78, *parts), b""))


@pytest.mark.parametrize("size", [1, 2, 7, 100, 1 << 20])
def test_a_response_is_read_to_its_end(size: int) -> None:
    data = _encode(PERSON, REFERENCE, OTHER, END)
    assert _read(data, size) == PartialResponse(
        [PERSON[0], OTHER[0]], [REFERENCE[0]], numbered(MESSAGE_ID, END)
    )


def test_each_response_has_its_own_deadline() -> None:
    fake_socket = FakeSocket(_encode(PERSON, END) + _encode(OTHER, END, message_id=8))
    reader = MessageReader(connection_to(fake_socket))
    assert reader.read_response(MESSAGE_ID).entries == [PERSON[0]]
    assert reader.read_response(8).entries == [OTHER[0]]
    assert fake_socket.waits == 2


@pytest.mark.parametrize("message_id", [1, 127, 128, 255, 256, 2**31 - 1])
def test_any_message_id_is_recognized(message_id: int) -> None:
    size = message_id.bit_length() // 8 + 1
    octets = message_id.to_bytes(size, "big")
    for encoded in (
        bytes([2, size]) + octets,
        bytes([2, 0x81, size]) + octets,
        ber(2, b"\0", octets),
    ):
        data = ber(0x30, encoded, *PERSON) + ber(0x30, encoded, *END)
        response = MessageReader(connection_to(FakeSocket(data))).read_response(message_id)
        assert response.entries == [PERSON[0]]


def test_intermediate_responses_are_ignored() -> None:
    data = _encode(PERSON, (ber(0x79, ber(0x80, b"1.2.3")), b""), OTHER, END)
    assert _read(data).entries == [PERSON[0], OTHER[0]]


def test_unsolicited_notifications_are_ignored() -> None:
    assert _read(_notification(b"1.2.3") + _encode(PERSON, END)).entries == [PERSON[0]]


def test_a_notice_of_disconnection_is_an_error() -> None:
    notice = _notification(b"1.3.6.1.4.1.1466.20036", 52, b"shutting down")
    with pytest.raises(ldap3.core.exceptions.LDAPSessionTerminatedByServerError) as caught:
        _read(_encode(PERSON) + notice)
    assert str(caught.value) == "session terminated by server: unavailable shutting down"


@pytest.mark.parametrize(
    "data", [b"", _encode(PERSON), _encode(PERSON, END)[:-1], b"\x30", b"\x30\x84\0"]
)
def test_a_truncated_response_is_an_error(data: bytes) -> None:
    with pytest.raises(ldap3.core.exceptions.LDAPSessionTerminatedByServerError) as caught:
        _read(data)
    assert str(caught.value) == "session terminated by server"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n", id="other protocol"),
        pytest.param(_encode(PERSON, message_id=6), id="response to another search"),
        pytest.param(_encode(result(BIND)), id="response to another operation"),
        pytest.param(
            numbered(6, (ber(0x78, ber(0x0A, b"\0"), ber(0x04), ber(0x04)), b"")),
            id="extended response to another operation",
        ),
        pytest.param(_encode(END, message_id=0), id="unsolicited result"),
        pytest.param(b"\x30\x80\x02\x01\x07", id="indefinite length"),
        pytest.param(b"\x30\xff\x02\x01\x07", id="reserved length"),
        pytest.param(b"\x30\x00", id="empty message"),
        pytest.param(b"\x30\x03\x02\x01\x07", id="only a messageID"),
        pytest.param(b"\x30\x03\x04\x01\x07", id="no messageID"),
        pytest.param(b"\x30\x02\x02\x01\x07", id="truncated messageID"),
    ],
)
def test_invalid_messages_are_rejected(data: bytes) -> None:
    with pytest.raises(MalformedError):
        _read(data)


@pytest.mark.parametrize("length", [b"\x84", b"\xfe" + b"\1" * 122])
def test_a_message_that_is_too_large_is_rejected(length: bytes) -> None:
    size = (MAX_MESSAGE_SIZE + 1).to_bytes(4, "big")
    with pytest.raises(OversizeError) as caught:
        _read(_encode(OTHER, PERSON) + b"\x30" + length + size + _encode(PERSON))
    assert caught.value.entry_count == 2


def _large(*values: bytes) -> Message:
    attributes = {"cn": [b"Moe"], "info": list(values), "entryUUID": [b"2"]}
    return entry("CN=2,DC=x", attributes)


@pytest.mark.parametrize("size", [7, 1000])
@pytest.mark.parametrize("controls", [b"", ber(0xA0, ber(0x30, ber(4, b"1.2.3")))])
def test_only_the_values_of_the_large_attribute_of_a_large_entry_are_replaced(
    monkeypatch: pytest.MonkeyPatch, size: int, controls: bytes
) -> None:
    monkeypatch.setattr(messages, "MAX_MESSAGE_SIZE", 5000)
    monkeypatch.setattr(large_entry, "_MAX_ATTRIBUTE_SIZE", 3000)
    small, large = _large(b"a" * 2000), _large(*[b"%d" % number * 1000 for number in range(6)])
    data = _encode(small, (large[0], controls), OTHER, END)
    entries = _read(data, size).entries
    assert entries[::2] == [small[0], OTHER[0]]
    values = EntryDecoder(["cn", "info", "entryUUID"]).decode(entries[1])
    assert values == [b"Moe", bytes(MAX_VALUE_SIZE), b"2"]
    assert decode_first_string(entries[1]) == b"CN=2,DC=x"


def test_the_memory_for_a_large_entry_is_bounded() -> None:
    class Endless(FakeSocket):
        def recv(self, size: int) -> bytes:
            return super().recv(size) or b"a" * size

    content_size = 200 << 20
    name, description = ber(4, b"CN=1,DC=x"), ber(4, b"info")
    data = b""
    sizes = content_size
    for tag, before in ((4, b""), (0x31, description), (0x30, b""), (0x30, name), (0x64, b"")):
        data = before + bytes([tag, 0x84]) + sizes.to_bytes(4, "big") + data
        sizes += 6 + len(before)
        if tag == 0x64:
            data, sizes = b"\x02\x01\x07" + data, sizes + 3
    data = b"\x30\x84" + sizes.to_bytes(4, "big") + data
    reader = MessageReader(connection_to(Endless(data)))
    tracemalloc.start()
    with pytest.raises(MalformedError):
        reader.read_response(MESSAGE_ID)
    assert tracemalloc.get_traced_memory()[1] < 2 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("position", range(1, 60))
def test_a_large_entry_with_a_wrong_byte_is_decoded_or_rejected(
    monkeypatch: pytest.MonkeyPatch, position: int
) -> None:
    monkeypatch.setattr(messages, "MAX_MESSAGE_SIZE", 1)
    data = bytearray(_encode(PERSON, END))
    data[position] = (data[position] + 3) % 256
    with suppress(*FAILURES, OversizeError):
        entries = _read(bytes(data)).entries
        assert [EntryDecoder(["sn"]).decode(operation) for operation in entries]


def test_a_large_message_is_read() -> None:
    person = entry("CN=1,DC=x", {"photo": [bytes(1 << 20)]})
    assert _read(_encode(person, END), 1 << 16).entries == [person[0]]


def test_a_large_response_is_returned_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_MAX_PART_SIZE", 2000)
    people = [entry(f"CN={number},DC=x", {"sn": [b"Lie"]}) for number in range(100)]
    fake_socket = FakeSocket(_encode(*people, END), 500)
    reader = MessageReader(connection_to(fake_socket))
    responses = [reader.read_response(MESSAGE_ID)]
    while not responses[-1].done:
        responses.append(reader.read_response(MESSAGE_ID))
    assert [entry for response in responses for entry in response.entries] == [
        operation for operation, _controls in people
    ]
    assert all(len(b"".join(response.entries)) < 3000 for response in responses)
    assert fake_socket.waits == len(responses) > 2


def test_a_socket_error_raises_the_same_exception_as_in_ldap3() -> None:
    class Broken(FakeSocket):
        def recv(self, size: int) -> bytes:
            raise TimeoutError("no complete response within 5 s")

    with pytest.raises(ldap3.core.exceptions.LDAPSocketReceiveError) as caught:
        MessageReader(connection_to(Broken(b""))).read_response(MESSAGE_ID)
    assert str(caught.value) == "error receiving data: no complete response within 5 s"


def test_the_response_includes_the_message_with_the_result() -> None:
    assert _read(_encode(result(SEARCH, 32))).done == numbered(MESSAGE_ID, result(SEARCH, 32))
