# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elements of BER, as LDAP writes them: identifier, length, content (X.690, 8.1; RFC 4511, 5.1)."""

from __future__ import annotations

from typing import Final

INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
SEQUENCE: Final = 0x30
SET: Final = 0x31
# Operations of RFC 4511, 4: they have the application's tags.
SEARCH_ENTRY: Final = 0x64
SEARCH_DONE: Final = 0x65
SEARCH_REFERENCE: Final = 0x73
EXTENDED_RESPONSE: Final = 0x78
INTERMEDIATE_RESPONSE: Final = 0x79
CONTROLS: Final = 0xA0


class MalformedError(ValueError):
    """These bytes are no LDAP."""


def content(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Where the content of an element begins and ends.

    :param at: where the element begins.
    :param end: where what it is a part of ends.
    :param tag: its identifier. RFC 4511, 5.1, has strings primitive, so each kind of element has one.
    :raises MalformedError: when there is another one, or it ends beyond the end.
    """
    start = at + 2
    if start > end or data[at] != tag:
        raise MalformedError(f"no element {tag:#04x} at byte {at}")
    size = data[at + 1]
    if size > 0x7F:
        start, size = long_length(data, at)
    stop = start + size
    if stop > end:
        raise MalformedError(f"the element at byte {at} is longer than what it is in")
    return start, stop


def long_length(data: bytes, at: int) -> tuple[int, int]:
    """Where an element's content begins, and its length, from a length in the long form (X.690, 8.1.3.5).

    The first byte tells how many follow. Leading zeros are permitted: Active Directory always writes four
    bytes. The indefinite form is not (RFC 4511, 5.1), and 0xff is reserved.

    :param at: where the element begins; of bytes that are not there yet the length is told without them.
    :raises MalformedError: for the forms that are not permitted.
    """
    count = data[at + 1] & 0x7F
    if count in (0, 0x7F):
        raise MalformedError(f"the element at byte {at} has no definite length")
    start = at + 2 + count
    return start, int.from_bytes(data[at + 2 : start], "big")
