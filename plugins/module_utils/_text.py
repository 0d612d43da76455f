# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text normalization: NFC, and single-line cells."""

from __future__ import annotations

import re
import unicodedata

# The control characters of ISO 6429, and three other characters: Unicode's line and paragraph separators, and the byte
# order mark. A byte order mark has a meaning only at the beginning of a file (Unicode Standard, 23.8).
_CONTROL_CHARACTERS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")

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
