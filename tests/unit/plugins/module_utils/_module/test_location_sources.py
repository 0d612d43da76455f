# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the conversion of the role's locations into sources."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.location_sources import (
    locations_to_sources,
)

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
        # An empty list is kept, so that the export reports an error instead of reading everyone.
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
    assert locations_to_sources([location], TEMPLATE, "DC=x") == [source]


def test_a_location_with_a_group_does_not_require_a_search_base() -> None:
    (source,) = locations_to_sources([{"member_of": "CN=G"}], TEMPLATE, "")
    assert source == {"member_of": "CN=G"}


def test_sources_are_in_the_order_of_the_locations() -> None:
    locations = [{"location": name, "ou": name} for name in ("b", "a")]
    sources = locations_to_sources(locations, TEMPLATE, "")
    assert [source["location"] for source in sources] == ["b", "a"]


def test_the_template_can_contain_the_location_and_repeated_placeholders() -> None:
    locations = [{"location": "a,b", "ou": "{ou}"}]
    (source,) = locations_to_sources(locations, "OU={ou},L={location},OU={ou}", "")
    assert source["search_base"] == "OU={ou},L=a\\,b,OU={ou}"
    (source,) = locations_to_sources([{"ou": "x"}], "OU={ou},L={location},{z}", "")
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
                "Cannot use location 2 (oslo): it does not define a search. "
                "Set ou, search_base, member_of or filter."
            ),
        ),
        (
            {"ou": "A", "search_base": "B"},
            TEMPLATE,
            "Cannot use location 2 (global): it has both ou and search_base. Set only one of them.",
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
                "Cannot use contact_sync_ou_template: it does not contain {ou}. "
                "Replace the name of the OU in it with {ou}."
            ),
        ),
    ],
)
def test_an_invalid_location_is_reported(
    location: dict[str, Any], template: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        locations_to_sources([{"search_base": "DC=x"}, location], template, "")
    assert str(caught.value) == message
