# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be wrong with a directory's answers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tests.integration.support.ldap_messages import (
    SEARCH_REQUEST,
    build_message,
    first_element,
    parse_message_id,
    parse_operation_tag,
    strip_header,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class InjectedResetError(Exception):
    """The client is to find its connection reset."""


class Fault:
    """What a line does to what passes; this one does nothing."""

    def filter_request(self, request: bytes) -> bytes:
        """Return what the directory is asked when the client sends a request."""
        return request

    def filter_response(self, response: bytes) -> Iterable[bytes] | None:
        """Return what the client hears of an answer, at intervals; None for nothing any more.

        An EOFError ends the connection as if there were no more to say, a ResetError abruptly.
        """
        return [response]


class _FaultAt(Fault):
    """A fault of the answer with a tag, the first one or a later one."""

    def __init__(self, tag: int, occurrence: int = 1) -> None:
        self._tag = tag
        self._remaining = occurrence

    def filter_response(self, response: bytes) -> Iterable[bytes] | None:
        self._remaining -= parse_operation_tag(response) == self._tag
        return [response] if self._remaining else self.inject(response)

    def inject(self, response: bytes) -> Iterable[bytes] | None:
        raise NotImplementedError


class NoResponse(_FaultAt):
    """The answer does not come, nor anything after it."""

    def inject(self, response: bytes) -> None:
        return None


class NoFurtherResponses(_FaultAt):
    """The answer comes, and nothing after it, whatever the client says."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        return itertools.chain([response], itertools.repeat(b""))


class EndlessResponse(_FaultAt):
    """The answer comes byte by byte, and never to its end."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        # A message of sixteen megabytes, as its length says.
        return itertools.chain([b"\x30\x83\xff\xff\xf0"], itertools.repeat(b"\0"))


class OversizedResponse(_FaultAt):
    """The answer is said to be larger than any memory."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        return [b"\x30\x84\xff\xff\xff\xff", response]


class CloseConnection(_FaultAt):
    """The connection is closed in the place of the answer."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        raise EOFError


class ResetConnection(_FaultAt):
    """The connection is reset in the place of the answer."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        raise InjectedResetError


class TruncatedResponse(_FaultAt):
    """One half of the answer comes, and then the connection is closed."""

    def inject(self, response: bytes) -> Iterable[bytes]:
        yield response[: len(response) // 2]
        raise EOFError


class ErrorResult(_FaultAt):
    """The answer says that it did not go well.

    :param code: a result code (RFC 4511, appendix A).
    """

    def __init__(self, code: int, tag: int, occurrence: int = 1) -> None:
        super().__init__(tag, occurrence)
        self._code = code

    def inject(self, response: bytes) -> Iterable[bytes]:
        # The code is the first element of the operation (RFC 4511, 4.1.9): an ENUMERATED of one byte.
        return [response.replace(b"\x0a\x01\x00", bytes((0x0A, 0x01, self._code)), 1)]


class NoPagedResults(Fault):
    """The directory hears of no controls, and so of no pages; none of them was critical."""

    def filter_request(self, request: bytes) -> bytes:
        message_id = parse_message_id(request)
        # The controls follow the operation (RFC 4511, 4.1.1).
        return build_message(message_id, first_element(strip_header(request)[len(message_id) :]))


class RepeatedPage(Fault):
    """The directory is asked for the first page each time, and gives it with the same cookie."""

    def __init__(self) -> None:
        self._first_request: bytes | None = None

    def filter_request(self, request: bytes) -> bytes:
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
