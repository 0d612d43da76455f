# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elements of DER, as certificates are written in (RFC 5280, 4.1)."""

from __future__ import annotations

from typing import NamedTuple


class Element(NamedTuple):
    """A part of a certificate.

    :ivar tag: its identifier, of one byte.
    :ivar content: what it holds.
    """

    tag: int
    content: bytes


def elements(data: bytes) -> list[Element]:
    """The elements that follow one another (X.690, 8.1); all tags of a certificate take one byte.

    :raises ValueError: when the last one is cut.
    :raises IndexError: when its head is.
    """
    found, at = [], 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError("an element is cut")
        found.append(Element(tag, data[at : at + length]))
        at += length
    return found
