# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one spelling of a text, and the one line of a cell."""

from __future__ import annotations

import unicodedata

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._text import (
    SURROGATE,
    clean,
    compose,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Åse", "Åse"),
        ("  a  b  ", "a  b"),
        ("a\r\nb", "a b"),
        ("a\x00\x1f\x7f\x80\x9f\u2028\u2029\ufeffb", "a b"),
        ("\ta\n", "a"),
        ("a\xa0", "a"),
        ("A\u030ase", "Åse"),
        ("\x20\x7e", "~"),
        ("\x00", ""),
        # What a name may need, or a family in one character, stays as it is.
        ("a\u200bb", "a\u200bb"),
        ("\u202b\u0634\u0647\u0631\u202c", "\u202b\u0634\u0647\u0631\u202c"),
        ("דוד בן-גוריון", "דוד בן-גוריון"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("q\u0323\u0307", "q\u0323\u0307"),
    ],
)
def test_a_cell_is_one_trimmed_line(text: str, line: str) -> None:
    assert clean(text) == line


@given(st.text())
def test_a_clean_cell_stays_as_it_is(text: str) -> None:
    line = clean(text)
    assert clean(line) == line == line.strip()
    assert len(line.splitlines()) <= 1
    assert unicodedata.is_normalized("NFC", line)


@given(st.text())
def test_one_name_is_one_text_in_whatever_form_it_comes(text: str) -> None:
    assert len({compose(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}) == 1


def test_composing_is_nfc_and_no_more() -> None:
    # NFKC would make the ligature two letters.
    assert compose("A\u030a\ufb01") == "Å\ufb01"


@pytest.mark.parametrize(
    ("text", "found"),
    [("\ud7ff\ue000\U0001f600", 0), ("a\ud800", 1), ("\udfff", 1), ("\udbff\udc00", 1)],
)
def test_half_a_character_is_found(text: str, found: int) -> None:
    assert bool(SURROGATE.search(text)) is bool(found)
    if found:
        with pytest.raises(UnicodeEncodeError):
            text.encode("utf-8")
