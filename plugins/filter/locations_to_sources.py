# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

DOCUMENTATION = r"""
name: locations_to_sources
short_description: Convert locations to the sources of an export
version_added: 0.1.0
author:
  - Contributors to the frontdesk.contacts project (@frontdesk)
description:
  - Converts each location to a source for M(frontdesk.contacts.ad_contacts_export). The search base is built from the
    name in C(ou).
positional: _input
options:
  _input:
    description:
      - Locations. Each requires at least one of C(ou), C(search_base), C(member_of) and C(filter). Unless its contacts
        go to all locations, it also requires C(location), or C(location_value) with C(locations).
      - A location can also contain C(search_scope), C(minimum), C(exclude_ous), C(exclude_groups) and
        C(exclude_filter).
    type: list
    elements: dict
    required: true
  ou_template:
    description:
      - Template for the search base of a location with C(ou). C({ou}) and C({location}) are replaced with
        values that are escaped for use in a distinguished name (RFC 4514), so names can contain commas.
    type: str
    required: true
  base_dn:
    description:
      - Search base of locations without C(ou) and C(search_base). Not required for locations with C(member_of).
    type: str
    default: ""
seealso:
  - module: frontdesk.contacts.ad_contacts_export
"""

EXAMPLES = r"""
- name: Export the contacts of a list of locations
  frontdesk.contacts.ad_contacts_export:
    server_uri: ldaps://dc1.corp.example
    bind_dn: svc-frontdesk@corp.example
    bind_pw: "{{ vault_bind_pw }}"
    sources: "{{ locations | frontdesk.contacts.locations_to_sources(ou_template) }}"
    dest: /var/lib/frontdesk-contacts/contacts.csv
  vars:
    ou_template: OU={ou},OU=Staff,DC=corp,DC=example
    locations:
      - location: bergen
        ou: Bergen, Harbour
"""

RETURN = r"""
_value:
  description: Sources in the order of the locations.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import InputError
from ..module_utils._module.location_sources import locations_to_sources


def _locations_to_sources(
    locations: Sequence[Mapping[str, Any]], ou_template: str, base_dn: str = ""
) -> list[dict[str, Any]]:
    try:
        return locations_to_sources(locations, ou_template, base_dn)
    except InputError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Filter plugin for ansible-core."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter functions by name."""
        return {"locations_to_sources": _locations_to_sources}
