# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations


class ModuleDocFragment:
    """The option ``option_names``, which must match option_names_spec in _module/arguments.py."""

    DOCUMENTATION = r"""
options:
  option_names:
    description:
      - Names that messages use instead of the names of the module's options. The keys are options, such as
        V(ca_path) and V(sources[].minimum), or options with a value, such as V(initial=true). A key such as
        V(approved_plan=) applies to all values of the option, and C({value}) in its name stands for the value.
      - The role P(frontdesk.contacts.contact_sync#role) sets this option so that messages name its variables. You do
        not need it if you use the module directly.
    type: dict
    default: {}
"""
