# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of request bodies: forms and raw bodies, which are read in chunks."""

from __future__ import annotations

import io

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    BodyFormat,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.request_body import (
    CHUNK_SIZE,
    FileContent,
    RequestBody,
    TruncatedFileError,
)
from hypothesis import given
from hypothesis import strategies as st

FORM = BodyFormat()
FIELDS = (("mode", "replace"), ("félt", "Å\r\n--x"))


def _body(content: bytes, body_format: BodyFormat = FORM, file_name: str = "a.csv") -> RequestBody:
    return RequestBody(body_format, file_name, FileContent(io.BytesIO(content), len(content)))


def _expected(body: RequestBody, content: bytes) -> bytes:
    kind, _separator, boundary = body.content_type.partition("; boundary=")
    assert kind == "multipart/form-data"
    return (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n'
        "Content-Type: text/csv; charset=utf-8\r\n"
        "\r\n"
    ).encode() + (content + f"\r\n--{boundary}--\r\n".encode())


@given(st.binary(max_size=300))
def test_form_is_the_same_on_each_iteration(content: bytes) -> None:
    body = _body(content)
    for _attempt in range(2):
        assert b"".join(body) == _expected(body, content)
        assert len(body) == len(_expected(body, content))


def test_raw_body_is_the_unchanged_file() -> None:
    body = _body(b"A\r\n1\r\n", BodyFormat(kind="raw", content_type="text/plain; charset=utf-8"))
    assert (b"".join(body), len(body)) == (b"A\r\n1\r\n", 6)
    assert body.content_type == "text/plain; charset=utf-8"


def test_other_fields_precede_the_file() -> None:
    body = _body(b"A\r\n", BodyFormat(content_type="text/csv", form_fields=FIELDS))
    boundary = body.content_type.partition("; boundary=")[2]
    whole = b"".join(body).decode()
    assert whole == (
        f'--{boundary}\r\nContent-Disposition: form-data; name="mode"\r\n\r\nreplace\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="félt"\r\n\r\nÅ\r\n--x\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\nA\r\n\r\n--{boundary}--\r\n"
    )
    assert len(body) == len(whole.encode())


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE])
def test_chunks_have_a_maximum_size(size: int) -> None:
    chunks = list(_body(b"x" * size, BodyFormat(kind="raw")))
    assert b"".join(chunks) == b"x" * size
    assert all(len(chunk) <= CHUNK_SIZE for chunk in chunks)
    assert len(chunks) == -(-size // CHUNK_SIZE)


def test_part_of_a_file_can_be_sent() -> None:
    content = FileContent(io.BytesIO(b"\xef\xbb\xbfA\r\nrest"), 3, start=3)
    assert b"".join(RequestBody(BodyFormat(kind="raw"), "a.csv", content)) == b"A\r\n"


def test_truncated_file_raises_an_exception() -> None:
    body = RequestBody(BodyFormat(kind="raw"), "a.csv", FileContent(io.BytesIO(b"abc"), 5))
    with pytest.raises(TruncatedFileError) as caught:
        b"".join(body)
    assert caught.value.missing == 2


def test_callback_is_called_before_each_chunk_and_at_the_end() -> None:
    events: list[str] = []
    content = FileContent(io.BytesIO(b"x" * (CHUNK_SIZE + 1)), CHUNK_SIZE + 1)
    body = RequestBody(BodyFormat(kind="raw"), "a.csv", content, lambda: events.append("callback"))
    started = [body.started]
    for chunk in body:
        started.append(body.started)
        events.append(str(len(chunk)))
    assert started == [False, True, True]
    assert events == ["callback", str(CHUNK_SIZE), "callback", "1", "callback"]


def test_boundaries_are_unique() -> None:
    boundaries = {_body(b"").content_type for _index in range(5)}
    assert len(boundaries) == 5
    assert min(map(len, boundaries)) == len("multipart/form-data; boundary=") + 32


def test_names_can_contain_letters_outside_ascii() -> None:
    whole = b"".join(_body(b"", BodyFormat(field_name="félt"), "Å b'.csv"))
    assert b'name="f\xc3\xa9lt"; filename="\xc3\x85 b\'.csv"' in whole


@pytest.mark.parametrize("name", ["", 'a"b', "a\\b", "a\r\nb", "a\x00", "a\x7f", "\x1f", "\udce5"])
def test_empty_names_and_names_with_unsafe_characters_are_rejected(name: str) -> None:
    message = (
        f"Cannot use {name!r} in a form: "
        "it is empty or contains double quotes, backslashes or control characters. "
        "Correct this name in field_name, form_fields, secrets or profile."
    )
    for body_format, file_name in (
        (BodyFormat(field_name=name), "a.csv"),
        (BodyFormat(), name),
        (BodyFormat(form_fields=((name, "x"),)), "a.csv"),
    ):
        with pytest.raises(InputError) as caught:
            _body(b"", body_format, file_name)
        assert str(caught.value) == message
