# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

DOCUMENTATION = r"""
name: hosts_to_locations
short_description: Convert inventory hosts to locations
version_added: 0.1.0
author:
  - Contributors to the frontdesk.contacts project (@frontdesk)
description:
  - Converts each host to a location, using the variables of the host. C(contact_sync_location) is required, together
    with at least one of C(contact_sync_ou), C(contact_sync_location_search_base), C(contact_sync_location_member_of)
    and C(contact_sync_location_filter).
  - A host can also set C(contact_sync_location_search_scope), C(contact_sync_location_minimum),
    C(contact_sync_location_exclude_ous), C(contact_sync_location_exclude_groups) and
    C(contact_sync_location_exclude_filter). Blank variables count as unset.
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
      - Variables of all hosts, in the form of the variable C(hostvars).
    type: dict
    required: true
seealso:
  - plugin: frontdesk.contacts.locations_to_sources
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the locations of the hosts in the group sites
  ansible.builtin.debug:
    msg: "{{ groups['sites'] | frontdesk.contacts.hosts_to_locations(hostvars) }}"
"""

RETURN = r"""
_value:
  description:
    - Locations in the order of the hosts. Each contains C(location) and, if set on the host, C(ou), C(search_base),
      C(search_scope), C(member_of), C(filter), C(minimum), C(exclude_ous), C(exclude_groups) and C(exclude_filter).
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

_LOCATION = "contact_sync_location"
# The key "filter" has its own variable. Do not read it from contact_sync_filter, the role's filter for all
# locations: a host without an OU would then select the whole domain.
_OPTIONAL = {
    "ou": "contact_sync_ou",
    **{
        key: f"{_LOCATION}_{key}"
        for key in (
            *("search_base", "search_scope", "member_of", "filter", "minimum"),
            *("exclude_ous", "exclude_groups", "exclude_filter"),
        )
    },
}
_SEARCH_KEYS = ("ou", "search_base", "member_of", "filter")
_BLANK = ("", None)


def _hosts_to_locations(
    hosts: Sequence[str], hostvars: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    return [_host_to_location(host, hostvars[host]) for host in hosts]


def _host_to_location(host: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    names = {"location": _LOCATION, **_OPTIONAL}
    values = {key: variables[name] for key, name in names.items() if name in variables}
    location = {key: value for key, value in values.items() if value not in _BLANK}
    if "location" not in location:
        raise _missing_variable(host, _LOCATION, "Set it")
    if not any(key in location for key in _SEARCH_KEYS):
        *others, last = (_OPTIONAL[key] for key in _SEARCH_KEYS)
        raise _missing_variable(host, f"{', '.join(others)} or {last}", "Set one of them")
    return location


def _missing_variable(host: str, variable: str, remedy: str) -> AnsibleFilterError:
    return AnsibleFilterError(
        f"Cannot create a location from host {host}: it does not set {variable}. "
        f"{remedy} in the inventory, or remove the host from the group."
    )


class FilterModule:
    """Filter plugin for ansible-core."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter functions by name."""
        return {"hosts_to_locations": _hosts_to_locations}
