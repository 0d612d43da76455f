# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

DOCUMENTATION = r"""
name: sources_of_locations
short_description: Turn locations into the sources of an export
version_added: 0.1.0
author:
  - Contributors to the frontdesk.contacts project (@frontdesk)
description:
  - Makes of each location a source for M(frontdesk.contacts.ad_contacts_export). A plain C(ou) becomes a search base.
positional: _input
options:
  _input:
    description:
      - The locations. Each has C(location), or C(location_value) with C(locations), at least one of C(ou),
        C(search_base), C(member_of) and C(filter), and if wanted C(search_scope), C(minimum), C(exclude_ous),
        C(exclude_groups) and C(exclude_filter).
    type: list
    elements: dict
    required: true
  ou_template:
    description:
      - The search base of a plain C(ou). C({ou}) and C({location}) are put in as escaped values of a distinguished
        name (RFC 4514), so names with commas work.
    type: str
    required: true
  base_dn:
    description:
      - The search base of locations without C(ou) and C(search_base). Those with C(member_of) need none.
    type: str
    default: ""
seealso:
  - module: frontdesk.contacts.ad_contacts_export
"""

EXAMPLES = r"""
- name: Export the locations of the inventory
  frontdesk.contacts.ad_contacts_export:
    server_uri: ldaps://dc1.corp.example
    bind_dn: svc-frontdesk@corp.example
    bind_pw: "{{ vault_bind_pw }}"
    sources: "{{ locations | frontdesk.contacts.sources_of_locations(ou_template) }}"
    dest: /var/lib/frontdesk-contacts/contacts.csv
  vars:
    ou_template: OU={ou},OU=Staff,DC=corp,DC=example
    locations:
      - location: bergen
        ou: Bergen, Harbour
"""

RETURN = r"""
_value:
  description: The sources.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._contacts.location_sources import sources_of_locations
from ..module_utils._errors import InputError


def _sources(
    locations: Sequence[Mapping[str, Any]], ou_template: str, base_dn: str = ""
) -> list[dict[str, Any]]:
    try:
        return sources_of_locations(locations, ou_template, base_dn)
    except InputError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Tells ansible-core about the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"sources_of_locations": _sources}
