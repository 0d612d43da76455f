# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Group members, including those of nested groups.

In Active Directory, filters on memberOf and primaryGroupID find the members of a group. Both attributes are necessary,
because memberOf and member do not reflect primary groups (MS-ADTS 3.1.1.4.5.11, MS-ADA3). The member lists are only
read to count the members from other domains, which these filters do not find.

Other servers might not have memberOf, and would then return an empty result instead of an error. On these servers, the
member lists of the groups are therefore read first, and then the listed members.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from .by_dn import BATCH_SIZE, batches, read_entries_by_dn
from .connection import LdapSession
from .diagnosis import DirectoryError
from .dn import is_in_scope, normalize_dn
from .entry import Entry, first_text
from .missing_entry import GROUP, GROUP_CLASSES
from .query import Query, filter_and, filter_equals, filter_or
from .search import search
from .single_entry import RawEntry, read_all_values, require_entry

_PAGE_SIZE = 500

_FOREIGN = ",cn=foreignsecurityprincipals,"
_DOMAIN_SID = "cn=s-1-5-21-"  # MS-DTYP 2.4.2.4

_LOWERCASE_CLASSES = frozenset(name.lower() for name in GROUP_CLASSES)
_GROUP_FILTER = filter_or(filter_equals("objectClass", name) for name in GROUP_CLASSES)

# Attributes of groups that identify their members. gidNumber identifies the members whose primary group this is.
_MEMBER_ATTRIBUTES = ("member", "uniquemember", "memberuid", "gidnumber")


class MemberCriteria(NamedTuple):
    """The criteria that select the members of groups.

    :ivar filters: filters. Entries that match at least one of them are members.
    :ivar dns: DNs of further members, possibly including groups and other entries that are not people.
    :ivar foreign: number of members that cannot be found, because they are in other domains, or outside of the naming
        contexts.
    """

    filters: Sequence[str]
    dns: Sequence[str]
    foreign: int = 0


def resolve_groups(
    session: LdapSession, groups: Sequence[str], contexts: Sequence[str]
) -> MemberCriteria:
    """Return the criteria that select the members of groups and of the groups nested in them.

    :param groups: DNs of the groups.
    :param contexts: search bases for nested groups, from `find_searchable_contexts`. Members outside of them
        are counted as foreign.
    :raises NamesResolvedError: as for `search`.
    :raises DirectoryError: if one of the groups cannot be read, or is not a group, or if its members or the groups
        nested in it cannot be read.
    """
    if session.is_active_directory:
        return _resolve_with_backlinks(session, groups, contexts)
    return _resolve_with_member_lists(session, groups, contexts)


def read_members(
    session: LdapSession,
    queries: Sequence[Query],
    criteria: MemberCriteria,
    attributes: Sequence[str],
    *,
    page_size: int,
    references: set[str] | None = None,
) -> Iterator[list[Entry]]:
    """Yield the members of groups in pages, each member once.

    :param queries: queries with search bases that do not overlap. Members that match none of them are omitted.
    :param criteria: the criteria that select the members.
    :param attributes: as for `search`.
    :param page_size: as for `search`.
    :param references: as for `search`.
    :raises NamesResolvedError: as for `search`.
    :raises DirectoryError: as for `search`.
    """
    pages = _read_all_members(
        session, queries, criteria, attributes, page_size=page_size, references=references
    )
    if len(criteria.filters) <= BATCH_SIZE and not (criteria.filters and criteria.dns):
        # A single search does not return duplicates, and neither do reads by DN.
        yield from pages
        return
    seen: set[str] = set()
    for page in pages:
        new = [entry for entry in page if entry.identity not in seen]
        seen.update(entry.identity for entry in new)
        yield new


def _read_all_members(
    session: LdapSession,
    queries: Sequence[Query],
    criteria: MemberCriteria,
    attributes: Sequence[str],
    *,
    page_size: int,
    references: set[str] | None,
) -> Iterator[list[Entry]]:
    for query in queries:
        for batch in batches(criteria.filters):
            restricted = replace(query, filter=filter_and([query.filter, filter_or(batch)]))
            yield from search(session, restricted, attributes, page_size, references)
        for page in read_entries_by_dn(session, criteria.dns, query, attributes, references):
            yield [entry for _dn, entry in page]


def _resolve_with_backlinks(
    session: LdapSession, groups: Sequence[str], contexts: Sequence[str]
) -> MemberCriteria:
    """Return the criteria for Active Directory: filters on memberOf and primaryGroupID."""
    dns: dict[str, str] = {}
    filters: list[str] = []

    def add(dn: str, sid: bytes) -> None:
        if normalize_dn(dn) not in dns:
            dns[normalize_dn(dn)] = dn
            filters.append(filter_equals("memberOf", dn))
            if sid:
                # primaryGroupID is the last part of the group's SID, the RID (MS-DTYP 2.4.2.2).
                rid = int.from_bytes(sid[-4:], "little")
                filters.append(filter_equals("primaryGroupID", str(rid)))

    for group in groups:
        raw = _read_group(session, group, ["distinguishedName", "objectSid"])
        dn = raw.get("distinguishedname") or [group.encode()]
        add(dn[0].decode("utf-8", "replace"), next(iter(raw.get("objectsid", ())), b""))
    expanded = 0
    while expanded < len(dns):
        frontier = list(dns.values())[expanded:]
        expanded = len(dns)
        for batch in batches(frontier):
            nested = filter_or(filter_equals("memberOf", dn) for dn in batch)
            query = Query(
                search_base=contexts[0],
                scope="subtree",
                filter=filter_and(["(objectClass=group)", nested]),
            )
            for page in search(session, query, ["distinguishedname", "objectsid"], _PAGE_SIZE):
                for entry in page:
                    name, sid = entry.values
                    add(first_text(name), sid if isinstance(sid, bytes) else sid[0])
    members = (
        value.decode("utf-8", "replace")
        for dn in dns.values()
        for value in (read_all_values(session, dn, ["member"]) or {}).get("member", ())
    )
    return MemberCriteria(filters, [], _count_foreign(members, contexts))


def _resolve_with_member_lists(
    session: LdapSession, groups: Sequence[str], contexts: Sequence[str]
) -> MemberCriteria:
    """Return the criteria for servers other than Active Directory: DNs, and filters on accounts and primary groups.

    The DNs and the account names are those in the groups' member lists.
    """
    for group in groups:
        _read_group(session, group, [])
    dns: dict[str, str] = {}
    filters: dict[str, None] = {}
    expanded = {normalize_dn(group) for group in groups}
    frontier = list(groups)
    while frontier:
        new: list[str] = []
        for group in frontier:
            values = read_all_values(session, group, _MEMBER_ATTRIBUTES) or {}
            for dn in _extract_member_dns(values):
                if normalize_dn(dn) not in dns:
                    dns[normalize_dn(dn)] = dn
                    new.append(dn)
            filters.update(dict.fromkeys(_build_account_filters(values)))
        nested = _find_groups(session, new, contexts)
        frontier = [dn for dn in nested if normalize_dn(dn) not in expanded]
        expanded.update(map(normalize_dn, frontier))
    return MemberCriteria(list(filters), list(dns.values()), _count_foreign(dns.values(), contexts))


def _count_foreign(dns: Iterable[str], contexts: Sequence[str]) -> int:
    """Return the number of DNs that are in other domains, or outside of the naming contexts; 0 if these are unknown.

    In Active Directory, members from other forests are foreign security principals (MS-ADSC), whose names are SIDs.
    Foreign security principals with well-known SIDs, such as Authenticated Users, are not from another domain.
    """
    if not any(contexts):
        return 0
    endings = tuple(f",{context}".lower() for context in contexts)
    suspects = {dn for dn in dns if not dn.lower().endswith(endings) or _FOREIGN in dn.lower()}
    return len(
        {
            normalize_dn(dn)
            for dn in suspects
            if dn.lower().startswith(_DOMAIN_SID)
            or not any(is_in_scope(dn, context, "subtree") for context in contexts)
        }
    )


def _read_group(session: LdapSession, dn: str, attributes: Sequence[str]) -> RawEntry:
    action = f"Cannot read the group {dn} on {session.uri}"
    raw = require_entry(session, dn, ["objectClass", *attributes], GROUP, action)
    classes = [value.decode("utf-8", "replace") for value in raw.get("objectclass", ())]
    if _LOWERCASE_CLASSES.isdisjoint(name.lower() for name in classes):
        raise DirectoryError(
            action,
            f"it is not a group that lists its members ({', '.join(classes) or 'unknown class'})",
            f"Use an entry of one of the object classes {', '.join(GROUP_CLASSES)}",
        )
    return raw


def _find_groups(
    session: LdapSession, dns: Sequence[str], contexts: Sequence[str]
) -> Iterator[str]:
    any_session = replace(session, requires_identities=False)
    for context in contexts:
        query = Query(search_base=context, scope="subtree", filter=_GROUP_FILTER)
        for page in read_entries_by_dn(any_session, dns, query, []):
            yield from (dn for dn, _entry in page)


def _extract_member_dns(values: dict[str, list[bytes]]) -> Iterator[str]:
    for value in values.get("member", ()):
        yield value.decode("utf-8", "replace")
    for value in values.get("uniquemember", ()):
        # A DN can be followed by a unique identifier, as in #'0101'B (RFC 4517, 3.3.21).
        dn, hash_sign, _bits = value.decode("utf-8", "replace").rpartition("#'")
        yield dn if hash_sign else value.decode("utf-8", "replace")


def _build_account_filters(values: dict[str, list[bytes]]) -> Iterator[str]:
    """Yield filters for members of a posixGroup: by account name, and by primary group (RFC 2307, 3)."""
    for value in values.get("memberuid", ()):
        yield filter_equals("uid", value.decode("utf-8", "replace"))
    for value in values.get("gidnumber", ()):
        yield filter_equals("gidNumber", value.decode("utf-8", "replace"))
