# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies of HTTP responses, decoded and read up to a size limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import NamedTuple

MAX_CONTENT = 16 << 20
"""Maximum number of decoded bytes to read. This is enough for 100,000 row errors."""


class ResponseBody(NamedTuple):
    """The content of a response.

    :ivar content: the decoded content, or its beginning.
    :ivar problem: the reason why the content is incomplete or cannot be decoded; empty if the content
        is complete.
    """

    content: bytes
    problem: str = ""


INCOMPLETE_BODY = ResponseBody(b"", "it is incomplete")
"""The body of a response that was interrupted."""


def read_body(chunks: Iterable[bytes], encoding: str) -> ResponseBody:
    """Read and decode the body of a response.

    The request asks for an unencoded response, but some servers use gzip or deflate nevertheless
    (RFC 9110, 8.4.1).

    :param chunks: the body as received from the network.
    :param encoding: value of the Content-Encoding header; empty if there is none.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return _read_identity(chunks)
    if encoding in ("gzip", "x-gzip", "deflate"):
        return _read_compressed(chunks)
    return ResponseBody(b"", "its Content-Encoding is not supported")


def _read_identity(chunks: Iterable[bytes]) -> ResponseBody:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > MAX_CONTENT:
            return _truncate(content)
    return ResponseBody(bytes(content))


def _read_compressed(chunks: Iterable[bytes]) -> ResponseBody:
    # The added 32 makes zlib detect the format, gzip or zlib, from the first bytes.
    decompressor = zlib.decompressobj(32 + zlib.MAX_WBITS)
    content = bytearray()
    try:
        for chunk in chunks:
            content += decompressor.decompress(chunk, MAX_CONTENT + 1 - len(content))
            if len(content) > MAX_CONTENT:
                return _truncate(content)
            if decompressor.eof:
                break
    except zlib.error:
        return ResponseBody(b"", "its content does not match its Content-Encoding")
    if not decompressor.eof:
        return ResponseBody(b"", "its compressed content is incomplete")
    return ResponseBody(bytes(content))


def _truncate(content: bytearray) -> ResponseBody:
    return ResponseBody(bytes(content[:MAX_CONTENT]), f"it is longer than {MAX_CONTENT >> 20} MiB")
