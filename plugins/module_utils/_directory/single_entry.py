# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions that read a single entry, or all values of its attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .connection import LdapSession, close
from .diagnosis import (
    NO_SUCH_OBJECT,
    DirectoryError,
    ServerError,
    explain_failure,
    result_error,
)
from .library import FAILURES, ldap3
from .missing_entry import (
    SEARCH_BASE,
    EntryRole,
    explain_missing_entry,
    explain_unusable_dn,
)

RawEntry = Mapping[str, Sequence[bytes]]
"""The values of an entry by lowercase attribute name."""

ANYTHING = "(objectClass=*)"
"""Filter that matches every entry (RFC 4512, 2.4.1)."""

_SUCCESS = 0


def read_entry(
    session: LdapSession, dn: str, attributes: Sequence[str], search_filter: str = ANYTHING
) -> RawEntry | None:
    """Read one entry.

    :param dn: DN of the entry; empty for the root DSE.
    :param attributes: names of the attributes to request.
    :param search_filter: filter that the entry must match.
    :returns: the entry; None if it does not exist, the account is not allowed to read it, or the filter does not match
        it.
    :raises DirectoryError: if the server does not respond, or returns an error.
    """
    action = f"Cannot read {dn or 'the root DSE'} on {session.uri}"
    connection = session.connection
    try:
        connection.search(
            dn,
            search_filter,
            ldap3.BASE,
            dereference_aliases=ldap3.DEREF_NEVER,
            attributes=list(attributes),
        )
    except FAILURES as error:
        # Leftover bytes of a broken response must not be parsed as the next response.
        close(connection)
        raise ServerError(action, *explain_failure(error, None)) from None
    result = connection.result
    if result["result"] == NO_SUCH_OBJECT:
        return None
    if result["result"] != _SUCCESS:
        raise result_error(action, result)
    for response in connection.response or ():
        if response["type"] == "searchResEntry":
            raw = response["raw_attributes"]
            # ldap3 returns None for an attribute without values.
            return {key.lower(): [bytes(value) for value in raw[key] or ()] for key in raw}
    return None


def require_entry(
    session: LdapSession, dn: str, attributes: Sequence[str], role: EntryRole, action: str
) -> RawEntry:
    """Read one entry that must exist.

    :param dn: DN of the entry.
    :param attributes: names of the attributes to request.
    :param role: use of the entry, for the error message.
    :param action: the action that requires the entry, for the error message.
    :raises DirectoryError: if the entry does not exist or the account cannot read it, or as for `read_entry`.
    """
    try:
        raw = read_entry(session, dn, attributes)
    except ServerError:
        raise
    except DirectoryError:
        diagnosis = explain_unusable_dn(session, dn, role, session.connection.result)
        if diagnosis is None:
            raise
        raise DirectoryError(action, *diagnosis) from None
    if raw is None:
        raise DirectoryError(action, *explain_missing_entry(session, dn, role))
    return raw


def check_not_alias(entry: RawEntry, role: EntryRole, action: str) -> None:
    """Check that an entry is not an alias (RFC 4512, 2.6), because aliases are not followed.

    :param entry: an entry whose object classes were requested.
    :param role: as for `require_entry`.
    :param action: as for `require_entry`.
    :raises DirectoryError: if the entry is an alias.
    """
    if b"alias" in (name.lower() for name in entry.get("objectclass", ())):
        raise DirectoryError(
            action,
            "it is an alias, and aliases are not followed",
            f"Set {role.option} to the DN of the entry to which the alias refers",
        )


def require_search_base(session: LdapSession, base: str) -> None:
    """Check the base of a search that found nothing: it must exist, and must not be an alias.

    389 Directory Server returns success for a paged search whose base does not exist. If reading
    the base succeeds but returns no entry, the account is not allowed to read the base. This is not an error.

    :param base: DN of the search base.
    :raises DirectoryError: if the server reports that the base does not exist, if it is an alias, or as for
        `read_entry`.
    """
    action = f"Cannot search {base} on {session.uri}"
    entry = read_entry(session, base, ["objectClass"])
    if entry is not None:
        check_not_alias(entry, SEARCH_BASE, action)
        return
    result = session.connection.result
    if result["result"] == NO_SUCH_OBJECT:
        diagnosis = explain_unusable_dn(session, base, SEARCH_BASE, result)
        raise DirectoryError(action, *(diagnosis or ()))


@dataclass(frozen=True)
class _ValueRange:
    """A range of an attribute's values.

    :ivar description: attribute description, including the range option.
    :ivar start: index of the first value.
    :ivar is_last: whether no values follow.
    :ivar values: the values in the range.
    """

    description: str
    start: int
    is_last: bool
    values: Sequence[bytes]


_RANGE = re.compile(r"(?P<attribute>[^;]+);range=(?P<start>\d+)-(?P<end>\d+|\*)")


def read_all_values(
    session: LdapSession, dn: str, attributes: Sequence[str], search_filter: str = ANYTHING
) -> dict[str, list[bytes]] | None:
    """Read all values of an entry's attributes, in several requests if necessary.

    By default, Active Directory returns at most 1,500 values at once, with a description such as
    ``member;range=0-1499``. The next values are requested as another range; the last range ends with ``*``
    (MS-ADTS 3.1.1.3.1.3.3).

    :param dn: DN of the entry.
    :param attributes: lowercase names of the attributes.
    :param search_filter: filter that the entry must match.
    :returns: the values by attribute; None as for `read_entry`.
    :raises DirectoryError: if the server does not respond, returns an error, or does not return all values.
    """
    raw = read_entry(session, dn, attributes, search_filter)
    if raw is None:
        return None
    all_values = {}
    for attribute in attributes:
        value_range = _find_range(raw, attribute)
        if value_range is None:
            all_values[attribute] = list(raw.get(attribute, ()))
            continue
        all_values[attribute] = values = list(value_range.values)
        _check_range(session, dn, value_range, 0)
        while not value_range.is_last:
            more = read_entry(session, dn, [f"{attribute};range={len(values)}-*"], search_filter)
            if more is None:
                return None
            value_range = _check_range(session, dn, _find_range(more, attribute), len(values))
            values += value_range.values
    return all_values


def _find_range(raw: RawEntry, attribute: str) -> _ValueRange | None:
    for description, values in raw.items():
        match = _RANGE.fullmatch(description)
        if match and match["attribute"] == attribute:
            return _ValueRange(
                description=description,
                start=int(match["start"]),
                is_last=match["end"] == "*",
                values=values,
            )
    return None


def _check_range(
    session: LdapSession, dn: str, value_range: _ValueRange | None, start: int
) -> _ValueRange:
    """Return a range if it starts at the requested index, and if it contains values or is the last range.

    :raises ServerError: otherwise.
    """
    if value_range and value_range.start == start and (value_range.values or value_range.is_last):
        return value_range
    raise ServerError(
        f"Cannot read all values of {dn} on {session.uri}",
        "the server returned an unexpected range of values"
        f" ({value_range.description if value_range else 'none'})",
        "Report this to the administrator of the server, or use another server",
    )
