# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the wording check."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.tests.wording import find_phrases


def _phrases(text: str) -> list[tuple[int, str]]:
    return [(line, phrase) for line, phrase, _rule in find_phrases(text)]


@pytest.mark.parametrize(
    ("sentence", "phrase"),
    [
        ("Whoever reads this needs a glossary.", "Whoever"),
        ("The file is no CSV.", "is no"),
        ('f"{name} is no {kind}"', "is no"),
        ("A value that is none is skipped.", "is none"),
        ("A retry would go on for ever.", "for ever"),
        ("Nobody has the attribute.", "Nobody has"),
        ("The name contains nothing but digits.", "nothing but"),
        ("The password is kept in memory alone.", "alone"),
        ("The other server is queried, too.", "too"),
        ("The server gets a directory of its own.", "of its own"),
        ("The identity tells two people apart.", "tells two people apart"),
        ("The way out is checked first.", "way out"),
        ("This makes no other roster of it.", "makes no"),
        ("The server speaks TLS 1.2.", "server speaks"),
    ],
)
def test_phrase_is_found(sentence: str, phrase: str) -> None:
    assert (1, phrase) in _phrases(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "There is no CSV file.",
        "There are no contacts, and the roster is no longer valid.",
        "A cell is no longer than the limit.",
        "if value is None:",
        "The file is too old, and has too many rows.",
        "Other files are left alone.",
        "This is a stand-alone script.",
        "The module makes no changes.",
        "This is the way in which filters are combined.",
        "OpenLDAP stands in for Active Directory.",
        "The text field is empty.",
    ],
)
def test_correct_wording_is_accepted(sentence: str) -> None:
    assert _phrases(sentence) == []


@pytest.mark.parametrize(
    "text",
    [
        "A value that is\nno number is skipped.",
        "    # A value that is\n    # no number is skipped.",
        "> A value that is\n> no number is skipped.",
        'message = (\n    "A value that is "\n    f"no number is skipped."\n)',
    ],
)
def test_phrase_across_a_line_break_is_found_in_its_first_line(text: str) -> None:
    first = text[: text.index("is")].count("\n") + 1
    assert _phrases(text) == [(first, "is no")]


def test_each_match_is_reported_with_its_line() -> None:
    text = "Good.\n\nWhoever asks.\nGood.\nTold anew.\n"
    assert sorted(_phrases(text)) == [(3, "Whoever"), (5, "anew")]
