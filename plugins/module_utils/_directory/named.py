# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many entries that are known by their distinguished names, in few searches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

from .dn import is_in_scope, normal_name
from .entry import Entry, text_of
from .query import Query, all_of, any_of, equal
from .reading import read_entry
from .search import search
from .session import Session

AT_A_TIME = 200
"""Names in one filter. With the longest of names it stays far below what servers take as one request."""

# The attribute that holds an entry's own name: MS-ADA1, distinguishedName, and RFC 5020.
_ACTIVE_DIRECTORY_NAME = "distinguishedname"
_OTHER_NAMES = ("entrydn", _ACTIVE_DIRECTORY_NAME)

_Item = TypeVar("_Item")


def chunks(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    """All items in lists of at most AT_A_TIME."""
    several = iter(items)
    while chunk := list(islice(several, AT_A_TIME)):
        yield chunk


def named_entries(
    session: Session,
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
            given.setdefault(normal_name(name), []).append(name)
        any_name = any_of(equal(attribute, name) for name in chunk)
        asked = query._replace(filter=all_of([query.filter, any_name]))
        for page in search(session, asked, [*attributes, attribute], AT_A_TIME, references):
            found: list[tuple[str, Entry]] = []
            for entry in page:
                *values, own = entry.values
                itself = text_of(own)
                # By the server's own rules it is one of those that were asked for, however it is spelled.
                spellings = given.get(normal_name(itself), [itself])
                found += [(name, entry._replace(values=values)) for name in spellings]
            yield found


def _name_attribute(session: Session, base: str) -> str | None:
    """The attribute by which this server finds an entry; None when there is none.

    :param base: name of an entry that is there; one that this account may not read finds none.
    """
    if session.is_active_directory:
        return _ACTIVE_DIRECTORY_NAME
    for attribute in _OTHER_NAMES:
        if read_entry(session, base, ["1.1"], equal(attribute, base)) is not None:
            return attribute
    return None


def _one_by_one(
    session: Session, names: Sequence[str], query: Query, attributes: Sequence[str]
) -> Iterator[list[tuple[str, Entry]]]:
    for name in names:
        if query.search_base and not is_in_scope(name, query.search_base, query.scope):
            continue
        if read_entry(session, name, ["1.1"], query.filter) is None:
            continue
        alone = Query(name, "base", query.filter)
        for page in search(session, alone, attributes, AT_A_TIME):
            yield [(name, entry) for entry in page]
