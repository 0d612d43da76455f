# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Phone numbers: validation and formats."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from .._errors import InputError
from .._text import clean, remove_invisible
from . import library

if TYPE_CHECKING:
    import phonenumbers

PHONE_STYLES = ("e164", "e164_no_plus", "international", "national")
"""Names of phone formats. Examples, in the same order: +4722123456, 4722123456, +47 22 12 34 56, 22 12 34 56.

The phonenumbers library determines the spacing, which might change between its releases."""

INVALID_NUMBER = "not a valid phone number"
"""Cause of an emptied cell."""

# The scheme of phone numbers in URIs (RFC 3966). A number can contain no other letters.
_TEL_SCHEME = re.compile(r"\Atel:", re.IGNORECASE)

# Characters around a number: quotes, with which spreadsheets mark text, and separators.
_AROUND_NUMBER = " ,;'\"\u2018\u2019\u201c\u201d"
# A number can also contain these characters, and spaces, dashes and brackets (Unicode's general categories).
_SIGNS = frozenset("+./\uff0b\uff0e\uff0f\u2212")
_SEPARATOR_CATEGORIES = frozenset({"Zs", "Pd", "Ps", "Pe"})

# A slash or an opening bracket can follow an area code, as in 030/12345. If it follows a complete number, the text
# contains a second number or an extension, as in 030 12345/46 or 030 12345 [99], and is not valid.
_ALTERNATIVE = re.compile("[/(\\[\uff0f\uff08\uff3b]")

_MAX_DIGITS = 15  # ITU-T E.164, 6.1


class PhoneStyle(NamedTuple):
    """The phone format of a column.

    :ivar style: one of `PHONE_STYLES`.
    :ivar region: default country for numbers without a country code; empty if there is none.
    """

    style: str
    region: str

    def format(self, text: str) -> str:
        """Format a phone number; return an empty string if it is not valid.

        In the style ``national``, a number with a country code other than that of the region is formatted as
        ``international``. Without its country code, it would be a different number.
        """
        return format_number(text, self.region, self.style)


def is_region(region: str) -> bool:
    """Return whether a string is a supported country code (uppercase ISO 3166-1 alpha-2)."""
    return region in library.phonenumbers.SUPPORTED_REGIONS


def check_region(region: str) -> None:
    """Check the phone_region option if the phonenumbers library is available.

    Without the library, the region is not checked. Anything that formats phone numbers then fails because of the
    missing library.

    :param region: ISO 3166-1 alpha-2 code of the country; empty if there is none.
    :raises InputError: if the region is not supported.
    """
    if region and library.PHONENUMBERS.package is not None and not is_region(region):
        raise InputError(
            f"Cannot use O(phone_region) {region!r}",
            "it is not a country code that the phonenumbers library supports",
            "Use an uppercase ISO 3166-1 alpha-2 code in quotes: without quotes, YAML reads NO as false",
        )


def format_number(text: str, region: str, style: str = "e164") -> str:
    """Format a phone number; return an empty string if it is not valid.

    A number with an extension is not valid: E.164 numbers consist only of the country code and a number within that
    country (ITU-T E.164, 6.2), and without the extension it would be a different number.

    A string with letters or other characters that do not belong to a number is not valid either. The library skips
    characters before and after a number, even if they replace unknown digits, and converts letters after its first
    digits to digits as on a keypad, so it would return the number of another person. It also accepts more digits than
    a number can have, and joins a number to a second number or an extension that follows a slash or is in brackets.

    :param text: phone number in any common notation; it is cleaned like a cell, and invisible characters are
        removed.
    :param region: default country for numbers without a country code. It can be an attribute value that is not a
        valid region; in that case, only numbers with a country code are valid.
    :param style: one of `PHONE_STYLES`.
    """
    number = _parse_number(text, region)
    if number is None:
        return ""
    formats = library.phonenumbers.PhoneNumberFormat
    e164 = str(library.phonenumbers.format_number(number, formats.E164))
    if len(e164) > len("+") + _MAX_DIGITS:
        return ""
    if style == "national" and number.country_code == library.phonenumbers.country_code_for_region(
        region
    ):
        return str(library.phonenumbers.format_number(number, formats.NATIONAL))
    if style in {"international", "national"}:
        return str(library.phonenumbers.format_number(number, formats.INTERNATIONAL))
    return e164[1:] if style == "e164_no_plus" else e164


def _parse_number(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    """Parse a phone number; return None if it is not valid. For the parameters, see `format_number`."""
    number_text = _TEL_SCHEME.sub("", remove_invisible(clean(text)).strip(_AROUND_NUMBER), count=1)
    if not all(map(_belongs_to_number, number_text)):
        return None
    number = _parse_with_library(number_text, region)
    complete = (number_text[: match.start()] for match in _ALTERNATIVE.finditer(number_text))
    if number is None or any(_parse_with_library(each, region) for each in complete):
        return None
    return number


def _parse_with_library(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = library.phonenumbers.parse(text, region)
    except library.phonenumbers.NumberParseException:
        return None
    is_valid = not number.extension and library.phonenumbers.is_valid_number(number)
    return number if is_valid else None


def _belongs_to_number(character: str) -> bool:
    return (
        character.isdecimal()
        or character in _SIGNS
        or unicodedata.category(character) in _SEPARATOR_CATEGORIES
    )
