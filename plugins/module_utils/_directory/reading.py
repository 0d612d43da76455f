# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single entries, read by their names: the root DSE, groups, and all values of an attribute that has many."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .diagnosis import DirectoryError, ServerError, error_of_result, finding_of_failure
from .library import FAILURES, ldap3
from .session import Session

RawEntry = Mapping[str, Sequence[bytes]]
"""Values by attribute name in lower case."""

ANYTHING = "(objectClass=*)"
"""The filter that every entry passes (RFC 4512, 2.4.1)."""

_SUCCESS, _NO_SUCH_OBJECT = 0, 32


def read_entry(
    session: Session, name: str, attributes: Sequence[str], search_filter: str = ANYTHING
) -> RawEntry | None:
    """Read one entry.

    :param name: distinguished name; empty for the root DSE.
    :returns: None when it is not there, or not for this account, or the filter does not find it.
    :raises DirectoryError: when the server gives anything else than an entry or nothing.
    """
    tried = f"Cannot read {name or 'the root DSE'} on {session.uri}"
    connection = session.connection
    try:
        connection.search(name, search_filter, ldap3.BASE, attributes=list(attributes))
    except FAILURES as error:
        raise ServerError(tried, *finding_of_failure(error, None)) from None
    result = connection.result
    if result["result"] == _NO_SUCH_OBJECT:
        return None
    if result["result"] != _SUCCESS:
        raise error_of_result(tried, result)
    for response in connection.response or ():
        if response["type"] == "searchResEntry":
            raw = response["raw_attributes"]
            # ldap3 gives None for an attribute without values.
            return {key.lower(): [bytes(value) for value in raw[key] or ()] for key in raw}
    return None


_RANGE = re.compile(r"(?P<name>[^;]+);range=(?P<first>\d+)-(?P<last>\d+|\*)")


def read_values(
    session: Session, name: str, attributes: Sequence[str]
) -> dict[str, list[bytes]] | None:
    """Read all values that an entry has of some attributes, however many.

    Active Directory gives at most 1,500 or so at a time, as ``member;range=0-1499``, and the others when
    asked for by such a range; the last range ends with ``*`` (MS-ADTS 3.1.1.3.1.3.3).

    :param attributes: names in lower case.
    :returns: for each attribute its values; None when the entry is not there, or not for this account.
    :raises DirectoryError: when the server does not give them all.
    """
    values: dict[str, list[bytes]] = {attribute: [] for attribute in attributes}
    wanted: Sequence[str] = attributes
    while wanted:
        raw = read_entry(session, name, wanted)
        if raw is None:
            return None
        wanted = []
        for key, found in raw.items():
            part = _RANGE.fullmatch(key)
            attribute = part["name"] if part else key
            if attribute not in values:
                continue
            if part and int(part["first"]) != len(values[attribute]):
                raise _ranges_error(session, name, key)
            values[attribute] += found
            if part and part["last"] != "*":
                if not found:
                    raise _ranges_error(session, name, key)
                wanted.append(f"{attribute};range={len(values[attribute])}-*")
    return values


def _ranges_error(session: Session, name: str, key: str) -> DirectoryError:
    return ServerError(
        f"Cannot read all values of {name} on {session.uri}",
        f"the server gives a part that was not asked for ({key})",
        "Tell the server's administrator; another server may give them",
    )


def searchable_contexts(session: Session) -> list[str]:
    """The names below which everything of a directory is (RFC 4512, 5.1), as far as a search can begin there.

    Of an Active Directory it is the server's own domain (MS-ADTS 3.1.1.3.2.3).

    :returns: an empty name alone when a search can begin nowhere: entries can be read by their names only.
    :raises DirectoryError: when the server does not tell.
    """
    names = ("defaultNamingContext", "namingContexts")
    raw = read_entry(session, "", names) or {}
    for name in names:
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
