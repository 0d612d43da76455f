# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions that read, parse and build LDAP messages as bytes (RFC 4511, 4.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

# Tags of protocol operations (RFC 4511, 4.2 to 4.12).
UNBIND_REQUEST, SEARCH_REQUEST = 0x42, 0x63
(
    BIND_RESPONSE,
    SEARCH_RESULT_ENTRY,
    SEARCH_RESULT_DONE,
    SEARCH_RESULT_REFERENCE,
    EXTENDED_RESPONSE,
) = 0x61, 0x64, 0x65, 0x73, 0x78


def read_message(connection: socket.socket) -> bytes:
    """Read one BER element (X.690, 8.1.3), including its tag and length.

    :raises EOFError: if the connection is closed before the end of the element.
    """
    header = _read_exactly(connection, 2)
    if header[1] & 0x80:
        header += _read_exactly(connection, header[1] & 0x7F)
        return header + _read_exactly(connection, int.from_bytes(header[2:], "big"))
    return header + _read_exactly(connection, header[1])


def _read_exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data


def strip_header(message: bytes) -> bytes:
    """Return the contents of an element, without its tag and length."""
    return message[2 + (message[1] & 0x7F if message[1] & 0x80 else 0) :]


def parse_first_element(elements: bytes) -> bytes:
    """Return the first of several consecutive elements."""
    content = strip_header(elements)
    header = len(elements) - len(content)
    size = int.from_bytes(elements[2:header], "big") if elements[1] & 0x80 else elements[1]
    return elements[: header + size]


def parse_message_id(message: bytes) -> bytes:
    """Return the messageID of a message, as a BER element."""
    return parse_first_element(strip_header(message))


def parse_operation_tag(message: bytes) -> int:
    """Return the tag of a message's protocol operation, which comes after the messageID."""
    return strip_header(message)[len(parse_message_id(message))]


def build_message(message_id: bytes, rest: bytes) -> bytes:
    """Build a message from its messageID and the elements after it, all of which are encoded in BER."""
    content = message_id + rest
    return b"\x30\x84" + len(content).to_bytes(4, "big") + content
