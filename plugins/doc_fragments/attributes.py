# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations


class ModuleDocFragment:
    """Attributes that all modules of the collection have in common."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description:
      - Use C(group/frontdesk.contacts.all) in C(module_defaults) to set defaults for all modules of this collection.
      - The group C(frontdesk.contacts.contact_sync) is reserved for the role.
    support: full
    membership:
      - frontdesk.contacts.all
      - frontdesk.contacts.contact_sync
  check_mode:
    description:
      - Can run in check mode and report what would change without changing it.
    support: full
  diff_mode:
    description:
      - Can return the contacts that differ when run in diff mode. Apart from identities, only this output contains
        personal data.
    support: full
  idempotent:
    description:
      - When run twice in a row with the same options and data, the second run changes nothing.
    support: full
"""
