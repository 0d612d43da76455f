# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masking of attribute values, so that only people who know a value can recognize it."""

from __future__ import annotations

import re

_HIDDEN = "***"
_SHORT = "**"
_MAX_WORDS = 3
# With fewer digits, the last two would reveal too much.
_MIN_DIGITS = 7

_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
# Digits and their usual separators (RFC 3966, 5.1.1, plus spaces and slashes).
_NUMBER = re.compile(r"\+?[\d\s()./-]*\d[\d\s()./-]*")


def mask(text: str) -> str:
    """Mask an attribute value.

    The result contains the following parts of the value:

    - Mail addresses: the first letter of each part, and the top-level domain (``a***@c***.example``).
    - Phone numbers with at least seven digits: the last two digits (``***56``).
    - Other values: the first letters of up to three words (``Å** L**``).

    Words of one letter, and numbers with fewer than seven digits, are hidden completely. The number of asterisks does
    not depend on the length of a word or number.

    :param text: composed (NFC) value without line breaks.
    :returns: a string that does not contain the value; empty if the value is empty.
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
