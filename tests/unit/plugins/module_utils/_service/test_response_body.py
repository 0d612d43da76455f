# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of response bodies: complete, incomplete, too long, and compressed."""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Iterable

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.response_body import (
    MAX_CONTENT,
    ResponseBody,
    read_body,
)

TEXT = b'{"counts": {}}'
TOO_LONG = "it is longer than 16 MiB"
MISMATCH = "its content does not match its Content-Encoding"
INCOMPLETE = "its compressed content is incomplete"
UNSUPPORTED = "its Content-Encoding is not supported"


def _compress_without_header(data: bytes, level: int) -> bytes:
    """Compress data with deflate, but without the zlib header, as some servers do."""
    compressor = zlib.compressobj(level, wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def _single_bytes(data: bytes) -> Iterable[bytes]:
    return (data[index : index + 1] for index in range(len(data)))


# Some servers specify a charset in Content-Encoding.
@pytest.mark.parametrize(
    "encoding",
    [
        "",
        "identity",
        " Identity ",
        "utf-8",
        "UTF-8",
        "ISO-8859-1",
        "windows-1252",
        "utf-8, identity",
        "none",
        "8bit",
    ],
)
def test_uncompressed_content_is_read_unchanged(encoding: str) -> None:
    assert read_body(_single_bytes(TEXT), encoding) == ResponseBody(TEXT)


@pytest.mark.parametrize(
    ("encoding", "compressed"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("GZIP", gzip.compress(TEXT, mtime=0)),
        ("x-gzip", gzip.compress(TEXT, mtime=0) + b"and more"),
        ("gzip, utf-8", gzip.compress(TEXT, mtime=0)),
        ("gzip", gzip.compress(TEXT[:5], mtime=0) + gzip.compress(TEXT[5:], mtime=0)),
        ("gzip", gzip.compress(b"", mtime=0) + gzip.compress(TEXT, mtime=0) + b"and more"),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", zlib.compress(TEXT, 0)),
        ("deflate", _compress_without_header(TEXT, 9)),
        ("deflate", _compress_without_header(TEXT, 0)),
        ("deflate", gzip.compress(TEXT, mtime=0)),
    ],
)
def test_compressed_content_is_decompressed(encoding: str, compressed: bytes) -> None:
    assert read_body(_single_bytes(compressed), encoding) == ResponseBody(TEXT)
    assert read_body([compressed], encoding) == ResponseBody(TEXT)


@pytest.mark.parametrize(
    ("encoding", "data", "problem"),
    [
        ("gzip", TEXT, MISMATCH),
        ("deflate", TEXT, MISMATCH),
        ("gzip", _compress_without_header(TEXT, 9), MISMATCH),
        ("deflate", _compress_without_header(TEXT, 9)[:-2], INCOMPLETE),
        ("deflate", b"", INCOMPLETE),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-9], INCOMPLETE),
        ("gzip", gzip.compress(TEXT, mtime=0) + gzip.compress(TEXT, mtime=0)[:-9], INCOMPLETE),
        ("gzip", b"", INCOMPLETE),
        ("br", TEXT, UNSUPPORTED),
        ("idna", TEXT, UNSUPPORTED),
        ("utf-99", TEXT, UNSUPPORTED),
        ("gzip, gzip", TEXT, UNSUPPORTED),
    ],
)
def test_content_that_cannot_be_decompressed_is_reported(
    encoding: str, data: bytes, problem: str
) -> None:
    assert read_body([data], encoding) == ResponseBody(b"", problem)


@pytest.mark.parametrize("size", [MAX_CONTENT, MAX_CONTENT + 1])
def test_length_of_the_content_is_limited(size: int) -> None:
    data = b"\0" * size
    for encoding, chunks in (("", [data]), ("gzip", [gzip.compress(data, 1)])):
        body = read_body(chunks, encoding)
        assert (len(body.content), body.problem) == (
            MAX_CONTENT,
            "" if size == MAX_CONTENT else TOO_LONG,
        )


def test_endless_response_is_truncated() -> None:
    numbers = itertools.count()
    body = read_body((b"x" * (1 << 20) for _number in numbers), "")
    assert (len(body.content), body.problem) == (MAX_CONTENT, TOO_LONG)
    assert next(numbers) == 17


def test_decompression_bomb_is_truncated() -> None:
    bomb = gzip.compress(b"\0" * (64 << 20))
    body = read_body([bomb], "gzip")
    assert (len(body.content), body.problem) == (MAX_CONTENT, TOO_LONG)
