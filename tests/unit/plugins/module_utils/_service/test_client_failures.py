# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of failed connections, of missing, incomplete, slow and invalid responses, and of retries."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import urllib3
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.client import (
    send_file,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    Credential,
    Endpoint,
    Retries,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.request_body import (
    FileContent,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.status import ServiceError
from ansible_collections.frontdesk.contacts.tests.unit.support.client import (
    CSV,
    exchange,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import (
    Request,
    Write,
    free_port,
    http_server,
    plain,
    silent_server,
)


def _hang_up(_request: Request, _write: Write) -> None:
    """Close the connection without sending a response."""


def _truncate(_request: Request, write: Write) -> None:
    write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab")


def _truncate_chunk(_request: Request, write: Write) -> None:
    write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")


def _send_garbage(_request: Request, write: Write) -> None:
    write(b"not HTTP\r\n\r\n")


def _respond(response: bytes) -> Callable[[Request, Write], object]:
    """Return a handler that sends a response and closes the connection."""
    return lambda _request, write: write(response)


NO_RESPONSE = "it did not respond within 1 second after the whole roster was sent"
INVALID = "its response is not valid HTTP. Check O(url), and the service at that address"
MAY_BE_ACCEPTED = "Run again to send the roster once more; the service may already have accepted it"


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (_hang_up, f"the connection was closed before a response was received. {MAY_BE_ACCEPTED}"),
        (_truncate, f"its response is incomplete. {MAY_BE_ACCEPTED}"),
        (_truncate_chunk, f"its response is incomplete. {MAY_BE_ACCEPTED}"),
        *(
            (_respond(response), f"its response is incomplete. {MAY_BE_ACCEPTED}")
            for response in (
                *(b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-"),
                b"HTTP/1.1 102 Processing\r\n",
                b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nServer: x\r\n",
            )
        ),
        *(
            (handler, INVALID)
            for handler in (
                *(_send_garbage, _respond(b"{}"), _respond(b"HTTP/1.1 2x0 OK\r\n\r\n")),
                _respond(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"),
                _respond(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n{}"),
                _respond(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n{}"),
            )
        ),
    ],
)
def test_missing_or_invalid_response_is_reported(handler: Any, message: str) -> None:
    with http_server(handler) as server, pytest.raises(ServiceError) as caught:
        exchange(server.port)
    assert f"{caught.value.cause}. {caught.value.remedy}" == message
    assert caught.value.may_be_accepted


def test_incomplete_response_is_reported_if_urllib3_does_not_check_the_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # When requests uses urllib3 1.26, the length of the content is not checked.
    lenient = property(lambda _response: False, lambda _response, _value: None)
    monkeypatch.setattr(urllib3.HTTPResponse, "enforce_content_length", lenient, raising=False)
    with http_server(_truncate) as server, pytest.raises(ServiceError) as caught:
        exchange(server.port)
    assert (caught.value.cause, caught.value.may_be_accepted) == (
        "its response is incomplete",
        True,
    )


def test_refused_connection_is_reported() -> None:
    port = free_port()
    with pytest.raises(ServiceError) as caught:
        exchange(port)
    assert str(caught.value) == (
        f"Cannot upload to http://127.0.0.1:{port}/contacts: Connection refused. "
        "Check the host name and the port in url, and whether a proxy is required."
    )


def test_missing_response_is_reported_after_the_timeout() -> None:
    started = time.monotonic()
    with silent_server() as port, pytest.raises(ServiceError) as caught:
        exchange(port, timeout=1)
    assert time.monotonic() - started < 5
    assert caught.value.cause == NO_RESPONSE


def test_interrupted_response_is_reported_after_the_timeout() -> None:
    def stall(_request: Request, write: Write) -> None:
        write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab")
        time.sleep(3)

    with http_server(stall) as server, pytest.raises(ServiceError) as caught:
        exchange(server.port, timeout=1)
    assert caught.value.cause == NO_RESPONSE


def test_slow_response_does_not_extend_the_timeout() -> None:
    is_finished = threading.Event()

    def trickle(_request: Request, write: Write) -> None:
        write(b"HTTP/1.1 200 OK\r\n")
        while not is_finished.wait(0.1):
            write(b"X-Slow: 1\r\n")

    def trickle_in_body(_request: Request, write: Write) -> None:
        write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not is_finished.wait(0.1):
            write(b" ")

    for handler in (trickle, trickle_in_body):
        with http_server(handler) as server, pytest.raises(ServiceError) as caught:
            exchange(server.port, timeout=1)
        assert caught.value.cause == NO_RESPONSE
        assert caught.value.may_be_accepted
    is_finished.set()


def test_service_that_does_not_read_the_body_is_reported_after_the_timeout() -> None:
    size = 64 << 20
    content = FileContent(io.BytesIO(b"x" * size), size)
    with silent_server() as port:
        endpoint = Endpoint(
            url=f"http://127.0.0.1:{port}/c",
            credential=Credential(
                token="t0ken", token_header="Authorization", token_prefix="Bearer"
            ),
            retries=Retries(limit=0, interval=0),
            timeout=1,
        )
        with pytest.raises(ServiceError) as caught:
            send_file(endpoint, "a.csv", content)
    assert caught.value.cause == "it did not receive the next part of the roster within 1 second"
    assert caught.value.may_be_accepted


def test_url_is_not_logged_if_response_headers_are_malformed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def send_malformed_header(_request: Request, write: Write) -> None:
        write(b"HTTP/1.1 200 OK\r\nnot a header\r\nContent-Length: 0\r\n\r\n")

    with http_server(send_malformed_header) as server:
        exchange(
            server.port,
            token="s3cret-1",
            token_param="t",
            token_header="",
            token_prefix="",
            timeout=1,
        )
    assert server.requests[0].path == "/contacts?t=s3cret-1"
    assert "s3cret-1" not in "".join(capfd.readouterr())


def test_each_retry_sends_the_whole_body_after_a_longer_delay() -> None:
    delays: list[float] = []
    responses = iter([plain("503 X"), plain("429 X", b"", "Retry-After: 7"), b"", plain("200 OK")])
    with http_server(lambda _request, write: write(next(responses))) as server:
        endpoint = Endpoint(
            url=f"http://127.0.0.1:{server.port}/c",
            method="PUT",
            credential=Credential(
                token="t0ken", token_header="Authorization", token_prefix="Bearer"
            ),
            retries=Retries(limit=3, interval=2),
        )
        content = FileContent(io.BytesIO(b"junk" + CSV), len(CSV), start=4)
        response = send_file(endpoint, "a.csv", content, delays.append)
    assert (response.status, response.attempts, delays) == (200, 4, [2.0, 7.0, 8.0])
    assert all(CSV in request.body and b"junk" not in request.body for request in server.requests)


def test_service_that_accepts_no_connection_is_reported_after_the_timeout() -> None:
    clients = []
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        # If the accept queue is full, Linux drops connection attempts, as some firewalls do.
        for _client in range(4):
            clients.append(socket.socket())
            clients[-1].setblocking(False)
            clients[-1].connect_ex(listener.getsockname())
        with pytest.raises(ServiceError) as caught:
            exchange(listener.getsockname()[1], timeout=1)
    for client in clients:
        client.close()
    assert caught.value.cause == "it did not accept a connection within 1 second"
