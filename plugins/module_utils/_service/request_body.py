# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies of HTTP requests: the roster itself, or a form that contains it.

Forms are encoded as multipart/form-data (RFC 7578). Bodies are read in chunks, so that a large
roster does not require much memory.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from typing import BinaryIO

from .._errors import InputError
from .endpoint import RAW, BodyFormat

CHUNK_SIZE = 256 << 10
"""Number of bytes to read and send at a time.

Larger chunks are not faster; smaller ones are slower.
"""

_UNSAFE = re.compile('["\\\\\x00-\x1f\x7f\ud800-\udfff]')


def check_form_name(name: str) -> None:
    """Check that a name can be used in a multipart form.

    :param name: name of a form field or of a file.
    :raises InputError: if the name is not allowed in a Content-Disposition header.
    """
    if not name or _UNSAFE.search(name):
        raise InputError(
            f"Cannot use {name!r} in a form",
            "it is empty or contains double quotes, backslashes or control characters",
            "Correct this name in O(field_name), O(form_fields), O(secrets) or O(profile)",
        )


class TruncatedFileError(Exception):
    """The file to send became shorter while it was being sent.

    :param missing: number of missing bytes.
    """

    def __init__(self, missing: int) -> None:
        self.missing = missing
        super().__init__(missing)


class FileContent:
    """The bytes of a file to send, as an iterable of chunks.

    Each iteration starts from the beginning.

    :param file: the file, open for reading. Other code must not read from it at the same time.
    :param size: number of bytes to send.
    :param start: position of the first byte to send.
    :raises TruncatedFileError: during iteration, if the file ends before `size` bytes were read.
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
                # The Content-Length header has already been sent. The exception closes the
                # connection, so that the service does not accept an incomplete roster.
                raise TruncatedFileError(remaining)
            remaining -= len(chunk)
            yield chunk


class RequestBody:
    """The body of an upload request, as an iterable of chunks.

    Each iteration starts from the beginning.

    :param body_format: format of the body.
    :param file_name: name of the file in a form.
    :param content: content of the file.
    :param on_chunk: function to call before each chunk and after the last one.
    :ivar content_type: value of the request's Content-Type header.
    :ivar started: whether the first chunk has been requested.
    :ivar finished: whether the last chunk has been sent.
    :raises InputError: if a name is not allowed in a form.
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
        self.started = self.finished = False
        if body_format.kind != RAW:
            # The boundary is random, so that it does not occur in the file by chance.
            boundary = secrets.token_hex(16)
            self._prefix = _form_head(boundary, body_format, file_name)
            self._suffix = f"\r\n--{boundary}--\r\n".encode("ascii")
            self.content_type = f"multipart/form-data; boundary={boundary}"

    def __len__(self) -> int:
        """Return the number of bytes, for the Content-Length header."""
        return len(self._prefix) + self._content.size + len(self._suffix)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks():
            self._on_chunk()
            self.started = True
            yield chunk
        self._on_chunk()
        self.finished = True

    def _chunks(self) -> Iterator[bytes]:
        if self._prefix:
            yield self._prefix
        yield from self._content
        if self._suffix:
            yield self._suffix


def _form_head(boundary: str, body_format: BodyFormat, file_name: str) -> bytes:
    """Return everything that precedes the content of the file in a multipart form."""
    field_names = [name for name, _value in body_format.form_fields]
    for name in (*field_names, body_format.field_name, file_name):
        check_form_name(name)
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in body_format.form_fields
    )
    disposition = f'form-data; name="{body_format.field_name}"; filename="{file_name}"'
    return (
        f"{fields}--{boundary}\r\n"
        f"Content-Disposition: {disposition}\r\n"
        f"Content-Type: {body_format.content_type}\r\n\r\n"
    ).encode()
