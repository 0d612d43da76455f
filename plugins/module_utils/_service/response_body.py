# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies of HTTP responses, decoded and read up to a size limit."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterable
from typing import Any, NamedTuple

MAX_CONTENT = 16 << 20
"""Maximum number of decoded bytes to read. This is enough for 100,000 row errors."""

# Names of charsets, as opposed to Python's other codecs, such as idna, punycode and unicode_escape.
_CHARSET_NAME = re.compile(
    r"(?:utf|us-?ascii|ascii|iso|latin|windows|cp|koi8|euc|gb|big5|shift|mac)[a-z0-9_:.-]{0,30}"
)

# Values of the Content-Encoding header with which servers say that there is no encoding.
_NOT_ENCODED = frozenset({"identity", "binary", "none", "7bit", "8bit"})
# First byte of a gzip stream (RFC 1952, 2.3.1).
_GZIP_START = 31


class ResponseBody(NamedTuple):
    """The content of a response.

    :ivar content: the decoded content; only its beginning if it is too long; empty if there is another problem.
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
    codings = [name for name in codings if name not in _NOT_ENCODED and not is_charset(name)]
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
    decompressor = _Decompressor(is_deflate)
    content = bytearray()
    try:
        for chunk in chunks:
            content += decompressor.decompress(chunk, MAX_CONTENT + 1 - len(content))
            if len(content) > MAX_CONTENT:
                return _truncate(content)
    except zlib.error:
        return ResponseBody(b"", "its content does not match its Content-Encoding")
    if not decompressor.is_complete:
        return ResponseBody(b"", "its compressed content is incomplete")
    return ResponseBody(bytes(content))


class _Decompressor:
    """A decompressor for gzip, which can consist of several streams (RFC 1952, 2.2), and for deflate.

    Other data after a stream is ignored.
    """

    def __init__(self, is_deflate: bool) -> None:
        self._is_deflate = is_deflate
        self._stream: Any = None

    @property
    def is_complete(self) -> bool:
        """Whether the last stream is complete."""
        return self._stream is not None and self._stream.eof

    def decompress(self, data: bytes, limit: int) -> bytes:
        """Return the decompressed data, at most `limit` bytes.

        :raises zlib.error: if the data is not in the expected format.
        """
        content = b""
        while data and len(content) < limit:
            if self._stream is None or (self.is_complete and data[0] == _GZIP_START):
                self._stream = zlib.decompressobj(_window_bits(data, self._is_deflate))
            if self.is_complete:
                break
            content += self._stream.decompress(data, limit - len(content))
            data = self._stream.unused_data
        return content


def _window_bits(start: bytes, is_deflate: bool) -> int:
    """Return the window size argument for zlib, which depends on the format that the first byte indicates.

    A zlib stream starts with the compression method 8 in the low four bits (RFC 1950, 2.2) and a gzip
    stream with 31. Some servers send deflate without zlib's header (RFC 9110, 8.4.1.2).
    Such a stream starts neither with 31, which would be a block of the reserved type, nor with 8 in the low
    four bits, which would be an uncompressed block whose padding is not zero (RFC 1951, 3.2.3 and 3.2.4).
    """
    if is_deflate and start[0] & 0x0F != 8 and start[0] != _GZIP_START:
        return -zlib.MAX_WBITS
    # The added 32 makes zlib detect the format, gzip or zlib.
    return 32 + zlib.MAX_WBITS


def _truncate(content: bytearray) -> ResponseBody:
    return ResponseBody(bytes(content[:MAX_CONTENT]), f"it is longer than {MAX_CONTENT >> 20} MiB")
