# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of expressions, each on its own."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.filters import (
    FILTERS,
    FilterError,
)


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("default", ("a", "b"), "a"),
        ("default", ("", "b"), "b"),
        ("default", ("",), ""),
        ("default", ((), "b"), "b"),
        ("default", (("a",), "b"), ("a",)),
        ("first", ("text",), "text"),
        ("first", (("a", "b"),), "a"),
        ("first", ((),), ""),
        ("last", ("text",), "text"),
        ("last", (["a", "b"],), "b"),
        ("last", ([],), ""),
        ("join", (("a", "b"), "; "), "a; b"),
        ("join", (("a", "b"),), "ab"),
        ("join", ("ab", ";"), "ab"),
        ("join", ((), ";"), ""),
        ("lower", ("ÅSE Lie",), "åse lie"),
        ("upper", ("åse Lie",), "ÅSE LIE"),
        ("replace", ("a b b", "b", "c"), "a c c"),
        ("replace", ("a.b", ".", ""), "ab"),
        ("title", ("åse van DER berg",), "Åse Van Der Berg"),
        ("title", ("o'neil  x",), "O'neil  X"),
        ("title", ("",), ""),
        ("trim", ("  a b\t",), "a b"),
    ],
)
def test_a_filter_gives(name: str, arguments: tuple[Any, ...], result: object) -> None:
    assert FILTERS[name](*arguments) == result


def test_there_are_no_other_filters() -> None:
    assert sorted(FILTERS) == [
        *("default", "e164", "first", "join", "last", "lower", "map_value", "regex_replace"),
        *("regex_search", "replace", "title", "trim", "upper"),
    ]


@pytest.mark.parametrize(
    ("name", "arguments", "what"),
    [
        ("lower", (("a",),), "a list"),
        ("upper", (["a"],), "a list"),
        ("title", (1,), "a value of type int"),
        ("trim", (None,), "a value of type NoneType"),
        ("replace", (("a",), "b", "c"), "a list"),
        ("replace", ("a", 1, "c"), "a value of type int"),
        ("replace", ("a", "b", None), "a value of type NoneType"),
        ("join", (("a",), 1), "a value of type int"),
        ("default", ("", ()), "a list"),
    ],
)
def test_a_filter_of_one_text_refuses(name: str, arguments: tuple[Any, ...], what: str) -> None:
    with pytest.raises(FilterError) as caught:
        FILTERS[name](*arguments)
    assert str(caught.value) == f"{name} works on one text, not on {what}: use first, last or join"


@pytest.mark.parametrize("name", ["first", "last", "join"])
@pytest.mark.parametrize(
    ("value", "what"),
    [(1, "a value of type int"), ({"a"}, "a value of type set"), ([1], "a list"), ((), None)],
)
def test_a_filter_of_texts_refuses(name: str, value: object, what: str | None) -> None:
    if what is None:
        assert FILTERS[name](value) == ""
        return
    with pytest.raises(FilterError) as caught:
        FILTERS[name](value)
    assert str(caught.value) == f"{name} works on text, not on {what}"
