# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Groups: who belongs to them, by way of other groups, too.

Active Directory finds people by their groups: memberOf, and primaryGroupID for the one group of each
account that is in neither memberOf nor member (MS-ADTS 3.1.1.4.5.11, MS-ADA3). So only the groups are
looked up there. Elsewhere memberOf may be missing, and LDAP_MATCHING_RULE_IN_CHAIN finds nothing in
silence: the groups' own lists are read, and the people by their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from .by_dn import (
    BATCH_SIZE,
    RawEntry,
    batches,
    read_all_values,
    read_entries_by_dn,
    read_entry,
)
from .connection import LdapSession
from .diagnosis import DirectoryError
from .dn import normalize_dn
from .entry import Entry, first_text
from .query import Query, filter_and, filter_equals, filter_or
from .search import search

_PAGE_SIZE = 500

# What lists its members: Active Directory's group, RFC 4519 (3.5, 3.6), RFC 2307 and its successor's draft.
_GROUP_CLASSES = ("group", "groupOfNames", "groupOfUniqueNames", "groupOfMembers", "posixGroup")
_LOWERCASE_CLASSES = frozenset(name.lower() for name in _GROUP_CLASSES)
_GROUP_FILTER = filter_or(filter_equals("objectClass", name) for name in _GROUP_CLASSES)


class MemberCriteria(NamedTuple):
    """How the members of some groups are found.

    :ivar filters: whoever passes one of them is a member.
    :ivar dns: distinguished names of others, and of groups and things among them.
    """

    filters: Sequence[str]
    dns: Sequence[str]


def resolve_groups(
    session: LdapSession, groups: Sequence[str], contexts: Sequence[str]
) -> MemberCriteria:
    """Look groups up, and the groups that belong to them.

    :param groups: distinguished names.
    :param contexts: below which names groups may be, see `searchable_contexts`.
    :raises DirectoryError: when one of them is not there, or is no group.
    """
    if session.is_active_directory:
        return _resolve_by_backlink(session, groups, contexts)
    return _resolve_by_list(session, groups, contexts)


def read_members(
    session: LdapSession,
    queries: Sequence[Query],
    criteria: MemberCriteria,
    attributes: Sequence[str],
    *,
    page_size: int,
    references: set[str] | None = None,
) -> Iterator[list[Entry]]:
    """Read the members of groups, each once.

    :param queries: where they must be, and which filter they must pass; the others are as for `search`.
    """
    pages = _read_all(
        session, queries, criteria, attributes, page_size=page_size, references=references
    )
    if len(criteria.filters) <= BATCH_SIZE and not (criteria.filters and criteria.dns):
        # One search, or one name after another, finds nobody twice.
        yield from pages
        return
    seen: set[str] = set()
    for page in pages:
        new = [entry for entry in page if entry.identity not in seen]
        seen.update(entry.identity for entry in new)
        yield new


def _read_all(
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
        for named in read_entries_by_dn(session, criteria.dns, query, attributes, references):
            yield [entry for _name, entry in named]


def _resolve_by_backlink(
    session: LdapSession, groups: Sequence[str], contexts: Sequence[str]
) -> MemberCriteria:
    dns: dict[str, str] = {}
    filters: list[str] = []

    def add(name: str, sid: bytes) -> None:
        if normalize_dn(name) not in dns:
            dns[normalize_dn(name)] = name
            filters.append(filter_equals("memberOf", name))
            if sid:
                # The last part of a group's SID (MS-DTYP 2.4.2.2) stands for it in primaryGroupID.
                filters.append(
                    filter_equals("primaryGroupID", str(int.from_bytes(sid[-4:], "little")))
                )

    for group in groups:
        raw = _read_group(session, group, ["distinguishedName", "objectSid"])
        name = raw.get("distinguishedname") or [group.encode()]
        add(name[0].decode("utf-8", "replace"), next(iter(raw.get("objectsid", ())), b""))
    wanted = ["distinguishedname", "objectsid"]
    expanded = 0
    while expanded < len(dns):
        frontier = list(dns.values())[expanded:]
        expanded = len(dns)
        for batch in batches(frontier):
            in_batch = filter_or(filter_equals("memberOf", name) for name in batch)
            query = Query(contexts[0], "subtree", filter_and(["(objectClass=group)", in_batch]))
            for page in search(session, query, wanted, _PAGE_SIZE):
                for entry in page:
                    dn, sid = entry.values
                    add(first_text(dn), sid if isinstance(sid, bytes) else sid[0])
    return MemberCriteria(filters, [])


def _read_group(session: LdapSession, name: str, attributes: Sequence[str]) -> RawEntry:
    action = f"Cannot read the group {name} on {session.uri}"
    raw = read_entry(session, name, ["objectClass", *attributes])
    if raw is None:
        raise DirectoryError(
            action, "there is none of this name", "Correct the name, or let the bind account see it"
        )
    classes = [value.decode("utf-8", "replace") for value in raw.get("objectclass", ())]
    if _LOWERCASE_CLASSES.isdisjoint(name.lower() for name in classes):
        raise DirectoryError(
            action,
            f"it is no group that lists its members, but {', '.join(classes) or 'nothing known'}",
            f"Name an object of one of the classes {', '.join(_GROUP_CLASSES)}",
        )
    return raw


_MEMBER_ATTRIBUTES = ("member", "uniquemember", "memberuid", "gidnumber")


def _resolve_by_list(
    session: LdapSession, groups: Sequence[str], contexts: Sequence[str]
) -> MemberCriteria:
    for group in groups:
        _read_group(session, group, [])
    names: dict[str, str] = {}
    filters: dict[str, None] = {}
    read = {normalize_dn(group) for group in groups}
    frontier = list(groups)
    while frontier:
        new: list[str] = []
        for group in frontier:
            values = read_all_values(session, group, _MEMBER_ATTRIBUTES) or {}
            for name in _listed_dns(values):
                if normalize_dn(name) not in names:
                    names[normalize_dn(name)] = name
                    new.append(name)
            filters.update(dict.fromkeys(_account_filters(values)))
        frontier = [
            name for name in _find_groups(session, new, contexts) if normalize_dn(name) not in read
        ]
        read.update(map(normalize_dn, frontier))
    return MemberCriteria(list(filters), list(names.values()))


def _find_groups(
    session: LdapSession, names: Sequence[str], contexts: Sequence[str]
) -> Iterator[str]:
    for context in contexts:
        query = Query(context, "subtree", _GROUP_FILTER)
        for page in read_entries_by_dn(session, names, query, []):
            yield from (name for name, _entry in page)


def _listed_dns(values: dict[str, list[bytes]]) -> Iterator[str]:
    for value in values.get("member", ()):
        yield value.decode("utf-8", "replace")
    for value in values.get("uniquemember", ()):
        # A name may be followed by a unique identifier, as in #'0101'B (RFC 4517, 3.3.21).
        name, hash_sign, _bits = value.decode("utf-8", "replace").rpartition("#'")
        yield name if hash_sign else value.decode("utf-8", "replace")


def _account_filters(values: dict[str, list[bytes]]) -> Iterator[str]:
    """Who is in a posixGroup: by account name, and those whose first group it is (RFC 2307, 3)."""
    for value in values.get("memberuid", ()):
        yield filter_equals("uid", value.decode("utf-8", "replace"))
    for value in values.get("gidnumber", ()):
        yield filter_equals("gidNumber", value.decode("utf-8", "replace"))
