# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An answer as it comes over the wire, message by message."""

from __future__ import annotations

import ldap3
import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import (
    messages,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.decoding import (
    MalformedError,
)
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


def _encode(*messages_sent: Message, number: int = MESSAGE_ID) -> bytes:
    return b"".join(numbered(number, message) for message in messages_sent)


def _read(data: bytes, size: int = 1 << 20) -> PartialResponse:
    return MessageReader(connection_to(FakeSocket(data, size))).read_response(MESSAGE_ID)


def _notification(name: bytes, code: int = 0, text: bytes = b"") -> bytes:
    parts = (ber(0x0A, bytes([code])), ber(0x04), ber(0x04, text), ber(0x8A, name))
    return numbered(0, (ber(0x78, *parts), b""))


@pytest.mark.parametrize("size", [1, 2, 7, 100, 1 << 20])
def test_an_answer_is_read_to_its_end(size: int) -> None:
    data = _encode(PERSON, REFERENCE, OTHER, END)
    assert _read(data, size) == PartialResponse(
        [PERSON[0], OTHER[0]], [REFERENCE[0]], numbered(MESSAGE_ID, END)
    )


def test_answers_are_read_one_after_the_other_and_each_has_its_time() -> None:
    fake_socket = FakeSocket(_encode(PERSON, END) + _encode(OTHER, END, number=8))
    reader = MessageReader(connection_to(fake_socket))
    assert reader.read_response(MESSAGE_ID).entries == [PERSON[0]]
    assert reader.read_response(8).entries == [OTHER[0]]
    assert fake_socket.waits == 2


@pytest.mark.parametrize("number", [1, 127, 128, 255, 256, 2**31 - 1])
def test_any_number_is_known_again(number: int) -> None:
    size = number.bit_length() // 8 + 1
    written = number.to_bytes(size, "big")
    for each in (
        bytes([2, size]) + written,
        bytes([2, 0x81, size]) + written,
        ber(2, b"\0", written),
    ):
        data = ber(0x30, each, *PERSON) + ber(0x30, each, *END)
        response = MessageReader(connection_to(FakeSocket(data))).read_response(number)
        assert response.entries == [PERSON[0]]


def test_intermediate_answers_are_passed_over() -> None:
    data = _encode(PERSON, (ber(0x79, ber(0x80, b"1.2.3")), b""), OTHER, END)
    assert _read(data).entries == [PERSON[0], OTHER[0]]


def test_advice_that_nobody_asked_for_is_passed_over() -> None:
    assert _read(_notification(b"1.2.3") + _encode(PERSON, END)).entries == [PERSON[0]]


def test_a_notice_of_disconnection_is_the_end_of_it() -> None:
    notice = _notification(b"1.3.6.1.4.1.1466.20036", 52, b"shutting down")
    with pytest.raises(ldap3.core.exceptions.LDAPSessionTerminatedByServerError) as caught:
        _read(_encode(PERSON) + notice)
    assert str(caught.value) == "session terminated by server: unavailable shutting down"


@pytest.mark.parametrize(
    "data", [b"", _encode(PERSON), _encode(PERSON, END)[:-1], b"\x30", b"\x30\x84\0"]
)
def test_an_answer_that_is_cut_is_no_answer(data: bytes) -> None:
    with pytest.raises(ldap3.core.exceptions.LDAPSessionTerminatedByServerError) as caught:
        _read(data)
    assert str(caught.value) == "session terminated by server"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n", id="another protocol"),
        pytest.param(_encode(PERSON, number=6), id="an answer to another search"),
        pytest.param(_encode(result(BIND)), id="an answer to another operation"),
        pytest.param(
            numbered(6, (ber(0x78, ber(0x0A, b"\0"), ber(0x04), ber(0x04)), b"")),
            id="an extended answer that nobody asked for",
        ),
        pytest.param(_encode(END, number=0), id="a result that nobody asked for"),
        pytest.param(b"\x30\x80\x02\x01\x07", id="a message without end"),
        pytest.param(b"\x30\xff\x02\x01\x07", id="a reserved length"),
        pytest.param(b"\x30\x00", id="an empty message"),
        pytest.param(b"\x30\x03\x02\x01\x07", id="a number alone"),
        pytest.param(b"\x30\x03\x04\x01\x07", id="no number"),
        pytest.param(b"\x30\x02\x02\x01\x07", id="a number that is cut"),
    ],
)
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        _read(data)


@pytest.mark.parametrize("form", [b"\x84", b"\xfe" + b"\1" * 122])
def test_a_message_that_no_memory_would_hold_is_not_waited_for(form: bytes) -> None:
    with pytest.raises(OversizeError):
        _read(b"\x30" + form + (MAX_MESSAGE_SIZE + 1).to_bytes(4, "big") + _encode(PERSON))


def test_a_large_message_is_read() -> None:
    person = entry("CN=1,DC=x", {"photo": [bytes(1 << 20)]})
    assert _read(_encode(person, END), 1 << 16).entries == [person[0]]


def test_an_answer_without_pages_is_handed_on_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_MAX_PART_SIZE", 2000)
    people = [entry(f"CN={number},DC=x", {"sn": [b"Lie"]}) for number in range(100)]
    fake_socket = FakeSocket(_encode(*people, END), 500)
    reader = MessageReader(connection_to(fake_socket))
    responses = [reader.read_response(MESSAGE_ID)]
    while not responses[-1].done:
        responses.append(reader.read_response(MESSAGE_ID))
    assert [each for response in responses for each in response.entries] == [
        operation for operation, _controls in people
    ]
    assert all(len(b"".join(response.entries)) < 3000 for response in responses)
    assert fake_socket.waits == len(responses) > 2


def test_a_socket_that_fails_is_said_as_ldap3_says_it() -> None:
    class Broken(FakeSocket):
        def recv(self, size: int) -> bytes:
            raise TimeoutError("no whole answer within 5 s")

    with pytest.raises(ldap3.core.exceptions.LDAPSocketReceiveError) as caught:
        MessageReader(connection_to(Broken(b""))).read_response(MESSAGE_ID)
    assert str(caught.value) == "error receiving data: no whole answer within 5 s"


def test_the_result_comes_with_what_ldap3_needs() -> None:
    assert _read(_encode(result(SEARCH, 32))).done == numbered(MESSAGE_ID, result(SEARCH, 32))
