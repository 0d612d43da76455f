# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request's body: the roster as it is, or in a form (multipart/form-data, RFC 7578), piece by piece."""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Callable, Iterator
from typing import BinaryIO

from .._errors import InputError
from .endpoint import RAW, BodyFormat

PIECE = 256 << 10
"""Bytes that are read and handed on at a time; larger pieces are not faster, smaller ones are slower."""

_UNSAFE = re.compile('["\\\\\x00-\x1f\x7f\ud800-\udfff]')


def check_form_name(name: str) -> None:
    """Check what a field or a file is to be called in a form.

    :raises InputError: when the name cannot stand in a header.
    """
    if not name or _UNSAFE.search(name):
        raise InputError(
            f"Cannot use {name!r} in a form", "it is empty or holds quotes or control characters"
        )


class ShrunkError(Exception):
    """A file became shorter while it was sent.

    :param missing: number of bytes that it lacks.
    """

    def __init__(self, missing: int) -> None:
        self.missing = missing
        super().__init__(missing)


class Content:
    """A file to send, or the part of it that counts. It is read from its beginning as often as needed.

    :param file: open for reading, at any place; nothing else may read it meanwhile.
    :param size: number of bytes to send.
    :param start: where they begin in the file.
    :raises ShrunkError: from its iterator, when the file ends before that.
    """

    def __init__(self, file: BinaryIO, size: int, start: int = 0) -> None:
        self._file = file
        self._start = start
        self.size = size

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(self._start)
        left = self.size
        while left:
            piece = self._file.read(min(PIECE, left))
            if not piece:
                # A length has been promised: the connection must break, for the service not to take the half.
                raise ShrunkError(left)
            left -= len(piece)
            yield piece


class Body:
    """What an HTTP client sends and never holds whole: iterable, from its beginning each time.

    :param file_name: what the file is called in a form.
    :param on_piece: called before each piece is handed out.
    :ivar content_type: value of the request's Content-Type header.
    :ivar started: whether any of it has been handed out.
    :raises InputError: when a name cannot stand in a form.
    """

    def __init__(
        self,
        shape: BodyFormat,
        file_name: str,
        content: Content,
        on_piece: Callable[[], object] = lambda: None,
    ) -> None:
        self._on_piece = on_piece
        self._content = content
        self._head = self._tail = b""
        self.content_type = shape.content_type
        self.started = False
        if shape.kind != RAW:
            # Random, so that no file can hold it.
            boundary = secrets.token_hex(16)
            self._head = _head(boundary, shape, file_name)
            self._tail = f"\r\n--{boundary}--\r\n".encode("ascii")
            self.content_type = f"multipart/form-data; boundary={boundary}"

    def __len__(self) -> int:
        """The body's number of bytes, for Content-Length."""
        return len(self._head) + self._content.size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        for part in (io.BytesIO(self._head), self._content, io.BytesIO(self._tail)):
            for piece in _pieces(part):
                self._on_piece()
                self.started = True
                yield piece
        self._on_piece()


def _pieces(part: io.BytesIO | Content) -> Iterator[bytes]:
    if isinstance(part, Content):
        yield from part
    elif text := part.getvalue():
        yield text


def _head(boundary: str, shape: BodyFormat, file_name: str) -> bytes:
    for name in (*(name for name, _value in shape.form_fields), shape.field_name, file_name):
        check_form_name(name)
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in shape.form_fields
    )
    return (
        f"{fields}--{boundary}\r\n"
        f'Content-Disposition: form-data; name="{shape.field_name}"; filename="{file_name}"\r\n'
        f"Content-Type: {shape.content_type}\r\n\r\n"
    ).encode()
