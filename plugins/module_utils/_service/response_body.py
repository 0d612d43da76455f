# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An answer's body: read to its end or to a limit, whatever its encoding claims."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import NamedTuple

MAX_CONTENT = 16 << 20
"""Bytes of an answer that are read, decoded; the rest is left. It holds 100,000 row errors."""


class ResponseBody(NamedTuple):
    """What was read.

    :ivar problem: why it is not the whole answer; empty when it is.
    """

    content: bytes
    problem: str = ""


def read_body(chunks: Iterable[bytes], encoding: str) -> ResponseBody:
    """Read an answer's body.

    Encodings are not asked for, but some servers use gzip and deflate all the same (RFC 9110, 8.4.1).

    :param chunks: the body as it comes over the wire.
    :param encoding: the answer's Content-Encoding header; empty for none.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return _read_identity(chunks)
    if encoding in ("gzip", "x-gzip", "deflate"):
        return _read_compressed(chunks)
    return ResponseBody(b"", "it is in an encoding that was not asked for")


def _read_identity(chunks: Iterable[bytes]) -> ResponseBody:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_CONTENT:
            return _truncate(body)
    return ResponseBody(bytes(body))


def _read_compressed(chunks: Iterable[bytes]) -> ResponseBody:
    # 32: the format, gzip or zlib, shows in its first bytes.
    decompressor = zlib.decompressobj(32 + zlib.MAX_WBITS)
    body = bytearray()
    try:
        for chunk in chunks:
            body += decompressor.decompress(chunk, MAX_CONTENT + 1 - len(body))
            if len(body) > MAX_CONTENT:
                return _truncate(body)
            if decompressor.eof:
                break
    except zlib.error:
        return ResponseBody(b"", "it is not packed as its Content-Encoding says")
    if not decompressor.eof:
        return ResponseBody(b"", "its packed content has no end")
    return ResponseBody(bytes(body))


def _truncate(body: bytearray) -> ResponseBody:
    return ResponseBody(bytes(body[:MAX_CONTENT]), f"it is longer than {MAX_CONTENT >> 20} MiB")
