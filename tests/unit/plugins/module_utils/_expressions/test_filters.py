# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the individual filters."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.filters import (
    FILTERS,
    FilterError,
)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
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
        ("title", ("per-åge (den [eldre] {av <to)",), "Per-Åge (Den [Eldre] {Av <To)"),
        ("title", ("a\tb",), "A\tB"),
        ("default", ("", "b", True), "b"),
        ("regex_replace", ("Foo foo", "f", "b"), "Foo boo"),
        ("regex_replace", ("Foo foo", "f", "b", True), "boo boo"),
        ("regex_replace", ("a\nb", "^", "-"), "-a\nb"),
        ("regex_replace", ("a\nb", "^", "-", False, True), "-a\n-b"),
        ("regex_replace", ("Lie, Åse", "(.+), (.+)", r"\2 \1"), "Åse Lie"),
        ("regex_search", ("a@b.c", "@.*"), "@b.c"),
        ("regex_search", ("a@b.c", "@(.*)", r"\1"), "b.c"),
        ("regex_search", ("a@b.c", "x"), ""),
        ("regex_search", ("a@b.c", "B"), ""),
        ("regex_search", ("a\nb", "^b"), ""),
        ("regex_search", ("a@b.c", "B", r"\0", True), "b"),
        ("regex_search", ("a\nb", "^b", r"\0", False, True), "b"),
        ("map_value", ("a", {"a": "b"}), "b"),
        ("map_value", ("A", {"a": "b"}), ""),
        ("map_value", ("c", {"a": "b"}, "d"), "d"),
        ("map_value", ("a", {"a": ""}, "d"), ""),
        ("map_value", ("", {"": "none"}, "d"), "none"),
        ("e164", ("912 34 567", "NO"), "+4791234567"),
        ("e164", ("912 34 567",), ""),
        ("e164", ("+47 912 34 567",), "+4791234567"),
        ("trim", ("  a b\t",), "a b"),
        ("primary_address", (["EUM:1", "SIP:s@x", "SMTP:b@x", "X500:/o=x", "smtp:a@x"],), "b@x"),
        ("primary_address", (["smtp:a@x", "sip:SMTP:c@x"],), ""),
        ("primary_address", ([],), ""),
        ("primary_address", ("SMTP:b@x",), "b@x"),
        ("of_entry", ("cn=x", "mail"), ""),
    ],
)
def test_filters_return_the_expected_value(
    name: str, arguments: tuple[Any, ...], expected: object
) -> None:
    assert FILTERS[name](*arguments) == expected


def test_the_set_of_filters_is_fixed() -> None:
    assert sorted(FILTERS) == [
        *("default", "e164", "first", "join", "last", "lower", "map_value", "of_entry"),
        *("primary_address", "regex_replace", "regex_search", "replace", "title", "trim", "upper"),
    ]


@pytest.mark.parametrize(
    ("name", "arguments", "kind"),
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
        ("regex_replace", (("a",), "b", "c"), "a list"),
        ("regex_replace", ("a", 1, "c"), "a value of type int"),
        ("regex_replace", ("a", "b", None), "a value of type NoneType"),
        ("regex_search", (("a",), "b"), "a list"),
        ("regex_search", ("a", None), "a value of type NoneType"),
        ("regex_search", ("a", "b", 1), "a value of type int"),
        ("map_value", (("a",), {}), "a list"),
        ("map_value", ("a", {}, 1), "a value of type int"),
        ("of_entry", (["cn=x"], "mail"), "a list"),
        ("of_entry", ("cn=x", 1), "a value of type int"),
        ("e164", (("a",), "NO"), "a list"),
        ("e164", ("a", None), "a value of type NoneType"),
    ],
)
def test_filters_for_a_string_reject_other_types(
    name: str, arguments: tuple[Any, ...], kind: str
) -> None:
    with pytest.raises(FilterError) as caught:
        FILTERS[name](*arguments)
    remedy = ": use first, last or join" if kind == "a list" else ""
    assert str(caught.value) == f"{name} expects a string, not {kind}{remedy}"


@pytest.mark.parametrize("name", ["first", "last", "join", "primary_address"])
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "a value of type int"),
        ({"a"}, "a value of type set"),
        ([1], "a list of other values"),
    ],
)
def test_filters_for_several_strings_reject_other_types(
    name: str, value: object, kind: str
) -> None:
    with pytest.raises(FilterError) as caught:
        FILTERS[name](value)
    assert str(caught.value) == f"{name} expects a string or a list of strings, not {kind}"


@pytest.mark.parametrize("name", ["first", "last", "join", "primary_address"])
def test_filters_for_several_strings_accept_an_empty_list(name: str) -> None:
    assert FILTERS[name](()) == ""


@pytest.mark.parametrize(
    ("name", "arguments", "argument"),
    [
        ("default", ("a", "b", 1), "boolean"),
        ("regex_replace", ("a", "b", "c", 1), "ignorecase"),
        ("regex_replace", ("a", "b", "c", True, 1), "multiline"),
        ("regex_search", ("a", "b", r"\0", 1), "ignorecase"),
        ("regex_search", ("a", "b", r"\0", True, 1), "multiline"),
    ],
)
def test_flags_must_be_true_or_false(name: str, arguments: tuple[Any, ...], argument: str) -> None:
    with pytest.raises(FilterError) as caught:
        FILTERS[name](*arguments)
    assert str(caught.value) == (
        f"{argument} of {name} must be true or false, not a value of type int"
    )


def test_default_rejects_boolean_false() -> None:
    with pytest.raises(FilterError) as caught:
        FILTERS["default"]("", "b", boolean=False)
    assert str(caught.value) == "default always replaces an empty value: omit boolean"


def test_the_parameter_names_of_filters_are_fixed() -> None:
    names = {name: list(inspect.signature(FILTERS[name]).parameters)[1:] for name in FILTERS}
    assert {name: parameters for name, parameters in names.items() if parameters} == {
        "default": ["default_value", "boolean"],
        "e164": ["region"],
        "join": ["d"],
        "map_value": ["mapping", "fallback"],
        "of_entry": ["attribute"],
        "regex_replace": ["pattern", "replacement", "ignorecase", "multiline"],
        "regex_search": ["pattern", "group", "ignorecase", "multiline"],
        "replace": ["old", "new"],
    }
