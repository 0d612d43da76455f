# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions that read many entries by distinguished name (DN), or find the search bases for the whole directory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from .connection import LdapSession
from .diagnosis import DirectoryError
from .dn import is_in_scope, normalize_dn
from .entry import Entry, first_text
from .query import Query, filter_and, filter_equals, filter_or
from .search import search
from .single_entry import read_entry

BATCH_SIZE = 200
"""Maximum number of alternatives in a filter. Even if DNs are long, requests stay below the size limits of servers."""

_Item = TypeVar("_Item")

# "1.1" requests an entry without any attributes (RFC 4511, 4.5.1.8).
_NO_ATTRIBUTES = ["1.1"]

# Attributes that contain the DN of their entry: distinguishedName (MS-ADA1), and entryDN (RFC 5020).
_ACTIVE_DIRECTORY_DN_ATTRIBUTE = "distinguishedname"
_DN_ATTRIBUTES = ("entrydn", _ACTIVE_DIRECTORY_DN_ATTRIBUTE)


def batches(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    """Split items into lists of at most BATCH_SIZE items."""
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH_SIZE)):
        yield batch


def find_searchable_contexts(session: LdapSession) -> list[str]:
    """Return the search bases for the whole directory: its naming contexts (RFC 4512, 5.1).

    In Active Directory, only the naming context of the server's own domain is used (MS-ADTS 3.1.1.3.2.3). Other
    servers can also have a default naming context, but it might not be the only one that contains people.

    :returns: the DNs of the naming contexts that can be searched. If none of them can be searched, the list contains
        only an empty DN, because entries can still be read by their DNs.
    :raises DirectoryError: if the root DSE does not list any naming contexts, or as for `read_entry`.
    """
    attribute = "defaultNamingContext" if session.is_active_directory else "namingContexts"
    raw = read_entry(session, "", [attribute]) or {}
    contexts = [value.decode("utf-8", "replace") for value in raw.get(attribute.lower(), ())]
    if any(contexts):
        return [
            context
            for context in contexts
            if context and read_entry(session, context, _NO_ATTRIBUTES) is not None
        ] or [""]
    raise DirectoryError(
        f"Cannot search the whole directory on {session.uri}",
        "its root DSE lists no naming contexts",
        "Allow the bind account to read the root DSE",
    )


def read_entries_by_dn(
    session: LdapSession,
    dns: Sequence[str],
    query: Query,
    attributes: Sequence[str],
    references: set[str] | None = None,
) -> Iterator[list[tuple[str, Entry]]]:
    """Yield the entries that have one of the given DNs and match a query.

    :param dns: DNs of the entries.
    :param query: base, scope and filter that the entries must match. If the base is empty, they can be anywhere.
    :param attributes: lowercase names of the attributes to request. The values of an entry are in this order.
    :param references: as for `search`.
    :returns: lists of pairs of a DN and an entry. A DN is spelled as in `dns`; if `dns` contains it in several
        spellings, the entry is repeated for each of them. If the DN from the server does not equal any of `dns`
        according to `normalize_dn`, the pair contains the DN from the server.
    :raises NamesResolvedError: as for `search`.
    :raises DirectoryError: as for `search`.
    """
    if not dns:
        return
    attribute = _find_dn_attribute(session, query.search_base) if query.search_base else None
    if attribute is None:
        yield from _read_one_by_one(session, dns, query, attributes)
        return
    for batch in batches(dns):
        spellings: dict[str, list[str]] = {}
        for dn in batch:
            spellings.setdefault(normalize_dn(dn), []).append(dn)
        any_dn = filter_or(filter_equals(attribute, dn) for dn in batch)
        restricted = replace(query, filter=filter_and([query.filter, any_dn]))
        for page in search(session, restricted, [*attributes, attribute], BATCH_SIZE, references):
            yield [
                (spelling, Entry(entry.identity, entry.values[:-1]))
                for entry in page
                for spelling in _find_spellings(first_text(entry.values[-1]), spellings)
            ]


def _find_spellings(dn: str, spellings: Mapping[str, list[str]]) -> list[str]:
    # According to the server's matching rules, each returned entry has one of the DNs, even if normalize_dn disagrees.
    return spellings.get(normalize_dn(dn), [dn])


def _find_dn_attribute(session: LdapSession, base: str) -> str | None:
    """Return the attribute that contains an entry's DN and can be used in filters on this server, or None.

    :param base: DN of an entry with which to test the attributes outside of Active Directory. If the account is not
        allowed to read this entry, no attribute is found.
    """
    if session.is_active_directory:
        return _ACTIVE_DIRECTORY_DN_ATTRIBUTE
    for attribute in _DN_ATTRIBUTES:
        if read_entry(session, base, _NO_ATTRIBUTES, filter_equals(attribute, base)) is not None:
            return attribute
    return None


def _read_one_by_one(
    session: LdapSession, dns: Sequence[str], query: Query, attributes: Sequence[str]
) -> Iterator[list[tuple[str, Entry]]]:
    for dn in dns:
        if query.search_base and not is_in_scope(dn, query.search_base, query.scope):
            continue
        if read_entry(session, dn, _NO_ATTRIBUTES, query.filter) is None:
            continue
        base_query = Query(search_base=dn, scope="base", filter=query.filter)
        for page in search(session, base_query, attributes, BATCH_SIZE):
            yield [(dn, entry) for entry in page]
