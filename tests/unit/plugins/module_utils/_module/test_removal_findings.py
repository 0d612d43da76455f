# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the decision why a contact is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.removal_findings import (
    LocatedPerson,
    SourceFindings,
    decide_cause,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.removal_cause import (
    DISABLED,
    EXCLUDED,
    FILTERED,
    HIDDEN,
    LEFT_GROUP,
    MOVED,
    NO_VALID_ROW,
    NOT_STARTED,
    OTHER_LOCATION,
    UNKNOWN,
    RemovalCause,
)

PARENT = "OU=Leavers,DC=x"

# From the first step in which a source can lose a person to the last one. Each step also contains the obstacles of all
# later steps, which must not matter.
LOCATED = SourceFindings(is_in_base=True, matches_filter=True)
ELSEWHERE = replace(LOCATED, located=LocatedPerson("elsewhere"))
WITHOUT_LOCATION = replace(LOCATED, located=LocatedPerson(problem="has no location"))
NEW = replace(WITHOUT_LOCATION, is_not_started=True)
OUT_OF_SIGHT = replace(NEW, is_hidden=True)
UNWANTED = replace(OUT_OF_SIGHT, excluded_by=("O(exclude_ous)", "O(exclude_filter)"))
NO_MEMBER = replace(UNWANTED, is_member=False)
DISABLED_IN_BASE = replace(NO_MEMBER, matches_filter=False, account_state=DISABLED)
UNMATCHED = replace(NO_MEMBER, matches_filter=False)
DISABLED_OUTSIDE = replace(DISABLED_IN_BASE, is_in_base=False)
OUTSIDE = replace(UNMATCHED, is_in_base=False)
STEPS = (
    (OUTSIDE, RemovalCause(MOVED, PARENT)),
    (DISABLED_OUTSIDE, RemovalCause(DISABLED)),
    (UNMATCHED, RemovalCause(FILTERED)),
    (DISABLED_IN_BASE, RemovalCause(DISABLED)),
    (NO_MEMBER, RemovalCause(LEFT_GROUP)),
    (UNWANTED, RemovalCause(EXCLUDED, "O(exclude_ous) and O(exclude_filter)")),
    (WITHOUT_LOCATION, RemovalCause(NO_VALID_ROW, "has no location")),
    (LOCATED, RemovalCause(UNKNOWN)),
)


@pytest.mark.parametrize(
    ("findings", "cause"),
    [
        *STEPS,
        (OUT_OF_SIGHT, RemovalCause(HIDDEN)),
        (NEW, RemovalCause(NOT_STARTED)),
        (ELSEWHERE, RemovalCause(OTHER_LOCATION)),
        (replace(LOCATED, located=LocatedPerson("here")), RemovalCause(UNKNOWN)),
        # The account is disabled, but the filter matches it nevertheless.
        (replace(DISABLED_OUTSIDE, matches_filter=True), RemovalCause(MOVED, PARENT)),
        (replace(NO_MEMBER, account_state=DISABLED), RemovalCause(LEFT_GROUP)),
    ],
)
def test_the_first_obstacle_is_the_cause(findings: SourceFindings, cause: RemovalCause) -> None:
    assert decide_cause([findings], "here", PARENT) == cause


@pytest.mark.parametrize("number", range(1, len(STEPS)))
def test_the_source_that_comes_closest_to_the_person_is_decisive(number: int) -> None:
    (earlier, _cause), (later, cause) = STEPS[number - 1 : number + 1]
    assert decide_cause([earlier, later], "here", PARENT) == cause
    assert decide_cause([later, earlier], "here", PARENT) == cause
