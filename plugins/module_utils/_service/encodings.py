# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decoding of strings that a service may have encoded, and a form of strings for comparisons."""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

# Letters that Unicode does not decompose, and their usual replacements.
_LETTERS = str.maketrans(
    {
        "\u00f8": "o",
        "\u00d8": "o",
        "\u0111": "d",
        "\u0110": "d",
        "\u00f0": "d",
        "\u00d0": "d",
        "\u0142": "l",
        "\u0141": "l",
        "\u0131": "i",
        "\u00e6": "ae",
        "\u00c6": "ae",
        "\u0153": "oe",
        "\u0152": "oe",
        "\u00fe": "th",
        "\u00de": "th",
    }
)
_JSON_ESCAPE = re.compile(r"\\(?:[uU]([0-9A-Fa-f]{4})|[xX]([0-9A-Fa-f]{2})|([\"'\\/bfnrt]))")
_JSON_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{4,}={0,2}")
_WORD_RUN = re.compile(r"[A-Za-z0-9]{4,}={0,2}")
_HEX_RUN = re.compile(r"(?:[0-9A-Fa-f]{2}){3,}")


def fold(text: str) -> str:
    """Return a form of a string for comparisons, without differences in case, accents and invisible characters."""
    if text.isascii() and text.isprintable():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS)).casefold()
    # Case folding can produce combining characters, so they are removed last.
    decomposed = unicodedata.normalize("NFKD", decomposed)
    return "".join(letter for letter in decomposed if unicodedata.category(letter)[0] not in "MC")


def fold_with_positions(text: str) -> tuple[str, list[int]]:
    """Fold a string as in `fold`, and return the result with the original position of each of its characters."""
    if text.isascii() and text.isprintable():
        return text.lower(), list(range(len(text)))
    folded, positions = [], []
    for position, letter in enumerate(text):
        for each in fold(letter):
            folded.append(each)
            positions.append(position)
    return "".join(folded), positions


def decode_escapes(text: str) -> str:
    """Undo one level of percent-encoding (RFC 3986, 2.1), escapes as in JSON, and HTML character references."""
    if "%" in text:
        text = unquote(text, errors="replace")
    if "\\" in text:
        text = _JSON_ESCAPE.sub(_decode_json_escape, text)
        # Two escape sequences can represent one character.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return html.unescape(text) if "&" in text else text


def _decode_json_escape(escape: re.Match[str]) -> str:
    code, letter = escape[1] or escape[2], escape[3]
    return chr(int(code, 16)) if code else _JSON_LETTERS.get(letter, letter)


class Run(NamedTuple):
    """A part of a string that may be encoded.

    :ivar start: position of its first character.
    :ivar end: position after its last character.
    :ivar content: the decoded bytes.
    """

    start: int
    end: int
    content: bytes


def decode_runs(text: str) -> Iterator[Run]:
    """Decode the parts of a string that may be Base64, Base64url (RFC 4648, 4 and 5) or hexadecimal.

    Other characters may precede the encoded text, so Base64 is decoded from each of the first four characters of a run.
    """
    for run in (*_BASE64_RUN.finditer(text), *_WORD_RUN.finditer(text)):
        letters = run[0].rstrip("=").replace("-", "+").replace("_", "/")
        for offset in range(min(4, len(letters) - 3)):
            part = letters[offset:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            yield Run(*run.span(), base64.b64decode(part + "=" * (-len(part) % 4)))
    for run in _HEX_RUN.finditer(text):
        yield Run(*run.span(), binascii.unhexlify(run[0]))
