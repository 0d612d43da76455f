# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The body of an upload, byte by byte."""

from __future__ import annotations

import io

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.multipart import (
    MultipartFile,
)
from hypothesis import given
from hypothesis import strategies as st


def _file(content: bytes) -> MultipartFile:
    return MultipartFile("file", "a.csv", io.BytesIO(content), len(content))


def _expected(body: MultipartFile, content: bytes) -> bytes:
    kind, _separator, boundary = body.content_type.partition("; boundary=")
    assert kind == "multipart/form-data"
    return (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n'
        "Content-Type: text/csv; charset=utf-8\r\n"
        "\r\n"
    ).encode() + (content + f"\r\n--{boundary}--\r\n".encode())


@given(st.binary(max_size=300), st.lists(st.integers(1, 200), min_size=1))
def test_pieces_of_any_size_make_the_same_body(content: bytes, sizes: list[int]) -> None:
    body = _file(content)
    whole = b""
    turn = 0
    while piece := body.read(sizes[turn % len(sizes)]):
        assert len(piece) <= sizes[turn % len(sizes)]
        whole += piece
        turn += 1
    assert whole == _expected(body, content)
    assert len(body) == len(whole)
    assert body.read(1) == b""


def test_all_of_it_can_be_read_at_once() -> None:
    body = _file(b"A\r\n")
    assert body.read() == _expected(body, b"A\r\n")
    assert body.read() == b""
    body = _file(b"A\r\n")
    assert body.read(None) == _expected(body, b"A\r\n")  # type: ignore[arg-type]  # as file objects permit


def test_each_boundary_is_another() -> None:
    boundaries = {_file(b"").content_type for _body in range(5)}
    assert len(boundaries) == 5
    assert min(map(len, boundaries)) == len("multipart/form-data; boundary=") + 32


def test_names_may_hold_letters_of_any_alphabet() -> None:
    body = MultipartFile("félt", "Å b'.csv", io.BytesIO(b""), 0)
    assert b'name="f\xc3\xa9lt"; filename="\xc3\x85 b\'.csv"' in body.read()


@pytest.mark.parametrize("name", ["", 'a"b', "a\\b", "a\r\nb", "a\x00", "a\x7f", "\x1f"])
def test_names_that_could_end_the_header_are_refused(name: str) -> None:
    message = f"Cannot use {name!r} in a form: it is empty or holds quotes or control characters."
    for names in ((name, "a.csv"), ("file", name)):
        with pytest.raises(InputError) as caught:
            MultipartFile(*names, io.BytesIO(b""), 0)
        assert str(caught.value) == message
