# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single entries, read by their names: the root DSE, groups, and all values of an attribute that has many."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple, TypeVar

from .connection import LdapSession, close
from .diagnosis import DirectoryError, ServerError, explain_failure, result_error
from .dn import is_in_scope, normalize_dn
from .entry import Entry, first_text
from .library import FAILURES, ldap3
from .query import Query, filter_and, filter_equals, filter_or
from .search import search

RawEntry = Mapping[str, Sequence[bytes]]
"""Values by attribute name in lower case."""

ANYTHING = "(objectClass=*)"
"""The filter that every entry passes (RFC 4512, 2.4.1)."""

_SUCCESS, _NO_SUCH_OBJECT = 0, 32


def read_entry(
    session: LdapSession, name: str, attributes: Sequence[str], search_filter: str = ANYTHING
) -> RawEntry | None:
    """Read one entry.

    :param name: distinguished name; empty for the root DSE.
    :returns: None when it is not there, or not for this account, or the filter does not find it.
    :raises DirectoryError: when the server gives anything else than an entry or nothing.
    """
    action = f"Cannot read {name or 'the root DSE'} on {session.uri}"
    connection = session.connection
    try:
        connection.search(name, search_filter, ldap3.BASE, attributes=list(attributes))
    except FAILURES as error:
        # The rest of an answer that ldap3 cannot decode must not be taken for another's.
        close(connection)
        raise ServerError(action, *explain_failure(error, None)) from None
    result = connection.result
    if result["result"] == _NO_SUCH_OBJECT:
        return None
    if result["result"] != _SUCCESS:
        raise result_error(action, result)
    for response in connection.response or ():
        if response["type"] == "searchResEntry":
            raw = response["raw_attributes"]
            # ldap3 gives None for an attribute without values.
            return {key.lower(): [bytes(value) for value in raw[key] or ()] for key in raw}
    return None


class _ValueRange(NamedTuple):
    """A range of an attribute's values.

    :ivar name: as the server calls it.
    :ivar first: number of its first value.
    :ivar is_last: whether no more follow.
    """

    name: str
    first: int
    is_last: bool
    values: Sequence[bytes]


def read_all_values(
    session: LdapSession, name: str, attributes: Sequence[str]
) -> dict[str, list[bytes]] | None:
    """Read all values that an entry has of some attributes, however many.

    Active Directory gives at most 1,500 or so at a time, as ``member;range=0-1499``, and the others when
    asked for by such a range; the last range ends with ``*`` (MS-ADTS 3.1.1.3.1.3.3).

    :param attributes: names in lower case.
    :returns: for each attribute its values; None when the entry is not there, or not for this account.
    :raises DirectoryError: when the server does not give them all.
    """
    raw = read_entry(session, name, attributes)
    if raw is None:
        return None
    values = {}
    for attribute in attributes:
        value_range = _find_range(raw, attribute)
        if value_range is None:
            values[attribute] = list(raw.get(attribute, ()))
            continue
        values[attribute] = collected = list(value_range.values)
        _check_range(session, name, value_range, 0)
        while not value_range.is_last:
            more = read_entry(session, name, [f"{attribute};range={len(collected)}-*"])
            if more is None:
                return None
            value_range = _check_range(session, name, _find_range(more, attribute), len(collected))
            collected += value_range.values
    return values


_RANGE = re.compile(r"(?P<attribute>[^;]+);range=(?P<first>\d+)-(?P<last>\d+|\*)")


def _find_range(raw: RawEntry, attribute: str) -> _ValueRange | None:
    for key, values in raw.items():
        match = _RANGE.fullmatch(key)
        if match and match["attribute"] == attribute:
            return _ValueRange(key, int(match["first"]), match["last"] == "*", values)
    return None


def _check_range(
    session: LdapSession, name: str, value_range: _ValueRange | None, first: int
) -> _ValueRange:
    """See that a range is the one that was asked for, and that asking for more comes to an end."""
    if (
        value_range is not None
        and value_range.first == first
        and (value_range.values or value_range.is_last)
    ):
        return value_range
    raise ServerError(
        f"Cannot read all values of {name} on {session.uri}",
        f"the server gives a part that was not asked for ({value_range.name if value_range else 'nothing'})",
        "Tell the server's administrator; another server may give them",
    )


def searchable_contexts(session: LdapSession) -> list[str]:
    """The names below which everything of a directory is (RFC 4512, 5.1), as far as a search can begin there.

    Of an Active Directory it is the server's own domain (MS-ADTS 3.1.1.3.2.3). Others may have a default, too,
    beside which there is more.

    :returns: an empty name alone when a search can begin nowhere: entries can be read by their names only.
    :raises DirectoryError: when the server does not tell.
    """
    name = "defaultNamingContext" if session.is_active_directory else "namingContexts"
    raw = read_entry(session, "", [name]) or {}
    contexts = [value.decode("utf-8", "replace") for value in raw.get(name.lower(), ())]
    if any(contexts):
        return [
            context
            for context in contexts
            if context and read_entry(session, context, ["1.1"]) is not None
        ] or [""]
    raise DirectoryError(
        f"Cannot search all of {session.uri}",
        "its root DSE names no naming context",
        "Give search_base, or let the bind account read the root DSE",
    )


BATCH_SIZE = 200
"""Names in one filter. With the longest of names it stays far below what servers take as one request."""

# The attribute that holds an entry's own name: MS-ADA1, distinguishedName, and RFC 5020.
_ACTIVE_DIRECTORY_DN_ATTRIBUTE = "distinguishedname"
_DN_ATTRIBUTES = ("entrydn", _ACTIVE_DIRECTORY_DN_ATTRIBUTE)

_Item = TypeVar("_Item")


def batches(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    """All items in lists of at most BATCH_SIZE."""
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH_SIZE)):
        yield batch


def read_entries_by_dn(
    session: LdapSession,
    names: Sequence[str],
    query: Query,
    attributes: Sequence[str],
    references: set[str] | None = None,
) -> Iterator[list[tuple[str, Entry]]]:
    """Find the entries of some names, as far as they are there.

    :param names: distinguished names.
    :param query: where the entries must be, anywhere with an empty base, and which filter they must pass.
    :param attributes: names in lower case; an entry's values come in this order.
    :param references: as for `search`.
    :returns: lists of entries with their names, spelled as they were given; one that was given in several
        spellings comes with each of them.
    :raises DirectoryError: as for `search`.
    """
    if not names:
        return
    attribute = _dn_attribute(session, query.search_base) if query.search_base else None
    if attribute is None:
        yield from _read_one_by_one(session, names, query, attributes)
        return
    for batch in batches(names):
        spellings: dict[str, list[str]] = {}
        for name in batch:
            spellings.setdefault(normalize_dn(name), []).append(name)
        any_dn = filter_or(filter_equals(attribute, name) for name in batch)
        restricted = replace(query, filter=filter_and([query.filter, any_dn]))
        for page in search(session, restricted, [*attributes, attribute], BATCH_SIZE, references):
            entries: list[tuple[str, Entry]] = []
            for entry in page:
                *values, entry_dn = entry.values
                dn = first_text(entry_dn)
                # By the server's own rules it is one of those that were asked for, however it is spelled.
                given = spellings.get(normalize_dn(dn), [dn])
                entries += [(name, entry._replace(values=values)) for name in given]
            yield entries


def _dn_attribute(session: LdapSession, base: str) -> str | None:
    """The attribute by which this server finds an entry; None when there is none.

    :param base: name of an entry that is there; one that this account may not read finds none.
    """
    if session.is_active_directory:
        return _ACTIVE_DIRECTORY_DN_ATTRIBUTE
    for attribute in _DN_ATTRIBUTES:
        if read_entry(session, base, ["1.1"], filter_equals(attribute, base)) is not None:
            return attribute
    return None


def _read_one_by_one(
    session: LdapSession, names: Sequence[str], query: Query, attributes: Sequence[str]
) -> Iterator[list[tuple[str, Entry]]]:
    for name in names:
        if query.search_base and not is_in_scope(name, query.search_base, query.scope):
            continue
        if read_entry(session, name, ["1.1"], query.filter) is None:
            continue
        base_query = Query(name, "base", query.filter)
        for page in search(session, base_query, attributes, BATCH_SIZE):
            yield [(name, entry) for entry in page]
