# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cells that a spreadsheet might interpret as formulas when it opens the roster (OWASP, CSV Injection)."""

from __future__ import annotations

import re

from .._text import IGNORED_AT_START

# Other forms of the characters that begin a formula or are part of one. All of them begin with the ASCII character when
# they are decomposed (NFKD, UAX #15), except for three minus signs. Spreadsheets treat some of them like the ASCII
# characters.
_OTHER_FORMS = {
    "=": "\uff1d\ufe66\u207c\u208c\u2a75\u2a76",
    "+": "\uff0b\ufe62\u207a\u208a\ufb29",
    "-": "\uff0d\ufe63\u207b\u208b\u2212",
    "@": "\uff20\ufe6b",
    "|": "\uff5c",
    "!": "\uff01\ufe15\ufe57\u203c\u2049",
    '"': "\uff02",
    "<": "\uff1c\ufe64\u226e",
    ">": "\uff1e\ufe65\u226f",
    "&": "\uff06\ufe60",
    "(": "\uff08\ufe59\u207d\u208d",
}
_TO_ASCII = str.maketrans({form: char for char, forms in _OTHER_FORMS.items() for form in forms})
_SIGNS = frozenset("=+-@" + "".join(_OTHER_FORMS[sign] for sign in "=+-@"))

# Spreadsheets might separate cells at these characters instead of at the commas.
_SEPARATOR = re.compile("([;\t])")
_BEFORE_SIGN = IGNORED_AT_START + "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb\uff02\uff07"

# A + or - before a digit is accepted, as in a phone number, even with spaces or parentheses between them, unless a
# function call or one of the characters | ! = " < > & follows. Spreadsheets translate the names of functions, so these
# can contain letters of any script. Placeholders such as -- are also accepted.
_FORMULA = re.compile(
    r"""[=@]|[+-](?![\s()]*\d)(?![\s+-]*\Z)|[+-].*(?:[|!="<>&]|[^\W\d_][\d_]{0,4}\()"""
)

# Most names, mail addresses and phone numbers. This pattern only saves time.
_HARMLESS = re.compile(r"[A-Za-z0-9\u00c0-\u02ff][^;\t]*\Z|\+[0-9][0-9 ()./-]*\Z")


def is_possible_formula(cell: str) -> bool:
    """Return whether a cell could be interpreted as a formula, as a whole or after a semicolon or tab in it."""
    if _SIGNS.isdisjoint(cell) or _HARMLESS.match(cell):
        return False
    return any(map(_is_formula, set(_SEPARATOR.split(cell))))


def escape_formulas(cell: str) -> str:
    """Return a cell that spreadsheets show as text, by inserting an apostrophe before each possible formula in it.

    Different cells remain different, because an apostrophe before a formula is also escaped.
    """
    if not is_possible_formula(cell):
        return cell
    parts = _SEPARATOR.split(cell)
    return "".join([f"'{part}" if _is_formula(part) else part for part in parts])


def _is_formula(part: str) -> bool:
    return bool(_FORMULA.match(part.translate(_TO_ASCII).lstrip(_BEFORE_SIGN)))
