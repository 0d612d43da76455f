# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text normalization: NFC, single-line cells, and printable text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

# The control characters of ISO 6429, and three other characters: Unicode's line and paragraph separators, and the byte
# order mark. A byte order mark has a meaning only at the beginning of a file (Unicode Standard, 23.8).
_CONTROL_CHARACTERS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")

# Control sequences, control strings and other escape sequences (ECMA-48 and ISO 2022), in their 7-bit and 8-bit forms.
_ESCAPE_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[PX^_\]]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)

SURROGATE = re.compile("[\ud800-\udfff]")
"""Pattern that matches an unpaired surrogate, which UTF-8 cannot encode.

Escape sequences can produce surrogates, and so can undecodable bytes in environment variables (PEP 383).
"""


def compose(text: str) -> str:
    """Normalize a string to Unicode's composed form (NFC, UAX #15).

    Two directories, or a directory and a playbook, might encode the same name with different code points. In the
    composed form, such strings are equal.
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def clean(text: str) -> str:
    """Normalize the text of a cell to a single line in NFC, without leading or trailing whitespace."""
    if text.isascii() and text.isprintable():
        return text.strip()  # Fast path for almost all cells.
    return compose(_CONTROL_CHARACTERS.sub(" ", text).strip())


def make_printable(text: str) -> str:
    """Remove escape sequences, and replace other characters that are not printable by spaces.

    Text from a server could otherwise change the terminal on which it is shown, reorder the words of a message, or add
    a line to a log. Characters that are not printable include line breaks, control and format characters, and unpaired
    surrogates.
    """
    if text.isprintable():
        return text
    text = _ESCAPE_SEQUENCE.sub("", text)
    words = "".join(letter if letter.isprintable() else "\0" for letter in text).split("\0")
    return " ".join(word.strip(" ") for word in words if word.strip(" "))


def make_values_printable(value: Any) -> Any:
    """Apply `make_printable` to all strings in nested dictionaries and lists, including the keys."""
    if isinstance(value, str):
        return make_printable(value)
    if isinstance(value, Mapping):
        return {make_printable(key): make_values_printable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [make_values_printable(each) for each in value]
    return value
