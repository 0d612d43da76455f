# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies of HTTP responses, decoded and read up to a size limit."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterable
from typing import NamedTuple

MAX_CONTENT = 16 << 20
"""Maximum number of decoded bytes to read. This is enough for 100,000 row errors."""

# Names of charsets, as opposed to Python's other codecs, such as idna, punycode and unicode_escape.
_CHARSET_NAME = re.compile(
    r"(?:utf|us-?ascii|ascii|iso|latin|windows|cp|koi8|euc|gb|big5|shift|mac)[a-z0-9_:.-]{0,30}"
)


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
    (RFC 9110, 8.4.1). Others set the header to a charset, which has no meaning there and is ignored.

    :param chunks: the body as received from the network.
    :param encoding: value of the Content-Encoding header; empty if there is none.
    """
    codings = [name for name in encoding.lower().replace(" ", "").split(",") if name]
    codings = [
        name for name in codings if name not in ("identity", "binary") and not is_charset(name)
    ]
    if not codings:
        return _read_identity(chunks)
    if codings in (["gzip"], ["x-gzip"], ["deflate"]):
        return _read_compressed(chunks, is_deflate=codings == ["deflate"])
    return ResponseBody(b"", "its Content-Encoding is not supported")


def is_charset(name: str) -> bool:
    """Return whether a name in lowercase is that of a charset that can be decoded."""
    if not _CHARSET_NAME.fullmatch(name):
        return False
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _read_identity(chunks: Iterable[bytes]) -> ResponseBody:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > MAX_CONTENT:
            return _truncate(content)
    return ResponseBody(bytes(content))


def _read_compressed(chunks: Iterable[bytes], *, is_deflate: bool) -> ResponseBody:
    decompressor = None
    content = bytearray()
    try:
        for chunk in chunks:
            if decompressor is None and chunk:
                decompressor = zlib.decompressobj(_window_bits(chunk, is_deflate))
            if decompressor is None:
                continue
            content += decompressor.decompress(chunk, MAX_CONTENT + 1 - len(content))
            if len(content) > MAX_CONTENT:
                return _truncate(content)
            if decompressor.eof:
                break
    except zlib.error:
        return ResponseBody(b"", "its content does not match its Content-Encoding")
    if decompressor is None or not decompressor.eof:
        return ResponseBody(b"", "its compressed content is incomplete")
    return ResponseBody(bytes(content))


def _window_bits(start: bytes, is_deflate: bool) -> int:
    """Return the window size argument for zlib, which depends on the format that the first byte indicates.

    A zlib stream starts with the compression method 8 in the low four bits (RFC 1950, 2.2) and a gzip
    stream with 31 (RFC 1952, 2.3.1). Some servers send deflate without zlib's header (RFC 9110, 8.4.1.2).
    Such a stream does not start with 31, which is a block of the reserved type, or with 8, which is an
    uncompressed block after a bit of padding that is not zero (RFC 1951, 3.2.3 and 3.2.4).
    """
    if is_deflate and start[0] & 0x0F != 8 and start[0] != 31:
        return -zlib.MAX_WBITS
    # The added 32 makes zlib detect the format, gzip or zlib.
    return 32 + zlib.MAX_WBITS


def _truncate(content: bytearray) -> ResponseBody:
    return ResponseBody(bytes(content[:MAX_CONTENT]), f"it is longer than {MAX_CONTENT >> 20} MiB")
