# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter around the sources of locations."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.frontdesk.contacts.plugins.filter.sources_of_locations import FilterModule

sources_of_locations = FilterModule().filters()["sources_of_locations"]


def test_locations_become_sources() -> None:
    locations = [{"location": "bergen", "ou": "A, B"}, {"location": "oslo", "filter": "(l=Oslo)"}]
    assert sources_of_locations(locations, "OU={ou},DC=x", "DC=x") == [
        {"location": "bergen", "search_base": "OU=A\\, B,DC=x"},
        {"location": "oslo", "filter": "(l=Oslo)", "search_base": "DC=x"},
    ]
    assert sources_of_locations(locations[:1], ou_template="OU={ou}") == [
        {"location": "bergen", "search_base": "OU=A\\, B"}
    ]


def test_what_is_wrong_is_told_as_a_filter_says_it() -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        sources_of_locations([{"location": "oslo"}], ou_template="OU={ou}")
    assert str(caught.value) == (
        "Cannot use location 1 (oslo): it does not say where to search. "
        "Set ou, search_base, member_of or filter."
    )
