#!/usr/bin/python
# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: contact_sync_result
short_description: Publish the result of the role contact_sync
version_added: 0.1.0
author:
  - Contributors to the frontdesk.contacts project (@frontdesk)
description:
  - The role P(frontdesk.contacts.contact_sync#role) runs this module at its end, even after a failure, and registers
    the result as C(contact_sync_result). The module is not intended for other uses.
  - The action plugin of this module combines the results of the role's tasks on the control node, and removes a
    roster that was staged in check mode. It also adds the result to the custom statistics of the run (see
    M(ansible.builtin.set_stats)) under C(frontdesk_contacts), with the name of the sync as the key.
  - The result contains no secrets and, apart from identities in warnings, no personal data.
extends_documentation_fragment:
  - frontdesk.contacts.attributes
attributes:
  diff_mode:
    support: none
options: {}
"""

EXAMPLES = r"""
- name: Publish the result
  frontdesk.contacts.contact_sync_result:
  register: contact_sync_result
"""

RETURN = r"""
name:
  description: Name of the sync, C(contact_sync_name).
  returned: always
  type: str
  sample: oslo
verdict:
  description:
    - V(unchanged) if the service already has these contacts, and nothing was sent.
    - V(uploaded) if the service accepted the roster.
    - V(preview) if check mode showed that the roster would be uploaded or, without an upload, exported.
    - V(stopped) if the kind of the failure is V(guard). Nothing was sent.
    - V(failed) for all other failures.
    - V(exported) if the upload did not run because of tags or because another host failed, and V(skipped) if the
      export did not run either.
  returned: always
  type: str
  sample: uploaded
started:
  description: Time at which the sync started, in UTC.
  returned: always
  type: str
  sample: "2026-11-30T04:00:02.120Z"
duration:
  description: Duration of the sync in seconds.
  returned: always
  type: float
  sample: 3.2
server:
  description: URI of the server from which the people were read; V(null) if they were not read.
  returned: always
  type: str
  sample: ldaps://dc1.corp.example
counts:
  description: Numbers of contacts and changes by location; empty if no contacts were exported or compared.
  returned: always
  type: list
  elements: dict
  contains:
    location:
      description: Identifier of the location.
      type: str
    contacts:
      description: Number of contacts in the new roster.
      type: int
    added:
      description: Number of new contacts.
      type: int
    changed:
      description: Number of contacts with different values.
      type: int
    moved:
      description: Number of contacts that moved to this location.
      type: int
    removed:
      description: Number of contacts that are no longer in the roster.
      type: int
plan:
  description: Differences between the roster and the last accepted roster; V(null) if they were not compared.
  returned: always
  type: dict
  contains:
    id:
      description: Identifier of the plan.
      type: str
    added:
      description: Number of new contacts.
      type: int
    changed:
      description: Number of contacts with different values at the same location.
      type: int
    moved:
      description: Number of contacts that moved to another location.
      type: int
    removed:
      description: Number of contacts that are no longer in the roster.
      type: int
    removed_invalid:
      description: Number of removed contacts of people who are still in the directory but have no valid row.
      type: int
    removal_causes:
      description:
        - Number of removed contacts by cause. See
          RV(frontdesk.contacts.contact_upload#module:plan.removal_causes).
      type: list
      elements: dict
    unchanged:
      description: Number of unchanged contacts.
      type: int
left_out:
  description: Number of people without a valid row by cause, the most frequent cause first.
  returned: always
  type: list
  elements: dict
  contains:
    cause:
      description: Reason why the people were left out.
      type: str
    count:
      description: Number of people.
      type: int
contested:
  description:
    - Unique columns in which several people at a location have the same value. See
      RV(frontdesk.contacts.ad_contacts_export#module:contested).
  returned: always
  type: list
  elements: dict
overlaps:
  description:
    - Pairs of locations at which the same people have a valid row. See
      RV(frontdesk.contacts.ad_contacts_export#module:overlaps).
  returned: always
  type: list
  elements: dict
service:
  description: Response of the service; V(null) if nothing was sent or no response was received.
  returned: always
  type: dict
  contains:
    status:
      description: HTTP status code.
      type: int
    confirmed:
      description:
        - Whether the response confirms that the service accepted the roster or a part of it. If V(false) although the
          verdict is V(uploaded), C(contact_sync_service_result) does not describe how the service confirms an upload.
      type: bool
    message:
      description: Human-readable message in the response, without personal data; empty if there is none.
      type: str
    refused:
      description: Number of rejected contacts.
      type: int
    error_count:
      description: Number of row errors in the response.
      type: int
    causes:
      description:
        - Causes of the row errors. See RV(frontdesk.contacts.contact_upload#module:service.causes).
      type: list
      elements: dict
    attempts:
      description: Number of upload attempts.
      type: int
    counts:
      description: Counts from the response, each with C(name) and C(count).
      type: list
      elements: dict
receipt:
  description: Receipt of the last accepted roster; V(null) if there is none.
  returned: always
  type: dict
  contains:
    sequence:
      description: Sequence number of the accepted upload.
      type: int
    time:
      description: Time of acceptance, in UTC.
      type: str
warnings:
  description: Warnings of the export and the upload.
  returned: always
  type: list
  elements: str
failure:
  description: The failure that ended the sync; V(null) if there is none.
  returned: always
  type: dict
  contains:
    kind:
      description:
        - V(configuration) if a variable or an option must be corrected, or if a library is missing or too old.
        - V(directory) if the directory could not be read completely.
        - V(guard) if the plan exceeds a limit or is not the approved one, if it would be a first upload without
          C(contact_sync_initial), or if the URL has changed without C(contact_sync_rebind).
        - V(service_auth) if the service rejected the credential.
        - V(service_refused) if the service rejected the roster or a part of it.
        - V(service_unsure) if it is unknown whether the service accepted the roster.
        - V(network) if the transfer to the service failed, and the service cannot have accepted the roster.
        - V(state) if the state directory or the files on the managed node cannot be used.
      type: str
    message:
      description: Error message.
      type: str
summary:
  description: Three lines of text for an email or a chat message.
  returned: always
  type: str
  sample: |-
    Contact sync oslo: uploaded (421 contacts)
    3 added, 1 changed, 0 moved, 2 removed, 417 unchanged.
    Started 2026-11-30T04:00:02.120Z, took 3.2 s, read from ldaps://dc1.corp.example, left out: 1
report:
  description: Lines that the role prints at the end.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Fail, because the action plugin does all the work on the control node."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    module.fail_json(
        msg="Cannot publish the result: this module requires its action plugin. Run it as a task."
    )


if __name__ == "__main__":
    main()
