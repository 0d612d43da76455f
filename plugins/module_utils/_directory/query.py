# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Search queries: base, scope and filter, with checks that do not require a server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from .._errors import InputError
from .dn import check_dn
from .entry import CONTACT, USER
from .filter_syntax import FilterSyntaxError, normalize_filter
from .library import ldap3
from .sent_filter import write_sent_filter
from .timestamps import to_filetime

SCOPES = {"subtree": "SUBTREE", "one_level": "LEVEL", "base": "BASE"}
"""ldap3's names for the search scopes (RFC 4511, 4.5.1.2), by value of the scope option."""

_REWRITE = "Write it in another form"


@dataclass(frozen=True)
class Query:
    """A search request.

    :ivar search_base: distinguished name (DN) of the entry at which the search starts.
    :ivar scope: `subtree`, `one_level` or `base` (RFC 4511, 4.5.1.2).
    :ivar filter: filter as in RFC 4515; empty for the default filter (`people_filter`).
    """

    search_base: str
    scope: str
    filter: str


def check_query(query: Query, context: str) -> None:
    """Check the base and the filter of a query.

    :param query: query to check. An empty filter is valid.
    :param context: name of the query in error messages, such as ``source 2``.
    :raises InputError: if the base or the filter is not valid.
    """
    if not query.search_base.strip():
        raise InputError(
            f"Cannot search {context}",
            "its O(sources[].search_base) is empty",
            "Set it to the DN of an OU",
        )
    check_dn(query.search_base, "sources[].search_base", context)
    if query.filter:
        check_filter(query.filter, context)


def check_filter(search_filter: str, context: str) -> None:
    """Check that a filter is valid (RFC 4515), and that ldap3 sends it unchanged.

    :param search_filter: filter to check.
    :param context: name of the query in error messages.
    :raises InputError: if the filter is not valid, or if ldap3 would send a different one.
    """
    action = f"Cannot use the filter {search_filter!r} of {context}"
    try:
        written = normalize_filter(search_filter)
    except FilterSyntaxError as error:
        cause = f"it is not a valid filter as defined in RFC 4515 ({error.cause})"
        raise InputError(action, cause, error.remedy) from None
    try:
        sent = write_sent_filter(search_filter)
    except ldap3.core.exceptions.LDAPExceptionError as error:
        raise InputError(action, f"ldap3 rejects it ({error})", _REWRITE) from None
    if sent != written:
        raise InputError(action, f"ldap3 would send {sent!r} instead", _REWRITE)


def people_filter(
    is_active_directory: bool, now: datetime, object_types: Sequence[str] = (USER,)
) -> str:
    """Return the filter for people, which is the default filter of a source.

    In Active Directory, disabled and expired accounts do not match: the filter tests the flag ACCOUNTDISABLE of
    userAccountControl (value 2, MS-ADTS 2.2.16), and accountExpires, a FILETIME for which 0 and 2^63-1 mean never
    (MS-ADTS 2.2.18, MS-ADA1). Other servers have no standard attributes for these states, so the filter matches all
    people (inetOrgPerson, RFC 2798).

    :param is_active_directory: whether the filter is for Active Directory.
    :param now: current time, with a time zone. Accounts that have expired by then do not match.
    :param object_types: USER, CONTACT or both; only used for Active Directory.
    """
    if not is_active_directory:
        return "(objectClass=inetOrgPerson)"
    users = (
        "(&(objectCategory=person)(objectClass=user)"
        "(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
        f"(|(!(accountExpires=*))(accountExpires=0)(accountExpires>={to_filetime(now)})))"
    )
    filters = {USER: users, CONTACT: "(&(objectCategory=person)(objectClass=contact))"}
    return filter_or(filters[object_type] for object_type in object_types)


def filter_and(filters: Iterable[str]) -> str:
    """Return a filter that matches if all of the given filters match."""
    conditions = list(filters)
    return conditions[0] if len(conditions) == 1 else f"(&{''.join(conditions)})"


def filter_or(filters: Iterable[str]) -> str:
    """Return a filter that matches if at least one of the given filters matches."""
    conditions = list(filters)
    return conditions[0] if len(conditions) == 1 else f"(|{''.join(conditions)})"


def filter_equals(attribute: str, value: str) -> str:
    """Return an equality filter, with the special characters of the value escaped (RFC 4515, 3)."""
    for character in "\\*()\0":
        value = value.replace(character, f"\\{ord(character):02x}")
    return f"({attribute}={value})"
