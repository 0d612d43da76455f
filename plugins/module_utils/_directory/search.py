# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of a search: one interface, and two ways to read them."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from typing import Any, NamedTuple, Protocol

from .connection import LdapSession
from .decoding import EntryDecoder, decode_first_string, decode_uris
from .diagnosis import DirectoryError, ServerError, explain_failure, result_error
from .entry import (
    IDENTITY_ATTRIBUTES,
    AttributeValues,
    Entry,
    IncompleteValuesError,
    build_entries,
    select_values,
)
from .ldap3_private import PagedSearch, decode_message, has_security_layer
from .library import FAILURES
from .messages import MAX_MESSAGE_SIZE, MessageReader, OversizeError, PartialResponse
from .query import SCOPES, Query

# simple paged results (RFC 2696).
_PAGED_RESULTS = "1.2.840.113556.1.4.319"

# After these it is not known where the next answer begins.
_OUT_OF_SYNC: tuple[type[Exception], ...] = (OversizeError, *FAILURES)


class Page(NamedTuple):
    """What a server answers to one request, or a part of it.

    :ivar values: what each entry holds of the attributes that were asked for.
    :ivar references: URIs of other servers that hold a part of what is searched (RFC 4511, 4.5.3).
    :ivar result: the result that ends the answer, as ldap3 gives it; None when more of it follows.
    :ivar fingerprint: tells the answer from others: what it begins with, or its cookie if it is empty.
    """

    values: list[AttributeValues]
    references: list[str]
    result: Mapping[str, Any] | None
    fingerprint: object


class PageReader(Protocol):
    """A way to read a search to its end.

    Nothing else may be asked on the connection before the last page is there, or no more are wanted.
    """

    def __call__(
        self, connection: Any, query: Query, names: Sequence[str], page_size: int
    ) -> Generator[Page, None, None]:
        """Ask for page after page, until there are no more or the result is not success.

        :param connection: ldap3's, bound.
        :param names: of the attributes, in the order of a row.
        :param page_size: entries asked for at a time.
        :raises IncompleteValuesError: when the server gives a part of an attribute's values only.
        :raises OversizeError: when it sends a message that is too large.
        :raises Exception: one of FAILURES.
        """


def choose_reader(connection: Any) -> PageReader:
    """The best way to read from a connection."""
    return read_pages_with_ldap3 if has_security_layer(connection) else read_pages_fast


def read_pages_with_ldap3(
    connection: Any, query: Query, names: Sequence[str], page_size: int
) -> Generator[Page, None, None]:
    """Have ldap3 receive and decode a page, and then ask for the next one. It is a `PageReader`."""
    cookie = b""
    while True:
        connection.search(
            query.search_base,
            query.filter,
            SCOPES[query.scope],
            attributes=list(names),
            paged_size=page_size,
            paged_cookie=cookie,
        )
        result, responses = connection.result, connection.response
        cookie = _next_cookie(result)
        first = responses[0] if responses else {}
        yield Page(
            [
                select_values(names, response["raw_attributes"])
                for response in responses
                if response["type"] == "searchResEntry"
            ],
            [uri for response in responses for uri in response.get("uri") or ()],
            result,
            (first["type"], str(first.get("dn") or first.get("uri"))) if first else cookie,
        )
        if not cookie:
            return


def read_pages_fast(
    connection: Any, query: Query, names: Sequence[str], page_size: int
) -> Generator[Page, None, None]:
    """Receive and decode entries here, and leave to ldap3 all else. It is a `PageReader`.

    The next page is asked for before this one is decoded, so that server and client work at the same time.
    """
    decoder = EntryDecoder(names)
    paged_search = PagedSearch(connection, query, names, page_size)
    messages = MessageReader(connection)
    message_id: int | None = paged_search.request_page(b"")
    try:
        while message_id is not None:
            response = messages.read_response(message_id)
            result, cookie = None, b""
            if response.done:
                result = decode_message(connection, response.done)
                cookie = _next_cookie(result)
                message_id = paged_search.request_page(cookie) if cookie else None
            yield Page(
                [decoder.decode(entry) for entry in response.entries],
                [uri for reference in response.references for uri in decode_uris(reference)],
                result,
                _fingerprint(response, cookie),
            )
    except (GeneratorExit, IncompleteValuesError):
        # Nobody wants the page that has been asked for, but who asks next must not find it.
        if message_id is not None:
            _discard_response(connection, messages, message_id)
        raise
    except _OUT_OF_SYNC:
        _close_connection(connection)
        raise


def _discard_response(connection: Any, messages: MessageReader, message_id: int) -> None:
    """Listen to an answer that nobody wants to its end."""
    try:
        while not messages.read_response(message_id).done:
            pass
    except _OUT_OF_SYNC:
        _close_connection(connection)


def _close_connection(connection: Any) -> None:
    # The rest of an answer that was cut, or is none, must not be taken for another's; ldap3 hangs up, too.
    with suppress(*FAILURES):
        connection.strategy.close()


def _fingerprint(response: PartialResponse, cookie: bytes) -> object:
    operations = response.entries or response.references
    return (operations[0][0], decode_first_string(operations[0])) if operations else cookie


def _next_cookie(result: Mapping[str, Any]) -> bytes:
    """What to ask for the next page with; empty after the last one."""
    control = result.get("controls", {}).get(_PAGED_RESULTS)
    cookie: bytes = control["value"]["cookie"] if control and result["result"] == 0 else b""
    return cookie


def search(
    session: LdapSession,
    query: Query,
    attributes: Sequence[str],
    page_size: int,
    references: set[str] | None = None,
    *,
    pages: PageReader | None = None,
) -> Iterator[list[Entry]]:
    """Stream the entries of one search, a page at a time, a very large one in parts.

    Until it has come to its end, or is closed, nothing else may be asked of the session: the next page is on
    its way.

    :param query: with its filter; it has been checked.
    :param attributes: names in lower case; an entry's values come in this order.
    :param page_size: entries asked for at a time.
    :param references: is given the URIs of other servers that hold a part of what is below the base
        (RFC 4511, 4.5.3); they are not followed.
    :param pages: how to read; None for the best way that the session permits.
    :raises ServerError: when this server does not give the whole result: a limit, a lost connection.
    :raises DirectoryError: when no other would: a base that is not there, a referral of the whole search,
        objects without an identity, or with more values than it gives.
    """
    action = f"Cannot search {query.search_base} on {session.uri}"
    connection = session.connection
    read_pages = pages or choose_reader(connection)
    names = [*attributes, *IDENTITY_ATTRIBUTES]
    with closing(read_pages(connection, query, names, page_size)) as responses:
        for page in _checked_pages(responses, action):
            if references is not None:
                references.update(page.references)
            yield _build_entries(page, action)


def _build_entries(page: Page, action: str) -> list[Entry]:
    entries = build_entries(page.values)
    if entries is None:
        raise DirectoryError(
            action,
            "an entry came without objectGUID and entryUUID",
            "Let the bind account read the attribute: it tells people apart when names change",
        )
    return entries


def _checked_pages(pages: Iterator[Page], action: str) -> Iterator[Page]:
    """The pages, each of which is whole and another one than those before it."""
    seen: set[object] = set()
    while page := _next_page(pages, action):
        # A limit in the middle is no exception in ldap3: only the result code of each page tells.
        if page.result is not None and page.result["result"] != 0:
            raise result_error(action, page.result)
        # Cookies are the server's own (RFC 2696, 3), some use one for all pages. What a page begins with
        # shows whether it is another one; pages without anything have nothing else than their cookies.
        if page.fingerprint in seen:
            raise ServerError(action, *_REPEATED_PAGE)
        seen.add(page.fingerprint)
        yield page


def _next_page(pages: Iterator[Page], action: str) -> Page | None:
    try:
        return next(pages, None)
    except IncompleteValuesError as error:
        raise DirectoryError(
            action,
            f"an entry has more values than the server gives at a time ({error})",
            "Leave this attribute out of the columns, or have its values reduced",
        ) from None
    except OversizeError as error:
        # Who says that much may have lost its way in the middle of the answer.
        raise ServerError(
            action,
            f"it sends a message of {error} bytes, and no more than {MAX_MESSAGE_SIZE} are taken",
            "Leave attributes with very many or very long values out of the columns",
        ) from None
    except FAILURES as error:
        raise ServerError(action, *explain_failure(error, None)) from None


_REPEATED_PAGE = (
    "the server gives a page of its answer again, and would for ever",
    "Raise page_size so that one page holds everybody, and tell the server's administrator",
)


_DNS_PARTITION = re.compile(r"/(?:DC=(?:Forest|Domain)DnsZones|CN=Configuration),", re.IGNORECASE)


def relevant_referrals(references: set[str]) -> list[str]:
    """The references behind which there can be people."""
    return sorted(uri for uri in references if not _DNS_PARTITION.search(uri))
