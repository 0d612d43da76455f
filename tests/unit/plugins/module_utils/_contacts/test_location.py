# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Identifiers of locations, names in a DN, and the sources of the role's locations."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts import patterns
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.location import (
    check_locations,
    escape_dn_value,
    problem_of_location,
    sources_of_locations,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.tests.unit.support import endless
from hypothesis import given
from hypothesis import strategies as st

COPY = "Copy the identifier from the service's account: no capitals, no spaces."


@pytest.mark.parametrize(
    ("identifier", "problem"),
    [
        ("oslo-hq", None),
        ("tromsø_2", None),
        ("42", None),
        ("", "it is empty"),
        ("oslo hq", "it holds a space"),
        ("oslo\u00a0hq", "it holds a space"),
        ("oslo\n", "it holds a space"),
        ("oslo\u200b", "it holds a character that cannot be seen"),
        ("Oslo", "it holds capitals"),
        ("TROMSØ", "it holds capitals"),
        ("Oslo HQ", "it holds a space"),
    ],
)
def test_an_identifier_has_no_capitals_and_no_spaces(identifier: str, problem: str | None) -> None:
    assert problem_of_location(identifier) == problem


@pytest.mark.parametrize(
    "locations",
    [[], [["oslo"]], [["oslo"], ["oslo"], ["b"]], [[]], [[], []], [["oslo", "bergen"], ["b"]]],
)
def test_good_locations_pass(locations: list[list[str]]) -> None:
    check_locations(locations)


@pytest.mark.parametrize(
    ("locations", "message"),
    [
        (
            [["oslo"], ["Bergen"]],
            f"Cannot use the location 'Bergen' of source 2: it holds capitals. {COPY}",
        ),
        ([[""]], f"Cannot use the location '' of source 1: it is empty. {COPY}"),
        (
            [["oslo", "b"], []],
            (
                "Cannot mix sources with and without a location: source 2 has none. Give every source a "
                "location, or none of them for a global configuration."
            ),
        ),
        (
            [[], ["b", "Bergen"]],
            f"Cannot use the location 'Bergen' of source 2: it holds capitals. {COPY}",
        ),
        (
            [[], ["oslo"]],
            (
                "Cannot mix sources with and without a location: source 1 has none. Give every source a "
                "location, or none of them for a global configuration."
            ),
        ),
    ],
)
def test_bad_locations_are_named(locations: list[list[str]], message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_locations(locations)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("pattern", "locations"),
    [
        ("[a-z]+-[0-9]+", [["oslo-1"], ["bergen-22"]]),
        ("[a-z]+-[0-9]+", [[], []]),
        ("oslo|oslo-hq", [["oslo-hq"]]),
        ("tromsø|mala\u030a", [["tromsø", "malå"]]),
        ("målå", [["ma\u030ala\u030a"]]),
        ("", []),
    ],
)
def test_locations_that_match_the_pattern_pass(pattern: str, locations: list[list[str]]) -> None:
    check_locations(locations, pattern)


@pytest.mark.parametrize(
    ("pattern", "locations", "message"),
    [
        (
            *("[a-z]+-[0-9]+", [["oslo-1"], ["oslo-2", "oslo-1x"]]),
            (
                "Cannot use the location 'oslo-1x' of source 2: it does not match location_pattern "
                f"'[a-z]+-[0-9]+'. {COPY}"
            ),
        ),
        (
            *("slo", [["oslo"]]),
            (
                "Cannot use the location 'oslo' of source 1: it does not match location_pattern "
                f"'slo'. {COPY}"
            ),
        ),
        (
            *("Oslo", [["Oslo"]]),
            f"Cannot use the location 'Oslo' of source 1: it holds capitals. {COPY}",
        ),
        (
            *("oslo", [["Oslo"]]),
            f"Cannot use the location 'Oslo' of source 1: it holds capitals. {COPY}",
        ),
        (
            *("oslo[", [[]]),
            (
                "Cannot use location_pattern 'oslo[': the pattern 'oslo[' is wrong: "
                "unterminated character set at position 4."
            ),
        ),
        (
            *(endless.PATTERN, [[endless.TEXT]]),
            f"Cannot use location_pattern '{endless.PATTERN}': {endless.PROBLEM}.",
        ),
    ],
)
def test_locations_that_do_not_match_and_patterns_that_are_none(
    monkeypatch: pytest.MonkeyPatch, pattern: str, locations: list[list[str]], message: str
) -> None:
    monkeypatch.setattr(patterns, "SECONDS", endless.SECONDS)
    with pytest.raises(InputError) as caught:
        check_locations(locations, pattern)
    assert str(caught.value) == message


# The examples of RFC 4514, section 4, and relatives of them.
@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("Sales XL", "Sales XL"),
        ("Bergen, Sales and Harbour", "Bergen\\, Sales and Harbour"),
        ('James "Jim" Smith', 'James \\"Jim\\" Smith'),
        ("a+b;c<d>e\\f", "a\\+b\\;c\\<d\\>e\\\\f"),
        ("# 1", "\\# 1"),
        ("no # 1", "no # 1"),
        (" x ", "\\ x\\ "),
        (" ", "\\ "),
        ("  ", "\\ \\ "),
        ("a=b", "a=b"),
        ("x\0y", "x\\00y"),
        ("Tromsø", "Tromsø"),
        ("", ""),
    ],
)
def test_a_value_in_a_distinguished_name(value: str, escaped: str) -> None:
    assert escape_dn_value(value) == escaped


@given(st.text(st.sampled_from(' ",+;<>\\#=aø'), min_size=1))
def test_an_escaped_value_can_be_read_again(value: str) -> None:
    assert _unescaped(escape_dn_value(value)) == value


def _unescaped(text: str) -> str:
    """A reader of RFC 4514 strings of its own: a backslash and what it protects."""
    read, letters = [], iter(text)
    for letter in letters:
        assert letter not in ',+"<>;'
        read.append(next(letters) if letter == "\\" else letter)
    return "".join(read)


TEMPLATE = "OU={ou},OU=Staff,DC=x"


@pytest.mark.parametrize(
    ("location", "source"),
    [
        (
            {"location": "bergen", "ou": "Bergen, Harbour"},
            {"location": "bergen", "search_base": "OU=Bergen\\, Harbour,OU=Staff,DC=x"},
        ),
        ({"ou": "{location}"}, {"search_base": "OU={location},OU=Staff,DC=x"}),
        (
            {"location": "oslo", "search_base": "OU=A,DC=x", "ou": ""},
            {"location": "oslo", "search_base": "OU=A,DC=x"},
        ),
        (
            {"location": "oslo", "filter": "(l=Oslo)", "search_base": None},
            {"location": "oslo", "filter": "(l=Oslo)", "search_base": "DC=x"},
        ),
        (
            {
                "location": "oslo",
                "search_base": "OU=A",
                "search_scope": "base",
                "filter": "(a=b)",
                "minimum": 0,
            },
            {
                "location": "oslo",
                "search_base": "OU=A",
                "search_scope": "base",
                "filter": "(a=b)",
                "minimum": 0,
            },
        ),
        (
            {"location": "oslo", "member_of": "CN=G,DC=x"},
            {"location": "oslo", "member_of": "CN=G,DC=x", "search_base": "DC=x"},
        ),
        (
            {"location": "oslo", "member_of": ["CN=G", "CN=H"], "ou": "A", "exclude_ous": "OU=B"},
            {
                "location": "oslo",
                "search_base": "OU=A,OU=Staff,DC=x",
                "member_of": ["CN=G", "CN=H"],
                "exclude_ous": "OU=B",
            },
        ),
        (
            {"location": "oslo", "search_base": "OU=A", "member_of": ""},
            {"location": "oslo", "search_base": "OU=A"},
        ),
        # A list that came out empty is told, not taken for everybody.
        (
            {"location": "oslo", "search_base": "OU=A", "member_of": []},
            {"location": "oslo", "search_base": "OU=A", "member_of": []},
        ),
        (
            {"location_value": "l", "locations": ["a"], "ou": "A"},
            {"location_value": "l", "locations": ["a"], "search_base": "OU=A,OU=Staff,DC=x"},
        ),
        (
            {"location": "", "ou": "A"},
            {"location": "", "search_base": "OU=A,OU=Staff,DC=x"},
        ),
    ],
)
def test_a_location_becomes_a_source(location: dict[str, Any], source: dict[str, Any]) -> None:
    assert sources_of_locations([location], TEMPLATE, "DC=x") == [source]


def test_a_group_needs_no_base() -> None:
    (source,) = sources_of_locations([{"member_of": "CN=G"}], TEMPLATE, "")
    assert source == {"member_of": "CN=G"}


def test_locations_keep_their_order() -> None:
    locations = [{"location": name, "ou": name} for name in ("b", "a")]
    sources = sources_of_locations(locations, TEMPLATE, "")
    assert [source["location"] for source in sources] == ["b", "a"]


def test_the_template_may_name_the_location_and_the_ou_twice() -> None:
    locations = [{"location": "a,b", "ou": "{ou}"}]
    (source,) = sources_of_locations(locations, "OU={ou},L={location},OU={ou}", "")
    assert source["search_base"] == "OU={ou},L=a\\,b,OU={ou}"
    (source,) = sources_of_locations([{"ou": "x"}], "OU={ou},L={location},{z}", "")
    assert source["search_base"] == "OU=x,L=,{z}"


@pytest.mark.parametrize(
    ("location", "template", "message"),
    [
        (
            {"location": "oslo", "uo": "A"},
            *(TEMPLATE, "Cannot use location 2 (oslo): it has the unknown key 'uo'."),
        ),
        (
            {"location": "oslo", "minimum": 1},
            TEMPLATE,
            (
                "Cannot use location 2 (oslo): it says nowhere to look. "
                "Give it ou, search_base, member_of or filter."
            ),
        ),
        (
            {"ou": "A", "search_base": "B"},
            TEMPLATE,
            "Cannot use location 2 (global): it has both ou and search_base. Give one of the two.",
        ),
        (
            {"location": "oslo", "filter": "(a=b)"},
            TEMPLATE,
            "Cannot use location 2 (oslo): it has no search base. Set contact_sync_base_dn.",
        ),
        (
            {"location": "oslo", "ou": "A"},
            "OU=Staff",
            (
                "Cannot use contact_sync_ou_template: it does not hold {ou}. "
                "Put {ou} where the OU goes."
            ),
        ),
    ],
)
def test_a_location_that_cannot_become_a_source(
    location: dict[str, Any], template: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        sources_of_locations([{"search_base": "DC=x"}, location], template, "")
    assert str(caught.value) == message
