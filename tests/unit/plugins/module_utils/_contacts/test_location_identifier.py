# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Identifiers of locations."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.location_identifier import (
    check_locations,
    find_identifier_problem,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions import patterns
from ansible_collections.frontdesk.contacts.tests.unit.support import slow_pattern

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
    assert find_identifier_problem(identifier) == problem


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
                "Cannot use location_pattern 'oslo[': the pattern 'oslo[' is not valid: "
                "unterminated character set at position 4."
            ),
        ),
        (
            *(slow_pattern.PATTERN, [[slow_pattern.TEXT]]),
            f"Cannot use location_pattern '{slow_pattern.PATTERN}': {slow_pattern.MESSAGE}.",
        ),
    ],
)
def test_locations_that_do_not_match_and_patterns_that_are_none(
    monkeypatch: pytest.MonkeyPatch, pattern: str, locations: list[list[str]], message: str
) -> None:
    monkeypatch.setattr(patterns, "CPU_SECONDS", slow_pattern.CPU_SECONDS)
    with pytest.raises(InputError) as caught:
        check_locations(locations, pattern)
    assert str(caught.value) == message
