# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

DOCUMENTATION = r"""
name: hosts_to_locations
short_description: Read locations from the hosts of an inventory
version_added: 0.1.0
author:
  - Contributors to the frontdesk.contacts project (@frontdesk)
description:
  - Makes of each host a location with the host's variable C(contact_sync_location), and one or more of
    C(contact_sync_ou), C(contact_sync_location_search_base), C(contact_sync_location_search_scope),
    C(contact_sync_location_member_of), C(contact_sync_location_filter), C(contact_sync_location_minimum),
    C(contact_sync_location_exclude_ous), C(contact_sync_location_exclude_groups) and
    C(contact_sync_location_exclude_filter). A blank one counts as unset.
positional: _input
options:
  _input:
    description:
      - Names of the hosts, as in C(groups['sites']).
    type: list
    elements: str
    required: true
  hostvars:
    description:
      - The variables of all hosts, C(hostvars).
    type: dict
    required: true
seealso:
  - plugin: frontdesk.contacts.locations_to_sources
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the locations of the group sites
  ansible.builtin.debug:
    msg: "{{ groups['sites'] | frontdesk.contacts.hosts_to_locations(hostvars) }}"
"""

RETURN = r"""
_value:
  description:
    - The locations, in the order of the hosts, each with C(location) and, where the host has them, C(ou),
      C(search_base), C(search_scope), C(member_of), C(filter), C(minimum), C(exclude_ous), C(exclude_groups) and
      C(exclude_filter).
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

_LOCATION = "contact_sync_location"
# Not contact_sync_filter, which is the role's own filter for all locations: a host without an OU would get
# the whole domain by it.
_OTHERS = {
    "ou": "contact_sync_ou",
    **{
        key: f"{_LOCATION}_{key}"
        for key in (
            *("search_base", "search_scope", "member_of", "filter", "minimum"),
            *("exclude_ous", "exclude_groups", "exclude_filter"),
        )
    },
}
_PLACES = ("ou", "search_base", "member_of", "filter")
_BLANK = ("", None)


def _locations(
    hosts: Sequence[str], hostvars: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    return [_location(host, hostvars[host]) for host in hosts]


def _location(host: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    names = {"location": _LOCATION, **_OTHERS}
    found = {key: variables[name] for key, name in names.items() if name in variables}
    location = {key: value for key, value in found.items() if value not in _BLANK}
    if "location" not in location:
        raise _error(host, f"it has no variable {_LOCATION}")
    if not any(key in location for key in _PLACES):
        *most, last = (_OTHERS[key] for key in _PLACES)
        raise _error(host, f"it has no variable {', '.join(most)} or {last}")
    return location


def _error(host: str, answer: str) -> AnsibleFilterError:
    return AnsibleFilterError(
        f"Cannot make a location of the host {host}: {answer}. "
        "Set it in the inventory, or take the host out of the group."
    )


class FilterModule:
    """Tells ansible-core about the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"hosts_to_locations": _locations}
