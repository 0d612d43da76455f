#!/usr/bin/python
# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: contact_sync_settings
short_description: Check the variables of the role contact_sync
version_added: 0.1.0
author:
  - Contributors to the frontdesk.contacts project (@frontdesk)
description:
  - The role P(frontdesk.contacts.contact_sync#role) runs this module before it reads or changes anything. The module is
    not intended for other uses, and it can change in any release.
  - On the control node, an action plugin reads all variables of the role from the variables of the host, checks them,
    and converts them to options of the other modules. The plugin never evaluates unknown variables.
  - On the managed node, the module determines the path of the state directory, and whether it exists. With
    O(entry_point=probe), the module does not run there.
extends_documentation_fragment:
  - frontdesk.contacts.attributes
attributes:
  diff_mode:
    support: none
options:
  entry_point:
    description:
      - Entry point of the role. For V(probe), the settings of the service and the state directory are not required.
    type: str
    choices: [main, probe]
    default: main
  name:
    description:
      - Name of the sync. The action plugin sets it on the managed node.
    type: str
  state_dir:
    description:
      - State directory. The action plugin sets it on the managed node if the user has set it.
    type: path
  dest:
    description:
      - Path of the roster. The action plugin sets it on the managed node if the user has set it.
    type: path
"""

EXAMPLES = r"""
- name: Check the variables of the role
  frontdesk.contacts.contact_sync_settings:
  register: settings
"""

RETURN = r"""
options:
  description:
    - Options of M(frontdesk.contacts.ad_contacts_export), M(frontdesk.contacts.ad_contacts_info) and
      M(frontdesk.contacts.contact_upload) whose variables are set, in C(export), C(probe) and C(upload), each with the
      option C(option_names).
  returned: success
  type: dict
sources:
  description: Value for the option O(frontdesk.contacts.ad_contacts_export#module:sources).
  returned: success
  type: list
  elements: dict
fail_on_problems:
  description: Whether the probe fails if it finds problems.
  returned: success
  type: bool
name:
  description: Name of the sync.
  returned: if O(entry_point=main)
  type: str
state_dir:
  description: Path of the state directory on the managed node.
  returned: if O(entry_point=main)
  type: str
dest:
  description: Path of the roster on the managed node.
  returned: if O(entry_point=main)
  type: str
exists:
  description: Whether the state directory exists.
  returned: if O(entry_point=main)
  type: bool
node:
  description: Name of the managed node.
  returned: only on the managed node; the action plugin does not return it
  type: str
"""

import platform
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._errors import FrontdeskError
from ..module_utils._module.settings_spec import settings_spec
from ..module_utils._state.directory import find_default_state_dir


def main() -> None:
    """Determine the path of the state directory, and whether it exists."""
    module = AnsibleModule(argument_spec=settings_spec(), supports_check_mode=True)
    name, state_dir, dest = (module.params[key] for key in ("name", "state_dir", "dest"))
    try:
        directory = Path(state_dir) if state_dir else find_default_state_dir(name or "")
    except FrontdeskError as error:
        # Users of the role set its variable, not the option.
        message = error.render({"state_dir": "contact_sync_state_dir"})
        module.fail_json(msg=message, kind=error.kind)
    module.exit_json(
        name=name,
        state_dir=str(directory),
        dest=dest or str(directory / "contacts.csv"),
        exists=directory.exists(),
        node=platform.node(),
    )


if __name__ == "__main__":
    main()
