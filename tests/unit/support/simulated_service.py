# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulated service that runs in the process of the test, so that an upload takes milliseconds.

It replaces `send_file`. It parses the rosters itself, and shares no code with the packages that compare rosters.
"""

from __future__ import annotations

import csv
import enum
import io
import json
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ansible_collections.frontdesk.contacts.plugins.module_utils._service.response import Response
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.response_body import (
    ResponseBody,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.status import ServiceError

Cells = tuple[tuple[str, str], ...]
"""The cells of a row, each with the title of its column."""


class ServiceContact(NamedTuple):
    """A contact that the service has.

    :ivar owner: name by which the tests recognize the person; a roster does not contain it. The service uses it only to
        keep the contacts of people with a refused row.
    :ivar cells: cells of the row.
    """

    owner: str
    cells: Cells

    @property
    def location(self) -> str:
        """Location of the contact."""
        return dict(self.cells)["Location"]


RESULT_OPTION = {"success": "success", "counts": "counts", "errors": "errors"}
"""Value of the option ``result`` that describes the responses of the simulated service."""

_PAGE = (b"<!doctype html><title>Log in</title>", "text/html")


class Reaction(enum.Enum):
    """A reaction of the service to an upload, including the response to the client."""

    ACCEPT = "accepts all rows"
    REFUSE_ROWS = "refuses every third row"
    REJECT = "rejects the roster with HTTP 422"
    DENY = "returns HTTP 200 with a response that reports a failure"
    REDIRECT_REQUEST = "redirects the upload to another URL with HTTP 307"
    FAIL_BEFORE_BODY = "is not reachable"
    LOSE_REQUEST = "does not receive the roster, and the connection breaks"
    LOSE_RESPONSE = "accepts all rows, but the connection breaks"
    LOSE_FIRST_RESPONSE = "accepts all rows, but the connection breaks; rejects the retry"
    REDIRECT_AFTER_ACCEPTANCE = "accepts all rows, and returns HTTP 303"
    REDIRECT_TO_LOGIN = "ignores the roster, and returns HTTP 302"
    PAGE_AFTER_ACCEPTANCE = "accepts all rows, and returns an HTML page"
    PAGE = "ignores the roster, and returns an HTML page"
    ERROR_AFTER_ACCEPTANCE = "accepts all rows, and returns HTTP 500"
    ERROR = "ignores the roster, and returns HTTP 502"


_ACCEPTING = frozenset(
    {
        Reaction.ACCEPT,
        Reaction.REFUSE_ROWS,
        Reaction.LOSE_RESPONSE,
        Reaction.LOSE_FIRST_RESPONSE,
        Reaction.REDIRECT_AFTER_ACCEPTANCE,
        Reaction.PAGE_AFTER_ACCEPTANCE,
        Reaction.ERROR_AFTER_ACCEPTANCE,
    }
)

_RESPONSES: dict[Reaction, tuple[int, tuple[bytes, str], str]] = {
    Reaction.REJECT: (422, (b"", ""), ""),
    Reaction.DENY: (200, (b'{"success": false}', "application/json"), ""),
    Reaction.REDIRECT_REQUEST: (307, (b"", ""), "https://service.test/other"),
    Reaction.LOSE_FIRST_RESPONSE: (409, (b"", ""), ""),
    Reaction.REDIRECT_AFTER_ACCEPTANCE: (303, (b"", ""), "/imports/17"),
    Reaction.REDIRECT_TO_LOGIN: (302, (b"", ""), "/login"),
    Reaction.PAGE_AFTER_ACCEPTANCE: (200, _PAGE, ""),
    Reaction.PAGE: (200, _PAGE, ""),
    Reaction.ERROR_AFTER_ACCEPTANCE: (500, (b"", ""), ""),
    Reaction.ERROR: (502, (b"", ""), ""),
}
"""Status, body with its media type, and Location header of each response that does not depend on the roster."""


class SimulatedService:
    """A service that replaces its contacts with the accepted rows of an upload.

    It keeps the earlier contacts of people with a refused row, except at locations at which it accepted another row of
    the same person.

    :param find_owners: function that returns the owner of the contact in each row of a body.
    :ivar reaction: reaction to all uploads until it is changed.
    :ivar contacts: all contacts that the service has.
    :ivar bodies: bodies of all uploads that arrived.
    :ivar attempts: number of uploads that the client attempted.
    :ivar on_send: function to call before a body is read; an OSError means that the connection fails.
    :ivar on_receive: function to call after a body was processed, before the client receives the response; an OSError
        means that the connection breaks.
    :ivar on_body: function to call with each body of which the service accepts at least a part, before its contacts are
        replaced.
    """

    def __init__(self, find_owners: Callable[[bytes], Sequence[str]]) -> None:
        self._find_owners = find_owners
        self.reaction = Reaction.ACCEPT
        self.contacts: list[ServiceContact] = []
        self.bodies: list[bytes] = []
        self.attempts = 0
        self.on_send: Callable[[], object] = lambda: None
        self.on_receive: Callable[[], object] = lambda: None
        self.on_body: Callable[[bytes], object] = lambda _body: None

    def send_file(self, _endpoint: object, _file_name: str, content: Iterable[bytes]) -> Response:
        """Receive a roster in place of the function `send_file`.

        :raises ServiceError: if the client receives no response.
        """
        self.attempts += 1
        try:
            self.on_send()
        except OSError as error:
            raise _refused_connection() from error
        if self.reaction is Reaction.FAIL_BEFORE_BODY:
            raise _refused_connection()
        try:
            body = b"".join(content)
        except OSError as error:
            # requests raises its own exception if a body cannot be read, and the client reports a broken connection.
            raise _lost_response() from error
        refused = self._process(body)
        try:
            self.on_receive()
        except OSError as error:
            raise _lost_response() from error
        if self.reaction in (Reaction.LOSE_REQUEST, Reaction.LOSE_RESPONSE):
            raise _lost_response()
        return self._respond(refused)

    def _process(self, body: bytes) -> Sequence[int]:
        """Process a body, and return the numbers of the refused rows."""
        if self.reaction is Reaction.LOSE_REQUEST:
            return ()
        self.bodies.append(body)
        if self.reaction not in _ACCEPTING:
            return ()
        contacts = self.parse(body)
        refused: Sequence[int] = ()
        if self.reaction is Reaction.REFUSE_ROWS and len(contacts) > 1:
            refused = range(2, len(contacts) + 1, 3)
        self.on_body(body)
        accepted = [each for number, each in enumerate(contacts, 1) if number not in refused]
        places = {(each.owner, each.location) for each in accepted}
        owners = {contacts[number - 1].owner for number in refused}
        kept = [
            each
            for each in self.contacts
            if each.owner in owners and (each.owner, each.location) not in places
        ]
        self.contacts = [*accepted, *kept]
        return refused

    def parse(self, body: bytes) -> list[ServiceContact]:
        """Return the contacts in a body."""
        return list(map(ServiceContact, self._find_owners(body), parse_body(body)))

    def _respond(self, refused: Sequence[int]) -> Response:
        if self.reaction in _RESPONSES:
            status, (content, media_type), location = _RESPONSES[self.reaction]
            return Response(
                status=status,
                body=ResponseBody(content),
                content_type=media_type,
                location=location,
                attempts=2 if self.reaction is Reaction.LOSE_FIRST_RESPONSE else 1,
                may_be_accepted=self.reaction is Reaction.LOSE_FIRST_RESPONSE,
            )
        document = {
            "success": "true",
            "counts": {"added": 1},
            "errors": [{"row": number, "error": "is not valid"} for number in refused],
        }
        return Response(
            status=200,
            body=ResponseBody(json.dumps(document).encode()),
            content_type="application/json",
        )


def parse_body(body: bytes) -> list[Cells]:
    """Return the rows of a CSV file, each cell with the title of its column."""
    header, *rows = csv.reader(io.StringIO(body.decode(), newline=""))
    return [tuple(zip(header, row)) for row in rows]


def _refused_connection() -> ServiceError:
    return ServiceError("Cannot upload", "connection refused", "Check O(url)")


def _lost_response() -> ServiceError:
    error = ServiceError("Cannot upload", "the connection was closed", "Check the service")
    error.may_be_accepted = True
    return error
