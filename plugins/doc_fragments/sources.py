# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations


class ModuleDocFragment:
    """Options that select people and define their rows, which must match source_spec in _module/source_spec.py."""

    DOCUMENTATION = r"""
options:
  sources:
    description:
      - Places in the directory where people are found, each with its location. A person found by several sources
        becomes a contact at the location of each source, or a single contact if the locations are the same.
    type: list
    elements: dict
    required: true
    suboptions:
      location:
        description:
          - Identifier of the location in your account with the service. Must not contain uppercase letters or spaces.
          - Must be a string. Quote an identifier that YAML would read as a number, a date or a boolean.
          - To create contacts for all locations, omit this option in all sources.
        type: raw
      location_value:
        description:
          - >-
            Expression as in O(columns[].value) that returns the location identifier of each person, for example
            V(physicalDeliveryOfficeName | map_value({'Oslo HQ': 'oslo-hq', 'Bergen': 'bergen'}\)).
            Can be used instead of O(sources[].location).
          - If the result for a person is empty or is not in O(sources[].locations), the person is left out.
          - Do not use attributes that people can change in their entries, because they could choose any of the
            locations. In Active Directory, these include C(physicalDeliveryOfficeName), C(l) and C(info) by default.
        type: str
      locations:
        description:
          - Identifiers that O(sources[].location_value) may return. Each of these locations is included in the counts,
            even if it has no contacts. Quote them as in O(sources[].location).
        type: list
        elements: raw
      search_base:
        description:
          - Distinguished name of the entry at which the search starts, usually an Organizational Unit. Whitespace
            and invisible characters around distinguished names are ignored.
          - Required unless O(sources[].member_of) is set. If not set, the whole directory is searched; in Active
            Directory, this is the domain of the server.
        type: str
      search_scope:
        description:
          - Scope of the search. V(subtree) searches the base entry and all levels below it, V(one_level) only the level
            directly below it, and V(base) only the base entry. Aliases are not followed.
        type: str
        choices: [subtree, one_level, base]
        default: subtree
      member_of:
        description:
          - Distinguished name of a group, or a list of such names. Selects the members of any of these groups,
            including the members of nested groups. In Active Directory, people also belong to their primary group.
          - A string is not split at commas, because distinguished names contain them.
          - If combined with O(sources[].search_base), people must match both. They must also match the LDAP filter,
            which by default skips disabled accounts.
          - Members from other domains cannot be found on the server. A warning states their number.
          - In Active Directory, the server looks up the members of the groups. In other directories, the module reads
            the member lists of the groups (C(member), C(uniqueMember), C(memberUid) with C(gidNumber)), and then reads
            the entries of the members.
        type: raw
      filter:
        description:
          - LDAP filter for this source, with the syntax described at O(filter). It replaces O(filter), including the
            default of that option, so it must also exclude disabled accounts.
        type: str
      exclude_ous:
        description:
          - Distinguished name of an Organizational Unit, or a list of such names. People in these units, or in units
            below them, are not contacts of this source.
          - A string is not split at commas, because distinguished names contain them.
        type: raw
      exclude_groups:
        description:
          - Distinguished name of a group, or a list of such names. Members of these groups, or of groups nested in
            them, are not contacts of this source.
        type: raw
      exclude_filter:
        description:
          - LDAP filter. People who match it are not contacts of this source, for example V((employeeType=external\)).
          - The module searches for matching people and removes them from the result. A filter on an attribute that is
            unknown or unreadable might therefore have no effect.
        type: str
      minimum:
        description:
          - Minimum number of contacts of this source. This is the number of people with a valid row, not the number of
            people found. People who are found but excluded, or who have no valid row, are not contacts. V(0) allows an
            empty source, but its search base must exist.
          - With the default V(1), there is one exception. If the source contains only one or two people who are not
            excluded, none of them has a valid row, and other sources have contacts, the module shows a warning instead
            of failing.
          - With O(sources[].search_scope=base), the number must not exceed V(1).
        type: int
        default: 1
  filter:
    description:
      - LDAP filter for all sources that do not set O(sources[].filter).
      - The syntax is that of RFC 4515. Parentheses, asterisks and backslashes within a value must be written as C(\28),
        C(\29), C(\2a) and C(\5c). Whitespace around conditions, attributes, operators and values is ignored.
      - If not set, objects of the types in O(object_types) are read from Active Directory, except disabled and expired
        accounts. From other directories, which have no common way to mark an account as disabled, every
        C(inetOrgPerson) is read.
    type: str
  object_types:
    description:
      - Types of objects that are treated as people in Active Directory. V(user) means accounts, and V(contact) means
        contact objects. Only users are required to be enabled.
      - This option only affects the default of O(filter). It is ignored for sources with a filter.
    type: list
    elements: str
    choices: [user, contact]
    default: [user]
  exclude_ous:
    description:
      - Distinguished name of an Organizational Unit, or a list of such names. People in these units, or in units below
        them, are not contacts.
      - A string is not split at commas, because distinguished names contain them.
    type: raw
  exclude_groups:
    description:
      - Distinguished name of a group, or a list of such names. Members of these groups, or of groups nested in them,
        are not contacts.
    type: raw
  exclude_filter:
    description:
      - LDAP filter. People who match it are not contacts, for example V((employeeType=external\)).
      - The module searches for matching people and removes them from the result. A filter on an attribute that is
        unknown or unreadable might therefore have no effect.
    type: str
  skip_hidden:
    description:
      - Whether to exclude people who are hidden from Exchange address lists (C(msExchHideFromAddressLists)).
    type: bool
    default: false
  start_attribute:
    description:
      - Name of an attribute that contains a person's start date, for example V(employeeStartDate). People are excluded
        until that date. People without a value are treated as already started.
      - The module fails if the schema of the server does not define the attribute, or if the server does not return its
        values.
      - The value must be a generalized time such as C(20261201000000.0Z), or a date such as C(2026-12-01), which begins
        at midnight UTC. People with any other value are treated as already started, with a warning.
    type: str
  columns:
    description:
      - Columns of the roster, in order.
      - If not set, the columns are First Name, Last Name, Email, SMS Phone and Location, with the rules of
        The Receptionist for iPad. O(location_header) changes the title of the last one.
    type: list
    elements: dict
    suboptions:
      header:
        description:
          - Title of the column, exactly as the service expects it.
        type: str
        required: true
      value:
        description:
          - Jinja expression without braces that uses LDAP attributes, for example V(givenName),
            V(mobile or telephoneNumber), V(givenName ~ ' ' ~ sn) or V('yes' if mail else 'no').
          - The name of an attribute returns its value, or an empty value if there is none. Names are case-insensitive.
            If an attribute has several values, the smallest in code point order is used; V(all.mail) or
            V(all['mail']) returns the sorted list of values. Blank values are treated as missing.
          - All names that the schema of the server defines for an attribute can be used, for example V(surname) instead
            of C(sn) in OpenLDAP, and also its OID, such as V(2.5.4.4). Active Directory defines only one name for each
            attribute. A name with options, such as V(sn;lang-el), only returns values with exactly these options.
          - Within an expression, a name with characters other than letters and digits must be written as in
            V(all['sn;lang-el'] | first or sn) or V(all['2.5.4.4'] | first).
          - An attribute does not return the values of its subtypes. In particular, C(name), of which C(cn), C(sn) and
            C(givenName) are subtypes, is empty except in Active Directory.
          - The values of C(objectGUID), C(mS-DS-ConsistencyGuid), C(msExchMailboxGuid), C(objectSid), C(sIDHistory) and
            similar attributes of Active Directory and Exchange are returned in their text form. Other binary
            attributes, such as C(jpegPhoto), C(thumbnailPhoto) and C(userCertificate), cannot be used.
          - V(location) returns the location of the contact. A column with only this expression is omitted if no source
            has a location. V(phone_region) returns the value of O(phone_region), or an empty value.
          - The following filters are available. Unless stated otherwise, filters that Jinja or Ansible also provide
            behave as they do there. Arguments can be passed by name.
          - C(lower), as in V(mail | lower), converts a value to lowercase.
          - C(upper), as in V(sn | upper), converts a value to uppercase.
          - C(title), as in V(givenName | title), capitalizes each word.
          - C(trim), as in V(title | trim), removes leading and trailing whitespace.
          - C(default), as in V(department | default('Staff'\)), replaces an empty value, including that of a missing
            attribute.
          - C(first), as in V(all.mail | first), returns the first of several values.
          - C(last), as in V(all.mail | last), returns the last of several values.
          - C(join), as in V(all.mail | join('; '\)), joins several values into one string.
          - C(replace), as in V(department | replace('Dept.', 'Department'\)), replaces every occurrence of a string.
          - C(regex_replace), as in V(displayName | regex_replace('(.+\), (.+\)', '\\\\2 \\\\1'\)), replaces every match
            of a Python regular expression. Supports C(ignorecase=true) and C(multiline=true).
          - C(regex_search), as in V(mail | regex_search('@(.+\)$', '\\\\1'\)), returns the first match of a Python
            regular expression, or the specified group of that match. The result is always a string; it is empty if
            nothing matches. Supports C(ignorecase=true) and C(multiline=true).
          - >-
            C(map_value), as in V(l | map_value({'Oslo': 'oslo-hq', 'Bergen': 'bergen'}, 'elsewhere'\)), looks up the
            value in a dictionary. If the value is not a key, the filter returns the second argument, or an empty value.
          - C(e164), as in V(mobile | e164('NO'\)), formats a valid phone number as in C(+4791234567), and returns an
            empty value for any other value. V(mobile | e164('NO'\) or telephoneNumber | e164('NO'\)) therefore falls
            back to the second attribute. The argument is the default country for numbers without a country code, as an
            uppercase ISO 3166-1 alpha-2 code. If omitted, O(phone_region) is used.
            V(mobile | e164(c or phone_region\)) reads the country from an attribute. Numbers with an extension are not
            valid, and neither is text with letters (except the prefix C(tel:)) or with other characters that do not
            belong to a number. Cells that are empty for this reason are listed in
            RV(frontdesk.contacts.ad_contacts_export#module:emptied).
          - C(primary_address), as in V(all.proxyAddresses | primary_address), returns the address from which Exchange
            sends mail. This is the address with the uppercase prefix C(SMTP:), which is removed.
          - C(of_entry), as in V(manager | of_entry('mail'\)), returns an attribute of another entry. It must be applied
            to an attribute that contains the distinguished name of that entry. If there are several names or several
            values, the smallest in code point order is used. If the entry cannot be read, the result is empty.
          - Regular expressions are limited to values of 10000 characters and to one second of CPU time per value. Write
            backslashes twice in Jinja string literals.
          - Attribute values are limited to 131072 bytes and 30 consecutive combining characters, and the results of
            filters to 131072 characters.
          - If the expression cannot be evaluated for a person, for example because of one of these limits or because
            a value is not valid UTF-8, the cell is empty. If the column is required or contains the location, the row
            is invalid. RV(frontdesk.contacts.ad_contacts_export#module:emptied) lists the empty cells of valid rows.
            The task fails only if there are at least three people and the expression cannot be evaluated for any of
            them, or if a regular expression takes too long for more than 20 people.
          - Values and string literals are normalized to Unicode NFC before they are compared.
          - Control characters and line breaks in a cell are replaced with a single space. Leading and trailing
            whitespace and invisible characters, such as zero width spaces and text direction marks, are removed. In
            mail addresses and phone numbers, invisible characters are removed everywhere.
          - A cell that a spreadsheet might interpret as a formula is emptied, and listed in
            RV(frontdesk.contacts.ad_contacts_export#module:emptied). If the column is required or contains the
            location, the row is invalid instead. This applies to values that begin with C(=) or C(@), and to most
            values that begin with C(+) or C(-), but not to phone numbers such as C(+ 47 22 12 34 56) and placeholders
            such as C(--). Spreadsheets can begin a cell at a semicolon or tab within a value, so the same applies to
            the text after these characters. Quotes, spaces and invisible characters before it are ignored, and other
            forms of these signs, such as full-width ones, are treated like them.
        type: str
        required: true
      required:
        description:
          - Whether a row with an empty cell in this column is invalid.
        type: bool
        default: false
      required_unless:
        description:
          - Title of another column. A row in which the cells of both columns are empty is invalid. Cannot be combined
            with O(columns[].required=true).
        type: str
      unique:
        description:
          - Whether people at the same location must have different values in this column, ignoring case.
          - If several people have the same value, only one of them keeps it. The person who held it at that location in
            the baseline, the roster that the service accepted last, keeps it if the directory still contains it.
            Therefore, people cannot take a value from a colleague by entering it in the directory.
          - If no one held it, people whose row would be invalid without the value take precedence over the others, and
            among equals, the smallest identity decides.
          - For everyone else, the cell is emptied if the rules allow it; otherwise, the row is invalid. A warning names
            the people who newly lose the value. Shared values that were already contested in the baseline, such as the
            phone number of a department, do not cause a warning.
        type: bool
        default: false
      max_length:
        description:
          - Maximum length of a cell in characters. A longer cell is emptied, and listed in
            RV(frontdesk.contacts.ad_contacts_export#module:emptied). If the column is required or contains the
            location, the row is invalid instead.
        type: int
      phone_style:
        description:
          - Format of the phone numbers in this column. A cell that is not valid for the filter C(e164), such as a
            number with an extension or a word, is emptied, and listed in
            RV(frontdesk.contacts.ad_contacts_export#module:emptied). If another rule does not allow an empty cell, the
            row is invalid instead.
          - V(e164) is C(+4722123456), V(e164_no_plus) is C(4722123456), and V(international) is C(+47 22 12 34 56).
          - V(national) is C(22 12 34 56) for numbers with the country code of O(phone_region), which must be set. Other
            numbers have the format of V(international). The spacing can change between releases of phonenumbers.
        type: str
        choices: [e164, e164_no_plus, international, national]
  location_header:
    description:
      - Title of the location column, exactly as the service expects it. It only affects the default of O(columns).
    type: str
    default: Location
  phone_region:
    description:
      - Default country for phone numbers without a country code, as an uppercase ISO 3166-1 alpha-2 code. Quote it in
        YAML, because V(NO) without quotes means C(false).
      - If not set, only numbers with a country code are valid, and the default columns contain phone numbers as stored
        in the directory. If set, the default columns use V(mobile | e164(phone_region\)).
    type: str
  location_pattern:
    description:
      - Python regular expression that the complete identifier of each location must match, for example
        V([a-z]{3}-[0-9]+).
    type: str
requirements:
  - jinja2 >= 3.0 (only for expressions other than the name of an attribute)
  - phonenumbers >= 8.13.0 (only for the filter C(e164) and for O(columns[].phone_style))
"""
