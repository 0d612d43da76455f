# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of masked values."""

from __future__ import annotations

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
        ("Lunde, Per-Åge (skipper)", "L** P** (**"),
        ("of four words indeed", "o** f** w** ***"),
        ("anna@corp.example", "a***@c***.example"),
        ("anna.lie@mail.corp.example", "a***@m***.c***.example"),
        ("a@b.no", "***@***.no"),
        ("anna@corp", "a***@c***"),
        ("a@b", "***@***"),
        ("+47 912 34 567", "***67"),
        ("(22) 12-34.56", "***56"),
        ("0047/22123456", "***56"),
        ("123456", "***"),
        ("1234567", "***67"),
        ("4", "***"),
        ("B12", "B**"),
        ("two@ words@", "t** w**"),
    ],
)
def test_the_masked_value_shows_only_part_of_the_value(text: str, masked: str) -> None:
    assert mask(text) == masked


_VALUES = st.one_of(
    st.text(),
    st.emails(),
    st.from_regex(r"\+?[0-9 ()./-]{1,20}", fullmatch=True),
    st.from_regex(r"\S{1,3}@\S{1,3}(\.\S{1,3}){0,2}", fullmatch=True),
)


@given(_VALUES)
def test_the_masked_value_never_contains_the_value(text: str) -> None:
    value = clean(text)
    # A value that consists only of asterisks reveals nothing.
    assume(value.strip("*"))
    assert value not in mask(value)
