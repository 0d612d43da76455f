# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Phone numbers: which are valid, and how they are written."""

from __future__ import annotations

import re

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions import library
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.phone import (
    PHONE_STYLES,
    PhoneStyle,
    check_region,
    format_number,
    is_region,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._library import Library
from hypothesis import given
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
        # Where it belongs to is not known, or there is no such country.
        ("912 34 567", "", ""),
        ("912 34 567", "XX", ""),
        ("912 34 567", "no", ""),
        # Too short, too long, no number of the country, an emergency call, no number at all.
        ("1234", "NO", ""),
        ("+47 912 34 567 890", "NO", ""),
        ("+47 012 34 567", "NO", ""),
        ("112", "NO", ""),
        ("none", "NO", ""),
        ("", "NO", ""),
        ("1" * 300, "NO", ""),
        # An extension has no place in E.164.
        ("22 12 34 56 ext 12", "NO", ""),
        ("+47 22 12 34 56 x12", "", ""),
        ("+4722123456;ext=12", "", ""),
    ],
)
def test_a_number_by_e_164_or_nothing(text: str, region: str, number: str) -> None:
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
def test_the_styles_of_a_number(text: str, region: str, styles: list[str]) -> None:
    assert [PhoneStyle(style, region).format(text) for style in PHONE_STYLES] == styles
    assert PHONE_STYLES == ("e164", "e164_no_plus", "international", "national")


@given(st.text(max_size=40), st.sampled_from(["", "NO", "US", "XX", "no"]))
def test_any_text_is_a_number_or_none(text: str, region: str) -> None:
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
def test_what_is_written_is_read_as_the_same_number(text: str, region: str) -> None:
    number = format_number(text, region)
    for style in ("e164", "international", "national"):
        assert format_number(PhoneStyle(style, region).format(text), region) == number


@pytest.mark.parametrize(
    ("region", "known"),
    [("NO", True), ("US", True), ("XX", False), ("no", False), ("", False), ("001", False)],
)
def test_regions_are_countries_by_two_capital_letters(region: str, known: bool) -> None:
    assert is_region(region) is known


@pytest.mark.parametrize("region", ["", "NO"])
def test_a_region_or_none_passes(region: str) -> None:
    check_region(region)


@pytest.mark.parametrize("region", ["False", "no", "47", "XX", "NOR"])
def test_another_region_is_refused(region: str) -> None:
    with pytest.raises(InputError) as caught:
        check_region(region)
    assert str(caught.value) == (
        f"Cannot use phone_region {region!r}: it is no country that has phone numbers. Write its two "
        "capital letters (ISO 3166-1) in quotes: YAML takes NO without them for false."
    )


def test_without_the_library_nobody_can_say_whether_there_is_a_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(library, "PHONENUMBERS", Library("phonenumbers", "8.13.0", failure="None."))
    monkeypatch.setattr(library, "phonenumbers", None)
    check_region("XX")
