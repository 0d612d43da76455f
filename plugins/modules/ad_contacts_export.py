#!/usr/bin/python
# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ad_contacts_export
short_description: Export people from a directory as contacts
version_added: 0.1.0
author:
  - Contributors to the frontdesk.contacts project (@frontdesk)
description:
  - Reads the people of each source from Active Directory or another LDAP directory, assigns them to locations, and
    writes a single CSV file, the roster, in the format that front-desk services expect.
  - A roster is either complete or not written at all. If a source fails, is incomplete or returns fewer contacts than
    O(sources[].minimum) requires, the task fails and the old roster is left unchanged.
  - The roster is reproducible. The same people with the same values result in the same bytes, regardless of the order
    in which the server returns entries.
  - The identities of the people are written to C(<dest>.ids). M(frontdesk.contacts.contact_upload) uses them to
    recognize people even if their names and addresses change. The file also lists the people without a valid row, and
    the people whose value in a unique column is omitted because another person keeps it.
extends_documentation_fragment:
  - frontdesk.contacts.attributes
  - frontdesk.contacts.directory
  - frontdesk.contacts.sources
  - frontdesk.contacts.option_names
  - ansible.builtin.files
options:
  on_invalid:
    description:
      - Action to take for people who have no valid row. V(skip) leaves them out and lists them in RV(left_out). With
        V(fail), the task fails, and nothing is written.
      - A row is invalid if it violates a rule of a column, if a required cell or the location could be interpreted as a
        spreadsheet formula, or if the cells of the row contain more than 131072 characters in total. Other cells with
        unsuitable values are emptied, and listed in RV(emptied).
    type: str
    choices: [skip, fail]
    default: skip
  max_contested:
    description:
      - Maximum number of people who may newly lose a value of a unique column because another person at the location
        keeps it. If more people do, the task fails, names the columns and the locations, and writes nothing.
      - A loss is not new if the person already had, in the baseline, a row at the location with an empty cell in the
        column. Without a baseline, every loss is new. A person who loses several values is counted once.
      - If not set, any number of people may lose values.
    type: int
  dest:
    description:
      - Path of the roster on the host that runs the module. The parent directory must exist.
    type: path
    required: true
  baseline:
    description:
      - State directory of M(frontdesk.contacts.contact_upload), which contains the last accepted roster.
      - If it is set, contacts of the rosters that the service may have are looked up in the directory if no source
        returns them any more, at most 5000. C(<dest>.causes) lists the causes, such as disabled accounts, and
        M(frontdesk.contacts.contact_upload) shows them in its plan.
      - The upload fails if another roster has been accepted since the export.
      - People who held a value of a unique column in the last accepted roster keep it, as described for
        O(columns[].unique).
    type: path
  backup:
    description:
      - Whether to keep a copy of the old roster and its identities, with a timestamp in the file names, if either of
        them changes.
    type: bool
    default: false
  stage_in_check_mode:
    description:
      - Whether to keep the complete roster of a run in check mode in the temporary directory RV(staging_dir), so that
        M(frontdesk.contacts.contact_upload) can show the plan in check mode. Remove the directory afterwards.
      - If V(false), a run in check mode leaves no files, and RV(roster) is not returned.
    type: bool
    default: false
  mode:
    description:
      - Mode of the roster and its identities file. If not set, V(0600) is used, because the files contain personal
        data.
seealso:
  - module: frontdesk.contacts.contact_upload
  - module: frontdesk.contacts.ad_contacts_info
  - ref: ansible_collections.frontdesk.contacts.docsite.connecting
    description: Permissions, certificates and ports, and what to check for common error messages.
"""

EXAMPLES = r"""
- name: Export contacts of two offices
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

- name: Export an office from the domain controllers of its site, with failover to other sites
  frontdesk.contacts.ad_contacts_export:
    domain: corp.example
    site: Oslo
    bind_dn: svc-frontdesk@corp.example
    bind_pw: "{{ vault_bind_pw }}"
    sources:
      - location: oslo-hq
        search_base: OU=Oslo,OU=Staff,DC=corp,DC=example
    dest: /var/lib/frontdesk-contacts/contacts.csv

- name: Export everyone to all locations, with custom columns
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

- name: Export by group and by office, without external people and future hires
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

- name: Export with the column formats of another service
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
msg:
  description:
    - Number of contacts and, if people were left out, the most frequent causes, each with the number of people. Except
      in check mode without O(stage_in_check_mode=true), also the path of the identities file, which lists these people.
  returned: success
  type: str
  sample: "Read 182 contacts from ldaps://dc1.corp.example. Left out: Email is empty: 2. See
    /var/lib/frontdesk-contacts/contacts.csv.ids for details."
dest:
  description: Path of the roster that was written, or would be written in check mode.
  returned: success
  type: str
  sample: /var/lib/frontdesk-contacts/contacts.csv
roster:
  description:
    - Path of the roster to upload. In check mode, this is the path of a complete roster in RV(staging_dir).
  returned: success; in check mode, only with O(stage_in_check_mode=true)
  type: str
  sample: /var/lib/frontdesk-contacts/contacts.csv
staging_dir:
  description:
    - Temporary directory (mode 0700) that contains the roster of a run in check mode. The role removes it. If you use
      the module without the role, remove it when you no longer need the roster.
  returned: in check mode with O(stage_in_check_mode=true)
  type: str
  sample: /tmp/frontdesk-contacts-x3v1q0ab
checksum:
  description: SHA-256 checksum of the roster.
  returned: success
  type: str
  sample: 0f6f7b9f9ad2d2a2bd1f0f3c0ee2ac0ba1a8ab5cf1bd5b4b63b2a7a1f1a8f0c3
server:
  description: URI of the server from which the people were read.
  returned: success
  type: str
  sample: ldaps://dc1.corp.example
counts:
  description: Statistics of the export.
  returned: success
  type: dict
  contains:
    entries:
      description: Number of entries returned by the directory, including excluded ones.
      type: int
    contacts:
      description: Number of rows in the roster.
      type: int
    left_out:
      description: Number of people without a valid row.
      type: int
    excluded:
      description: Number of entries excluded by an option such as O(exclude_ous).
      type: int
    by_location:
      description: Number of rows by location, including locations without contacts.
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
  description: People without a valid row. At most 50 are returned; the identities file lists all of them.
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
      description: Reason why the person was left out.
      type: str
left_out_causes:
  description: Number of people without a valid row by cause, the most frequent cause first. All people are counted.
  returned: success
  type: list
  elements: dict
  contains:
    cause:
      description: Reason why the people were left out.
      type: str
    count:
      description: Number of people.
      type: int
emptied:
  description:
    - Cells whose values were removed because another person at the location has the same value in a unique column, or
      because the value is not a valid phone number, is too long, could be interpreted as a spreadsheet formula, or is
      not suitable for the expression of the column. At most 50 are returned.
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
      description: Reason why the value was removed.
      type: str
      sample: not a valid phone number
contested:
  description:
    - Unique columns in which several people at a location have the same value. A warning names the first people who
      newly lose it. C(<dest>.ids) lists all people who lose it, each with the person who keeps it.
    - Only one of them keeps the value, as described for O(columns[].unique).
  returned: success
  type: list
  elements: dict
  contains:
    location:
      description: Identifier of the location.
      type: str
    column:
      description: Title of the column.
      type: str
    value_count:
      description: Number of values that several people have.
      type: int
    count:
      description: Number of people whose value is omitted because another person keeps it.
      type: int
    left_out:
      description: Number of these people who have no valid row.
      type: int
    new:
      description:
        - Number of these people whose loss is new. A loss is not new if the person had, in the baseline, a row at the
          location with an empty cell in the column.
      type: int
  sample:
    - location: oslo-hq
      column: SMS Phone
      value_count: 1
      count: 19
      left_out: 0
      new: 1
overlaps:
  description:
    - Pairs of locations at which the same people have a valid row, the pair with the most people first. Each of these
      people has one row for each location. At most 50 pairs are returned.
    - People can be at several locations on purpose. If this is not intended, check whether the search base of one
      source contains that of another one.
  returned: success
  type: list
  elements: dict
  contains:
    locations:
      description: Identifiers of the two locations.
      type: list
      elements: str
    count:
      description: Number of people.
      type: int
  sample:
    - locations: [oslo-hq, sales]
      count: 34
backup_file:
  description: Path of the copy of the old roster.
  returned: changed and O(backup=true)
  type: str
duration:
  description: Run time in seconds.
  returned: success
  type: float
  sample: 0.8
kind:
  description:
    - Kind of the failure. See RV(frontdesk.contacts.contact_sync_result#module:failure.kind).
  returned: failure
  type: str
  sample: directory
"""

import os
import time
from functools import partial

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._directory.library import LDAP3
from ..module_utils._errors import FrontdeskError
from ..module_utils._library import LibraryError
from ..module_utils._module.baseline import (
    RemovalLookup,
    explain_removals,
    find_accepted_roster,
    open_baseline,
)
from ..module_utils._module.contested import contested_warnings
from ..module_utils._module.destination import choose_spill_directory, install_roster, stage_roster
from ..module_utils._module.directory_spec import DIRECTORY_CONSTRAINTS
from ..module_utils._module.export import export
from ..module_utils._module.export_options import parse_export_options
from ..module_utils._module.export_spec import export_spec
from ..module_utils._module.libraries import fail, require
from ..module_utils._module.reporter import Reporter
from ..module_utils._roster.external_sort import open_spill_area
from ..module_utils._roster.files import ids_path


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=export_spec(),
        add_file_common_args=True,
        supports_check_mode=True,
        **DIRECTORY_CONSTRAINTS,
    )
    reporter = Reporter(module)
    require(reporter, LDAP3)
    # All files, including backups, must be private from the start. Mode, owner and group are set later.
    os.umask(0o077)
    started = time.monotonic()
    try:
        options = parse_export_options(module.params, module.check_mode)
        spill_directory = choose_spill_directory(options.dest, module.check_mode)
        with open_baseline(options.baseline) as known, open_spill_area(spill_directory) as spill:
            exported = export(options, spill, find_accepted_roster(known))
            removals = RemovalLookup(options.read, reporter.render)
            explain = known and partial(
                explain_removals,
                known,
                location_column=exported.location_header,
                spill=spill,
                find_causes=removals.find_causes,
            )
            write = (
                partial(stage_roster, keep=options.keep_staged)
                if module.check_mode
                else partial(install_roster, backup=options.backup)
            )
            files = write(
                *(module, options.dest, exported.roster, exported.location_header, spill),
                explain=explain,
            )
    except LibraryError as error:
        fail(reporter, error)
    except FrontdeskError as error:
        reporter.fail_with(error)
    # In check mode, the identities file is not written, or is only staged.
    ids_file = "" if module.check_mode else str(ids_path(options.dest))
    for warning in [
        *exported.warnings,
        *contested_warnings(files.summary.newly_contested, ids_file),
        *removals.warnings,
    ]:
        reporter.warn(warning)
    ids = "" if files.path is None else str(ids_path(files.path))
    reporter.exit(
        msg=exported.message(files.summary, ids),
        **files.result(module.params["dest"], module.check_mode),
        **exported.result(files.summary),
        duration=round(time.monotonic() - started, 3),
    )


if __name__ == "__main__":
    main()
