# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A multipart/form-data body (RFC 7578) with one file in it, read piece by piece."""

from __future__ import annotations

import io
import re
import secrets
from typing import BinaryIO

from .._errors import InputError

_UNSAFE = re.compile('["\\\\\x00-\x1f\x7f]')


class MultipartFile:
    """One form field that holds a file, as a body that an HTTP client reads and never holds whole.

    :param field_name: name of the form field.
    :param file_name: what the file is called in the form.
    :param content: the file; read from its beginning to its end.
    :param size: its number of bytes.
    :ivar content_type: value of the request's Content-Type header.
    :raises InputError: when a name cannot stand in a header.
    """

    def __init__(self, field_name: str, file_name: str, content: BinaryIO, size: int) -> None:
        for name in (field_name, file_name):
            if not name or _UNSAFE.search(name):
                raise InputError(
                    f"Cannot use {name!r} in a form",
                    "it is empty or holds quotes or control characters",
                )
        # Random, so that no file can hold it.
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        head = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{field_name}"; filename="{file_name}"\r\n'
            "Content-Type: text/csv; charset=utf-8\r\n\r\n"
        ).encode()
        tail = f"\r\n--{boundary}--\r\n".encode("ascii")
        self._parts: list[BinaryIO] = [io.BytesIO(head), content, io.BytesIO(tail)]
        self._length = len(head) + size + len(tail)

    def __len__(self) -> int:
        """The body's number of bytes, for Content-Length."""
        return self._length

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the body, at most `size` of them; empty at its end."""
        if size is None or size < 0:
            return b"".join(part.read() for part in self._parts)
        while self._parts:
            piece = self._parts[0].read(size)
            if piece:
                return piece
            self._parts.pop(0)
        return b""
