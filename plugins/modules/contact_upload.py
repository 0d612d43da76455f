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
  - Compares a roster with the last one that the service accepted, and uploads the roster over HTTPS if they differ.
  - Nothing is sent if nothing changed, or if the plan exceeds a limit, for example because it would remove more
    contacts than O(max_removed_percent) allows. O(approved_plan) lets exactly one plan pass the limits.
  - The service accepted the roster if it returned an accepted status code (see O(status_code)) and a response that
    matches O(result). Without O(result), the response must be empty, or must be plain text or JSON without a sign of
    failure such as an error. The roster is then treated as accepted, but RV(service.confirmed) is V(false). An HTML
    page, which usually comes from a login form, a proxy or a firewall, never means acceptance.
  - A status code from 400 to 499 except 408, the redirects 307 and 308, and a success flag that is false (see
    O(result.success)) mean that the service has not accepted the roster, unless an earlier attempt of the same run may
    have succeeded. The outcome is unknown after any other response that does not mean acceptance, such as another
    redirect or a server error, and if the connection fails while the roster is being sent or before a response
    arrives. The next run then sends the roster again, even if nothing changed.
  - If the service accepts a roster but reports that it rejected some of the rows, the task fails, and the next run
    sends the complete roster again. The other rows are treated as accepted only if the response identifies the rejected
    rows.
  - The module authenticates with O(token), or with O(url_username) and O(url_password). The token is sent in a header
    or, with O(token_param), in the query. A client certificate (O(client_cert)) and O(secrets) can be used instead or
    in addition.
  - The last accepted roster is stored with a receipt in a state directory. This roster is the baseline for the next
    run. The rosters of later uploads with an unknown outcome are also stored there. Together with the baseline, they
    are the known rosters, to which the limits apply.
extends_documentation_fragment:
  - frontdesk.contacts.attributes
  - frontdesk.contacts.option_names
attributes:
  idempotent:
    support: partial
    details:
      - With O(force=true), the roster is uploaded every time.
requirements:
  - requests >= 2.25.1
options:
  src:
    description:
      - Path of the roster, as written by M(frontdesk.contacts.ad_contacts_export), on the host that runs the module.
      - If C(<src>.ids) exists and belongs to the roster, people are identified by the identities in that file.
        Otherwise, contacts are identified by O(key).
    type: path
    required: true
  checksum:
    description:
      - SHA-256 checksum of the roster, as returned in
        RV(frontdesk.contacts.ad_contacts_export#module:checksum). The task fails if the roster has a different
        checksum, which means that it was replaced after the export.
      - If not set, any roster is accepted.
    type: str
  url:
    description:
      - URL of the service's upload endpoint, as documented by the service. Redirects are not followed.
      - The URL is shown with C(-vvv), and stored in the receipt without its query. URLs that contain a credential in
        the query are rejected. A segment of the path that contains the token or another secret is masked.
      - C(http://) is accepted only for a service on the host that runs the module.
    type: str
    required: true
  method:
    description:
      - HTTP method of the request, as documented by the service.
      - V(PUT) is idempotent, so more failures are retried. See O(retries).
    type: str
    choices: [POST, PUT, PATCH]
    default: POST
  body_format:
    description:
      - Format of the request body.
      - V(multipart) sends a form (C(multipart/form-data)) with the file in the field O(field_name).
      - V(raw) sends the unmodified file.
    type: str
    choices: [multipart, raw]
    default: multipart
  field_name:
    description:
      - Name of the form field that contains the file.
    type: str
    default: file
  form_fields:
    description:
      - Additional form fields, sent before the file. Booleans are sent as V(true) and V(false).
      - The fields are shown and logged. Names that look like those of credentials are rejected; use O(secrets) or
        O(public_names).
    type: dict
    default: {}
  content_type:
    description:
      - Media type of the file. With O(body_format=raw), this is the content type of the request.
    type: str
    default: text/csv; charset=utf-8
  params:
    description:
      - Parameters to add to the query of O(url). Booleans are sent as V(true) and V(false).
      - The parameters are shown and logged. Names that look like those of credentials are rejected; use O(token_param),
        O(secrets) or O(public_names).
      - The parameters are not part of the endpoint. If only the parameters change, the roster is not sent again. See
        O(force).
    type: dict
    default: {}
  headers:
    description:
      - Additional request headers. Headers that describe the connection or the content, such as C(Host) and
        C(Content-Type), are rejected, because the module sets them. See O(content_type).
      - The headers are shown and logged. Names that look like those of credentials are rejected; use O(token_header),
        O(secrets) or O(public_names).
      - C(User-Agent) is C(frontdesk.contacts/VERSION) unless it is set here. Some firewalls accept only the names of
        known programs.
    type: dict
    default: {}
  token:
    description:
      - Token for the service. It can start with its authentication scheme, as in C(Bearer abc) or C(Basic abc).
      - If not set, the environment variable E(FRONTDESK_TOKEN) is used. An empty variable is treated as unset.
    type: str
    aliases: [api_token]
  token_header:
    description:
      - Name of the header that carries the token.
    type: str
    default: Authorization
  token_prefix:
    description:
      - Prefix of the token in the header, separated from it by a space.
      - If not set, the prefix is empty, except in the C(Authorization) header, where it is V(Bearer) unless O(token)
        starts with a scheme. A prefix with which O(token) already starts is not repeated.
    type: str
  token_param:
    description:
      - Name of a query parameter that carries the token, instead of a header. It is sent in addition to O(params), and
        its value is never shown. Servers and proxies can still log the token, so use a header if the service supports
        one.
    type: str
  url_username:
    description:
      - User name for HTTP Basic authentication. For services that expect a key without a password, set this
        option to the key.
      - If not set, the environment variable E(FRONTDESK_URL_USERNAME) is used. An empty variable is treated as unset.
    type: str
  url_password:
    description:
      - Password for HTTP Basic authentication.
      - If not set, the environment variable E(FRONTDESK_URL_PASSWORD) is used. An empty variable is treated as unset.
    type: str
  secrets:
    description:
      - Secrets to send in addition to O(token) or O(url_username), or instead of them, for services that require
        several keys or a key in a form field. Their values are never shown.
      - For example, to send a subscription key in addition to a token, set O(secrets[].name) to
        V(Ocp-Apim-Subscription-Key), and O(secrets[].value) to the key.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name of the header, the query parameter or the form field.
        type: str
        required: true
      in:
        description:
          - Part of the request that contains the secret. V(form) requires O(body_format=multipart).
          - Servers and proxies can log the query, so use V(header) or V(form) if the service supports one of them.
        type: str
        choices: [header, query, form]
        default: header
      value:
        description:
          - The secret, with any prefix that the service expects. It must have at least 6 characters, because it is
            masked in all results.
        type: str
        required: true
  anonymous:
    description:
      - Whether to upload without a credential, for example because the service accepts requests only from known
        addresses.
      - Without a credential and without this option, the task fails.
    type: bool
    default: false
  public_names:
    description:
      - Names in O(headers), O(params), O(form_fields) and the query of O(url) that look like names of credentials, but
        whose values may be shown and logged, such as V(X-Atlassian-Token) or V(generate_pin).
      - The names are not case-sensitive.
    type: list
    elements: str
  client_cert:
    description:
      - Path to a PEM file with the client certificate to present, including any intermediate certificates.
      - The certificate is presented to a service that requests it during the handshake or, with TLS 1.3, afterwards.
    type: path
  client_key:
    description:
      - Path to a PEM file with the unencrypted private key of O(client_cert). If not set, the key must be in
        O(client_cert).
    type: path
  ca_path:
    description:
      - Path to a PEM file with the CA certificates to trust. If not set, the certificates at the path in the
        environment variable C(REQUESTS_CA_BUNDLE) or C(CURL_CA_BUNDLE) are used. If neither is set, the CA certificates
        of the system are used, together with those of the requests library.
      - The host name must be in the subject alternative names of the certificate. Its common name is not used.
      - Cannot be combined with O(validate_certs=false).
    type: path
    aliases: [ca_cert]
  validate_certs:
    description:
      - Whether to verify the certificate of the service and the host name in it.
      - If V(false), an attacker on the network can read the token and all contacts.
    type: bool
    default: true
  tls_minimum:
    description:
      - Minimum TLS version.
    type: str
    choices: ["1.2", "1.3"]
    default: "1.2"
  use_proxy:
    description:
      - Whether to use the proxies configured in the environment (C(HTTPS_PROXY), C(ALL_PROXY), C(NO_PROXY)) of the host
        that runs the module.
    type: bool
    default: true
  timeout:
    description:
      - Timeout in seconds. It applies separately to connecting, to sending each 256 KiB of the roster, and to receiving
        the complete response. A service that sends the response slowly does not extend the timeout. Must be between 1
        and 86400.
      - A rejection that the service sends before it has received the complete roster is reported as such, even if the
        service does not read the rest.
    type: int
    default: 60
  retries:
    description:
      - Maximum number of retries, from 0 to 10. Only requests that are safe to repeat are retried.
      - With every O(method), the module retries if the service normally has not processed the roster, which is after
        most connection failures, and after the status codes 408, 425, 429 and 503. Failures that a retry cannot
        correct, such as an untrusted certificate, are not retried.
      - With V(PUT), which is idempotent, it also retries if the connection was lost or the response timed out, and
        after the status codes 502 and 504, although the service may then have accepted the roster.
    type: int
    default: 3
  retry_interval:
    description:
      - Interval in seconds before the first retry, from 0 to 60. The interval doubles with each retry, up to 60
        seconds.
      - If the service requests a longer interval (C(Retry-After)), the module waits for that interval. If that
        interval exceeds 300 seconds, the task fails.
    type: int
    default: 2
  status_code:
    description:
      - Status codes, from 200 to 299, that can mean that the service accepted the roster.
      - If not set, all status codes in this range except 202 and 207 are used. If O(result.status) is set, 207 is also
        used. If the list contains 202, contacts that the service may still reject are treated as accepted.
    type: list
    elements: int
  profile:
    description:
      - Name of the service profile. If it changes, the roster is sent again, even if nothing else changed.
    type: str
    default: receptionist
  location_column:
    description:
      - Title of the column that contains the location. If the roster has no such column, its contacts belong to all
        locations.
    type: str
    default: Location
  key:
    description:
      - Titles of the columns that identify a contact if the new roster or a known roster has no identities. Otherwise,
        the columns are not used, but the new roster must contain them nevertheless.
      - If the columns are used, a warning states how many contacts have only empty cells in them, or share their values
        with another contact at the location. Changes to these contacts can be reported as changes to others.
    type: list
    elements: str
    default: [Email, SMS Phone]
  state_dir:
    description:
      - Directory of the known rosters and the receipt. It is created with mode 0700.
      - If other users have access to an existing directory, its mode is set to 0700, with a warning. The directory is
        rejected if this is not possible, or if it seems to have another purpose, for example because it contains hidden
        files.
      - The directory must belong to the user who runs the module, and only this user and root may have write access to
        its parent directories. A parent directory with the sticky bit, such as C(/tmp), is accepted.
      - Use a separate directory for each account of a service, because a receipt does not identify the account.
      - If not set, a directory named after the host of the service is used, in C(/var/lib/frontdesk-contacts) for root,
        or in C($XDG_STATE_HOME/frontdesk-contacts), by default C(~/.local/state/frontdesk-contacts), for other users.
      - If the module runs in ephemeral containers, the directory must be on persistent storage.
    type: path
  plan_dest:
    description:
      - Directory to which the plan is written for review, as C(plan.json) with the numbers and C(plan.csv) with all
        changes, before anything is sent. If not set, the plan is not written to files.
      - The files are also written in check mode, and if the plan exceeds a limit or contains no changes. Each run
        replaces them. They do not affect whether the task reports a change.
      - C(plan.csv) contains personal data. Both files have mode 0600, and remain until you delete them.
      - The directory is created with mode 0700. An existing directory must belong to the user who runs the module, and
        only this user and root may have write access to it and to its parent directories. A parent directory with the
        sticky bit, such as C(/tmp), is accepted.
      - Use a separate directory for each sync. The guide
        R(How removals are prevented,ansible_collections.frontdesk.contacts.docsite.limits) describes the files.
    type: path
  missing:
    description:
      - What the service does with contacts that are missing from an upload. V(remove) deletes them, V(disable) disables
        them, and V(keep) keeps them unchanged.
      - V(unknown) is treated like V(remove). The limits for removals also apply to V(disable).
      - With V(keep), removals are shown in the plan, but never stop an upload. Changing the value from V(keep) to
        another one requires an approval (see O(approved_plan)), because the service may have contacts that are not in
        any known roster.
    type: str
    choices: [remove, disable, keep, unknown]
    default: unknown
  max_removed:
    description:
      - Maximum number of contacts that one upload may remove. If not set, only the limits in percent apply.
    type: int
  max_removed_percent:
    description:
      - Maximum number of contacts that one upload may remove, as a percentage of the known contacts, from 0 to 100.
      - A percentage above 0 stops the upload only if at least 3 contacts are affected, and V(0) if at least one is.
        This applies to all limits in percent.
      - An upload that removes all contacts of a known roster is never allowed if the roster has 3 or more contacts. If
        it has fewer, the upload requires an approval (see O(approved_plan)).
    type: float
    default: 10.0
  max_removed_per_location_percent:
    description:
      - Maximum number of contacts that one upload may remove at a single location, as a percentage of the known
        contacts at that location, from 0 to 100.
      - Regardless of this limit, a location that loses all its contacts stops the upload if it had at least 3 contacts,
        or at least one if the location is no longer configured, even if the contacts moved to other locations.
    type: float
    default: 50.0
  max_moved_percent:
    description:
      - Maximum number of contacts that one upload may move to another location, as a percentage of the known contacts,
        from 0 to 100.
    type: float
    default: 25.0
  max_changed_percent:
    description:
      - Maximum number of contacts whose values one upload may change, as a percentage of the known contacts, from 0 to
        100. Columns that only one of the rosters has are not compared.
    type: float
    default: 50.0
  max_added_percent:
    description:
      - Maximum number of contacts that one upload may add, as a percentage of the known contacts, from 0 to 1000000.
    type: float
    default: 100.0
  must_contain:
    description:
      - Contacts without which a roster is never sent, not even with O(approved_plan) or O(initial).
      - The keys of each element are column titles, usually those in O(key), and the values are those of one contact. At
        least one row of the roster must have all values of the element, spelled exactly as in the roster.
    type: list
    elements: dict
  approved_plan:
    description:
      - Identifier of the plan that may exceed the limits, as shown in RV(plan.id) and in the message that refused the
        plan. It has 16 hexadecimal digits. Write it in quotes.
      - The plan passes all limits except O(must_contain) and the limit for the removal of all contacts of a known
        roster with 3 or more contacts. All other plans are refused, even if they are within the limits.
      - An approval is valid for one upload. If there is nothing to send, this option has no effect, and a warning asks
        you to remove it.
    type: str
  initial:
    description:
      - Whether to allow an upload if there is no record of an earlier upload. Use this option only for the first run,
        because without a record, it is unknown how many contacts an upload removes, and of all limits, only
        O(must_contain) applies. If there is a record, even of an upload with an unknown outcome, this option has no
        effect, and a warning asks you to remove it.
    type: bool
    default: false
  rebind:
    description:
      - Whether O(url) is another address of the same account. The roster is then compared with the last roster that the
        account accepted at the earlier address, and all limits apply. Use this option only for the first run with the
        new address.
      - For another account, use another O(state_dir) instead.
    type: bool
    default: false
  force:
    description:
      - Whether to upload even if nothing changed. The limits still apply.
    type: bool
    default: false
  undo:
    description:
      - Whether to upload the roster that was accepted before the last one, instead of O(src). If it is unknown whether
        the service accepted an upload after the last accepted roster, the last accepted roster is uploaded.
      - The limits apply, and a plan can be approved. The next export contains the change again, unless its cause is
        corrected in the directory or in the configuration.
    type: bool
    default: false
  refresh_after:
    description:
      - Number of days after which an unchanged roster is uploaded again, for example because somebody might have edited
        contacts in the service. The days are counted by the date in UTC. Must be between 1 and 3650.
      - By default, an unchanged roster is never uploaded again.
    type: int
  result:
    description:
      - Structure of the service's JSON response. It contains a flag for success, counts, row errors, or several of
        these.
      - If the response does not contain the expected values, the roster is treated as not accepted, regardless of the
        status code. Numbers can also be strings.
      - The roster is also treated as not accepted if another value in the response indicates a failure, for example if
        C(success) is V(false), C(error) has a value, or C(failed) is greater than 0.
      - If rows were rejected and the response identifies them, the other rows are treated as accepted. See
        O(result.errors). If the response does not identify them, no row is treated as accepted. In both cases, the task
        fails, and the next run sends the roster again.
      - A service that rejects the complete roster because of a single invalid row must indicate this with the status
        code.
    type: dict
    suboptions:
      success:
        description:
          - Path, as keys separated by dots, to a flag or a state that shows whether the service accepted the roster.
            V(.) means the complete response, which can then also be plain text.
          - If it is missing, or its value is not in O(result.success_values), the roster is treated as not accepted.
        type: str
      success_values:
        description:
          - Values of O(result.success) that mean acceptance, such as V(DONE) or V(ok). They are not case-sensitive.
        type: list
        elements: str
        default: ["true"]
      messages:
        description:
          - Paths to human-readable messages. They are shown in error messages and in RV(service.message).
          - If not set, or if there is no text at any of these paths, messages with common names such as C(error),
            C(message) and C(detail) are used.
        type: list
        elements: str
        default: []
      counts:
        description:
          - Path to an object whose values are numbers. V(.) means the complete response.
        type: str
      refused:
        description:
          - Names of the counts of rejected contacts, such as V(skipped) and V(failed).
          - Their values must be integers. A count can be missing if the object contains other counts.
        type: list
        elements: str
        default: []
      errors:
        description:
          - Path to a list of objects, one for each rejected row or, with O(result.status), one for each row of the
            roster.
          - Without O(result.status), it can also be a list of strings, or an object with strings for each field. These
            do not identify rows, so no row is then treated as accepted.
        type: str
      row:
        description:
          - Key of the row number in the objects of O(result.errors). With O(result.row_column), key of the value in
            that column.
        type: str
        default: row
      first_row:
        description:
          - Number of the first row after the header, as counted by the service. Set it to V(2) if the service counts
            lines.
        type: int
        default: 1
      row_column:
        description:
          - Title of the column whose values identify rows, for services that do not use row numbers.
        type: str
      column:
        description:
          - Key of the column title in the objects of O(result.errors).
        type: str
        default: column
      cause:
        description:
          - Key of the reason in the objects of O(result.errors). Words that occur in the roster are masked
            in the reason.
        type: str
        default: error
      status:
        description:
          - Key of the row status in the objects of O(result.errors), for services that list all rows and not only the
            rejected rows. If rows are missing from the list, the roster is treated as not accepted.
        type: str
      accepted:
        description:
          - Status values of accepted rows, such as V(Imported), V(Updated), V(Not Changed) or V(201). They are not
            case-sensitive. Rows with any other status are treated as rejected.
        type: list
        elements: str
        default: []
seealso:
  - module: frontdesk.contacts.ad_contacts_export
"""

EXAMPLES = r"""
- name: Upload contacts
  frontdesk.contacts.contact_upload:
    src: /var/lib/frontdesk-contacts/contacts.csv
    url: https://frontdesk.example/api/contacts/import
    token: "{{ vault_frontdesk_token }}"

- name: Upload contacts for the first time, with an API key in a custom header
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

- name: Upload contacts with stricter limits, never without the reception, and with the plan in files
  frontdesk.contacts.contact_upload:
    src: /var/lib/frontdesk-contacts/contacts.csv
    url: https://frontdesk.example/api/contacts/import
    token: "{{ vault_frontdesk_token }}"
    state_dir: /srv/state/reception
    plan_dest: /srv/frontdesk/plan
    max_removed: 10
    max_moved_percent: 5
    must_contain:
      - Email: reception@corp.example

- name: Upload the unmodified file with PUT and a key without a password (MRI OnLocation)
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

- name: Send the token in the query and remove missing contacts (Envoy, Sine)
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

- name: Upload to a service that responds with a flag and a list of messages
  frontdesk.contacts.contact_upload:
    src: /var/lib/frontdesk-contacts/contacts.csv
    url: https://frontdesk.example/api/contacts/import
    token: "{{ vault_frontdesk_token }}"
    state_dir: /srv/state/portal
    result:
      success: success
      messages: messages
"""

RETURN = r"""
msg:
  description:
    - Error message, or a note that nothing in the response confirms the upload.
  returned: failure, or if RV(uploaded) is V(true) and RV(service.confirmed) is V(false)
  type: str
uploaded:
  description:
    - Whether the service accepted the complete roster, even if the receipt could not be written. In check mode,
      whether the roster would be sent.
  returned: always
  type: bool
plan:
  description:
    - Differences between the new roster and the last accepted roster, as numbers of contacts. If no roster has been
      accepted, the first of RV(unresolved) is compared.
  returned: when the roster and the state could be read
  type: dict
  contains:
    id:
      description:
        - Identifier of the plan, derived from the known rosters, the new roster, and the options that determine what an
          upload does. It does not depend on limits. See O(approved_plan).
        - V(null) in check mode if the state directory contains no record of an earlier upload.
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
    unchanged:
      description: Number of unchanged contacts.
      type: int
    removal_causes:
      description:
        - Number of removed contacts by cause, as in C(disabled) or C(moved to OU=Leavers,DC=corp,DC=example), the most
          frequent cause first. The causes are C(unknown) unless the export has the option
          O(frontdesk.contacts.ad_contacts_export#module:baseline).
      type: list
      elements: dict
    by_location:
      description: The numbers above except RV(plan.removal_causes), separately for each location.
      type: dict
    new_columns:
      description:
        - Columns that the last accepted roster does not have, each with the number of contacts that have a value in it.
          They do not make a contact a changed one.
      type: dict
    dropped_columns:
      description: The same for columns that only the last accepted roster has.
      type: dict
    changed_settings:
      description:
        - Settings of the export that differ from those with which the last accepted roster was exported. V(sources)
          are the search bases, groups and locations, V(filters) include C(object_types), V(exclusions) are all options
          that exclude people, and V(columns) include C(phone_region).
        - Empty if only the directory can have changed; V(null) if one of the identities files is missing, or was
          written by an earlier version.
      type: list
      elements: str
    unconfigured_locations:
      description: Locations that were configured when a known roster was exported, but not for the new roster.
      type: list
      elements: str
    invalid:
      description:
        - Removed contacts of people who are still in the directory but have no valid row. Each has C(identity),
          C(location) and C(cause), which is the reason why the export left the person out. At most 50 are returned.
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
    removal_causes:
      - cause: disabled
        count: 1
    by_location: {}
    new_columns: {}
    dropped_columns: {}
    changed_settings: []
    unconfigured_locations: []
    invalid: []
service:
  description:
    - Response of the service, without secrets or personal data; V(null) if nothing was sent or no response was
      received.
  returned: when the roster and the state could be read
  type: dict
  contains:
    status:
      description: HTTP status code.
      type: int
    confirmed:
      description:
        - Whether the response matches O(result) and shows that the service accepted the roster or a part of it. If
          V(false) although RV(uploaded) is V(true), O(result) does not describe how the service confirms an upload.
      type: bool
    message:
      description:
        - Human-readable message in the response; empty if there is none. See O(result.messages).
        - Secrets and values of contacts are masked, and the message is shortened to 200 characters.
      type: str
    counts:
      description:
        - Counts from the response. See O(result.counts). At most 50 are returned, without counts whose names could be
          personal data.
      type: dict
    errors:
      description:
        - Row errors, each with C(row), C(identity), C(column) and C(cause). At most 50 are returned.
      type: list
      elements: dict
    error_count:
      description: Number of row errors in the response. A row can have several errors.
      type: int
    causes:
      description:
        - Causes of the row errors, those with the most rows first. Each has C(column), C(cause), C(rows) and
          C(locations), a list with C(location) and C(rows). At most 20 causes and 10 locations of each are returned.
      type: list
      elements: dict
    refused:
      description: Number of rejected contacts, according to the row errors and the counts.
      type: int
receipt:
  description:
    - Receipt of the last accepted roster, as stored in the state directory; V(null) if no roster has been accepted.
  returned: when the roster and the state could be read
  type: dict
  contains:
    endpoint:
      description: O(url) without its query.
      type: str
    profile:
      description: Value of O(profile).
      type: str
    header:
      description: Column titles of the roster.
      type: list
      elements: str
    roster:
      description: SHA-256 checksum of the roster. Its file in the state directory is C(<checksum>.csv).
      type: str
    identities:
      description: SHA-256 checksum of the identities; empty if there are none.
      type: str
    rows:
      description: Number of contacts.
      type: int
    accepted_at:
      description: Time of acceptance, in UTC.
      type: str
    plan:
      description: The RV(plan.id) of the upload.
      type: str
    status:
      description: HTTP status code of the response.
      type: int
    counts:
      description: Counts from the response.
      type: dict
    missing:
      description: Value of O(missing) in the upload; V(null) if it was not recorded.
      type: str
    sequence:
      description: Sequence number of the accepted upload.
      type: int
    complete:
      description:
        - Whether the service is known to have exactly this roster. If V(false), the service rejected rows or may have
          accepted a later roster, and the next run sends the roster again.
      type: bool
unresolved:
  description:
    - Uploads after the last accepted one, for which it is unknown whether the service has the roster, starting with the
      earliest. The limits also apply to their contacts. The next accepted upload resolves them. If there are more than
      5, the earliest are united into one.
  returned: when the roster and the state could be read
  type: list
  elements: dict
  contains:
    sent_at:
      description: Time of the upload, in UTC.
      type: str
    rows:
      description: Number of contacts.
      type: int
    plan:
      description: The RV(plan.id) of the upload.
      type: str
  sample: []
attempts:
  description: Number of upload attempts; V(0) if nothing was sent.
  returned: always
  type: int
duration:
  description:
    - Time in seconds from the start of the first attempt to the end of the last one, including the intervals between
      attempts; V(0) if nothing was sent.
  returned: always
  type: float
kind:
  description:
    - Kind of the failure. See RV(frontdesk.contacts.contact_sync_result#module:failure.kind).
  returned: failure
  type: str
  sample: guard
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._errors import FrontdeskError
from ..module_utils._library import LibraryError
from ..module_utils._module.libraries import fail
from ..module_utils._module.reporter import Reporter
from ..module_utils._module.upload import upload
from ..module_utils._module.upload_options import parse_upload_options
from ..module_utils._module.upload_spec import upload_spec


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=upload_spec(), supports_check_mode=True)
    reporter = Reporter(module)
    # All files must be private from the start.
    os.umask(0o077)
    try:
        options = parse_upload_options(module.params)
        # no_log masks only the complete value of an option, but the token can be a part of the value, and the URL can
        # contain it.
        module.no_log_values.update(options.endpoint.secret_forms)
        outcome = upload(options, module.check_mode, module._diff)
    except LibraryError as error:
        fail(reporter, error)
    except FrontdeskError as error:
        reporter.fail_with(error, uploaded=False, attempts=0, duration=0.0)
    result: dict[str, Any] = outcome.result(show_diff=module._diff)
    for warning in outcome.warnings:
        reporter.warn(warning)
    if outcome.error is not None:
        reporter.fail_with(outcome.error, **result)
    reporter.exit(outcome.message, **result)


if __name__ == "__main__":
    main()
