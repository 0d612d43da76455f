# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of complete exchanges with a service on the loopback interface."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.response_body import (
    MAX_CONTENT,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.status import ServiceError
from ansible_collections.frontdesk.contacts.tests.unit.support.client import (
    CSV,
    exchange,
    send_roster,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import (
    OK,
    Request,
    Write,
    free_port,
    http_server,
    ok,
    plain,
)


def test_upload_is_a_form_with_one_file() -> None:
    with http_server(ok) as server:
        assert exchange(server.port, "/contacts?list=1") == (200, OK)
    (request,) = server.requests
    assert request.path == "/contacts?list=1"
    assert request.header("Accept") == ["application/json"]
    assert request.header("Content-Length") == [str(len(request.body))]
    assert request.header("Transfer-Encoding") == []
    head = f"Content-Type: {request.header('Content-Type')[0]}\r\n\r\n".encode()
    form = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
    (part,) = form.iter_parts()
    assert form.get_content_type() == "multipart/form-data"
    assert part["Content-Type"].replace('"', "") == "text/csv; charset=utf-8"
    assert part.get_param("name", header="Content-Disposition") == "file"
    assert part.get_filename() == "receptionist.csv"
    assert part.get_payload(decode=True) == CSV


def test_unencrypted_requests_to_loopback_addresses_bypass_proxies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with http_server(ok) as server:
        assert exchange(server.port) == (200, OK)


@pytest.mark.parametrize(
    ("changes", "header", "value"),
    [
        ({}, "Authorization", "Bearer t0ken"),
        ({"token_prefix": ""}, "Authorization", "t0ken"),
        ({"token_prefix": "Token token="}, "Authorization", "Token token= t0ken"),
        ({"token_header": "X-Api-Key", "token_prefix": ""}, "X-Api-Key", "t0ken"),
    ],
)
def test_token_is_sent_in_its_header(changes: dict[str, Any], header: str, value: str) -> None:
    with http_server(ok) as server:
        exchange(server.port, **changes)
    (request,) = server.requests
    assert request.header(header) == [value]
    assert [name for name, text in request.headers if "t0ken" in text] == [header]


@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key"])
def test_netrc_file_is_ignored(
    header: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login user password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with http_server(ok) as server:
        exchange(server.port, token_header=header, token_prefix="")
    (request,) = server.requests
    assert request.header(header) == ["t0ken"]
    assert request.header("Authorization") == (["t0ken"] if header == "Authorization" else [])


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_redirect_is_not_followed(status: int) -> None:
    with http_server(ok) as other:
        target = f"http://localhost:{other.port}/elsewhere?secret=1"

        def redirect(_request: Request, write: Write) -> None:
            write(plain(f"{status} Elsewhere", b"", f"Location: {target}"))

        with http_server(redirect) as server:
            response = send_roster(server.port, "/contacts?list=secret")
    assert (response.status, response.location) == (status, target)
    assert other.requests == []
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nLink: </b.css>\r\n\r\n",
        b"HTTP/1.1 199\r\nContent-Length: 7\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" * 50,
    ],
)
def test_interim_responses_are_skipped(interim: bytes) -> None:
    with http_server(lambda _request, write: write(interim + plain("201 Created", OK))) as server:
        assert exchange(server.port) == (201, OK)


def test_101_is_a_final_response() -> None:
    with http_server(lambda _request, write: write(plain("101 Switching Protocols"))) as server:
        assert exchange(server.port) == (101, b"")


@pytest.mark.parametrize("interim", [b"HTTP/1.1 102 Processing\r\n\r\n", b"HTTP/1.1 100 X\r\n\r\n"])
def test_too_many_interim_responses_are_an_error(interim: bytes) -> None:
    with (
        http_server(lambda _request, write: write(interim * 101 + plain("200 OK", OK))) as server,
        pytest.raises(ServiceError, match="its response is not valid HTTP") as caught,
    ):
        exchange(server.port)
    assert caught.value.may_be_accepted


def test_media_type_is_returned() -> None:
    def respond(_request: Request, write: Write) -> None:
        write(plain("200 OK", b"<p>", "Content-Type: text/html; charset=utf-8"))

    with http_server(respond) as server:
        assert send_roster(server.port).content_type == "text/html; charset=utf-8"


@pytest.mark.parametrize("status", [200, 201, 400, 401, 422, 500, 503])
def test_status_and_body_are_returned(status: int) -> None:
    with http_server(lambda _request, write: write(plain(f"{status} X", b"body"))) as server:
        assert exchange(server.port) == (status, b"body")


@pytest.mark.parametrize("status", ["200 OK", "302 Found"])
def test_endless_response_is_truncated(status: str) -> None:
    sent: list[int] = []

    def endless(_request: Request, write: Write) -> None:
        write(f"HTTP/1.1 {status}\r\nLocation: http://localhost/\r\n\r\n".encode())
        while len(sent) < 256:
            write(b"x" * (1 << 20))
            sent.append(1)

    with http_server(endless) as server:
        code, body = exchange(server.port)
    assert (code, body[:1], len(body)) == (int(status[:3]), b"x", MAX_CONTENT)
    # Less than 64 MiB: the server can send only what the client reads and what fits in the socket buffers.
    assert len(sent) < 64
