# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masking of attribute values, so that only people who know a value can recognize it."""

from __future__ import annotations

import re

_HIDDEN = "***"
_SHORT = "**"
_MAX_WORDS = 3

_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
# Digits and their usual separators (RFC 3966, 5.1.1, plus spaces and slashes).
_NUMBER = re.compile(r"[+\d\s()./-]*")


def mask(text: str) -> str:
    """Mask an attribute value, in linear time.

    The result contains the following parts of the value:

    - Mail addresses: the first letter of the local part, the first letter of each of up to three labels of the domain,
      and the top-level domain (``a***@c***.example``).
    - Other values: the first letter of each of up to three words (``Å** L**``).

    Numbers, words of one letter, and words that do not begin with a letter are hidden completely. The result contains
    no digits. The number of asterisks does not depend on the length of a word or number.

    :param text: composed (NFC) value without line breaks.
    :returns: a string that does not contain the value, unless the value consists of asterisks; empty if the value is
        empty.
    """
    if not text:
        return ""
    if _NUMBER.fullmatch(text) and any(map(str.isdigit, text)):
        return _HIDDEN
    masked = _mask_mail(text) if _MAIL.fullmatch(text) else _mask_words(text)
    return _HIDDEN if text in masked else masked


def _mask_words(text: str) -> str:
    words = text.split(maxsplit=_MAX_WORDS)
    more = [_HIDDEN] if len(words) > _MAX_WORDS else []
    return " ".join([*(_mask_word(word, _SHORT) for word in words[:_MAX_WORDS]), *more])


def _mask_mail(text: str) -> str:
    local, _at, domain = text.partition("@")
    *labels, top = domain.split(".")
    if not labels:
        labels, top = [top], ""
    masked = [_mask_word(label, _HIDDEN) for label in labels[:_MAX_WORDS]]
    if top:
        masked.append(top if _has_only_letters(top) else _HIDDEN)
    return f"{_mask_word(local, _HIDDEN)}@{'.'.join(masked)}"


def _mask_word(word: str, suffix: str) -> str:
    return word[0] + suffix if len(word) > 1 and _has_only_letters(word[0]) else suffix


def _has_only_letters(text: str) -> bool:
    # Some Chinese characters are both letters and numerals.
    return text.isalpha() and not any(map(str.isnumeric, text))
