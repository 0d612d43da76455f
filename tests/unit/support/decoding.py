# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading an answer out of bytes, here and by ldap3, to hold one against the other."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

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
"""The message ID of the search that is answered."""
FIXTURES = Path(__file__).parents[1] / "fixtures"


class DecodedResponse(NamedTuple):
    """What an answer was read as, and how many bytes it had."""

    values: list[AttributeValues]
    references: list[str]
    result: dict[str, Any]
    size: int


class FakeSocket:
    """A socket, as far as it is used: gives so many bytes at a time, and then hangs up.

    :ivar waits: how often somebody began to wait.
    """

    def __init__(self, data: bytes, size: int = 1 << 20) -> None:
        self.waits = 0
        self._data = data
        self._size = size
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes that nobody has heard yet."""
        return max(0, len(self._data) - self._at)

    def wait(self) -> None:
        self.waits += 1

    def recv(self, size: int) -> bytes:
        start, self._at = self._at, self._at + min(size, self._size)
        return self._data[start : self._at]


def connection_to(fake_socket: FakeSocket) -> Any:
    """A connection of ldap3's with a line in the place of its socket."""
    connection: Any = ldap3.Connection(ldap3.Server("localhost", get_info=ldap3.NONE))
    connection.socket = fake_socket
    return connection


def decode_fast(
    data: bytes, names: Sequence[str], size: int = 1 << 20, message_id: int = MESSAGE_ID
) -> DecodedResponse:
    """Read an answer past ldap3."""
    connection = connection_to(FakeSocket(data, size))
    messages = MessageReader(connection)
    response = messages.read_response(message_id)
    decoder = EntryDecoder(names)
    return DecodedResponse(
        [decoder.decode(entry) for entry in response.entries],
        [uri for reference in response.references for uri in decode_uris(reference)],
        decode_message(connection, response.done),
        len(data) - connection.socket.left - (len(messages._data) - messages._at),
    )


def decode_with_ldap3(
    data: bytes, names: Sequence[str], message_id: int = MESSAGE_ID
) -> DecodedResponse:
    """Read an answer as ldap3 does."""
    connection = connection_to(FakeSocket(data))
    received = connection.strategy._get_response(message_id, None)
    *responses, result, _complete = received
    return DecodedResponse(
        [
            select_values(names, response["raw_attributes"])
            for response in responses
            if response["type"] == "searchResEntry"
        ],
        [uri for response in responses for uri in response.get("uri") or ()],
        result,
        len(data),
    )


def recorded_pages(server: str) -> list[bytes]:
    """The pages that a real server gave (`python -m tests.lab.capture`)."""
    lines = (FIXTURES / f"{server}.answers").read_text(encoding="ascii").splitlines()
    return [base64.b64decode(line) for line in lines]
