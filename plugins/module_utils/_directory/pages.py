# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of a search: one interface, and two ways to read them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from .decoding import EntryDecoder, name_of, uris_of
from .entry import PartOfValuesError, Row, make_row
from .library import FAILURES
from .messages import Messages, OversizeError, Piece
from .query import SCOPES, Query
from .wire import Question, decoded, has_security_layer

# simple paged results (RFC 2696).
_PAGED_RESULTS = "1.2.840.113556.1.4.319"

# After these it is not known where the next answer begins.
_LOST: tuple[type[Exception], ...] = (OversizeError, *FAILURES)


class Page(NamedTuple):
    """What a server answers to one request, or a part of it.

    :ivar rows: what each entry holds of the attributes that were asked for.
    :ivar references: URIs of other servers that hold a part of what is searched (RFC 4511, 4.5.3).
    :ivar result: the result that ends the answer, as ldap3 gives it; None when more of it follows.
    :ivar beginning: tells the answer from others: what it begins with, or its cookie if it is empty.
    """

    rows: list[Row]
    references: list[str]
    result: Mapping[str, Any] | None
    beginning: object


class Pages(Protocol):
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
        :raises PartOfValuesError: when the server gives a part of an attribute's values only.
        :raises OversizeError: when it sends a message that is too large.
        :raises Exception: one of FAILURES.
        """


def pages_of(connection: Any) -> Pages:
    """The best way to read from a connection."""
    return pages_by_ldap3 if has_security_layer(connection) else pages_past_ldap3


def pages_by_ldap3(
    connection: Any, query: Query, names: Sequence[str], page_size: int
) -> Generator[Page, None, None]:
    """Have ldap3 receive and decode a page, and then ask for the next one. It is a `Pages`."""
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
        cookie = _cookie_of(result)
        first = responses[0] if responses else {}
        yield Page(
            [
                make_row(names, response["raw_attributes"])
                for response in responses
                if response["type"] == "searchResEntry"
            ],
            [uri for response in responses for uri in response.get("uri") or ()],
            result,
            (first["type"], str(first.get("dn") or first.get("uri"))) if first else cookie,
        )
        if not cookie:
            return


def pages_past_ldap3(
    connection: Any, query: Query, names: Sequence[str], page_size: int
) -> Generator[Page, None, None]:
    """Receive and decode entries here, and leave to ldap3 all else. It is a `Pages`.

    The next page is asked for before this one is decoded, so that server and client work at the same time.
    """
    decoder = EntryDecoder(names)
    question = Question(connection, query, names, page_size)
    messages = Messages(connection)
    number: int | None = question.ask(b"")
    try:
        while number is not None:
            piece = messages.answer(number)
            result, cookie = None, b""
            if piece.end:
                result = decoded(connection, piece.end)
                cookie = _cookie_of(result)
                number = question.ask(cookie) if cookie else None
            yield Page(
                [decoder.row(entry) for entry in piece.entries],
                [uri for reference in piece.references for uri in uris_of(reference)],
                result,
                _beginning(piece, cookie),
            )
    except (GeneratorExit, PartOfValuesError):
        # Nobody wants the page that has been asked for, but who asks next must not find it.
        if number is not None:
            _pass_over(connection, messages, number)
        raise
    except _LOST:
        _hang_up(connection)
        raise


def _pass_over(connection: Any, messages: Messages, number: int) -> None:
    """Listen to an answer that nobody wants to its end."""
    try:
        while not messages.answer(number).end:
            pass
    except _LOST:
        _hang_up(connection)


def _hang_up(connection: Any) -> None:
    # The rest of an answer that was cut, or is none, must not be taken for another's; ldap3 hangs up, too.
    with suppress(*FAILURES):
        connection.strategy.close()


def _beginning(piece: Piece, cookie: bytes) -> object:
    operations = piece.entries or piece.references
    return (operations[0][0], name_of(operations[0])) if operations else cookie


def _cookie_of(result: Mapping[str, Any]) -> bytes:
    """What to ask for the next page with; empty after the last one."""
    control = result.get("controls", {}).get(_PAGED_RESULTS)
    cookie: bytes = control["value"]["cookie"] if control and result["result"] == 0 else b""
    return cookie
