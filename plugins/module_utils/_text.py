# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text: one spelling of each value, whatever wrote it, and what a cell may hold."""

from __future__ import annotations

import re
import unicodedata

# Control characters of ISO 6429, the two Unicode line ends that are no control characters, and the byte
# order mark, which means something at the beginning of a file and nothing elsewhere (Unicode 23.8).
_CONTROL_CHARACTERS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")

SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character of UTF-16: no text for UTF-8, and so for no file; only escapes can make one."""


def compose(text: str) -> str:
    """The text in Unicode's composed form (NFC, UAX 15).

    Two directories, or a directory and a playbook, may spell the same name with other code points;
    composed they are equal, and the same bytes.
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def clean(text: str) -> str:
    """One cell's text on one line, trimmed and composed."""
    if text.isascii() and text.isprintable():
        return text.strip()  # as nearly all are, and this is done for each cell
    return compose(_CONTROL_CHARACTERS.sub(" ", text).strip())
