#!/usr/bin/python
# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ad_contacts_export
short_description: Export the people of a directory as contacts
version_added: 0.1.0
author:
  - Contributors to the frontdesk.contacts project (@frontdesk)
description:
  - Reads the people of each source from Active Directory or another LDAP directory, gives each its location, and
    writes one CSV file, the roster, as front-desk services take it.
  - A roster is complete or it is not written. If any source fails, is cut short or has fewer contacts than its
    O(sources[].minimum), the task fails and the old roster stays as it was.
  - The same directory gives the same bytes, whatever order the server answers in.
  - Beside the roster it writes C(<dest>.ids), with which M(frontdesk.contacts.contact_upload) tells people apart
    even when their names and addresses change.
extends_documentation_fragment:
  - frontdesk.contacts.attributes
  - frontdesk.contacts.directory
  - frontdesk.contacts.sources
  - ansible.builtin.files
options:
  on_invalid:
    description:
      - What to do about people who have no valid row. V(skip) leaves them out and lists them in RV(left_out),
        V(fail) writes nothing.
      - A value that begins like a spreadsheet formula makes a row invalid too, and so do more than 131072 characters
        in all of its cells together.
    type: str
    choices: [skip, fail]
    default: skip
  dest:
    description:
      - The file to write, on the host that runs the module. Its folder must exist.
    type: path
    required: true
  backup:
    description:
      - Keep a copy of the old roster and of its identities, with the time in their names, when one of the two changes.
    type: bool
    default: false
  mode:
    description:
      - Mode of both files. If not set, it is V(0600), for they hold people's data.
seealso:
  - module: frontdesk.contacts.contact_upload
  - module: frontdesk.contacts.ad_contacts_info
  - ref: ansible_collections.frontdesk.contacts.docsite.connecting
    description: Rights, certificates and ports, and what to do about each message.
"""

EXAMPLES = r"""
- name: Export two offices
  frontdesk.contacts.ad_contacts_export:
    server_uri: ldaps://dc1.corp.example
    bind_dn: svc-frontdesk@corp.example
    bind_pw: "{{ vault_bind_pw }}"
    sources:
      - location: oslo-hq
        search_base: OU=Oslo,OU=Staff,DC=corp,DC=example
      - location: bergen
        search_base: OU=Bergen,OU=Staff,DC=corp,DC=example
    dest: /var/lib/frontdesk-contacts/contacts.csv

- name: Export an office from the domain controllers of its site, or from others when these fail
  frontdesk.contacts.ad_contacts_export:
    domain: corp.example
    site: Oslo
    bind_dn: svc-frontdesk@corp.example
    bind_pw: "{{ vault_bind_pw }}"
    sources:
      - location: oslo-hq
        search_base: OU=Oslo,OU=Staff,DC=corp,DC=example
    dest: /var/lib/frontdesk-contacts/contacts.csv

- name: Export everybody to all locations, with columns of their own
  frontdesk.contacts.ad_contacts_export:
    server_uri:
      - ldaps://dc1.corp.example
      - ldaps://dc2.corp.example
    bind_dn: svc-frontdesk@corp.example
    bind_pw: "{{ vault_bind_pw }}"
    sources:
      - search_base: OU=Staff,DC=corp,DC=example
        filter: (&(objectCategory=person)(mail=*))
        minimum: 100
    columns:
      - header: Name
        value: displayName or givenName ~ ' ' ~ sn
        required: true
      - header: E-mail
        value: mail | lower
        required: true
        unique: true
    on_invalid: fail
    dest: /srv/contacts/everybody.csv

- name: Export by group and by office, without externals and those who have not started
  frontdesk.contacts.ad_contacts_export:
    server_uri: ldaps://dc1.corp.example
    bind_dn: svc-frontdesk@corp.example
    bind_pw: "{{ vault_bind_pw }}"
    sources:
      - location: harbour
        member_of: CN=Harbour Access,OU=Groups,DC=corp,DC=example
      - location_value: "physicalDeliveryOfficeName | lower | map_value({'oslo hq': 'oslo-hq', 'bergen': 'bergen'})"
        locations: [bergen, oslo-hq]
        search_base: OU=Staff,DC=corp,DC=example
    exclude_groups:
      - CN=Externals,OU=Groups,DC=corp,DC=example
    exclude_filter: (employeeType=robot)
    skip_hidden: true
    start_attribute: employeeStartDate
    dest: /var/lib/frontdesk-contacts/contacts.csv

- name: Export cells as another service wants them
  frontdesk.contacts.ad_contacts_export:
    server_uri: ldaps://dc1.corp.example
    bind_dn: svc-frontdesk@corp.example
    bind_pw: "{{ vault_bind_pw }}"
    sources:
      - location: oslo-hq
        search_base: OU=Oslo,OU=Staff,DC=corp,DC=example
    location_pattern: "[a-z]+(-[a-z]+)*"
    phone_region: "NO"
    columns:
      - header: Name
        value: givenName ~ ' ' ~ sn
        required: true
        max_length: 50
      - header: Mobile
        value: mobile | e164 or telephoneNumber | e164
        phone_style: e164_no_plus
        unique: true
      - header: Floor
        value: "department | map_value({'Engineering': '2', 'Sales': '3'}, 'ground floor')"
      - header: Mail domain
        value: mail | lower | regex_search('@(.+)$', '\\1')
      - header: Site
        value: location
        required: true
    dest: /srv/contacts/oslo.csv
"""

RETURN = r"""
dest:
  description: The file that was written, or would be.
  returned: success
  type: str
  sample: /var/lib/frontdesk-contacts/contacts.csv
roster:
  description:
    - The file to upload. In check mode it is a complete roster in RV(staging_dir).
  returned: success
  type: str
  sample: /var/lib/frontdesk-contacts/contacts.csv
staging_dir:
  description:
    - A folder of its own (mode 0700) that holds the roster of a run in check mode. Whoever asked for check mode
      removes it; the role does.
  returned: in check mode
  type: str
  sample: /tmp/frontdesk-contacts-x3v1q0ab
checksum:
  description: SHA-256 of the roster.
  returned: success
  type: str
  sample: 0f6f7b9f9ad2d2a2bd1f0f3c0ee2ac0ba1a8ab5cf1bd5b4b63b2a7a1f1a8f0c3
server:
  description: URI of the server that was read.
  returned: success
  type: str
  sample: ldaps://dc1.corp.example
counts:
  description: The export in numbers.
  returned: success
  type: dict
  contains:
    entries:
      description: Entries that the directory gave.
      type: int
    contacts:
      description: Rows of the roster.
      type: int
    left_out:
      description: People without a valid row.
      type: int
    excluded:
      description: Entries that are no contacts because an option says so, such as O(exclude_ous).
      type: int
    by_location:
      description: Rows by location, empty locations included.
      type: dict
  sample:
    entries: 184
    contacts: 182
    left_out: 2
    excluded: 0
    by_location:
      bergen: 62
      oslo-hq: 120
left_out:
  description: People without a valid row, at most 50 of them; the identities file has all.
  returned: success
  type: list
  elements: dict
  contains:
    identity:
      description: The person's objectGUID or entryUUID.
      type: str
    location:
      description: Identifier of the location.
      type: str
    cause:
      description: The rule that is broken.
      type: str
emptied:
  description:
    - Cells that lost their value, at most 50 of them. Either another person at the location has the same value and
      the column is unique, or the value is no valid phone number.
  returned: success
  type: list
  elements: dict
  contains:
    identity:
      description: The person's objectGUID or entryUUID.
      type: str
    location:
      description: Identifier of the location.
      type: str
    column:
      description: Title of the column.
      type: str
    cause:
      description: Why the value was taken away.
      type: str
      sample: not a valid phone number
backup_file:
  description: Copy of the old roster.
  returned: changed and O(backup=true)
  type: str
duration:
  description: Seconds that it took.
  returned: success
  type: float
  sample: 0.8
"""

import os
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._directory.library import LDAP3
from ..module_utils._errors import FrontdeskError
from ..module_utils._library import LibraryError
from ..module_utils._module.directory_options import DIRECTORY_PATHS, directory_spec
from ..module_utils._module.export import export
from ..module_utils._module.export_options import export_spec
from ..module_utils._module.files import (
    check_dest,
    check_paths,
    install_roster,
    spill_directory,
    stage_roster,
)
from ..module_utils._module.libraries import fail, require
from ..module_utils._module.source_options import default_columns, parse_sources, source_spec
from ..module_utils._roster.external_sort import open_spill_area


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={**directory_spec(), **source_spec(), **export_spec()},
        add_file_common_args=True,
        supports_check_mode=True,
    )
    require(module, LDAP3)
    # Whatever is written, backups too, is private from its first byte; mode, owner and group come after.
    os.umask(0o077)
    started = time.monotonic()
    try:
        check_paths(module.params, "dest", *DIRECTORY_PATHS)
        sources = parse_sources(module.params)
        dest = Path(os.path.realpath(module.params["dest"]))
        check_dest(dest, module.check_mode)
        columns = default_columns(module.params["phone_region"])
        with open_spill_area(spill_directory(module, dest)) as scratch:
            exported = export(module.params, columns, sources, scratch)
            put = stage_roster if module.check_mode else install_roster
            placed = put(module, dest, exported.roster, exported.location_header, scratch)
    except LibraryError as error:
        fail(module, error)
    except FrontdeskError as error:
        module.fail_json(msg=str(error))
    for warning in exported.warnings:
        module.warn(warning)
    module.exit_json(
        **placed.result(module),
        **exported.result(sources, placed.written),
        duration=round(time.monotonic() - started, 3),
    )


if __name__ == "__main__":
    main()
