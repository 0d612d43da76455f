# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searching: every page of a result, or an error; never a part of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .diagnosis import DirectoryError, ServerError, error_of_result, finding_of_failure
from .entry import IDENTITY_ATTRIBUTES, Entry, cut_attribute, make_entry
from .library import FAILURES
from .query import Query
from .session import Session

# simple paged results (RFC 2696).
_PAGED_RESULTS = "1.2.840.113556.1.4.319"


def search(
    session: Session,
    query: Query,
    attributes: Sequence[str],
    page_size: int,
    references: set[str] | None = None,
) -> Iterator[list[Entry]]:
    """Stream the entries of one search, a page at a time.

    :param query: with its filter; it has been checked.
    :param attributes: names in lower case; an entry's values come in this order.
    :param page_size: entries asked for at a time.
    :param references: is given the URIs of other servers that hold a part of what is below the base
        (RFC 4511, 4.5.3); they are not followed.
    :raises ServerError: when this server does not give the whole result: a limit, a lost connection.
    :raises DirectoryError: when no other would: a base that is not there, a referral of the whole search,
        objects without an identity, or with more values than it gives.
    """
    tried = f"Cannot search {query.search_base} on {session.uri}"
    for responses in _pages(
        session.connection, query, [*attributes, *IDENTITY_ATTRIBUTES], page_size, tried
    ):
        entries = []
        for response in responses:
            if response["type"] == "searchResRef" and references is not None:
                references.update(response["uri"])
            if response["type"] == "searchResEntry":
                entries.append(_entry(attributes, response["raw_attributes"], tried))
        yield entries


def _entry(attributes: Sequence[str], raw: Mapping[str, Sequence[bytes]], tried: str) -> Entry:
    cut = cut_attribute(raw)
    if cut is not None:
        raise DirectoryError(
            tried,
            f"an entry has more values than the server gives at a time ({cut})",
            "Leave this attribute out of the columns, or have its values reduced",
        )
    entry = make_entry(attributes, raw)
    if entry is None:
        raise DirectoryError(
            tried,
            "an entry came without objectGUID and entryUUID",
            "Let the bind account read the attribute: it tells people apart when names change",
        )
    return entry


def _pages(
    connection: Any, query: Query, attributes: Sequence[str], page_size: int, tried: str
) -> Iterator[list[dict[str, Any]]]:
    cookie = None
    seen: set[object] = set()
    while True:
        try:
            connection.search(
                query.search_base,
                query.filter,
                _SCOPES[query.scope],
                attributes=list(attributes),
                paged_size=page_size,
                paged_cookie=cookie,
            )
        except FAILURES as error:
            raise ServerError(tried, *finding_of_failure(error, None)) from None
        result = connection.result
        # A limit in the middle is no exception in ldap3: only the result code of each page tells.
        if result["result"] != 0:
            raise error_of_result(tried, result)
        responses = connection.response
        control = result.get("controls", {}).get(_PAGED_RESULTS)
        cookie = control["value"]["cookie"] if control else None
        # Cookies are the server's own (RFC 2696, 3), some use one for all pages. What a page begins with
        # shows whether it is another one; pages without anything have nothing else than their cookies.
        page = _start(responses) if responses else cookie
        if page in seen:
            raise ServerError(tried, *_ENDLESS)
        seen.add(page)
        yield responses
        if not cookie:
            return


def _start(responses: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    first = responses[0]
    return first["type"], str(first.get("dn") or first.get("uri"))


_ENDLESS = (
    "the server gives a page of its answer again, and would for ever",
    "Raise page_size so that one page holds everybody, and tell the server's administrator",
)
_SCOPES = {"subtree": "SUBTREE", "one_level": "LEVEL", "base": "BASE"}
