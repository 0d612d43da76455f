# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pack fields into one line of bytes that sorts like the fields."""

from __future__ import annotations

import re
from collections.abc import Sequence

ESCAPE = "\v"
"""Begins what stands for a character that separates fields or ends lines."""

# All characters up to the escape are escaped, so that it is greater than the ends of fields and lines and
# smaller than every other character: so the order is kept.
_ESCAPED_CHARACTER = re.compile("[\0-\v]")
_ESCAPED_BYTES = bytes(range(ord(ESCAPE) + 1))
_ESCAPE_SEQUENCE = re.compile(f"{ESCAPE}(.)")
_SHIFT = 16


def pack(fields: Sequence[str]) -> bytes:
    """One record as a line with its line feed.

    Lines of records with as many fields have the same order as the tuples of their fields, for UTF-8 keeps
    the order of code points (RFC 3629, 1).
    """
    line = ("\0".join(fields) + "\n").encode(errors="surrogatepass")
    if len(line) - len(line.translate(None, _ESCAPED_BYTES)) != len(fields):
        escaped = "\0".join([_ESCAPED_CHARACTER.sub(_escape, field) for field in fields])
        line = f"{escaped}\n".encode(errors="surrogatepass")
    return line


def _escape(match: re.Match[str]) -> str:
    return ESCAPE + chr(ord(match[0]) + _SHIFT)


def _unescape(match: re.Match[str]) -> str:
    return chr(ord(match[1]) - _SHIFT)


def unpack(line: bytes) -> list[str]:
    """The fields of a record, from its line."""
    text = line[:-1].decode(errors="surrogatepass")
    fields = text.split("\0")
    if ESCAPE in text:
        fields = [_ESCAPE_SEQUENCE.sub(_unescape, field) for field in fields]
    return fields
