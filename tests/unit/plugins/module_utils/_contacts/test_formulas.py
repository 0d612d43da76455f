# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of recognizing and escaping spreadsheet formulas."""

from __future__ import annotations

import time
import unicodedata

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.formulas import (
    escape_formulas,
    is_possible_formula,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._text import IGNORED_AT_START
from hypothesis import given
from hypothesis import strategies as st

SIGNS = "=+-@"
FORMULAS = [
    *("=1+1", "@SUM(1)", "+SUM(1)", "-SUM(1)", "+a", "-a", "- a", "+ (a)"),
    *("=cmd|' /C calc'!A0", "+1+cmd|'x'!A0", "-2+3+HYPERLINK(1)", "--A(1)", "@home"),
    # Functions in Russian and Finnish, a function whose name ends with digits, and a full-width parenthesis.
    *("+1+ГИПЕРССЫЛКА(A1)", "-1+ETSI_Ä(A1)", "+1+LOG10(1)", "+1+X\uff08A1)"),
]
HARMLESS = [
    *("", "-", "--", "+", "- -", "+47 912 34 567", "+ 47 912 34 567", "+(47) 912 34 567", "-5"),
    *("- 3rd floor", "\u2212", "\u22125", "O=Brien", "a+b-c@d", "ada@corp.example", "Anne-Marie"),
    *(
        "O'Brien",
        "'t Hooft",
        '"Ada"',
        "Lie; Moe",
        "22 12 34 56; +47 912 34 567",
        "a@x; b@x",
        "-; -",
    ),
    *(
        "e=mc2",
        "C++",
        "\u2013 see reception",
        "山田\uff1b\uff20home",
        "\uff0b\uff14\uff17 \uff19",
        "(=1)",
    ),
]


@pytest.mark.parametrize("cell", HARMLESS)
def test_harmless_cells_are_accepted(cell: str) -> None:
    assert not is_possible_formula(cell)
    assert not is_possible_formula(f"Lie; {cell}")


@pytest.mark.parametrize("cell", FORMULAS)
@pytest.mark.parametrize(
    "before",
    [
        *(
            "",
            "Lie;",
            "Lie; ",
            "Lie\t",
            "a@x;b;",
            ";",
            "\u200b",
            "\ufeff",
            "\xad",
            "\u202e",
            " ",
            "\xa0",
        ),
        *("\u3000", "\r", '"', "'", "\u201c", "Lie;\u200b\" '"),
    ],
)
def test_a_formula_is_recognized_after_separators_and_ignored_characters(
    before: str, cell: str
) -> None:
    assert is_possible_formula(before + cell)


def test_every_form_of_a_sign_is_recognized() -> None:
    for number in range(0x110000):
        form = chr(number)
        if unicodedata.normalize("NFKC", form)[0] in SIGNS or form == "\u2212":
            assert is_possible_formula(form + "a")
            assert is_possible_formula("Lie;" + form + "a")


@pytest.mark.parametrize("operator", '|!="<>&')
def test_every_form_of_an_operator_after_a_number_is_recognized(operator: str) -> None:
    for number in range(0x110000):
        form = chr(number)
        if unicodedata.normalize("NFKC", form)[0] == operator:
            assert is_possible_formula(f"+1{form}a")


@given(
    st.text(),
    st.sampled_from(";\t"),
    st.text(st.sampled_from(IGNORED_AT_START + "\"'")),
    st.sampled_from(FORMULAS),
)
def test_no_text_before_a_separator_hides_a_formula(
    text: str, separator: str, ignored: str, formula: str
) -> None:
    assert is_possible_formula(text + separator + ignored + formula)


@given(st.text(st.sampled_from("ab é\U0001f642,.()/'\"")), st.sampled_from(SIGNS), st.text("ab;"))
def test_signs_in_a_cell_that_begins_with_a_letter_are_accepted(
    before: str, sign: str, after: str
) -> None:
    assert not is_possible_formula(f"a{before}{sign}{after}")


@pytest.mark.parametrize(
    "text", ["+1a(", "+1 a", ";", "; ", ";'", ";-", "-", "+1;", "\u200b", "\uff0b"]
)
def test_recognition_takes_linear_time(text: str) -> None:
    started = time.process_time()
    is_possible_formula(text * (131_072 // len(text)) + "+")
    assert time.process_time() - started < 1


@pytest.mark.parametrize("cell", HARMLESS)
def test_harmless_cells_are_not_escaped(cell: str) -> None:
    assert escape_formulas(cell) == cell


@pytest.mark.parametrize("cell", FORMULAS)
def test_an_apostrophe_escapes_each_formula_in_a_cell(cell: str) -> None:
    assert escape_formulas(cell) == f"'{cell}"
    assert escape_formulas(f" {cell}") == f"' {cell}"
    assert escape_formulas(f"Lie;{cell}\t-;{cell}") == f"Lie;'{cell}\t-;'{cell}"


@given(*[st.text("=+-'\" ;\tA1(\uff1d")] * 2)
def test_different_cells_are_different_after_escaping(one: str, other: str) -> None:
    assert (escape_formulas(one) == escape_formulas(other)) == (one == other)
    # A spreadsheet may split the cell.
    for part in escape_formulas(one).replace("\t", ";").split(";"):
        assert part.startswith("'") or not is_possible_formula(part)
