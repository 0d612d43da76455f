# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packing of strings into lines of bytes that sort in the same order."""

from __future__ import annotations

import re
from collections.abc import Sequence

ESCAPE = "\v"
"""First character of escape sequences, which replace this character and all characters that sort before it."""

# To preserve the sort order, all characters up to and including ESCAPE are escaped. ESCAPE then sorts after the
# separators of fields and lines, and before all other characters.
_ESCAPED_CHARACTER = re.compile("[\0-\v]")
_ESCAPED_BYTES = bytes(range(ord(ESCAPE) + 1))
_ESCAPE_SEQUENCE = re.compile(f"{ESCAPE}(.)")
_SHIFT = 16


def pack(fields: Sequence[str]) -> bytes:
    """Pack strings into a line that ends with a line feed.

    Lines with the same number of fields sort like the tuples of their fields, because UTF-8 preserves the order of
    code points (RFC 3629, 1).
    """
    line = ("\0".join(fields) + "\n").encode(errors="surrogatepass")
    if len(line) - len(line.translate(None, _ESCAPED_BYTES)) != len(fields):
        escaped = "\0".join([_ESCAPED_CHARACTER.sub(_escape, field) for field in fields])
        line = f"{escaped}\n".encode(errors="surrogatepass")
    return line


def unpack(line: bytes) -> list[str]:
    """Return the strings in a packed line."""
    text = line[:-1].decode(errors="surrogatepass")
    fields = text.split("\0")
    if ESCAPE in text:
        fields = [_ESCAPE_SEQUENCE.sub(_unescape, field) for field in fields]
    return fields


def _escape(match: re.Match[str]) -> str:
    return ESCAPE + chr(ord(match[0]) + _SHIFT)


def _unescape(match: re.Match[str]) -> str:
    return chr(ord(match[1]) - _SHIFT)
