# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations


class ModuleDocFragment:
    """Who is read, and what becomes of them: the twin of source_spec in module_utils/_module/arguments.py."""

    DOCUMENTATION = r"""
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
      location_value:
        description:
          - >-
            In place of O(sources[].location), an expression as in O(columns[].value) that gives each person the
            identifier of a location, for instance
            V(physicalDeliveryOfficeName | map_value({'Oslo HQ': 'oslo-hq', 'Bergen': 'bergen'}\)).
          - Whoever it gives nothing for, or an identifier that is not in O(sources[].locations), is left out.
        type: str
      locations:
        description:
          - The identifiers that O(sources[].location_value) may give. Each is counted even when nobody is there.
        type: list
        elements: str
      search_base:
        description:
          - Distinguished name of the Organizational Unit, or of any other entry, to search below.
          - Required unless O(sources[].member_of) is given. If not set then, all of the directory is searched; of
            Active Directory that is the server's domain.
        type: str
      search_scope:
        description:
          - Whether to search all levels below the base, the one level below it, or the base alone.
        type: str
        choices: [subtree, one_level, base]
        default: subtree
      member_of:
        description:
          - Distinguished name of a group, or a list of them. The source's people are those who belong to one of them,
            also by way of groups in these groups and, in Active Directory, as their primary group.
          - A text is one name, however many commas are in it.
          - Together with O(sources[].search_base) both must hold. So must the filter, by which disabled accounts are
            left out.
          - In Active Directory the server is asked for the people of the groups. Elsewhere the groups' own lists are
            read (C(member), C(uniqueMember), C(memberUid) with C(gidNumber)), and the people by their names.
        type: raw
      filter:
        description:
          - LDAP filter for this source in place of O(filter), and so in place of its default too. It must leave out
            disabled accounts itself.
        type: str
      exclude_ous:
        description:
          - Distinguished name of an Organizational Unit, or a list of them. Nobody below them is a contact of this
            source.
          - A text is one name, however many commas are in it.
        type: raw
      exclude_groups:
        description:
          - Distinguished name of a group, or a list of them. Nobody who belongs to one of them, or to a group in them,
            is a contact of this source.
        type: raw
      exclude_filter:
        description:
          - LDAP filter. Nobody whom it finds is a contact of this source, for instance V((employeeType=external\)).
          - The server is asked for those whom it finds, and not for all others, so that an attribute that it does not
            know, or that the account may not read, leaves nobody out.
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
  object_types:
    description:
      - What people are in Active Directory, V(user) for those with an account, V(contact) for contact objects, or both.
        Whether an account is enabled is asked of users only.
      - It is a part of the default of O(filter); where a filter is given, that says it all.
    type: list
    elements: str
    choices: [user, contact]
    default: [user]
  exclude_ous:
    description:
      - Distinguished name of an Organizational Unit, or a list of them. Nobody below them is a contact.
      - A text is one name, however many commas are in it.
    type: raw
  exclude_groups:
    description:
      - Distinguished name of a group, or a list of them. Nobody who belongs to one of them, or to a group in them, is a
        contact.
    type: raw
  exclude_filter:
    description:
      - LDAP filter. Nobody whom it finds is a contact, for instance V((employeeType=external\)).
      - The server is asked for those whom it finds, and not for all others, so that an attribute that it does not know,
        or that the account may not read, leaves nobody out.
    type: str
  skip_hidden:
    description:
      - Leave out whoever is hidden from Exchange's address lists (C(msExchHideFromAddressLists)).
    type: bool
    default: false
  start_attribute:
    description:
      - Name of an attribute with the day on which somebody starts, for instance V(employeeStartDate). Until then that
        person is left out; somebody without a value counts as started.
      - The value is a generalized time such as C(20261201000000.0Z), or a date such as C(2026-12-01), which begins at
        midnight UTC. A value that is neither counts as started, with a warning.
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
          - V(location) is the contact's location. A column of nothing else is left out when no source has one.
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
            A number with an extension counts as none. People whose cell ends up empty so are listed in
            RV(frontdesk.contacts.ad_contacts_export#module:emptied).
          - C(primary_address), as in V(all.proxyAddresses | primary_address), gives the address that Exchange sends
            mail from. It is the one with C(SMTP:) in capitals, and comes without that.
          - C(of_entry), as in V(manager | of_entry('mail'\)), gives what another entry has in an attribute. It follows
            the name of the attribute that holds the entry's distinguished name. Of several values, names or
            mails, the smallest in byte order counts. Of an entry that cannot be read there is nothing.
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
            number with an extension, is emptied where the other rules permit it and listed in
            RV(frontdesk.contacts.ad_contacts_export#module:emptied), else the row is invalid.
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
      - A regular expression of Python that every location of the sources must match in full, for instance
        V([a-z]{3}-[0-9]+).
    type: str
requirements:
  - jinja2 >= 3.0 (for columns that are more than the name of an attribute)
  - phonenumbers >= 8.13.0 (for the filter C(e164) and for O(columns[].phone_style) alone)
"""
