# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults that the LDAP proxy injects into requests and responses."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tests.integration.support.ldap_messages import (
    SEARCH_REQUEST,
    build_message,
    parse_first_element,
    parse_message_id,
    parse_operation_tag,
    strip_header,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class InjectedResetError(Exception):
    """Raised to reset the connection of the client."""


class Fault:
    """Transforms the messages that pass a proxy; this base class leaves them unchanged."""

    def transform_request(self, request: bytes) -> bytes:
        """Return the request that the proxy sends to the directory."""
        return request

    def transform_response(self, response: bytes) -> Iterable[bytes] | None:
        """Return the chunks of a response that the proxy sends to the client, with a pause between them.

        :returns: the chunks, or None to send no further data.
        :raises EOFError: to close the connection of the client.
        :raises InjectedResetError: to reset it.
        """
        return [response]


class _ResponseFault(Fault):
    """A fault in one response.

    :param tag: tag of the response's protocol operation.
    :param occurrence: number of the response with this tag that has the fault, counted from 1.
    """

    def __init__(self, tag: int, occurrence: int = 1) -> None:
        self._tag = tag
        self._remaining = occurrence

    def transform_response(self, response: bytes) -> Iterable[bytes] | None:
        self._remaining -= parse_operation_tag(response) == self._tag
        return [response] if self._remaining else self.inject(response)

    def inject(self, response: bytes) -> Iterable[bytes] | None:
        raise NotImplementedError


class NoResponse(_ResponseFault):
    """The response is not sent, and no response after it."""

    def inject(self, response: bytes) -> None:
        return None


class NoFurtherResponses(_ResponseFault):
    """The response is sent, but no response after it."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        return itertools.chain([response], itertools.repeat(b""))


class EndlessResponse(_ResponseFault):
    """The response is sent one byte at a time and never ends."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        # The header of a message of 16 MiB.
        return itertools.chain([b"\x30\x83\xff\xff\xf0"], itertools.repeat(b"\0"))


class OversizedResponse(_ResponseFault):
    """The header of the response declares a length of almost 4 GiB."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        return [b"\x30\x84\xff\xff\xff\xff", response]


class ClosedConnection(_ResponseFault):
    """The connection is closed instead of the response."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        raise EOFError


class ResetConnection(_ResponseFault):
    """The connection is reset instead of the response."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        raise InjectedResetError


class TruncatedResponse(_ResponseFault):
    """The connection is closed after the first half of the response."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        yield response[: len(response) // 2]
        raise EOFError


class ErrorResult(_ResponseFault):
    """The response contains an error.

    :param code: result code (RFC 4511, appendix A).
    """

    def __init__(self, code: int, tag: int, occurrence: int = 1) -> None:
        super().__init__(tag, occurrence)
        self._code = code

    def inject(self, response: bytes) -> Iterable[bytes]:
        # The result code is the first element of the operation, an ENUMERATED of one byte (RFC 4511, 4.1.9).
        return [response.replace(b"\x0a\x01\x00", bytes((0x0A, 0x01, self._code)), 1)]


class NoPagedResults(Fault):
    """The (non-critical) controls of requests are removed, so that the directory does not page its results."""

    def transform_request(self, request: bytes) -> bytes:
        message_id = parse_message_id(request)
        # Controls come after the operation (RFC 4511, 4.1.1).
        return build_message(
            message_id, parse_first_element(strip_header(request)[len(message_id) :])
        )


class RepeatedPage(Fault):
    """Each request for a page is replaced by that for the first page, so that the same page is returned again."""

    def __init__(self) -> None:
        self._first_request: bytes | None = None

    def transform_request(self, request: bytes) -> bytes:
        # The search of the root DSE is not paged.
        if (
            parse_operation_tag(request) != SEARCH_REQUEST
            or b"1.2.840.113556.1.4.319" not in request
        ):
            return request
        self._first_request = self._first_request or request
        return build_message(
            parse_message_id(request),
            strip_header(self._first_request)[len(parse_message_id(self._first_request)) :],
        )
