# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searching: every page of a result, or an error; never a part of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from .diagnosis import DirectoryError, ServerError, error_of_result, finding_of_failure
from .entry import IDENTITY_ATTRIBUTES, Entry, PartOfValuesError, make_entries
from .library import FAILURES
from .messages import LARGEST_MESSAGE, OversizeError
from .pages import Page, Pages, pages_of
from .query import Query
from .session import Session


def search(
    session: Session,
    query: Query,
    attributes: Sequence[str],
    page_size: int,
    references: set[str] | None = None,
    *,
    pages: Pages | None = None,
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
    tried = f"Cannot search {query.search_base} on {session.uri}"
    connection = session.connection
    read = pages or pages_of(connection)
    names = [*attributes, *IDENTITY_ATTRIBUTES]
    with closing(read(connection, query, names, page_size)) as answers:
        for page in _checked(answers, tried):
            if references is not None:
                references.update(page.references)
            yield _entries_of(page, tried)


def _entries_of(page: Page, tried: str) -> list[Entry]:
    entries = make_entries(page.rows)
    if entries is None:
        raise DirectoryError(
            tried,
            "an entry came without objectGUID and entryUUID",
            "Let the bind account read the attribute: it tells people apart when names change",
        )
    return entries


def _checked(pages: Iterator[Page], tried: str) -> Iterator[Page]:
    """The pages, each of which is whole and another one than those before it."""
    seen: set[object] = set()
    while page := _next(pages, tried):
        # A limit in the middle is no exception in ldap3: only the result code of each page tells.
        if page.result is not None and page.result["result"] != 0:
            raise error_of_result(tried, page.result)
        # Cookies are the server's own (RFC 2696, 3), some use one for all pages. What a page begins with
        # shows whether it is another one; pages without anything have nothing else than their cookies.
        if page.beginning in seen:
            raise ServerError(tried, *_ENDLESS)
        seen.add(page.beginning)
        yield page


def _next(pages: Iterator[Page], tried: str) -> Page | None:
    try:
        return next(pages, None)
    except PartOfValuesError as error:
        raise DirectoryError(
            tried,
            f"an entry has more values than the server gives at a time ({error})",
            "Leave this attribute out of the columns, or have its values reduced",
        ) from None
    except OversizeError as error:
        # Who says that much may have lost its way in the middle of the answer.
        raise ServerError(
            tried,
            f"it sends a message of {error} bytes, and no more than {LARGEST_MESSAGE} are taken",
            "Leave attributes with very many or very long values out of the columns",
        ) from None
    except FAILURES as error:
        raise ServerError(tried, *finding_of_failure(error, None)) from None


_ENDLESS = (
    "the server gives a page of its answer again, and would for ever",
    "Raise page_size so that one page holds everybody, and tell the server's administrator",
)
