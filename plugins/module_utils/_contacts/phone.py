# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Phone numbers: which are valid, and how services want them written."""

from __future__ import annotations

from typing import NamedTuple

from .._errors import InputError, MissingLibraryError
from .library import PHONENUMBERS_ERROR, phonenumbers

STYLES = ("e164", "e164_no_plus", "international", "national")
"""How a number can be written: +4722123456, 4722123456, +47 22 12 34 56, 22 12 34 56.

Where the spaces are is phonenumbers' knowledge of each country's habits, and may change with its release."""

NO_NUMBER = "not a valid phone number"
"""Why a cell is empty whose value is no number."""

_LIBRARY = "phonenumbers >= 8.13.0"


class PhoneStyle(NamedTuple):
    """How a column wants its numbers.

    :ivar style: one of `STYLES`.
    :ivar region: where a number without a country code belongs to; empty for nowhere.
    """

    style: str
    region: str

    def write(self, text: str) -> str:
        """Write a number in this style; empty when the text is no valid number.

        In the style ``national`` a number of a country with another code than the region's is written
        internationally, for without its code it would be somebody else's.
        """
        return write_number(text, self.region, self.style)


def require_phonenumbers(reason: str) -> None:
    """Make sure that the library is there.

    :param reason: what needs it, for instance ``by phone_style of column 'SMS Phone'``.
    :raises MissingLibraryError: when it is not.
    """
    if PHONENUMBERS_ERROR is not None:
        raise MissingLibraryError(_LIBRARY, reason, PHONENUMBERS_ERROR)


def is_region(region: str) -> bool:
    """Whether there are numbers of this region, by its two capital letters (ISO 3166-1)."""
    return region in phonenumbers.SUPPORTED_REGIONS


def check_region(region: str) -> None:
    """Hold the option phone_region against the regions that there are, if the library is there.

    Without the library nobody can say, and whatever needs it ends the module.

    :param region: empty for none.
    :raises InputError: when there is no such region.
    """
    if region and PHONENUMBERS_ERROR is None and not is_region(region):
        raise InputError(
            f"Cannot use phone_region {region!r}",
            "it is no country that has phone numbers",
            "Write its two capital letters (ISO 3166-1) in quotes: YAML takes NO without them for false",
        )


def write_number(text: str, region: str, style: str = "e164") -> str:
    """Write a phone number in a style.

    A number with an extension counts as none: E.164 knows a country's code and a number in it, nothing
    else (ITU-T E.164, 6.2), and without its extension the number is somebody else's.

    :param region: where a number without a country code belongs to. Where it is no region, as an
        attribute of the directory may give, only numbers with a country code are valid.
    :returns: the number, or nothing when it is not valid.
    """
    home = region if is_region(region) else None
    try:
        number = phonenumbers.parse(text, home)
    except phonenumbers.NumberParseException:
        return ""
    if number.extension or not phonenumbers.is_valid_number(number):
        return ""
    formats = phonenumbers.PhoneNumberFormat
    if style == "national" and number.country_code == phonenumbers.country_code_for_region(region):
        return str(phonenumbers.format_number(number, formats.NATIONAL))
    if style in {"international", "national"}:
        return str(phonenumbers.format_number(number, formats.INTERNATIONAL))
    e164 = str(phonenumbers.format_number(number, formats.E164))
    return e164[1:] if style == "e164_no_plus" else e164
