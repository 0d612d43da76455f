#!/usr/bin/python
# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: contact_sync_hosts
short_description: Check the hosts of the playbooks sync and probe
version_added: 0.1.0
author:
  - Contributors to the frontdesk.contacts project (@frontdesk)
description:
  - The playbooks C(frontdesk.contacts.sync) and C(frontdesk.contacts.probe) run this module first. The module is not
    intended for other uses, and it can change in any release.
  - The action plugin of this module compares C(contact_sync_hosts) and C(--limit) with the inventory on the control
    node, and does not connect to any host.
  - The task fails if a part of either value matches no host, or if no host matches both values. Files of hosts
    (C(@FILE)) and excluded groups are not checked. It also fails if C(contact_sync_hosts) is set only in the inventory,
    where it has no effect on the hosts of a play, unless the value is C(localhost).
extends_documentation_fragment:
  - frontdesk.contacts.attributes
attributes:
  diff_mode:
    support: none
options:
  hosts:
    description:
      - Value of C(contact_sync_hosts), a host pattern or a list of host patterns.
    type: raw
    required: true
  limit:
    description:
      - Value of C(--limit), which is in the variable C(ansible_limit).
    type: str
"""

EXAMPLES = r"""
- name: Check contact_sync_hosts and the limit
  frontdesk.contacts.contact_sync_hosts:
    hosts: "{{ contact_sync_hosts | default('localhost', true) }}"
    limit: "{{ ansible_limit | default(omit) }}"
  run_once: true
"""

RETURN = r""" # """

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Fail, because the action plugin does all the work on the control node."""
    module = AnsibleModule(
        argument_spec={"hosts": {"type": "raw", "required": True}, "limit": {"type": "str"}},
        supports_check_mode=True,
    )
    module.fail_json(
        msg="Cannot check the hosts: this module requires its action plugin. Run it as a task."
    )


if __name__ == "__main__":
    main()
