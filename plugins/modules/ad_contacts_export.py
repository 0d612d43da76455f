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
  - phonenumbers >= 8.13.0 (for the filter C(e164) and for O(columns[].phone_style) alone)
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
            V(mobile or telephoneNumber), V(givenName ~ ' ' ~ sn) or V('yes' if mail else 'no').
          - A name is the attribute's value, without regard to case, and empty when there is none. Of several values
            it is the smallest in byte order; V(all.mail) or V(all['mail']) is the sorted list of them.
          - V(location) is the location of the source. A column of nothing else is left out when no source has one.
            V(phone_region) is the option O(phone_region), or empty.
          - The filters follow in a list, each with an example. They carry the names and the meaning of Jinja's and
            Ansible's own, and their arguments can be given by name.
          - C(lower), as in V(mail | lower).
          - C(upper), as in V(sn | upper).
          - C(title), as in V(givenName | title), capitalizes each word.
          - C(trim), as in V(title | trim), takes away the space at both ends.
          - C(default), as in V(department | default('Staff'\)), replaces an empty value, and so an absent one.
          - C(first), as in V(all.mail | first), of several values.
          - C(last), as in V(all.mail | last), of several values.
          - C(join), as in V(all.mail | join('; '\)), puts several values together.
          - C(replace), as in V(department | replace('Dept.', 'Department'\)), replaces a text wherever it occurs.
          - C(regex_replace), as in V(displayName | regex_replace('(.+\), (.+\)', '\\\\2 \\\\1'\)), replaces what a
            regular expression of Python matches. It takes C(ignorecase=true) and C(multiline=true).
          - C(regex_search), as in V(mail | regex_search('@(.+\)$', '\\\\1'\)), gives what a regular expression
            matches first, or the group that is named; a text in any case, and empty when nothing matches. It takes
            C(ignorecase=true) and C(multiline=true).
          - >-
            C(map_value), as in V(l | map_value({'Oslo': 'oslo-hq', 'Bergen': 'bergen'}, 'elsewhere'\)), gives
            what a dictionary has for the value, else the second argument, else nothing.
          - C(e164), as in V(mobile | e164('NO'\)), writes a valid phone number as in C(+4791234567) and gives nothing
            for anything else, so that V(mobile | e164('NO'\) or telephoneNumber | e164('NO'\)) falls back. Its
            argument is the country, by two capital letters (ISO 3166-1), of numbers without a country code;
            O(phone_region) if not given. V(mobile | e164(c or phone_region\)) takes it from an attribute.
            A number with an extension counts as none. People whose cell ends up empty so are listed in RV(emptied).
          - A regular expression works on at most 10000 characters and 1 second of computing for each value. In a text
            of Jinja a backslash is written twice.
          - Values and the texts in an expression are composed (Unicode's NFC) before they are compared.
          - Control characters and line breaks in a cell become one space.
        type: str
        required: true
      required:
        description:
          - Whether a row with an empty cell in this column is invalid.
        type: bool
        default: false
      required_unless:
        description:
          - Title of another column. A row in which both are empty is invalid. Not together with
            O(columns[].required=true).
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
      phone_style:
        description:
          - How the phone number that is this column's value is to be written. A value that is no valid number, or a
            number with an extension, is emptied where the other rules permit it and listed in RV(emptied), else
            the row is invalid.
          - V(e164) is C(+4722123456), V(e164_no_plus) is C(4722123456), V(international) is C(+47 22 12 34 56).
          - V(national) is C(22 12 34 56) for a number with the country code of O(phone_region), which it needs, and
            V(international) for others. Where the spaces are may change with a new release of phonenumbers.
        type: str
        choices: [e164, e164_no_plus, international, national]
  phone_region:
    description:
      - The country that phone numbers without a country code are of, by its two capital letters (ISO 3166-1). In YAML
        write them in quotes, for V(NO) without quotes is C(false).
      - If not set, only numbers with a country code are valid. The default columns then take phone numbers as they
        stand, and otherwise in the form of V(mobile | e164(phone_region\)).
    type: str
  location_pattern:
    description:
      - A regular expression of Python that the location of every source must match in full, for instance
        V([a-z]{3}-[0-9]+).
    type: str
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

from ..module_utils._contacts.library import JINJA2
from ..module_utils._directory.library import LDAP3
from ..module_utils._errors import FrontdeskError
from ..module_utils._library import LibraryError
from ..module_utils._module.arguments import default_columns, directory_spec, export_spec
from ..module_utils._module.export import export
from ..module_utils._module.files import (
    check_dest,
    check_paths,
    place_of_scratch,
    place_roster,
    stage_roster,
)
from ..module_utils._module.libraries import fail, require
from ..module_utils._module.sources import sources_of
from ..module_utils._scratch import scratch_files


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
        check_paths(module.params, "dest", "ca_path")
        sources = sources_of(module.params)
        dest = Path(os.path.realpath(module.params["dest"]))
        check_dest(dest, module.check_mode)
        columns = default_columns(module.params["phone_region"])
        with scratch_files(place_of_scratch(module, dest)) as scratch:
            exported = export(module.params, columns, sources, scratch)
            put = stage_roster if module.check_mode else place_roster
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
