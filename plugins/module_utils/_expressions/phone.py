# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Phone numbers: which are valid, and how services want them written."""

from __future__ import annotations

from typing import NamedTuple

from .._errors import InputError
from . import library

PHONE_STYLES = ("e164", "e164_no_plus", "international", "national")
"""How a number can be written: +4722123456, 4722123456, +47 22 12 34 56, 22 12 34 56.

Where the spaces are is phonenumbers' knowledge of each country's habits, and may change with its release."""

INVALID_NUMBER = "not a valid phone number"
"""Why a cell is empty whose value is no number."""


class PhoneStyle(NamedTuple):
    """How a column wants its numbers.

    :ivar style: one of `PHONE_STYLES`.
    :ivar region: where a number without a country code belongs to; empty for nowhere.
    """

    style: str
    region: str

    def format(self, text: str) -> str:
        """Write a number in this style; empty when the text is no valid number.

        In the style ``national`` a number of a country with another code than the region's is written
        internationally, for without its code it would be somebody else's.
        """
        return format_number(text, self.region, self.style)


def is_region(region: str) -> bool:
    """Whether there are numbers of this region, by its two capital letters (ISO 3166-1)."""
    return region in library.phonenumbers.SUPPORTED_REGIONS


def check_region(region: str) -> None:
    """Hold the option phone_region against the regions that there are, if the library is there.

    Without the library nobody can say, and whatever needs it ends the module.

    :param region: empty for none.
    :raises InputError: when there is no such region.
    """
    if region and library.PHONENUMBERS.package is not None and not is_region(region):
        raise InputError(
            f"Cannot use phone_region {region!r}",
            "it is no country that has phone numbers",
            "Write its two capital letters (ISO 3166-1) in quotes: YAML takes NO without them for false",
        )


def format_number(text: str, region: str, style: str = "e164") -> str:
    """Write a phone number in a style.

    A number with an extension counts as none: E.164 knows a country's code and a number in it, nothing
    else (ITU-T E.164, 6.2), and without its extension the number is somebody else's.

    :param region: where a number without a country code belongs to. Where it is no region, as an
        attribute of the directory may give, only numbers with a country code are valid.
    :returns: the number, or nothing when it is not valid.
    """
    try:
        number = library.phonenumbers.parse(text, region)
    except library.phonenumbers.NumberParseException:
        return ""
    if number.extension or not library.phonenumbers.is_valid_number(number):
        return ""
    formats = library.phonenumbers.PhoneNumberFormat
    if style == "national" and number.country_code == library.phonenumbers.country_code_for_region(
        region
    ):
        return str(library.phonenumbers.format_number(number, formats.NATIONAL))
    if style in {"international", "national"}:
        return str(library.phonenumbers.format_number(number, formats.INTERNATIONAL))
    e164 = str(library.phonenumbers.format_number(number, formats.E164))
    return e164[1:] if style == "e164_no_plus" else e164
