#!/usr/bin/python
# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: contact_upload
short_description: Upload a roster of contacts to a front-desk service
version_added: 0.1.0
author:
  - Contributors to the frontdesk.contacts project (@frontdesk)
description:
  - Compares a roster with the last one that the service accepted, and uploads it over HTTPS if they differ.
  - Nothing is sent when nothing changed, and nothing when the plan removes more contacts than permitted.
  - A status from 200 to 299 means that the service accepted the roster, except 202, by which it has yet to decide.
  - What the service accepted is kept in a state directory together with a receipt; the next run compares with it.
extends_documentation_fragment:
  - frontdesk.contacts.attributes
attributes:
  idempotent:
    support: partial
    details:
      - With O(force=true) it uploads every time.
requirements:
  - requests >= 2.31.0
options:
  src:
    description:
      - The roster, as M(frontdesk.contacts.ad_contacts_export) writes it, on the host that runs the module.
      - When C(<src>.ids) is there and belongs to it, people are told apart by their identities, else by O(key).
    type: path
    required: true
  url:
    description:
      - Where the service takes uploads, as its documentation says. Redirects are not followed.
      - It is printed by B(-vvv) and written into the receipt without its query. Put no credential in it.
      - Only a service on this host itself can be reached by C(http://).
    type: str
    required: true
  field_name:
    description:
      - Name of the form field that holds the file.
    type: str
    default: file
  token:
    description:
      - The service's credential.
      - If not set, the environment variable E(FRONTDESK_TOKEN) is used. An empty variable counts as unset.
    type: str
    required: true
    aliases: [api_token]
  token_header:
    description:
      - The header that carries the token.
    type: str
    default: Authorization
  token_prefix:
    description:
      - What stands before the token in the header, with a space between them.
      - If not set, it is V(Bearer) in the header C(Authorization), and nothing in others.
    type: str
  ca_path:
    description:
      - A file in PEM format with the certificates to trust. If not set, they are those of the system and those that
        come with requests, or the file that the environment variable C(REQUESTS_CA_BUNDLE) names.
      - With O(validate_certs=false) nothing would be held against them, and that is an error.
    type: path
    aliases: [ca_cert]
  validate_certs:
    description:
      - Whether the service's certificate and the name in it are verified.
      - Without this, whoever is on the network can read the token and all contacts.
    type: bool
    default: true
  timeout:
    description:
      - Seconds to connect, and seconds that any part of the answer may take.
    type: int
    default: 60
  profile:
    description:
      - Name of what the service accepts. A receipt counts for one profile.
    type: str
    default: receptionist
  location_column:
    description:
      - Title of the column that holds the location. When the roster has none, its contacts go to all locations.
    type: str
    default: Location
  key:
    description:
      - Columns that tell two contacts apart when one of the rosters has no identities.
    type: list
    elements: str
    default: [Email, SMS Phone]
  state_dir:
    description:
      - Directory of the last accepted roster and its receipt. It is made with mode 0700, and refused when others may
        look into it.
      - Two accounts of one service need one each, for a receipt does not know whose token sent a roster.
      - If not set, it is named after the service's host and lies in C(/var/lib/frontdesk-contacts) for root, else in
        C($XDG_STATE_HOME/frontdesk-contacts) (C(~/.local/state/frontdesk-contacts)).
      - Where runs happen in containers that are thrown away, it must be on a path that is kept.
    type: path
  max_removed:
    description:
      - Most contacts that one upload may remove. If not set, only O(max_removed_percent) counts.
    type: int
  max_removed_percent:
    description:
      - Most contacts that one upload may remove, in percent of those known.
      - It counts once more than 20 contacts are known. Removing all contacts always stops.
    type: float
    default: 10.0
  initial:
    description:
      - Permit an upload without a receipt of an earlier one. Set it for the first run only, for without a receipt
        nothing can tell how many contacts an upload removes.
      - A receipt counts for one endpoint, profile and header. With another it counts as none.
    type: bool
    default: false
  force:
    description:
      - Upload even when nothing changed. It never passes the limits.
    type: bool
    default: false
  result:
    description:
      - Where the service's JSON answer holds counts and row errors.
      - When it lists row errors, or holds neither of the two, the roster counts as not accepted whatever the status.
    type: dict
    suboptions:
      counts:
        description:
          - Path to an object of numbers, its keys parted by dots.
        type: str
      errors:
        description:
          - Path to a list of objects, one for each refused row.
        type: str
      row:
        description:
          - Key of the row's number in such an object. The first row after the header is 1.
        type: str
        default: row
      column:
        description:
          - Key of the column's title.
        type: str
        default: column
      cause:
        description:
          - Key of the reason. The values of the row are taken out of it.
        type: str
        default: error
seealso:
  - module: frontdesk.contacts.ad_contacts_export
"""

EXAMPLES = r"""
- name: Upload the contacts
  frontdesk.contacts.contact_upload:
    src: /var/lib/frontdesk-contacts/contacts.csv
    url: https://frontdesk.example/api/contacts/import
    token: "{{ vault_frontdesk_token }}"

- name: Upload them for the first time, with a key in a header of the service's own
  frontdesk.contacts.contact_upload:
    src: /var/lib/frontdesk-contacts/contacts.csv
    url: https://frontdesk.example/api/contacts/import
    token: "{{ vault_frontdesk_token }}"
    token_header: X-Api-Key
    state_dir: /srv/state/frontdesk
    initial: true
    max_removed: 5
    result:
      counts: counts
      errors: errors
"""

RETURN = r"""
uploaded:
  description: Whether the service accepted a roster; in check mode, whether it would be sent one.
  returned: always
  type: bool
plan:
  description: How the roster differs from the last accepted one, in numbers of contacts.
  returned: when the roster and the state could be read
  type: dict
  contains:
    id:
      description: Names exactly this step from one roster to the next.
      type: str
    added:
      description: Contacts that are new.
      type: int
    changed:
      description: Contacts with other values at the same location.
      type: int
    moved:
      description: Contacts at another location.
      type: int
    removed:
      description: Contacts that are no longer there.
      type: int
    removed_invalid:
      description: Those of the removed who are still in the directory, but without a valid row.
      type: int
    unchanged:
      description: Contacts that stay as they are.
      type: int
    by_location:
      description: The same numbers by location.
      type: dict
  sample:
    id: 5a1f0c9be0d2a4f7
    added: 1
    changed: 1
    moved: 0
    removed: 1
    removed_invalid: 0
    unchanged: 180
    by_location: {}
service:
  description: What the service answered, without anybody's values; V(null) when it was not asked.
  returned: when the roster and the state could be read
  type: dict
  contains:
    status:
      description: HTTP status.
      type: int
    counts:
      description: What it counted, as O(result.counts) says.
      type: dict
    errors:
      description: The rows that it refused, at most 50 of them, with C(row), C(identity), C(column) and C(cause).
      type: list
      elements: dict
    error_count:
      description: Number of rows that it refused.
      type: int
receipt:
  description: What the service accepted last, and when; V(null) when there is none.
  returned: when the roster and the state could be read
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._errors import FrontdeskError
from ..module_utils._module.arguments import upload_spec
from ..module_utils._module.libraries import require
from ..module_utils._module.upload import job_of, upload
from ..module_utils._service.library import REQUESTS


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=upload_spec(), supports_check_mode=True)
    require(module, REQUESTS)
    try:
        outcome = upload(job_of(module.params), module.check_mode, module._diff)
    except FrontdeskError as error:
        module.fail_json(msg=str(error), uploaded=False)
    result: dict[str, Any] = outcome.result(show_diff=module._diff)
    if not outcome.plan.by_identity:
        module.warn(
            "The rosters have no matching identities: contacts are told apart by "
            + ", ".join(module.params["key"])
        )
    if outcome.error is not None:
        module.fail_json(msg=str(outcome.error), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
