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
  - ansible.builtin.files
requirements:
  - jinja2 >= 3.0
options:
  sources:
    description:
      - Where the people are found. A person found by several sources is a contact at each of their locations, and
        one contact where the locations are the same.
    type: list
    elements: dict
    required: true
    suboptions:
      location:
        description:
          - Identifier of the location in the service's account, without capitals and spaces.
          - Leave it out in all sources for contacts that go to all locations.
        type: str
      search_base:
        description:
          - Distinguished name of the Organizational Unit, or of any other entry, to search below.
        type: str
        required: true
      search_scope:
        description:
          - Whether to search all levels below the base, the one level below it, or the base alone.
        type: str
        choices: [subtree, one_level, base]
        default: subtree
      filter:
        description:
          - LDAP filter for this source in place of O(filter), and so in place of its default too. It must leave out
            disabled accounts itself.
        type: str
      minimum:
        description:
          - Fewest contacts that this source must give. V(0) permits an empty source.
          - With O(sources[].search_scope=base) it is at most V(1).
        type: int
        default: 1
  filter:
    description:
      - LDAP filter for all sources without their own.
      - If not set, Active Directory gives all users who are enabled and not expired, and other directories give
        every C(inetOrgPerson), for they have no common way to say that somebody is disabled.
    type: str
  columns:
    description:
      - The columns of the roster, in their order.
      - If not set, they are First Name, Last Name, Email, SMS Phone and Location with the rules of
        The Receptionist for iPad.
    type: list
    elements: dict
    suboptions:
      header:
        description:
          - Title of the column, exactly as the service spells it.
        type: str
        required: true
      value:
        description:
          - A Jinja expression without braces over LDAP attributes, for instance V(givenName),
            V(mail | lower) or V(mobile or telephoneNumber).
          - A name is the attribute's value, without regard to case, and empty when there is none. Of several values
            it is the smallest in byte order; V(all.NAME) or V(all['NAME']) is the sorted list of them.
          - V(location) is the location of the source. A column of nothing else is left out when no source has one.
          - The filters are C(default), C(first), C(join), C(last), C(lower), C(replace), C(title), C(trim)
            and C(upper).
          - Control characters and line breaks in a value become one space.
        type: str
        required: true
      required:
        description:
          - Whether a row with an empty cell in this column is invalid.
        type: bool
        default: false
      required_unless:
        description:
          - Title of another column. A row in which both are empty is invalid.
        type: str
      unique:
        description:
          - Whether two people at one location must not have the same value, without regard to case.
          - The person with the smallest identity keeps it. For the others the cell is emptied where the rules
            permit it, else the row is invalid.
        type: bool
        default: false
      max_length:
        description:
          - Number of characters over which a row is invalid.
        type: int
  on_invalid:
    description:
      - What to do about people who have no valid row. V(skip) leaves them out and lists them in RV(left_out),
        V(fail) writes nothing.
      - A value that begins like a spreadsheet formula makes a row invalid too.
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
      - Keep a copy of the old file, with the time in its name.
    type: bool
    default: false
  mode:
    description:
      - Mode of both files. If not set, it is V(0600), for they hold people's data.
seealso:
  - module: frontdesk.contacts.contact_upload
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
    by_location:
      description: Rows by location, empty locations included.
      type: dict
  sample:
    entries: 184
    contacts: 182
    left_out: 2
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
  description: Cells emptied because another person at the location has the same value, at most 50 of them.
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
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._contacts.diff import roster_diff
from ..module_utils._contacts.expression import JINJA2
from ..module_utils._directory.library import LDAP3
from ..module_utils._errors import FrontdeskError
from ..module_utils._module.arguments import DEFAULT_COLUMNS, directory_spec, export_spec
from ..module_utils._module.export import Export, export, sources_of
from ..module_utils._module.files import (
    check_dest,
    old_roster,
    render,
    stage_roster,
    would_change,
    write_roster,
)
from ..module_utils._module.libraries import require


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={**directory_spec(), **export_spec()},
        add_file_common_args=True,
        supports_check_mode=True,
    )
    require(module, LDAP3, JINJA2)
    # Whatever is written, backups too, is private from its first byte; mode, owner and group come after.
    os.umask(0o077)
    started = time.monotonic()
    try:
        sources = sources_of(module.params)
        dest = Path(os.path.realpath(module.params["dest"]))
        check_dest(dest, module.check_mode)
        exported = export(module.params, DEFAULT_COLUMNS, sources)
        result = put_in_place(module, dest, exported)
    except FrontdeskError as error:
        module.fail_json(msg=str(error))
    for warning in exported.warnings:
        module.warn(warning)
    module.exit_json(
        **result, **exported.result(sources), duration=round(time.monotonic() - started, 3)
    )


def put_in_place(module: AnsibleModule, dest: Path, exported: Export) -> dict[str, Any]:
    """Write the roster, or in check mode stage it; tell what changed."""
    rendered = render(exported.roster)
    result: dict[str, Any] = {"dest": module.params["dest"], "checksum": rendered.checksum}
    if module._diff:
        result["diff"] = roster_diff(old_roster(dest), exported.roster, exported.location_header)
    if module.check_mode:
        changed = would_change(module, dest, rendered)
        staged = stage_roster(rendered, dest.name)
        return {
            **result,
            "changed": changed,
            "roster": str(staged),
            "staging_dir": str(staged.parent),
        }
    changed, backup = write_roster(module, dest, rendered)
    if backup is not None:
        result["backup_file"] = backup
    return {**result, "changed": changed, "roster": module.params["dest"]}


if __name__ == "__main__":
    main()
