# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single entries, read by their names: the root DSE, groups, and all values of an attribute that has many."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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


class _Part(NamedTuple):
    """A range of an attribute's values.

    :ivar name: as the server calls it.
    :ivar first: number of its first value.
    :ivar is_last: whether no more follow.
    """

    name: str
    first: int
    is_last: bool
    values: Sequence[bytes]


def read_values(
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
        part = _part_of(raw, attribute)
        if part is None:
            values[attribute] = list(raw.get(attribute, ()))
            continue
        values[attribute] = found = list(part.values)
        _check_part(session, name, part, 0)
        while not part.is_last:
            more = read_entry(session, name, [f"{attribute};range={len(found)}-*"])
            if more is None:
                return None
            part = _check_part(session, name, _part_of(more, attribute), len(found))
            found += part.values
    return values


_RANGE = re.compile(r"(?P<attribute>[^;]+);range=(?P<first>\d+)-(?P<last>\d+|\*)")


def _part_of(raw: RawEntry, attribute: str) -> _Part | None:
    for key, found in raw.items():
        match = _RANGE.fullmatch(key)
        if match and match["attribute"] == attribute:
            return _Part(key, int(match["first"]), match["last"] == "*", found)
    return None


def _check_part(session: LdapSession, name: str, part: _Part | None, first: int) -> _Part:
    """See that a part is the one that was asked for, and that asking for more comes to an end."""
    if part is not None and part.first == first and (part.values or part.is_last):
        return part
    raise ServerError(
        f"Cannot read all values of {name} on {session.uri}",
        f"the server gives a part that was not asked for ({part.name if part else 'nothing'})",
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


DNS_PER_SEARCH = 200
"""Names in one filter. With the longest of names it stays far below what servers take as one request."""

# The attribute that holds an entry's own name: MS-ADA1, distinguishedName, and RFC 5020.
_ACTIVE_DIRECTORY_NAME = "distinguishedname"
_OTHER_NAMES = ("entrydn", _ACTIVE_DIRECTORY_NAME)

_Item = TypeVar("_Item")


def chunks(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    """All items in lists of at most AT_A_TIME."""
    several = iter(items)
    while chunk := list(islice(several, DNS_PER_SEARCH)):
        yield chunk


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
    attribute = _name_attribute(session, query.search_base) if query.search_base else None
    if attribute is None:
        yield from _one_by_one(session, names, query, attributes)
        return
    for chunk in chunks(names):
        given: dict[str, list[str]] = {}
        for name in chunk:
            given.setdefault(normalize_dn(name), []).append(name)
        any_name = filter_or(filter_equals(attribute, name) for name in chunk)
        asked = query._replace(filter=filter_and([query.filter, any_name]))
        for page in search(session, asked, [*attributes, attribute], DNS_PER_SEARCH, references):
            found: list[tuple[str, Entry]] = []
            for entry in page:
                *values, own = entry.values
                itself = first_text(own)
                # By the server's own rules it is one of those that were asked for, however it is spelled.
                spellings = given.get(normalize_dn(itself), [itself])
                found += [(name, entry._replace(values=values)) for name in spellings]
            yield found


def _name_attribute(session: LdapSession, base: str) -> str | None:
    """The attribute by which this server finds an entry; None when there is none.

    :param base: name of an entry that is there; one that this account may not read finds none.
    """
    if session.is_active_directory:
        return _ACTIVE_DIRECTORY_NAME
    for attribute in _OTHER_NAMES:
        if read_entry(session, base, ["1.1"], filter_equals(attribute, base)) is not None:
            return attribute
    return None


def _one_by_one(
    session: LdapSession, names: Sequence[str], query: Query, attributes: Sequence[str]
) -> Iterator[list[tuple[str, Entry]]]:
    for name in names:
        if query.search_base and not is_in_scope(name, query.search_base, query.scope):
            continue
        if read_entry(session, name, ["1.1"], query.filter) is None:
            continue
        alone = Query(name, "base", query.filter)
        for page in search(session, alone, attributes, DNS_PER_SEARCH):
            yield [(name, entry) for entry in page]
