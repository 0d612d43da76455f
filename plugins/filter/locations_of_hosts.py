# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

DOCUMENTATION = r"""
name: locations_of_hosts
short_description: Read locations from the hosts of an inventory
version_added: 0.1.0
author:
  - Contributors to the frontdesk.contacts project (@frontdesk)
description:
  - Makes of each host a location with the host's variables C(contact_sync_location) and C(contact_sync_ou).
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
  - plugin: frontdesk.contacts.sources_of_locations
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the locations of the group sites
  ansible.builtin.debug:
    msg: "{{ groups['sites'] | frontdesk.contacts.locations_of_hosts(hostvars) }}"
"""

RETURN = r"""
_value:
  description: The locations, each with C(location) and C(ou), in the order of the hosts.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

_VARIABLES = {"location": "contact_sync_location", "ou": "contact_sync_ou"}


def _locations(
    hosts: Sequence[str], hostvars: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    return [_location(host, hostvars[host]) for host in hosts]


def _location(host: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    missing = [name for name in _VARIABLES.values() if name not in variables]
    if missing:
        raise AnsibleFilterError(
            f"Cannot make a location of the host {host}: it has no variable {missing[0]}. "
            "Set it in the inventory, or take the host out of the group."
        )
    return {key: variables[name] for key, name in _VARIABLES.items()}


class FilterModule:
    """Tells ansible-core about the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"locations_of_hosts": _locations}
