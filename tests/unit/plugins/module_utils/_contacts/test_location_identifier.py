# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the validation of location identifiers, including the option `location_pattern`."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.location_identifier import (
    check_locations,
    find_identifier_problem,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions import patterns
from ansible_collections.frontdesk.contacts.tests.unit.support import slow_pattern

COPY_IDENTIFIER = "Copy the identifier from your account with the service; it contains no uppercase letters or spaces."


@pytest.mark.parametrize(
    ("identifier", "problem"),
    [
        ("oslo-hq", None),
        ("tromsø_2", None),
        ("42", None),
        ("", "it is empty"),
        ("oslo hq", "it contains whitespace"),
        ("oslo\u00a0hq", "it contains whitespace"),
        ("oslo\n", "it contains whitespace"),
        ("oslo\u200b", "it contains an invisible character"),
        ("Oslo", "it contains an uppercase letter"),
        ("TROMSØ", "it contains an uppercase letter"),
        ("Oslo HQ", "it contains whitespace"),
    ],
)
def test_problems_of_identifiers_are_found(identifier: str, problem: str | None) -> None:
    assert find_identifier_problem(identifier) == problem


@pytest.mark.parametrize(
    "locations",
    [[], [["oslo"]], [["oslo"], ["oslo"], ["b"]], [[]], [[], []], [["oslo", "bergen"], ["b"]]],
)
def test_valid_locations_are_accepted(locations: list[list[str]]) -> None:
    check_locations(locations)


@pytest.mark.parametrize(
    ("locations", "message"),
    [
        (
            [["oslo"], ["Bergen"]],
            f"Cannot use the location 'Bergen' of source 2: it contains an uppercase letter. {COPY_IDENTIFIER}",
        ),
        ([[""]], f"Cannot use the location '' of source 1: it is empty. {COPY_IDENTIFIER}"),
        (
            [["oslo", "b"], []],
            (
                "Cannot mix sources with and without a location: source 2 has no location. Set a "
                "location in all sources, or in none of them to assign all contacts to all locations."
            ),
        ),
        (
            [[], ["b", "Bergen"]],
            f"Cannot use the location 'Bergen' of source 2: it contains an uppercase letter. {COPY_IDENTIFIER}",
        ),
        (
            [[], ["oslo"]],
            (
                "Cannot mix sources with and without a location: source 1 has no location. Set a "
                "location in all sources, or in none of them to assign all contacts to all locations."
            ),
        ),
    ],
)
def test_invalid_locations_are_reported(locations: list[list[str]], message: str) -> None:
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
def test_locations_that_match_the_pattern_are_accepted(
    pattern: str, locations: list[list[str]]
) -> None:
    check_locations(locations, pattern)


@pytest.mark.parametrize(
    ("pattern", "locations", "message"),
    [
        (
            *("[a-z]+-[0-9]+", [["oslo-1"], ["oslo-2", "oslo-1x"]]),
            (
                "Cannot use the location 'oslo-1x' of source 2: it does not match location_pattern "
                "'[a-z]+-[0-9]+'. Correct the location or location_pattern."
            ),
        ),
        (
            *("slo", [["oslo"]]),
            (
                "Cannot use the location 'oslo' of source 1: it does not match location_pattern "
                "'slo'. Correct the location or location_pattern."
            ),
        ),
        (
            *("Oslo", [["Oslo"]]),
            f"Cannot use the location 'Oslo' of source 1: it contains an uppercase letter. {COPY_IDENTIFIER}",
        ),
        (
            *("oslo", [["Oslo"]]),
            f"Cannot use the location 'Oslo' of source 1: it contains an uppercase letter. {COPY_IDENTIFIER}",
        ),
        (
            *("oslo[", [[]]),
            (
                "Cannot use location_pattern 'oslo[': the pattern 'oslo[' is not valid: "
                "unterminated character set at position 4. Correct the regular expression."
            ),
        ),
        (
            *(slow_pattern.PATTERN, [[slow_pattern.TEXT]]),
            (
                f"Cannot use location_pattern '{slow_pattern.PATTERN}': {slow_pattern.MESSAGE}."
                " Correct the regular expression."
            ),
        ),
    ],
)
def test_mismatches_and_invalid_patterns_are_reported(
    monkeypatch: pytest.MonkeyPatch, pattern: str, locations: list[list[str]], message: str
) -> None:
    monkeypatch.setattr(patterns, "CPU_SECONDS", slow_pattern.CPU_SECONDS)
    with pytest.raises(InputError) as caught:
        check_locations(locations, pattern)
    assert str(caught.value) == message
