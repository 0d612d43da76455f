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
  - A status from 200 to 299 means that the service accepted the roster, except 202, by which it has yet to decide;
    O(status_code) changes that.
  - A service that accepts a roster and says in its answer that it refused some of the rows makes the task fail. What it
    took counts as accepted, what it refused does not, and the next run sends all of it again.
  - The credential is one of O(token), in a header or with O(token_param) in the query; O(url_username) with
    O(url_password); and O(client_cert), which may also stand beside one of the others.
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
      - It is printed by B(-vvv) and written into the receipt without its query. A credential in it is refused.
      - Only a service on this host itself can be reached by C(http://).
    type: str
    required: true
  method:
    description:
      - The request's method, as the service's documentation says.
      - V(PUT) may be repeated without harm, so more is tried again with it. See O(retries).
    type: str
    choices: [POST, PUT, PATCH]
    default: POST
  body_format:
    description:
      - V(multipart) sends a form (C(multipart/form-data)) with the file in O(field_name).
      - V(raw) sends the file as it is.
    type: str
    choices: [multipart, raw]
    default: multipart
  field_name:
    description:
      - Name of the form field that holds the file.
    type: str
    default: file
  form_fields:
    description:
      - Further fields of the form, which stand before the file. Flags are written V(true) and V(false).
      - They are printed and logged. A name that looks like a credential's is refused.
    type: dict
    default: {}
  content_type:
    description:
      - Media type of the file, in the form or of the whole request.
    type: str
    default: text/csv; charset=utf-8
  params:
    description:
      - Parameters that are added to the query of O(url). Flags are written V(true) and V(false).
      - They are printed and logged. A name that looks like a credential's is refused; see O(token_param).
      - With other parameters it is the same endpoint, and what did not change is not sent again; see O(force).
    type: dict
    default: {}
  headers:
    description:
      - Further headers. Those that say what is sent, such as C(Content-Type), are set by other options.
      - They are printed and logged. A name that looks like a credential's is refused; see O(token_header).
    type: dict
    default: {}
  token:
    description:
      - The service's credential.
      - If not set, the environment variable E(FRONTDESK_TOKEN) is used. An empty variable counts as unset.
    type: str
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
  token_param:
    description:
      - The parameter of the query that carries the token, instead of a header. It is added to O(params), and its value
        is printed nowhere. Servers and proxies may log it all the same; prefer a header where the service takes one.
    type: str
  url_username:
    description:
      - User name for HTTP Basic. Services that take a key without a password take it here.
      - If not set, the environment variable E(FRONTDESK_URL_USERNAME) is used. An empty variable counts as unset.
    type: str
  url_password:
    description:
      - Password for HTTP Basic.
      - If not set, the environment variable E(FRONTDESK_URL_PASSWORD) is used. An empty variable counts as unset.
    type: str
  client_cert:
    description:
      - A file in PEM format with the certificate to show, and those between it and its CA.
    type: path
  client_key:
    description:
      - A file in PEM format with the certificate's key, not encrypted. If not set, it stands in O(client_cert), too.
    type: path
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
  tls_minimum:
    description:
      - The oldest version of TLS.
    type: str
    choices: ["1.2", "1.3"]
    default: "1.2"
  use_proxy:
    description:
      - Whether the proxies count that the environment names (C(HTTPS_PROXY), C(ALL_PROXY), C(NO_PROXY)), where the
        module runs.
    type: bool
    default: true
  timeout:
    description:
      - Seconds to connect, seconds in which each 256 KiB of the roster must be taken, and then seconds until the whole
        answer is there. A service that sends it in drops gains no time by that.
    type: int
    default: 60
  retries:
    description:
      - How often to try again, from 0 to 10, what may be repeated.
      - With every O(method) that is where the service cannot have taken anything, that is, when no connection was made
        and after the statuses 408, 425, 429 and 503.
      - With V(PUT) it is also where it may have taken it, that is, when a connection was lost or there was no answer in
        time, and after the statuses 502 and 504.
    type: int
    default: 3
  retry_interval:
    description:
      - Seconds before it is tried again for the first time, from 0 to 60. Each later wait is twice as long, up to 60.
      - A longer wait that the service asks for (C(Retry-After)) is kept up to 300 seconds. Beyond that the task fails.
    type: int
    default: 2
  status_code:
    description:
      - Statuses by which the service accepts the roster, from 200 to 299.
      - If not set, it is all of these but 202. With 202 in the list, what it may yet refuse counts as accepted.
    type: list
    elements: int
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
      - A receipt counts for one endpoint, profile and header. With another it counts as none. The endpoint is O(url)
        without its query; how it is used, such as O(method) and O(params), makes no other of it.
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
      - When the answer holds neither of the two, the roster counts as not accepted whatever the status.
      - When rows were refused and the answer tells which, the others count as accepted; see O(result.errors). When it
        does not tell, nothing does. Both ways the task fails, and the next run sends the roster again.
      - A service that takes nothing at all as soon as it refuses a row has to say so by its status.
    type: dict
    suboptions:
      counts:
        description:
          - Path to an object of numbers, its keys parted by dots. V(.) is the whole answer.
        type: str
      refused:
        description:
          - Names of the counts that say how many contacts were not taken, such as V(skipped) and V(failed).
          - At least one of them has to be there, and those that are have to be whole numbers.
        type: list
        elements: str
        default: []
      errors:
        description:
          - Path to a list of objects, one for each refused row, or with O(result.status) for each row.
        type: str
      row:
        description:
          - Key of the row's number in such an object, or of its value in O(result.row_column).
        type: str
        default: row
      first_row:
        description:
          - The number that the service gives the first row after the header. It is V(2) where lines are counted.
        type: int
        default: 1
      row_column:
        description:
          - Title of a column, where the service names rows by their values in it instead of by numbers.
        type: str
      column:
        description:
          - Key of the column's title.
        type: str
        default: column
      cause:
        description:
          - Key of the reason. What stands in the roster is taken out of it.
        type: str
        default: error
      status:
        description:
          - Key of a row's status, where the service lists all rows and not only those that it refused. When some are
            not in its list, the roster counts as not accepted.
        type: str
      accepted:
        description:
          - The statuses of rows that were taken, in any case, such as V(Imported), V(Updated) and V(Not Changed). A row
            with any other was refused.
        type: list
        elements: str
        default: []
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

- name: Replace the file of a service that takes it as it is, by a key without a password (MRI OnLocation)
  frontdesk.contacts.contact_upload:
    src: /var/lib/frontdesk-contacts/contacts.csv
    url: https://frontdesk.example/api/contacts/import
    method: PUT
    body_format: raw
    content_type: text/csv
    url_username: "{{ vault_frontdesk_key }}"
    state_dir: /srv/state/onlocation
    result:
      errors: rows
      status: status
      accepted: [Imported, Updated, Not Changed]

- name: Send a token in the query, and say what becomes of missing contacts (Envoy, Sine)
  frontdesk.contacts.contact_upload:
    src: /var/lib/frontdesk-contacts/contacts.csv
    url: https://frontdesk.example/api/contacts/import
    token: "{{ vault_frontdesk_token }}"
    token_param: auth_token
    params:
      remove-hosts: true
      send-emails: false
    state_dir: /srv/state/sine
    result:
      counts: counts
      refused: [skipped, failed]
"""

RETURN = r"""
uploaded:
  description:
    - Whether the service accepted all of the roster, even if that could not be noted; in check mode, whether it would
      be sent.
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
    invalid:
      description:
        - Those of the removed who are still in the directory, at most 50 of them, with C(identity), C(location) and
          C(cause), which says why the export left them out.
      type: list
      elements: dict
  sample:
    id: 5a1f0c9be0d2a4f7
    added: 1
    changed: 1
    moved: 0
    removed: 1
    removed_invalid: 0
    unchanged: 180
    by_location: {}
    invalid: []
service:
  description: What the service answered, without anybody's values; V(null) when it gave no answer or was not asked.
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
      description: Number of refusals that it listed; of one row there may be several.
      type: int
    refused:
      description: Number of contacts that it did not take, as the list and the counts say.
      type: int
receipt:
  description:
    - What the service accepted last, and when, as it stands in the state directory; V(null) when there is none for this
      endpoint, profile and header.
  returned: when the roster and the state could be read
  type: dict
  contains:
    endpoint:
      description: O(url) without its query.
      type: str
    profile:
      description: As in O(profile).
      type: str
    header:
      description: Titles of the roster's columns.
      type: list
      elements: str
    roster:
      description: SHA-256 of the roster, which is its file's name in the state directory.
      type: str
    identities:
      description: The same of the identities; empty when there are none.
      type: str
    rows:
      description: Number of contacts.
      type: int
    accepted_at:
      description: When it was accepted, in UTC.
      type: str
    plan:
      description: The RV(plan.id) that led to it.
      type: str
    status:
      description: HTTP status of the answer.
      type: int
    counts:
      description: What the service counted.
      type: dict
    sequence:
      description: Number of this acceptance in the state directory.
      type: int
    complete:
      description:
        - Whether the service is known to have this roster and nothing else. If not, because it refused rows or may have
          taken a later roster, the next run sends.
      type: bool
attempts:
  description: How often the roster was sent; 0 when it was not.
  returned: always
  type: int
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._errors import FrontdeskError
from ..module_utils._module.libraries import require
from ..module_utils._module.upload import upload
from ..module_utils._module.upload_options import parse_upload_options, upload_spec
from ..module_utils._service.library import REQUESTS


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=upload_spec(), supports_check_mode=True)
    require(module, REQUESTS)
    try:
        outcome = upload(parse_upload_options(module.params), module.check_mode, module._diff)
    except FrontdeskError as error:
        module.fail_json(msg=str(error), uploaded=False, attempts=0)
    result: dict[str, Any] = outcome.result(show_diff=module._diff)
    for warning in outcome.warnings:
        module.warn(warning)
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
