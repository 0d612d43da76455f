# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be wrong with a directory's answers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tests.integration.support.ldap_messages import (
    SEARCH,
    content_of,
    first_of,
    make_message,
    number_of,
    tag_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class ResetError(Exception):
    """The client is to find its connection reset."""


class Fault:
    """What a line does to what passes; this one does nothing."""

    def ask(self, request: bytes) -> bytes:
        """Return what the directory is asked when the client sends a request."""
        return request

    def say(self, answer: bytes) -> Iterable[bytes] | None:
        """Return what the client hears of an answer, at intervals; None for nothing any more.

        An EOFError ends the connection as if there were no more to say, a ResetError abruptly.
        """
        return [answer]


class _At(Fault):
    """A fault of the answer with a tag, the first one or a later one."""

    def __init__(self, tag: int, number: int = 1) -> None:
        self._tag = tag
        self._left = number

    def say(self, answer: bytes) -> Iterable[bytes] | None:
        self._left -= tag_of(answer) == self._tag
        return [answer] if self._left else self.spoil(answer)

    def spoil(self, answer: bytes) -> Iterable[bytes] | None:
        raise NotImplementedError


class Silence(_At):
    """The answer does not come, nor anything after it."""

    def spoil(self, answer: bytes) -> None:
        return None


class LastWord(_At):
    """The answer comes, and nothing after it, whatever the client says."""

    def spoil(self, answer: bytes) -> Iterable[bytes]:
        return itertools.chain([answer], itertools.repeat(b""))


class Trickle(_At):
    """The answer comes byte by byte, and never to its end."""

    def spoil(self, answer: bytes) -> Iterable[bytes]:
        # A message of sixteen megabytes, as its length says.
        return itertools.chain([b"\x30\x83\xff\xff\xf0"], itertools.repeat(b"\0"))


class Flood(_At):
    """The answer is said to be larger than any memory."""

    def spoil(self, answer: bytes) -> Iterable[bytes]:
        return [b"\x30\x84\xff\xff\xff\xff", answer]


class HangUp(_At):
    """The connection is closed in the place of the answer."""

    def spoil(self, answer: bytes) -> Iterable[bytes]:
        raise EOFError


class Reset(_At):
    """The connection is reset in the place of the answer."""

    def spoil(self, answer: bytes) -> Iterable[bytes]:
        raise ResetError


class Half(_At):
    """One half of the answer comes, and then the connection is closed."""

    def spoil(self, answer: bytes) -> Iterable[bytes]:
        yield answer[: len(answer) // 2]
        raise EOFError


class Result(_At):
    """The answer says that it did not go well.

    :param code: a result code (RFC 4511, appendix A).
    """

    def __init__(self, code: int, tag: int, number: int = 1) -> None:
        super().__init__(tag, number)
        self._code = code

    def spoil(self, answer: bytes) -> Iterable[bytes]:
        # The code is the first element of the operation (RFC 4511, 4.1.9): an ENUMERATED of one byte.
        return [answer.replace(b"\x0a\x01\x00", bytes((0x0A, 0x01, self._code)), 1)]


class NoPages(Fault):
    """The directory hears of no controls, and so of no pages; none of them was critical."""

    def ask(self, request: bytes) -> bytes:
        number = number_of(request)
        # The controls follow the operation (RFC 4511, 4.1.1).
        return make_message(number, first_of(content_of(request)[len(number) :]))


class SamePage(Fault):
    """The directory is asked for the first page each time, and gives it with the same cookie."""

    def __init__(self) -> None:
        self._first: bytes | None = None

    def ask(self, request: bytes) -> bytes:
        # The search of the root DSE is not paged.
        if tag_of(request) != SEARCH or b"1.2.840.113556.1.4.319" not in request:
            return request
        self._first = self._first or request
        return make_message(
            number_of(request), content_of(self._first)[len(number_of(self._first)) :]
        )
