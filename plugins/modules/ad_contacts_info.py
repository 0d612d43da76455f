#!/usr/bin/python
# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ad_contacts_info
short_description: Look at a directory, and say what keeps its people from becoming contacts
version_added: 0.1.0
author:
  - Contributors to the frontdesk.contacts project (@frontdesk)
description:
  - Connects to each server of Active Directory or of another LDAP directory as
    M(frontdesk.contacts.ad_contacts_export) would, reads the same sources, and reports what it found. Nothing is
    written.
  - What is wrong is listed in RV(problems), each with its cause and what to do about it. The task succeeds all the
    same, unless O(fail_on_problems=true).
  - Every server is looked at, not only the first that answers. An account that one server refuses is not tried on
    the others, for that could lock it.
  - People's values are shown masked, and only three people of each source. Of a mail address these are the first
    letters of its parts and the top-level domain, as in C(a***@c***.example), of a phone number the last two digits,
    as in C(***56), and of other texts the first letters of at most three words, as in C(Å** L**).
extends_documentation_fragment:
  - frontdesk.contacts.attributes
  - frontdesk.contacts.directory
  - frontdesk.contacts.sources
options:
  fail_on_problems:
    description:
      - Whether the task fails when there are problems. It returns the same values then.
    type: bool
    default: false
attributes:
  diff_mode:
    support: none
    description:
      - There is nothing that it would change.
seealso:
  - module: frontdesk.contacts.ad_contacts_export
  - ref: ansible_collections.frontdesk.contacts.docsite.connecting
    description: Rights, certificates and ports, and what to do about each message.
"""

EXAMPLES = r"""
- name: See whether two offices can be read from both domain controllers
  frontdesk.contacts.ad_contacts_info:
    server_uri:
      - ldaps://dc1.corp.example
      - ldaps://dc2.corp.example
    bind_dn: svc-frontdesk@corp.example
    bind_pw: "{{ vault_bind_pw }}"
    sources:
      - location: oslo-hq
        search_base: OU=Oslo,OU=Staff,DC=corp,DC=example
      - location: bergen
        search_base: OU=Bergen,OU=Staff,DC=corp,DC=example
  register: directory

- name: Show what is wrong
  ansible.builtin.debug:
    var: directory.problems

- name: Stop when the phone numbers of an office are not what the front desk needs
  frontdesk.contacts.ad_contacts_info:
    server_uri: ldaps://dc1.corp.example
    bind_dn: svc-frontdesk@corp.example
    bind_pw: "{{ vault_bind_pw }}"
    sources:
      - search_base: OU=Oslo,OU=Staff,DC=corp,DC=example
        minimum: 10
    phone_region: "NO"
    columns:
      - header: Name
        value: displayName
        required: true
      - header: Mobile
        value: mobile or telephoneNumber
        phone_style: e164
    fail_on_problems: true
"""

RETURN = r"""
problems:
  description: What is wrong, the servers in their order, and at the end what they do not agree about.
  returned: always
  type: list
  elements: dict
  contains:
    where:
      description: The server, the source, or the domain whose servers DNS was to name.
      type: str
    cause:
      description: What is wrong. It holds nobody's value.
      type: str
    remedy:
      description: What to do about it.
      type: str
  sample:
    - where: ldaps://dc1.corp.example
      cause: its certificate ends in 12 days, on 2026-12-06
      remedy: Renew it before
servers:
  description: What each server is and gives, in the order of O(server_uri), or in which DNS names those of O(domain).
  returned: always
  type: list
  elements: dict
  contains:
    uri:
      description: The server as it was given, or made of what DNS says.
      type: str
      sample: ldaps://dc1.corp.example
    resolved:
      description: All addresses of its name; none when it does not resolve.
      type: list
      elements: str
      sample: [192.0.2.10]
    address:
      description: The address that answered; empty when none did.
      type: str
      sample: 192.0.2.10
    tls_version:
      description: Version of TLS; empty without TLS.
      type: str
      sample: TLSv1.3
    tls_cipher:
      description: The cipher suite.
      type: str
      sample: TLS_AES_256_GCM_SHA384
    certificate:
      description: What the server shows, whether it is trusted or not; empty without TLS.
      type: dict
      contains:
        subject:
          description: Whose it is.
          type: str
        issuer:
          description: Who issued it.
          type: str
        names:
          description: The host names and addresses that it is for.
          type: list
          elements: str
        not_before:
          description: Since when it is valid, in UTC.
          type: str
        not_after:
          description: Until when it is valid, in UTC.
          type: str
        days_left:
          description: Whole days until then; negative when it has ended.
          type: int
      sample:
        subject: CN=dc1.corp.example
        issuer: CN=Corp Issuing CA,DC=corp,DC=example
        names: [dc1.corp.example]
        not_before: "2026-01-08T09:12:44+00:00"
        not_after: "2027-01-08T09:12:44+00:00"
        days_left: 45
    sealed:
      description: Whether the account's authentication encrypts what is said, in place of TLS.
      type: bool
    auth_protocol:
      description: How the account would prove who it is.
      type: str
      sample: simple
    account:
      description: Who asks, and how.
      type: str
      sample: as svc-frontdesk@corp.example
    bound:
      description: Whether the server let the account in. Servers after one that refused it are not asked.
      type: bool
    authorization_id:
      description: Whom the server takes it for (RFC 4532); empty when it does not say.
      type: str
      sample: u:CORP\svc-frontdesk
    product:
      description: What the server is, as far as it says; empty when it says nothing.
      type: str
      sample: Active Directory
    version:
      description: Which release of it, as far as it says.
      type: str
      sample: Windows Server 2016 or newer
    dns_host_name:
      description: Its own name for itself, if it is Active Directory.
      type: str
      sample: dc1.corp.example
    naming_contexts:
      description: The trees that it holds; a source's O(sources[].search_base) must be in one of them.
      type: list
      elements: str
      sample: ["DC=corp,DC=example"]
    sasl_mechanisms:
      description: The kinds of authentication that it offers beside name and password.
      type: list
      elements: str
      sample: [GSSAPI, GSS-SPNEGO, EXTERNAL, DIGEST-MD5]
    clock_offset:
      description: Seconds that its clock goes before this host's; nothing when it does not say its time.
      type: int
      sample: 0
    sources:
      description: What each source gave, for those that could be read to their end.
      type: list
      elements: dict
      contains:
        name:
          description: How the source is called in errors.
          type: str
        location:
          description: Identifier of the location; empty for all locations, and where an attribute's value says it.
          type: str
        locations:
          description: The locations that an attribute's value may give; none where O(sources[].location) says it.
          type: list
          elements: str
        search_base:
          description: Where it begins; empty for all of the directory.
          type: str
        member_of:
          description: The groups that people must belong to; none for anybody.
          type: list
          elements: str
        entries:
          description: How many people it gave.
          type: int
        contacts:
          description:
            - How many of them have a valid row. Whether two people share a value that must be unique is not looked at.
          type: int
        left_out:
          description: For each cause of not having one how many people it keeps out.
          type: dict
        excluded:
          description: How many more were found and are no contacts because an option says so, such as O(exclude_ous).
          type: int
        empty_columns:
          description: The columns that are empty for somebody.
          type: list
          elements: dict
          contains:
            column:
              description: Title of the column.
              type: str
            attributes:
              description: The attributes that it is made of, in lower case.
              type: list
              elements: str
            empty:
              description: For how many people it is empty.
              type: int
        samples:
          description: Three rows, masked, by the titles of the columns.
          type: list
          elements: dict
      sample:
        - name: source 1 (location 'oslo-hq')
          location: oslo-hq
          locations: []
          search_base: OU=Oslo,OU=Staff,DC=corp,DC=example
          member_of: []
          entries: 212
          contacts: 211
          left_out: {"Email and SMS Phone are both empty": 1}
          excluded: 0
          empty_columns:
            - column: SMS Phone
              attributes: [mobile]
              empty: 38
          samples:
            - First Name: Å**
              Last Name: L**
              Email: a***@c***.example
              SMS Phone: "***56"
              Location: oslo-hq
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._directory.library import LDAP3
from ..module_utils._errors import FrontdeskError
from ..module_utils._library import LibraryError
from ..module_utils._module.directory_options import DIRECTORY_PATHS, directory_spec
from ..module_utils._module.export_options import info_spec
from ..module_utils._module.files import check_paths
from ..module_utils._module.info import info
from ..module_utils._module.libraries import fail, require
from ..module_utils._module.source_options import default_columns, parse_sources, source_spec


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={**directory_spec(), **source_spec(), **info_spec()},
        supports_check_mode=True,
    )
    require(module, LDAP3)
    try:
        check_paths(module.params, *DIRECTORY_PATHS)
        sources = parse_sources(module.params)
        found = info(module.params, default_columns(module.params["phone_region"]), sources)
    except LibraryError as error:
        fail(module, error)
    except FrontdeskError as error:
        module.fail_json(msg=str(error))
    if found.problems and module.params["fail_on_problems"]:
        module.fail_json(msg=found.verdict, **found.result)
    module.exit_json(changed=False, **found.result)


if __name__ == "__main__":
    main()
