# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An answer's body: whole, cut, endless, packed, and packed to burst."""

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
NOT_PACKED = "it is not packed as its Content-Encoding says"


def _bytes(data: bytes) -> Iterable[bytes]:
    return (data[place : place + 1] for place in range(len(data)))


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_what_is_not_packed_is_read_as_it_is(encoding: str) -> None:
    assert read_body(_bytes(TEXT), encoding) == ResponseBody(TEXT)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("GZIP", gzip.compress(TEXT, mtime=0)),
        ("x-gzip", gzip.compress(TEXT, mtime=0) + b"and more"),
        ("deflate", zlib.compress(TEXT)),
    ],
)
def test_what_is_packed_is_unpacked(encoding: str, packed: bytes) -> None:
    assert read_body(_bytes(packed), encoding) == ResponseBody(TEXT)
    assert read_body([packed], encoding) == ResponseBody(TEXT)


@pytest.mark.parametrize(
    ("encoding", "data", "problem"),
    [
        ("gzip", TEXT, NOT_PACKED),
        ("deflate", TEXT, NOT_PACKED),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-9], "its packed content has no end"),
        ("gzip", b"", "its packed content has no end"),
        ("br", TEXT, "it is in an encoding that was not asked for"),
        ("gzip, gzip", TEXT, "it is in an encoding that was not asked for"),
    ],
)
def test_what_cannot_be_unpacked_is_told(encoding: str, data: bytes, problem: str) -> None:
    assert read_body([data], encoding) == ResponseBody(b"", problem)


@pytest.mark.parametrize("size", [MAX_CONTENT, MAX_CONTENT + 1])
def test_where_the_limit_is(size: int) -> None:
    data = b"\0" * size
    for encoding, pieces in (("", [data]), ("gzip", [gzip.compress(data, 1)])):
        reading = read_body(pieces, encoding)
        assert (len(reading.content), reading.problem) == (
            MAX_CONTENT,
            "" if size == MAX_CONTENT else TOO_LONG,
        )


def test_an_endless_answer_is_left() -> None:
    pieces = itertools.count()
    reading = read_body((b"x" * (1 << 20) for _piece in pieces), "")
    assert (len(reading.content), reading.problem) == (MAX_CONTENT, TOO_LONG)
    assert next(pieces) == 17


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * (64 << 20))
    reading = read_body([bomb], "gzip")
    assert (len(reading.content), reading.problem) == (MAX_CONTENT, TOO_LONG)
