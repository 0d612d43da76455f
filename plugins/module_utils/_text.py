# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text normalization (NFC, invisible characters, single-line cells), and text for messages.

All functions take linear time, except for sorting combining characters.

This file is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from itertools import chain, groupby
from typing import Any

MAX_TEXT_LENGTH = 128 * 1024
"""Maximum length of an attribute value in bytes, and of a row in characters.

It also limits the results of some filters, in characters."""

MAX_MARKS = 30
"""Maximum number of consecutive combining characters. No language needs more (UAX #15, 13: Stream-Safe Text Format)."""

_MARKS = b"\1" * (MAX_MARKS + 1)
_TO_MARKS = b"\0" + b"\1" * 255
# Characters whose own combining class is 0, but which are decomposed into combining characters only.
_DECOMPOSED_TO_MARKS = "\u0f73\u0f75\u0f81"

# The control characters of ISO 6429, and three other characters: Unicode's line and paragraph separators, and the byte
# order mark. A byte order mark has a meaning only at the beginning of a file (Unicode Standard, 23.8).
_CONTROL_CHARACTERS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")

# Control sequences, control strings and other escape sequences (ECMA-48 and ISO 2022), in their 7-bit and 8-bit forms.
_ESCAPE_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[PX^_\]]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)

SURROGATE = re.compile("[\ud800-\udfff]")
"""Pattern that matches an unpaired surrogate, which UTF-8 cannot encode.

Escape sequences can produce surrogates, and so can undecodable bytes in environment variables (PEP 383).
"""


def _characters(*ranges: tuple[int, int]) -> str:
    return "".join(chr(code) for first, last in ranges for code in range(first, last + 1))


# Whitespace (White_Space in the Unicode Character Database) and control characters.
_WHITESPACE = _characters(
    *((0x00, 0x20), (0x7F, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
    *((0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)),
)
# Invisible characters: soft hyphens, zero width spaces and joiners, bidirectional marks, fillers and similar
# characters (Default_Ignorable_Code_Point), interlinear annotations and the blank Braille pattern.
_FORMAT_CHARACTERS = _characters(
    *((0xAD, 0xAD), (0x061C, 0x061C), (0x115F, 0x115F), (0x180E, 0x180E), (0x200B, 0x200F)),
    *((0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A)),
)
# Invisible characters that can change the character before them, such as variation selectors and the tags in flags.
_MODIFIERS = _characters(
    *((0x034F, 0x034F), (0x1160, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180D), (0x180F, 0x180F)),
    *((0xFE00, 0xFE0F), (0xE0000, 0xE0FFF)),
)
_ASCII_WHITESPACE = _characters((0x00, 0x20), (0x7F, 0x7F))
IGNORED_AT_START = _WHITESPACE + _FORMAT_CHARACTERS + _MODIFIERS
"""Characters without a meaning at the beginning of a value: whitespace, control characters and invisible characters."""
IGNORED_AT_END = _WHITESPACE + _FORMAT_CHARACTERS
"""Characters without a meaning at the end of a value: whitespace, control characters and most invisible characters."""
_INVISIBLE = frozenset(_FORMAT_CHARACTERS + _MODIFIERS)
_WITHOUT_INVISIBLE = str.maketrans(dict.fromkeys(_INVISIBLE))

# A mail address, or digits with the usual separators.
_ADDRESS_OR_NUMBER = re.compile(
    r"[^@\s]+@[^@\s]+|[\s+()./\u2010-\u2015-]*\d[\d\s+()./\u2010-\u2015-]*"
)


def compose(text: str) -> str:
    """Normalize a string to Unicode's composed form (NFC, UAX #15).

    Two directories, or a directory and a playbook, might encode the same name with different code points. In the
    composed form, such strings are equal.

    Python orders combining characters with an insertion sort, which takes quadratic time for a long sequence of them
    (44 s for 200,000 characters), but linear time if they are already in order. Long sequences are therefore ordered
    before the normalization.
    """
    if text.isascii():
        return text
    return unicodedata.normalize(
        "NFC", "".join(_order_marks(text)) if has_many_marks(text) else text
    )


def has_many_marks(text: str) -> bool:
    """Return whether a string contains more than `MAX_MARKS` consecutive combining characters."""
    if text.isascii() or len(text) <= MAX_MARKS:
        return False
    for letter in _DECOMPOSED_TO_MARKS:
        text = text.replace(letter, "\u0f71")
    classes = bytes(map(unicodedata.combining, text))
    return _MARKS in classes.translate(_TO_MARKS)


def _order_marks(text: str) -> Iterator[str]:
    """Yield the decomposed characters of a string, with combining characters in canonical order (UAX #15, 1.3)."""
    decomposed = chain.from_iterable(unicodedata.normalize("NFD", letter) for letter in text)
    for is_mark, group in groupby(decomposed, lambda letter: unicodedata.combining(letter) > 0):
        letters = list(group)
        yield from sorted(letters, key=unicodedata.combining) if is_mark else letters


def remove_invisible(text: str) -> str:
    """Remove all invisible characters except whitespace and control characters."""
    return text if _INVISIBLE.isdisjoint(text) else text.translate(_WITHOUT_INVISIBLE)


def normalize(text: str) -> str:
    """Normalize an attribute value: compose it, and remove invisible characters that have no meaning.

    At both ends of a value, whitespace, control characters and invisible characters have no meaning, except for those
    that can change the character before them. Between letters, invisible characters can have a meaning, as in Persian
    names and in emoji, but not in a mail address or a number.
    """
    if text.isascii():
        return text.strip(_ASCII_WHITESPACE)
    composed = compose(text)
    if _INVISIBLE.isdisjoint(composed):
        return composed.strip(_WHITESPACE)  # Fast path for almost all values.
    visible = compose(remove_invisible(composed)).strip(_WHITESPACE)
    if _ADDRESS_OR_NUMBER.fullmatch(visible):
        return visible
    return composed.lstrip(IGNORED_AT_START).rstrip(IGNORED_AT_END)


def clean(text: str) -> str:
    """Normalize the text of a cell with `normalize`, and make it a single line.

    A space replaces each sequence of control characters.
    """
    if text.isascii() and text.isprintable():
        return text.strip()  # Fast path for almost all cells.
    return _CONTROL_CHARACTERS.sub(" ", normalize(text))


def join_names(names: Sequence[str], maximum: int = 5) -> str:
    """Join names with commas and *and*, as in ``a, b and 3 more``.

    :param names: names to join; the result is empty if there are none.
    :param maximum: maximum number of names to show. Of the remaining names, only the number is shown.
    """
    others = len(names) - maximum
    shown = [*names[:maximum], *([f"{others} more"] if others > 0 else [])]
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def format_count(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun, as in ``1 contact`` or ``2 contacts``.

    :param number: number of things.
    :param singular: noun for one thing.
    :param plural: noun for any other number; by default, the singular with an s.
    """
    return f"{number} {singular if number == 1 else plural or f'{singular}s'}"


def format_now() -> str:
    """Return the current time in UTC, as in RFC 3339."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def make_printable(text: str) -> str:
    """Remove escape sequences, and replace all other nonprintable characters with spaces.

    Text from a server could otherwise control the terminal on which it is shown, reorder the words of a message, or add
    a line to a log. Nonprintable characters include line breaks, control and format characters, and unpaired
    surrogates. Adjacent ones become a single space; at the ends of the text, they are removed.
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
