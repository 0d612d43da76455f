# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of text normalization, and of text for messages."""

from __future__ import annotations

import time
import unicodedata

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._text import (
    SURROGATE,
    clean,
    compose,
    format_count,
    has_many_marks,
    make_printable,
    make_values_printable,
    normalize,
    remove_invisible,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "cleaned"),
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
        # Invisible characters between letters are kept, as are those that modify the character before them.
        ("a\u200bb", "a\u200bb"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("\U0001f3f4\U000e0067\U000e007f", "\U0001f3f4\U000e0067\U000e007f"),
        # Invisible characters at the ends are removed.
        ("\u200bAda", "Ada"),
        ("Lie\u200e", "Lie"),
        (" \u2060 Ada\xad\u200d \n", "Ada"),
        ("\u202b\u0634\u0647\u0631\u202c", "\u0634\u0647\u0631"),
        # A string that consists only of invisible characters becomes empty.
        ("\u200b\u200d \ufeff", ""),
        ("\u3164", ""),
        ("\u2800\ufe0f\U000e0041", ""),
        ("\U000e0000\U000e0fff", ""),
        # In email addresses and phone numbers, invisible characters are removed everywhere.
        ("\U000e0fffada\U000e0080@x", "ada@x"),
        ("a@corp\u200b.exam\xadple\u200b", "a@corp.example"),
        ("A\u200b\u030ase@x", "Åse@x"),
        ("a\ufeff@x", "a@x"),
        ("\u202a+47 912\u200b 34\u2011567\u202c", "+47 912 34\u2011567"),
        ("1\u206a2", "12"),
        # Other text is not changed.
        ("a@x b\u200b@x", "a@x b\u200b@x"),
        ("דוד בן-גוריון", "דוד בן-גוריון"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("q\u0323\u0307", "q\u0323\u0307"),
    ],
)
def test_a_cell_is_cleaned_to_one_trimmed_line(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text())
def test_cleaning_a_cell_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned == cleaned.strip() == clean(normalize(text))
    assert len(cleaned.splitlines()) <= 1
    assert unicodedata.is_normalized("NFC", cleaned)


_INVISIBLE = st.sampled_from("\u200b\u200e\u202c\u2060\xad\ufeff\u3164")
_EDGES = st.text(_INVISIBLE | st.sampled_from(" \n\0\xa0\u2003"))


@given(_EDGES, st.text(), _EDGES)
def test_invisible_characters_and_whitespace_at_the_ends_are_ignored(
    start: str, text: str, end: str
) -> None:
    assert normalize(start + text + end) == normalize(text)
    assert clean(start + text + end) == clean(text)


_LETTERS = st.text(st.characters(categories=["L", "M", "N", "P"], exclude_characters="@"))


@given(_LETTERS, st.text(_INVISIBLE, min_size=1), _LETTERS)
def test_an_address_does_not_depend_on_invisible_characters(
    start: str, invisible: str, end: str
) -> None:
    address = clean(remove_invisible(f"x{start}@{end}y"))
    for position in range(len(address)):
        assert clean(address[:position] + invisible + address[position:]) == address


@pytest.mark.parametrize("text", ["\u200b" * 400_000, "a\u200b" * 200_000, "a\u0301" * 200_000])
def test_cleaning_a_long_text_takes_linear_time(text: str) -> None:
    start = time.process_time()
    clean(text)
    assert time.process_time() - start < 2


@given(st.text())
def test_both_canonical_forms_are_composed_to_the_same_string(text: str) -> None:
    assert len({compose(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}) == 1


def test_compose_uses_nfc_rather_than_nfkc() -> None:
    # NFKC would split the ligature into two letters.
    assert compose("A\u030a\ufb01") == "Å\ufb01"


@pytest.mark.parametrize(
    ("text", "has_surrogate"),
    [
        ("\ud7ff\ue000\U0001f600", False),
        ("a\ud800", True),
        ("\udfff", True),
        ("\udbff\udc00", True),
    ],
)
def test_an_unpaired_surrogate_is_found(text: str, has_surrogate: bool) -> None:
    assert bool(SURROGATE.search(text)) is has_surrogate
    if has_surrogate:
        with pytest.raises(UnicodeEncodeError):
            text.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "printable"),
    [
        ("Åse's [text]; 100 %", "Åse's [text]; 100 %"),
        ("  two  spaces  ", "  two  spaces  "),
        ("red \x1b[1;31mtext\x1b[0m", "red text"),
        ("red \x9b31mtext", "red text"),
        ("a title\x1b]0;owned\x07 here", "a title here"),
        ("a link \x1b]8;;https://evil.test\x1b\\here", "a link here"),
        ("a device string \x90payload\x9c here", "a device string  here"),
        ("a reset \x1bc here", "a reset  here"),
        ("a character set \x1b(0 here", "a character set  here"),
        ("an unfinished \x1b[31", "an unfinished 31"),
        ("an unfinished \x1b", "an unfinished"),
        ("a\r\nfatal: [localhost]", "a fatal: [localhost]"),
        ("a\x85b\u2028c\u2029d\x00e\x7ff\bg\th", "a b c d e f g h"),
        ("\u202egnp.exe\u202c \u2066x\u2069", "gnp.exe x"),
        ("a\ud800b\ufeffc\xadd", "a b c d"),
        ("\x1b[31m\n", ""),
    ],
)
def test_text_is_made_printable(text: str, printable: str) -> None:
    assert make_printable(text) == printable


@given(st.text() | st.text(alphabet="\x1b\x9b\x9d\x07\\[]0;m\n a"))
def test_printable_text_has_no_control_characters_and_stays_the_same(text: str) -> None:
    printable = make_printable(text)
    assert printable.isprintable()
    assert make_printable(printable) == printable


def test_nested_values_are_made_printable() -> None:
    values = {"a\nb": ["\x1b[0mx", {"k": ("y\r", 1, None, True)}]}
    assert make_values_printable(values) == {"a b": ["x", {"k": ["y", 1, None, True]}]}


# Combining characters, including some that decompose into other combining characters.
_MARKS = st.sampled_from(
    "\u0300\u0301\u0323\u0327\u0344\u0345\u0f71\u0f72\u0f73\u0f75\u0f81\u1dce\u3099"
)
_LETTERS = st.sampled_from("aåÅ\u1100\u1161\uac00\u1e9b\U0001d160")


@given(st.lists(st.text(_MARKS, max_size=50) | st.text(_LETTERS, max_size=2)).map("".join))
def test_composing_yields_nfc_regardless_of_the_number_of_combining_characters(text: str) -> None:
    assert compose(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("mark", ["\u0301", "\u0344", "\u0f71", "\u0f73", "\U0001e94a"])
def test_more_than_30_consecutive_combining_characters_are_recognized(mark: str) -> None:
    assert has_many_marks("a" + 31 * mark)
    assert not has_many_marks(2 * ("a" + 30 * mark))


@pytest.mark.parametrize(
    "text",
    [
        "\u0301\u0323" * 100_000,
        "\u0f73" * 100_000,
        "\x90" * 100_000,
        "\x9d\x90a" * 50_000,
        "\x1b]" * 50_000,
        "\x9b0" * 50_000,
        "\u200b " * 100_000 + "é",
        "1" * 100_000 + "\u200bx",
    ],
)
def test_normalization_takes_linear_time(text: str) -> None:
    for function in (normalize, clean, make_printable):
        started = time.process_time()
        function(text)
        assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("number", "nouns", "text"),
    [
        (1, ["contact"], "1 contact"),
        (0, ["contact"], "0 contacts"),
        (2, ["entry", "entries"], "2 entries"),
        (1, ["entry", "entries"], "1 entry"),
    ],
)
def test_a_noun_agrees_with_its_number(number: int, nouns: list[str], text: str) -> None:
    assert format_count(number, *nouns) == text
