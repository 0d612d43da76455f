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
    """Raised to reset the connection to the client."""


class Fault:
    """A transformation of the messages that pass through a proxy.

    This base class leaves the messages unchanged.
    """

    def transform_request(self, request: bytes) -> bytes:
        """Return the request that the proxy sends to the directory."""
        return request

    def transform_response(self, response: bytes) -> Iterable[bytes] | None:
        """Transform a response into the chunks that the proxy sends to the client.

        The proxy pauses between the chunks.

        :returns: the chunks, or None to send no further data.
        :raises EOFError: to close the connection to the client.
        :raises InjectedResetError: to reset the connection to the client.
        """
        return [response]


class _ResponseFault(Fault):
    """A fault that occurs at a given response.

    :param tag: tag of the response's protocol operation.
    :param occurrence: position of the faulty response among the responses with this tag, starting from 1.
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
    """A fault that withholds the response and all later responses."""

    def inject(self, response: bytes) -> None:
        return None


class NoFurtherResponses(_ResponseFault):
    """A fault that sends the response but withholds all later responses."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        return itertools.chain([response], itertools.repeat(b""))


class EndlessResponse(_ResponseFault):
    """A fault that replaces the response with one that never ends, sent in small chunks."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        # The header declares a length of almost 16 MiB, which the modules still accept.
        return itertools.chain([b"\x30\x83\xff\xff\xf0"], itertools.repeat(b"\0"))


class OversizedResponse(_ResponseFault):
    """A fault that declares a length of almost 4 GiB in an additional header before the response."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        return [b"\x30\x84\xff\xff\xff\xff", response]


class ClosedConnection(_ResponseFault):
    """A fault that closes the connection instead of sending the response."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        raise EOFError


class ResetConnection(_ResponseFault):
    """A fault that resets the connection instead of sending the response."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        raise InjectedResetError


class TruncatedResponse(_ResponseFault):
    """A fault that sends the first half of the response and then closes the connection."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        yield response[: len(response) // 2]
        raise EOFError


class ErrorResult(_ResponseFault):
    """A fault that replaces the success code of the response with an error code.

    :param code: result code (RFC 4511, appendix A).
    """

    def __init__(self, code: int, tag: int, occurrence: int = 1) -> None:
        super().__init__(tag, occurrence)
        self._code = code

    def inject(self, response: bytes) -> Iterable[bytes]:
        # The result code is the first element of the operation, a one-byte ENUMERATED (RFC 4511, 4.1.9).
        return [response.replace(b"\x0a\x01\x00", bytes((0x0A, 0x01, self._code)), 1)]


class ErrorMessage(_ResponseFault):
    """A fault that replaces the response with an error that has a diagnostic message.

    :param text: the diagnostic message.
    """

    def __init__(self, text: str, tag: int, occurrence: int = 1) -> None:
        super().__init__(tag, occurrence)
        self._tag = tag
        self._text = text.encode()

    def inject(self, response: bytes) -> Iterable[bytes]:
        # The code insufficientAccessRights (50) and an empty matchedDN (RFC 4511, 4.1.9).
        result = b"\x0a\x01\x32\x04\x00" + bytes((0x04, len(self._text))) + self._text
        operation = bytes((self._tag, len(result))) + result
        return [build_message(parse_message_id(response), operation)]


class ReplacedBytes(Fault):
    """A fault that replaces bytes in all responses with other bytes of the same length."""

    def __init__(self, old: bytes, new: bytes) -> None:
        assert len(old) == len(new)
        self._old, self._new = old, new

    def transform_response(self, response: bytes) -> Iterable[bytes]:
        return [response.replace(self._old, self._new)]


class NoPagedResults(Fault):
    """A fault that removes the (non-critical) controls from requests, so that the directory does not page results."""

    def transform_request(self, request: bytes) -> bytes:
        message_id = parse_message_id(request)
        # Controls come after the operation (RFC 4511, 4.1.1).
        return build_message(
            message_id, parse_first_element(strip_header(request)[len(message_id) :])
        )


class RepeatedPage(Fault):
    """A fault that replaces each request for a page with the first such request, so that all pages are the same."""

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
