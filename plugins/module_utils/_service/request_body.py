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

CHUNK_SIZE = 256 << 10
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


class TruncatedFileError(Exception):
    """A file became shorter while it was sent.

    :param missing: number of bytes that it lacks.
    """

    def __init__(self, missing: int) -> None:
        self.missing = missing
        super().__init__(missing)


class FileContent:
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
        remaining = self.size
        while remaining:
            chunk = self._file.read(min(CHUNK_SIZE, remaining))
            if not chunk:
                # A length has been promised: the connection must break, for the service not to take the half.
                raise TruncatedFileError(remaining)
            remaining -= len(chunk)
            yield chunk


class RequestBody:
    """What an HTTP client sends and never holds whole: iterable, from its beginning each time.

    :param file_name: what the file is called in a form.
    :param on_chunk: called before each piece is handed out.
    :ivar content_type: value of the request's Content-Type header.
    :ivar started: whether any of it has been handed out.
    :raises InputError: when a name cannot stand in a form.
    """

    def __init__(
        self,
        body_format: BodyFormat,
        file_name: str,
        content: FileContent,
        on_chunk: Callable[[], object] = lambda: None,
    ) -> None:
        self._on_chunk = on_chunk
        self._content = content
        self._prefix = self._suffix = b""
        self.content_type = body_format.content_type
        self.started = False
        if body_format.kind != RAW:
            # Random, so that no file can hold it.
            boundary = secrets.token_hex(16)
            self._prefix = _form_head(boundary, body_format, file_name)
            self._suffix = f"\r\n--{boundary}--\r\n".encode("ascii")
            self.content_type = f"multipart/form-data; boundary={boundary}"

    def __len__(self) -> int:
        """The body's number of bytes, for Content-Length."""
        return len(self._prefix) + self._content.size + len(self._suffix)

    def __iter__(self) -> Iterator[bytes]:
        for part in (io.BytesIO(self._prefix), self._content, io.BytesIO(self._suffix)):
            for chunk in _chunks(part):
                self._on_chunk()
                self.started = True
                yield chunk
        self._on_chunk()


def _chunks(part: io.BytesIO | FileContent) -> Iterator[bytes]:
    if isinstance(part, FileContent):
        yield from part
    elif text := part.getvalue():
        yield text


def _form_head(boundary: str, body_format: BodyFormat, file_name: str) -> bytes:
    for name in (
        *(name for name, _value in body_format.form_fields),
        body_format.field_name,
        file_name,
    ):
        check_form_name(name)
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in body_format.form_fields
    )
    return (
        f"{fields}--{boundary}\r\n"
        f'Content-Disposition: form-data; name="{body_format.field_name}"; filename="{file_name}"\r\n'
        f"Content-Type: {body_format.content_type}\r\n\r\n"
    ).encode()
