# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of a directory: bases, filters and scopes, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from typing import NamedTuple

from .._errors import InputError
from .dn import check_dn
from .library import ldap3

SCOPES = {"subtree": "SUBTREE", "one_level": "LEVEL", "base": "BASE"}
"""What ldap3 calls the scopes of RFC 4511, 4.5.1.2."""


class Query(NamedTuple):
    """One search.

    :ivar search_base: distinguished name where it begins.
    :ivar scope: `subtree`, `one_level` or `base` (RFC 4511, 4.5.1.2).
    :ivar filter: RFC 4515 filter; empty for the directory's people filter.
    """

    search_base: str
    scope: str
    filter: str


def check_query(query: Query, context: str) -> None:
    """Check what can be checked without a server.

    :param context: what to call the search in an error, for instance ``source 2``.
    :raises InputError: for a malformed base or filter.
    """
    if not query.search_base.strip():
        raise InputError(
            f"Cannot search {context}", "its search_base is empty", "Give the DN of an OU"
        )
    check_dn(query.search_base, "search_base", context)
    if query.filter:
        check_filter(query.filter, context)


def check_filter(search_filter: str, context: str) -> None:
    """Check the syntax of a filter (RFC 4515).

    :raises InputError: when ldap3 cannot make a request of it.
    """
    parse_filter: Callable[..., object] = ldap3.operation.search.parse_filter
    try:
        parse_filter(search_filter, None, False, True, None, False)
    except ldap3.core.exceptions.LDAPExceptionError as error:
        raise InputError(
            f"Cannot use the filter {search_filter!r} of {context}",
            f"it is not a filter as in RFC 4515 ({error})",
            "Put every condition in parentheses, as in (&(objectClass=user)(mail=*))",
        ) from error


USER, CONTACT = "user", "contact"
"""Kinds of objects that people are in Active Directory: with an account, and without."""


def people_filter(
    is_active_directory: bool, now: datetime, object_types: Sequence[str] = (USER,)
) -> str:
    """The filter of sources without one of their own: people who are enabled and not expired.

    Only Active Directory says in a common way who is disabled (userAccountControl bit 2, ACCOUNTDISABLE,
    MS-ADTS 2.2.16) and until when an account is valid (accountExpires: FILETIME, 0 or 2^63-1 for never,
    MS-ADTS 2.2.18 and MS-ADA1). Elsewhere it is all people (inetOrgPerson, RFC 2798).

    :param now: an aware moment; accounts that ended before are left out.
    :param object_types: what people are there, USER, CONTACT or both; elsewhere they are all of one kind.
    """
    if not is_active_directory:
        return "(objectClass=inetOrgPerson)"
    users = (
        "(&(objectCategory=person)(objectClass=user)"
        "(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
        f"(|(!(accountExpires=*))(accountExpires=0)(accountExpires>={_to_filetime(now)})))"
    )
    filters = {USER: users, CONTACT: "(&(objectCategory=person)(objectClass=contact))"}
    return filter_or(filters[object_type] for object_type in object_types)


def filter_and(filters: Iterable[str]) -> str:
    """The filter that all of these make together."""
    conditions = list(filters)
    return conditions[0] if len(conditions) == 1 else f"(&{''.join(conditions)})"


def filter_or(filters: Iterable[str]) -> str:
    """The filter for what one of these finds."""
    conditions = list(filters)
    return conditions[0] if len(conditions) == 1 else f"(|{''.join(conditions)})"


def filter_equals(attribute: str, value: str) -> str:
    """The filter for a value, which may hold any character (RFC 4515, 3)."""
    for character in "\\*()\0":
        value = value.replace(character, f"\\{ord(character):02x}")
    return f"({attribute}={value})"


def _to_filetime(moment: datetime) -> int:
    """Intervals of 100 ns since 1601-01-01 UTC (MS-DTYP 2.3.3)."""
    elapsed = moment - datetime(1601, 1, 1, tzinfo=timezone.utc)
    return int(elapsed.total_seconds()) * 10_000_000
