# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of masked values."""

from __future__ import annotations

import time

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.mask import mask
from ansible_collections.frontdesk.contacts.plugins.module_utils._text import clean
from hypothesis import assume, given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("", ""),
        ("Åse Lie", "Å** L**"),
        ("Åse", "Å**"),
        ("王 秀英", "** 秀**"),
        ("李", "**"),
        ("Lunde, Per-Åge (skipper)", "L** P** **"),
        ("Lie 3rd floor", "L** ** f**"),
        ("of four words indeed", "o** f** w** ***"),
        ("anna@corp.example", "a***@c***.example"),
        ("anna.lie@mail.corp.example", "a***@m***.c***.example"),
        ("a@b.no", "***@***.no"),
        ("anna@corp", "a***@c***"),
        ("a@b", "***@***"),
        ("anna@a.b.c.d.example", "a***@***.***.***.example"),
        ("1234@5678.90", "***@***.***"),
        ("anna@corp.x9", "a***@c***.***"),
        ("+47 912 34 567", "***"),
        ("(22) 12-34.56", "***"),
        ("٠١٢٣ ٤٥٦٧", "***"),
        ("4", "***"),
        ("-", "**"),
        ("0*", "**"),
        ("a*", "***"),
        ("a@***.no", "***@***.no"),
        ("B12", "B**"),
        ("two@ words@", "t** w**"),
    ],
)
def test_the_masked_value_shows_only_part_of_the_value(text: str, masked: str) -> None:
    assert mask(text) == masked


_VALUES = st.one_of(
    st.text(),
    st.emails(),
    st.text(st.sampled_from("aé0٣一*.@ +-")),
    st.from_regex(r"\+?[0-9 ()./-]{1,20}", fullmatch=True),
    st.from_regex(r"\S{1,3}@\S{1,3}(\.\S{1,3}){0,2}", fullmatch=True),
)


@given(_VALUES)
def test_the_masked_value_never_contains_the_value(text: str) -> None:
    value = clean(text)
    # A value that consists only of asterisks reveals nothing.
    assume(value.strip("*"))
    assert value not in mask(value)


@given(_VALUES)
def test_the_masked_value_contains_no_digits(text: str) -> None:
    assert not any(map(str.isnumeric, mask(clean(text))))


@pytest.mark.parametrize(
    "text", ["1" * 131_071 + "x", "a " * 65_536, "a." * 65_536, "a@" + "b." * 65_536, "@" * 131_072]
)
def test_masking_takes_linear_time_and_returns_a_short_string(text: str) -> None:
    started = time.process_time()
    assert len(mask(text)) < 30
    assert time.process_time() - started < 1
