# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readers for the pages of a search (RFC 2696): a fast one, and one that uses ldap3.

The reader that uses ldap3 is for connections with a security layer that only ldap3 can unwrap.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from .decoding import EntryDecoder, decode_first_string, decode_uris
from .entry import NO_ALIASES, Aliases, AttributeValues, select_values
from .ldap3_private import PagedSearch, decode_message, has_security_layer
from .library import FAILURES, ldap3
from .messages import MessageReader, OversizeError, PartialResponse
from .query import SCOPES, Query

_PAGED_RESULTS = "1.2.840.113556.1.4.319"

# Errors after which the start of the next response is unknown.
_OUT_OF_SYNC: tuple[type[Exception], ...] = (OversizeError, *FAILURES)


@dataclass(frozen=True)
class Page:
    """A page of a search result, or a part of one.

    :ivar values: the values of each entry, in the order of the requested attributes.
    :ivar dns: the distinguished name of each entry.
    :ivar references: the URIs of continuation references (RFC 4511, 4.5.3).
    :ivar result: the SearchResultDone as ldap3's result dictionary; None if more parts of the page follow.
    :ivar fingerprint: a value that differs between pages: the start of the content, or the cookie if the page is
        empty.
    :ivar unrequested: normalized descriptions of attributes that the server has returned so far although they were not
        requested.
    """

    values: list[AttributeValues]
    dns: list[bytes]
    references: list[str]
    result: Mapping[str, Any] | None
    fingerprint: object
    unrequested: Set[str] = frozenset()


class PageReader(Protocol):
    """A function that reads all pages of a search.

    The connection must not be used for anything else until the generator ends or is closed.
    """

    def __call__(
        self,
        connection: Any,
        query: Query,
        names: Sequence[str],
        page_size: int,
        aliases: Aliases = NO_ALIASES,
    ) -> Generator[Page, None, None]:
        """Request and yield pages until the last one, or until a result code other than success.

        :param connection: bound ldap3 connection.
        :param query: checked query with a non-empty filter.
        :param names: attributes to request. The values of an entry are in this order.
        :param page_size: number of entries to request per page.
        :param aliases: other descriptions of these attributes. Each attribute is requested once, by its main name.
        :raises OversizeError: if the server sends a message that is too large.
        :raises Exception: one of FAILURES if the connection fails, or a response is malformed.
        """


def choose_reader(connection: Any) -> PageReader:
    """Return the fastest reader that can be used with a connection."""
    return read_pages_with_ldap3 if has_security_layer(connection) else read_pages_fast


def read_pages_with_ldap3(
    connection: Any,
    query: Query,
    names: Sequence[str],
    page_size: int,
    aliases: Aliases = NO_ALIASES,
) -> Generator[Page, None, None]:
    """Read the pages with ldap3, one after another.

    Implements `PageReader`.
    """
    cookie = b""
    requested = _select_requested(names, aliases)
    unrequested: set[str] = set()
    while True:
        connection.search(
            query.search_base,
            query.filter,
            SCOPES[query.scope],
            dereference_aliases=ldap3.DEREF_NEVER,
            attributes=requested,
            paged_size=page_size,
            paged_cookie=cookie,
        )
        result, responses = connection.result, connection.response
        cookie = _get_next_cookie(result)
        first = responses[0] if responses else {}
        entries = [response for response in responses if response["type"] == "searchResEntry"]
        selected = [select_values(names, entry["raw_attributes"], aliases) for entry in entries]
        unrequested.update(*(others for _values, others in selected))
        yield Page(
            values=[values for values, _others in selected],
            dns=[entry["raw_dn"] for entry in entries],
            references=[uri for response in responses for uri in response.get("uri") or ()],
            result=result,
            fingerprint=(
                (first["type"], str(first.get("dn") or first.get("uri"))) if first else cookie
            ),
            unrequested=unrequested,
        )
        if not cookie:
            return


def read_pages_fast(
    connection: Any,
    query: Query,
    names: Sequence[str],
    page_size: int,
    aliases: Aliases = NO_ALIASES,
) -> Generator[Page, None, None]:
    """Receive and decode entries without ldap3.

    Implements `PageReader`.

    The next page is requested before the current page is decoded, so that the server and the client work in parallel.
    """
    decoder = EntryDecoder(names, aliases)
    requested = _select_requested(names, aliases)
    paged_search = PagedSearch(connection, query, requested, page_size)
    messages = MessageReader(connection)
    message_id: int | None = paged_search.request_page(b"")
    try:
        while message_id is not None:
            response = messages.read_response(message_id)
            result, cookie = None, b""
            if response.done:
                result = decode_message(connection, response.done)
                cookie = _get_next_cookie(result)
                message_id = paged_search.request_page(cookie) if cookie else None
            yield Page(
                values=[decoder.decode(entry) for entry in response.entries],
                dns=[decode_first_string(entry) for entry in response.entries],
                references=[
                    uri for reference in response.references for uri in decode_uris(reference)
                ],
                result=result,
                fingerprint=_compute_fingerprint(response, cookie),
                unrequested=decoder.unrequested,
            )
    except GeneratorExit:
        # The outstanding response must not be mistaken for the response to the next search.
        if message_id is not None:
            _discard_response(connection, messages, message_id)
        raise
    except _OUT_OF_SYNC:
        _close_connection(connection)
        raise


def _select_requested(names: Sequence[str], aliases: Aliases) -> list[str]:
    return list(dict.fromkeys(aliases.get(name.lower(), name) for name in names))


def _get_next_cookie(result: Mapping[str, Any]) -> bytes:
    """Return the cookie for requesting the next page; empty after the last page, or if the search failed."""
    control = result.get("controls", {}).get(_PAGED_RESULTS)
    cookie: bytes = control["value"]["cookie"] if control and result["result"] == 0 else b""
    return cookie


def _compute_fingerprint(response: PartialResponse, cookie: bytes) -> object:
    operations = response.entries or response.references
    if not operations:
        return cookie
    # The tag, which distinguishes entries from references, and the DN or the first URI.
    return operations[0][0], decode_first_string(operations[0])


def _discard_response(connection: Any, messages: MessageReader, message_id: int) -> None:
    try:
        while not messages.read_response(message_id).done:
            pass
    except _OUT_OF_SYNC:
        _close_connection(connection)


def _close_connection(connection: Any) -> None:
    # Leftover bytes of a broken response must not be parsed as the next response. ldap3 also closes the
    # connection in this case.
    with suppress(*FAILURES):
        connection.strategy.close()
