# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests for the filter hosts_to_locations."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.frontdesk.contacts.plugins.filter.hosts_to_locations import FilterModule

hosts_to_locations = FilterModule().filters()["hosts_to_locations"]
HOSTVARS = {
    "bergen": {"contact_sync_location": "bergen", "contact_sync_ou": "Bergen, Harbour", "x": 1},
    "oslo": {"contact_sync_location": "oslo", "contact_sync_ou": "Oslo"},
    "no_variables": {},
    "no_search": {"contact_sync_location": "tromso"},
    "blank_location": {"contact_sync_location": "", "contact_sync_ou": "Oslo"},
    "blank_search": {
        "contact_sync_location": "oslo",
        "contact_sync_ou": "",
        "contact_sync_location_filter": None,
        "contact_sync_filter": "(objectClass=person)",
    },
}
SEARCH_VARIABLES = (
    "contact_sync_ou, contact_sync_location_search_base, contact_sync_location_member_of or "
    "contact_sync_location_filter"
)


def test_hosts_become_locations_in_the_same_order() -> None:
    assert hosts_to_locations(["bergen", "oslo"], HOSTVARS) == [
        {"location": "bergen", "ou": "Bergen, Harbour"},
        {"location": "oslo", "ou": "Oslo"},
    ]
    assert hosts_to_locations([], HOSTVARS) == []


def test_a_host_can_set_all_keys_of_a_location() -> None:
    keys = {
        "search_base": "DC=x",
        "search_scope": "base",
        "filter": "(l=Oslo)",
        "minimum": 0,
        "member_of": ["CN=G,DC=x"],
        "exclude_ous": "OU=A,DC=x",
        "exclude_groups": "CN=H,DC=x",
        "exclude_filter": "(a=b)",
    }
    variables = {
        "contact_sync_location": "oslo",
        "contact_sync_ou": "",
        **{f"contact_sync_location_{key}": value for key, value in keys.items()},
    }
    assert hosts_to_locations(["oslo"], {"oslo": variables}) == [{"location": "oslo", **keys}]


@pytest.mark.parametrize(
    ("host", "variable", "remedy"),
    [
        ("no_variables", "contact_sync_location", "Set it"),
        ("blank_location", "contact_sync_location", "Set it"),
        ("no_search", SEARCH_VARIABLES, "Set one of them"),
        # contact_sync_filter is not sufficient, because it would select people in the whole domain.
        ("blank_search", SEARCH_VARIABLES, "Set one of them"),
    ],
)
def test_a_missing_variable_raises_an_error_that_names_the_host(
    host: str, variable: str, remedy: str
) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        hosts_to_locations(["oslo", host], HOSTVARS)
    assert str(caught.value) == (
        f"Cannot create a location from host {host}: it does not set {variable}. "
        f"{remedy} in the inventory, or remove the host from the group."
    )
