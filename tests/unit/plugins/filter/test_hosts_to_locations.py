# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locations from an inventory's hosts."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.frontdesk.contacts.plugins.filter.hosts_to_locations import FilterModule

hosts_to_locations = FilterModule().filters()["hosts_to_locations"]
HOSTVARS = {
    "site2": {"contact_sync_location": "bergen", "contact_sync_ou": "Bergen, Harbour", "x": 1},
    "site1": {"contact_sync_location": "oslo", "contact_sync_ou": "Oslo"},
    "bare": {},
    "half": {"contact_sync_location": "tromso"},
    "blank": {"contact_sync_location": "", "contact_sync_ou": "Oslo"},
    "nowhere": {
        "contact_sync_location": "oslo",
        "contact_sync_ou": "",
        "contact_sync_location_filter": None,
        "contact_sync_filter": "(objectClass=person)",
    },
}
NOWHERE = (
    "contact_sync_ou, contact_sync_location_search_base, contact_sync_location_member_of or "
    "contact_sync_location_filter"
)


def test_each_host_is_a_location_in_the_order_of_the_group() -> None:
    assert hosts_to_locations(["site2", "site1"], HOSTVARS) == [
        {"location": "bergen", "ou": "Bergen, Harbour"},
        {"location": "oslo", "ou": "Oslo"},
    ]
    assert hosts_to_locations([], HOSTVARS) == []


def test_a_host_may_have_all_that_a_location_has() -> None:
    more = {
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
        **{f"contact_sync_location_{key}": value for key, value in more.items()},
    }
    assert hosts_to_locations(["one"], {"one": variables}) == [{"location": "oslo", **more}]


@pytest.mark.parametrize(
    ("host", "variable"),
    [
        ("bare", "contact_sync_location"),
        ("blank", "contact_sync_location"),
        ("half", NOWHERE),
        # The role's filter for all locations is not that of one location: it would find the whole domain.
        ("nowhere", NOWHERE),
    ],
)
def test_a_host_without_the_variables_is_named(host: str, variable: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        hosts_to_locations(["site1", host], HOSTVARS)
    assert str(caught.value) == (
        f"Cannot make a location of the host {host}: it has no variable {variable}. "
        "Set it in the inventory, or take the host out of the group."
    )
