# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests for the filter locations_to_sources."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.frontdesk.contacts.plugins.filter.locations_to_sources import FilterModule

locations_to_sources = FilterModule().filters()["locations_to_sources"]


def test_locations_become_sources() -> None:
    locations = [{"location": "bergen", "ou": "A, B"}, {"location": "oslo", "filter": "(l=Oslo)"}]
    assert locations_to_sources(locations, "OU={ou},DC=x", "DC=x") == [
        {"location": "bergen", "search_base": "OU=A\\, B,DC=x"},
        {"location": "oslo", "filter": "(l=Oslo)", "search_base": "DC=x"},
    ]
    assert locations_to_sources(locations[:1], ou_template="OU={ou}") == [
        {"location": "bergen", "search_base": "OU=A\\, B"}
    ]


def test_input_errors_become_filter_errors() -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        locations_to_sources([{"location": "oslo"}], ou_template="OU={ou}")
    assert str(caught.value) == (
        "Cannot use location 1 (oslo): it does not define a search. "
        "Set ou, search_base, member_of or filter."
    )
