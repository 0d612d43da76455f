# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of phone numbers: validation and formats."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions import library
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.filters import e164
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.phone import (
    PHONE_STYLES,
    PhoneStyle,
    check_region,
    format_number,
    is_region,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._library import Library
from hypothesis import example, given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("+47 912 34 567", "", "+4791234567"),
        ("+47 912 34 567", "SE", "+4791234567"),
        ("+47 912 34 567", "XX", "+4791234567"),
        ("+47 912 34 567", "no", "+4791234567"),
        ("912 34 567", "NO", "+4791234567"),
        ("0047 912 34 567", "NO", "+4791234567"),
        ("(201) 555-0123", "US", "+12015550123"),
        ("tel:+47-912-34-567", "", "+4791234567"),
        ("٩١٢٣٤٥٦٧", "NO", "+4791234567"),
        # The region is empty or does not exist.
        ("912 34 567", "", ""),
        ("912 34 567", "XX", ""),
        ("912 34 567", "no", ""),
        # Too short, too long, not assigned in the country, an emergency number, and strings that are not numbers.
        ("1234", "NO", ""),
        ("+47 912 34 567 890", "NO", ""),
        ("+47 012 34 567", "NO", ""),
        ("112", "NO", ""),
        ("none", "NO", ""),
        ("", "NO", ""),
        ("1" * 300, "NO", ""),
        # E.164 does not support extensions.
        ("22 12 34 56 ext 12", "NO", ""),
        ("+47 22 12 34 56 x12", "", ""),
        ("+4722123456;ext=12", "", ""),
        ("22 12 34 56 #12", "NO", ""),
        ("22 12 34 56,12", "NO", ""),
        # Invisible characters are ignored, because Windows adds them to copied numbers.
        ("\u202a+47 912\u200b34\xad567\u202c", "", "+4791234567"),
        # Letters and asterisks, which the library would skip or convert to digits.
        ("+40721eeasd0", "DE", ""),
        ("+49 30 12345 Fax", "DE", ""),
        ("+43 664 1234 Tim", "DE", ""),
        ("+49 30 1234 HA 5", "DE", ""),
        ("+49 30 1234 ФАКС", "DE", ""),
        ("+1 800 FLOWERS", "", ""),
        ("Fax 22 12 34 56", "NO", ""),
        ("room 22123456", "NO", ""),
        ("tel:22123456;phone-context=+46", "NO", ""),
        ("*21*2121234567", "US", ""),
        # Other characters, some of which replace unknown digits or separate two numbers.
        ("+49 30 1234 ??", "DE", ""),
        ("+49 30 12345\u2026", "DE", ""),
        ("__30 1234567", "DE", ""),
        ("+49 30 12345\u00b2", "DE", ""),
        ("\u2460 030 12345", "DE", ""),
        ("\u20ac030 12345", "DE", ""),
        ("030 12345 (030 12346)", "DE", ""),
        ("030 12345\t030 12346", "DE", ""),
        # Two numbers, or a number and an extension. An area code is not a complete number.
        ("+49 30 12345/46", "", ""),
        ("030 12345 / 12346", "DE", ""),
        ("030 12345 (12346)", "DE", ""),
        ("030 12345 [99]", "DE", ""),
        ("030/12345", "DE", "+493012345"),
        ("+49/30/12345", "", "+493012345"),
        ("(030) 12345-0", "DE", "+4930123450"),
        ("+49 (0)30 (12345)", "", "+493012345"),
        # Quotes and separators around a number.
        ("'+49 30 12345", "", "+493012345"),
        ("\u201e030 12345\u201c,", "DE", "+493012345"),
        ('"030 12345";', "DE", "+493012345"),
        # Separators of several scripts.
        (
            "\uff0b\uff14\uff19\u3000\uff08\uff13\uff10\uff09\uff0f\uff11\uff12\uff13\uff14\uff15",
            "",
            "+493012345",
        ),
        ("+49\u201330\u201112345", "", "+493012345"),
        # Control characters are replaced, as in the cells to which phone_style applies.
        ("TEL:+47\t912\n34\x00567", "", "+4791234567"),
    ],
)
def test_a_number_is_formatted_as_e_164_if_it_is_valid(text: str, region: str, number: str) -> None:
    assert format_number(text, region) == number


@pytest.mark.parametrize(
    ("text", "region", "styles"),
    [
        (
            *("22123456", "NO"),
            *(["+4722123456", "4722123456", "+47 22 12 34 56", "22 12 34 56"],),
        ),
        (
            *("+46 8 123 456 78", "NO"),
            *(["+46812345678", "46812345678", "+46 8 123 456 78", "+46 8 123 456 78"],),
        ),
        # The United States and Canada share a country code.
        (
            *("+1 416 555 0123", "US"),
            *(["+14165550123", "14165550123", "+1 416-555-0123", "(416) 555-0123"],),
        ),
        ("12", "NO", ["", "", "", ""]),
    ],
)
def test_a_number_is_formatted_in_each_style(text: str, region: str, styles: list[str]) -> None:
    assert [PhoneStyle(style, region).format(text) for style in PHONE_STYLES] == styles
    assert PHONE_STYLES == ("e164", "e164_no_plus", "international", "national")


@given(st.text(max_size=40), st.sampled_from(["", "NO", "US", "XX", "no"]))
def test_any_string_is_formatted_or_rejected(text: str, region: str) -> None:
    number = format_number(text, region)
    assert number == "" or re.fullmatch(r"\+[1-9]\d{4,14}", number, re.ASCII)
    if number:
        assert {PhoneStyle(style, region).format(number) for style in PHONE_STYLES} >= {
            number,
            number[1:],
        }


@given(
    st.from_regex(r"\+?[0-9 ().-]{7,16}", fullmatch=True), st.sampled_from(["NO", "US", "DE", "SE"])
)
def test_a_formatted_number_is_parsed_as_the_same_number(text: str, region: str) -> None:
    number = format_number(text, region)
    for style in ("e164", "international", "national"):
        assert format_number(PhoneStyle(style, region).format(text), region) == number


_REGIONS = ["", "NO", "US", "DE", "GB"]
_PUNCTUATED_DIGITS = st.from_regex(r"(tel:)?\+?[0-9 ().-]{6,14}", fullmatch=True)
_WORDS = st.text(st.sampled_from("aFxXжøß أ٣ #*;,.=-5"), max_size=6) | st.sampled_from(
    [" Fax", " ext. ", " x", " HA ", " доб. ", "tel:", ";ext=", ";phone-context=+46"]
)


@given(_PUNCTUATED_DIGITS, _WORDS, _PUNCTUATED_DIGITS | st.just(""), st.sampled_from(_REGIONS))
@example("+49 30 12345", " Fax", "", "DE")
@example("+49 30 1234", " HA ", "5", "DE")
@example("+672 00000", "", "", "")
@example("0047 221 23 ", "", "456", "DE")
def test_a_number_has_the_digits_of_the_text_and_the_text_has_no_letters(
    start: str, words: str, end: str, region: str
) -> None:
    text = start + words + end
    number = format_number(text, region)
    if not number:
        return
    assert not any(map(str.isalpha, re.sub(r"\Atel:", "", text)))
    digits = "".join(str(unicodedata.digit(c)) for c in text if c.isdecimal())
    country_code, national = _split_country_code(number)
    if _rewrites_local_numbers(int(country_code)):
        return
    assert digits.endswith(national)
    # The text can begin with an international prefix, the country code and a national prefix.
    prefix = digits.removesuffix(national)
    assert re.fullmatch(rf"((00|011)?{country_code})?[01]?", prefix), text
    assert PhoneStyle("e164", region).format(text) == e164(text, region) == number


def _rewrites_local_numbers(country_code: int) -> bool:
    """Return whether the library rewrites the local numbers of a country, instead of only removing a fixed prefix.

    For Norfolk Island (+672), for example, the library adds the digit 3 to old numbers with five digits.
    """
    region = phonenumbers.region_code_for_country_code(country_code)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    return bool(metadata and metadata.national_prefix_transform_rule)


def _split_country_code(number: str) -> tuple[str, str]:
    parsed = phonenumbers.parse(number)
    country_code = str(parsed.country_code)
    return country_code, number[1 + len(country_code) :]


@pytest.mark.parametrize(
    ("region", "expected"),
    [("NO", True), ("US", True), ("XX", False), ("no", False), ("", False), ("001", False)],
)
def test_regions_are_uppercase_country_codes(region: str, expected: bool) -> None:
    assert is_region(region) is expected


@pytest.mark.parametrize("region", ["", "NO"])
def test_a_known_or_empty_region_is_accepted(region: str) -> None:
    check_region(region)


@pytest.mark.parametrize("region", ["False", "no", "47", "XX", "NOR"])
def test_an_unknown_region_is_rejected(region: str) -> None:
    with pytest.raises(InputError) as caught:
        check_region(region)
    assert str(caught.value) == (
        f"Cannot use phone_region {region!r}: it is not a country code that the phonenumbers library supports. Use an "
        "uppercase ISO 3166-1 alpha-2 code in quotes: without quotes, YAML reads NO as false."
    )


def test_regions_are_not_checked_without_the_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(library, "PHONENUMBERS", Library("phonenumbers", "8.13.0", failure="None."))
    monkeypatch.setattr(library, "phonenumbers", None)
    check_region("XX")
