# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the detection of repeated sources."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_checks import (
    find_repeated_sources,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_options import (
    parse_sources,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source

GROUPS = ["CN=A,DC=x", "CN=B,DC=x"]
RULE = {"location_value": "l", "locations": ["a", "b"]}


def _remedies(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    params = export_params(
        source(first.pop("search_base", "OU=A,DC=x"), **first),
        source(second.pop("search_base", "OU=A,DC=x"), **second),
    )
    repeated = find_repeated_sources(parse_sources(params))
    return [each.remedy.partition(" ")[0] for each in repeated]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({"search_base": "OU=A,DC=x"}, {"search_base": "ou=a, dc=X"}),
        ({"member_of": GROUPS}, {"member_of": GROUPS[::-1]}),
        ({"filter": "(sn=*)"}, {"filter": "(sn=*)", "minimum": 0}),
        ({"filter": "(&(sn=A*)(cn=b))"}, {"filter": " (& (SN=a*) ( cn = b ) )"}),
        ({"exclude_filter": "(sn=A)"}, {"exclude_filter": "( sn=a )"}),
    ],
)
def test_sources_with_equivalent_searches_are_repeated(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert _remedies({**first, "location": "a"}, {**second, "location": "a"}) == ["Remove"]
    assert _remedies({**first, "location": "a"}, {**second, "location": "b"}) == ["Correct"]
    assert _remedies({**first}, {**second}) == ["Remove"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"search_base": "OU=A,DC=x"}, {"search_base": "OU=B,OU=A,DC=x"}),
        ({}, {"search_scope": "one_level"}),
        ({"member_of": GROUPS}, {"member_of": GROUPS[:1]}),
        ({"filter": "(sn=*)"}, {}),
        ({}, {"exclude_ous": ["OU=B,OU=A,DC=x"]}),
        ({}, {"exclude_filter": "(sn=A)"}),
    ],
)
def test_sources_with_different_searches_are_not_repeated(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert _remedies({**first, "location": "a"}, {**second, "location": "b"}) == []
    assert _remedies({**first, "location": "a"}, {**second, "location": "a"}) == []


def test_sources_with_location_rules_are_compared_by_their_rules() -> None:
    assert _remedies({**RULE}, {**RULE}) == ["Remove"]
    assert _remedies({**RULE}, {**RULE, "location_value": "st"}) == []
    assert _remedies({**RULE}, {"location": "a"}) == []
