# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masking: enough of a value to recognize it, and never the value."""

from __future__ import annotations

import re

_HIDDEN = "***"
_SHORT = "**"
_MAX_WORDS = 3

_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
# Digits, and what numbers are written with beside them (RFC 3966, 5.1.1, and the usual spaces and slashes).
_NUMBER = re.compile(r"\+?[\d\s()./-]*\d[\d\s()./-]*")
# With fewer digits the last two would be too much of it.
_MIN_DIGITS = 7


def mask(text: str) -> str:
    """What may be shown of a person's value.

    Of a mail address the first letters of its parts and the top-level domain (``a***@c***.example``), of a
    phone number the last two digits (``***56``), of other texts the first letter of at most three words
    (``Å** L**``). How long a value is cannot be told. Nothing is left of a word of one letter, or of a number
    with fewer than seven digits.

    :param text: a cell, composed and on one line.
    :returns: a text that does not hold the value; empty for an empty one.
    """
    if not text:
        return ""
    if _NUMBER.fullmatch(text):
        digits = [letter for letter in text if letter.isdigit()]
        return _HIDDEN + "".join(digits[-2:]) if len(digits) >= _MIN_DIGITS else _HIDDEN
    if _MAIL.fullmatch(text):
        return _mask_mail(text)
    words = text.split()
    more = [_HIDDEN] if len(words) > _MAX_WORDS else []
    return " ".join([*(_mask_word(word, _SHORT) for word in words[:_MAX_WORDS]), *more])


def _mask_mail(text: str) -> str:
    local, _at, domain = text.partition("@")
    *labels, top = domain.split(".")
    if not labels:
        labels, top = [top], ""
    masked = [_mask_word(label, _HIDDEN) for label in labels]
    return f"{_mask_word(local, _HIDDEN)}@{'.'.join([*masked, top] if top else masked)}"


def _mask_word(word: str, suffix: str) -> str:
    return word[0] + suffix if len(word) > 1 else suffix
