#!/usr/bin/python
# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ad_contacts_info
short_description: Check a directory and report what prevents people from becoming contacts
version_added: 0.1.0
author:
  - Contributors to the frontdesk.contacts project (@frontdesk)
description:
  - Connects to each server of Active Directory or another LDAP directory in the same way as
    M(frontdesk.contacts.ad_contacts_export), reads the same sources, and reports the findings. Nothing is written.
  - Problems are returned in RV(problems), each with its cause and a suggested fix. The task succeeds even if there are
    problems, unless O(fail_on_problems=true).
  - All servers are checked, not only the first one that responds. If a server rejects the account, the remaining
    servers are checked without a bind, because repeated failures could lock the account.
  - For each source, the result contains the rows of up to three people as samples, with masked values. Mail addresses
    are reduced to the first letters of their parts and the top-level domain, as in C(a***@c***.example), and other
    values to the first letters of at most three words, as in C(Å** L**), without digits. Cells that do not depend on
    attributes, such as the location, are not masked.
extends_documentation_fragment:
  - frontdesk.contacts.attributes
  - frontdesk.contacts.directory
  - frontdesk.contacts.sources
  - frontdesk.contacts.option_names
options:
  fail_on_problems:
    description:
      - Whether the task fails if there are problems. The task returns the same values in both cases.
    type: bool
    default: false
attributes:
  diff_mode:
    support: none
    description:
      - This module never changes anything.
seealso:
  - module: frontdesk.contacts.ad_contacts_export
  - ref: ansible_collections.frontdesk.contacts.docsite.connecting
    description: Permissions, certificates and ports, and what to check for common error messages.
"""

EXAMPLES = r"""
- name: Check whether two offices can be read from both domain controllers
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

- name: Show the problems
  ansible.builtin.debug:
    var: directory.problems

- name: Fail if there are problems with an office or its phone numbers
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
  description:
    - Problems of the DNS lookup of O(domain), followed by repeated sources, by the problems of each server in order,
      and by differences between the servers.
  returned: always
  type: list
  elements: dict
  contains:
    where:
      description: Server, source or location that has the problem, or domain whose DNS lookup caused it.
      type: str
    cause:
      description: Cause of the problem, without personal data.
      type: str
    remedy:
      description: Suggested fix.
      type: str
  sample:
    - where: ldaps://dc1.corp.example
      cause: its certificate expires in 12 days, on 2026-12-06
      remedy: Renew it in time
notes:
  description:
    - Findings that may be intended, but that you should know about. They are not problems. There is a note for each
      source in Active Directory whose O(sources[].location_value), filters or O(start_attribute) use an attribute that
      people can change in their entries by default, and for each pair of locations in RV(servers[].overlaps).
  returned: always
  type: list
  elements: dict
  contains:
    where:
      description: Server, or source and server, to which the note applies.
      type: str
    cause:
      description: The finding, without personal data.
      type: str
    remedy:
      description: Suggested change if the finding is not intended.
      type: str
  sample:
    - where: source 1 on ldaps://dc1.corp.example
      cause: by default, people can change their own values of physicaldeliveryofficename
      remedy: >-
        Use groups, OUs or attributes that only administrators can change, unless the default permissions have been
        restricted
servers:
  description: Findings for each server, in the order of O(server_uri) or of the SRV records of O(domain).
  returned: always
  type: list
  elements: dict
  contains:
    uri:
      description: URI of the server, from O(server_uri) or built from its DNS record.
      type: str
      sample: ldaps://dc1.corp.example
    resolved:
      description: All addresses of the host name; empty if it cannot be resolved.
      type: list
      elements: str
      sample: [192.0.2.10]
    address:
      description: Address of the connection; empty if no connection, including its TLS handshake, was established.
      type: str
      sample: 192.0.2.10
    tls_version:
      description: TLS version of the connection; empty without TLS, or if the TLS handshake failed.
      type: str
      sample: TLSv1.3
    tls_cipher:
      description: TLS cipher suite of the connection; empty without TLS, or if the TLS handshake failed.
      type: str
      sample: TLS_AES_256_GCM_SHA384
    certificate:
      description:
        - Certificate presented by the server, even if it is not trusted; empty without TLS, or if the TLS handshake
          failed for another reason.
      type: dict
      contains:
        subject:
          description: Subject of the certificate.
          type: str
        issuer:
          description: Issuer of the certificate.
          type: str
        names:
          description: Host names and addresses for which the certificate is valid.
          type: list
          elements: str
        not_before:
          description: Start of the validity period, in UTC.
          type: str
        not_after:
          description: Expiry date, in UTC.
          type: str
        days_left:
          description: Number of whole days until the certificate expires; negative if it has expired.
          type: int
      sample:
        subject: CN=dc1.corp.example
        issuer: CN=Corp Issuing CA,DC=corp,DC=example
        names: [dc1.corp.example]
        not_before: "2026-01-08T09:12:44+00:00"
        not_after: "2027-01-08T09:12:44+00:00"
        days_left: 45
    sealed:
      description: Whether the connection is encrypted by the authentication mechanism instead of TLS.
      type: bool
    auth_protocol:
      description: Authentication protocol of the bind.
      type: str
      sample: simple
    account:
      description: Account and authentication method of the bind, as a phrase.
      type: str
      sample: as svc-frontdesk@corp.example
    bound:
      description:
        - Whether the bind succeeded. After a server has rejected the account, no more binds are attempted.
      type: bool
    authorization_id:
      description: Authorization identity reported by the server (RFC 4532); empty if the server does not report it.
      type: str
      sample: u:CORP\svc-frontdesk
    product:
      description: Name of the server product or its vendor; empty if the root DSE could not be read.
      type: str
      sample: Active Directory
    version:
      description: Version of the server product; empty if the server does not report it.
      type: str
      sample: Windows Server 2016 or newer
    dns_host_name:
      description: DNS host name reported by the server, if it is Active Directory.
      type: str
      sample: dc1.corp.example
    naming_contexts:
      description: Naming contexts of the server. Each O(sources[].search_base) must be in one of them.
      type: list
      elements: str
      sample: ["DC=corp,DC=example"]
    sasl_mechanisms:
      description: SASL mechanisms that the server supports in addition to simple binds.
      type: list
      elements: str
      sample: [GSSAPI, GSS-SPNEGO, EXTERNAL, DIGEST-MD5]
    clock_offset:
      description:
        - Number of seconds by which the server's clock is ahead of the clock of the host that runs the module; V(null)
          if the server does not report its time.
      type: int
      sample: 0
    sources:
      description: Statistics of each source that could be read completely.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the source in error messages.
          type: str
        location:
          description:
            - Identifier of the location; empty if the source applies to all locations or uses
              O(sources[].location_value).
          type: str
        locations:
          description:
            - Identifiers that O(sources[].location_value) may return; empty if the source does not use that option.
          type: list
          elements: str
        search_base:
          description: Search base of the source; empty for the whole directory.
          type: str
        member_of:
          description: Groups whose members are selected; empty if there is no such restriction.
          type: list
          elements: str
        entries:
          description: Number of people returned by the source.
          type: int
        contacts:
          description:
            - Number of people who have a valid row, regardless of whether other people have the same values.
              RV(problems) contains each unique column in which several people at a location have the same value.
          type: int
        left_out:
          description: Number of people left out, by cause.
          type: dict
        excluded:
          description:
            - Number of people excluded by an option such as O(exclude_ous). They are not included in C(entries).
          type: int
        empty_columns:
          description: Columns that use attributes and are empty for at least one person.
          type: list
          elements: dict
          contains:
            column:
              description: Title of the column.
              type: str
            attributes:
              description: Attributes used by the column, in lowercase.
              type: list
              elements: str
            empty:
              description: Number of people whose cell in this column is empty.
              type: int
        samples:
          description: Up to three sample rows with masked values, by column title.
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
              SMS Phone: "***"
              Location: oslo-hq
    overlaps:
      description:
        - Pairs of locations at which the same people have a valid row, the pair with the most people first. This is not
          a problem if they work at both locations. Otherwise, check whether the search base of one source contains that
          of another one. At most 50 pairs are returned.
      type: list
      elements: dict
      contains:
        locations:
          description: Identifiers of the two locations.
          type: list
          elements: str
        count:
          description: Number of people who have a valid row at both locations.
          type: int
      sample:
        - locations: [oslo-hq, sales]
          count: 34
kind:
  description:
    - Kind of the failure. See RV(frontdesk.contacts.contact_sync_result#module:failure.kind).
  returned: failure
  type: str
  sample: directory
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._directory.diagnosis import DirectoryError
from ..module_utils._directory.library import LDAP3
from ..module_utils._errors import FrontdeskError
from ..module_utils._library import LibraryError
from ..module_utils._module.directory_spec import DIRECTORY_CONSTRAINTS
from ..module_utils._module.export_options import parse_read_options
from ..module_utils._module.export_spec import info_spec
from ..module_utils._module.info import collect_info
from ..module_utils._module.libraries import fail, require
from ..module_utils._module.reporter import Reporter


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=info_spec(), supports_check_mode=True, **DIRECTORY_CONSTRAINTS
    )
    reporter = Reporter(module)
    require(reporter, LDAP3)
    try:
        report = collect_info(parse_read_options(module.params))
    except LibraryError as error:
        fail(reporter, error)
    except FrontdeskError as error:
        reporter.fail_with(error)
    if report.problems and module.params["fail_on_problems"]:
        reporter.fail(report.message, kind=DirectoryError.kind, **report.result)
    reporter.exit(changed=False, **report.result)


if __name__ == "__main__":
    main()
