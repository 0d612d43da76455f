# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decoding of search responses with the fast reader and with ldap3, to compare the results."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap3
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.decoding import (
    EntryDecoder,
    decode_uris,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    AttributeValues,
    select_values,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.ldap3_private import (
    decode_message,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.messages import (
    MessageReader,
)

MESSAGE_ID = 7
"""The messageID of the search request and of the response."""
FIXTURES = Path(__file__).parents[1] / "fixtures"


@dataclass(frozen=True)
class DecodedResponse:
    """The content of a search response.

    :ivar values: the values of each entry.
    :ivar references: the URIs of continuation references.
    :ivar result: the SearchResultDone as ldap3's result dictionary.
    :ivar size: size of the response in bytes.
    """

    values: list[AttributeValues]
    references: list[str]
    result: dict[str, Any]
    size: int


class FakeSocket:
    """A socket that returns the given bytes in parts of limited size, and then the end of the stream.

    :ivar waits: number of calls to `restart_deadline`.
    """

    def __init__(self, data: bytes, size: int = 1 << 20) -> None:
        self.waits = 0
        self._data = data
        self._size = size
        self._at = 0

    @property
    def remaining(self) -> int:
        """Number of bytes that have not been received."""
        return max(0, len(self._data) - self._at)

    def restart_deadline(self) -> None:
        self.waits += 1

    def recv(self, size: int) -> bytes:
        start, self._at = self._at, self._at + min(size, self._size)
        return self._data[start : self._at]


def connection_to(fake_socket: FakeSocket) -> Any:
    """Create an ldap3 connection that uses the given socket."""
    connection: Any = ldap3.Connection(ldap3.Server("localhost", get_info=ldap3.NONE))
    connection.socket = fake_socket
    return connection


def decode_fast(
    data: bytes, names: Sequence[str], size: int = 1 << 20, message_id: int = MESSAGE_ID
) -> DecodedResponse:
    """Decode a response with the fast reader.

    :param data: messages of the response.
    :param names: requested attributes. The values of an entry are in this order.
    :param size: maximum number of bytes that a call to `recv` returns.
    :param message_id: messageID of the response.
    """
    connection = connection_to(FakeSocket(data, size))
    messages = MessageReader(connection)
    response = messages.read_response(message_id)
    decoder = EntryDecoder(names)
    unread = len(messages._data) - messages._at
    return DecodedResponse(
        values=[decoder.decode(entry) for entry in response.entries],
        references=[uri for reference in response.references for uri in decode_uris(reference)],
        result=decode_message(connection, response.done),
        size=len(data) - connection.socket.remaining - unread,
    )


def decode_with_ldap3(
    data: bytes, names: Sequence[str], message_id: int = MESSAGE_ID
) -> DecodedResponse:
    """Decode a response with ldap3.

    For the parameters, see `decode_fast`.
    """
    connection = connection_to(FakeSocket(data))
    *responses, result, _complete = connection.strategy._get_response(message_id, None)
    return DecodedResponse(
        values=[
            select_values(names, response["raw_attributes"])[0]
            for response in responses
            if response["type"] == "searchResEntry"
        ],
        references=[uri for response in responses for uri in response.get("uri") or ()],
        result=result,
        size=len(data),
    )


def recorded_pages(server: str) -> list[bytes]:
    """Return the responses that `python -m tests.lab.capture` recorded from a real server."""
    lines = (FIXTURES / f"{server}.answers").read_text(encoding="ascii").splitlines()
    return [base64.b64decode(line) for line in lines]
