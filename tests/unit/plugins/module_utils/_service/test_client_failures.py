# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services that say nothing, too little, too slowly, or something else than HTTP."""

from __future__ import annotations

import io
import socket
import threading
import time
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
    """Say nothing and close."""


def _cut(_request: Request, write: Write) -> None:
    write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab")


def _cut_in_a_chunk(_request: Request, write: Write) -> None:
    write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")


def _no_http(_request: Request, write: Write) -> None:
    write(b"no HTTP\r\n\r\n")


AGAIN = "It may have taken the roster; the next run sends it again"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (_hang_up, f"the connection was lost (RemoteDisconnected). {AGAIN}"),
        (_cut, f"its answer was cut short. {AGAIN}"),
        (_cut_in_a_chunk, f"its answer was cut short. {AGAIN}"),
        (_no_http, "its answer is no HTTP. Check url, and what listens there"),
    ],
)
def test_no_whole_answer_is_told(answer: Any, told: str) -> None:
    with http_server(answer) as server, pytest.raises(ServiceError) as caught:
        exchange(server.port)
    assert f"{caught.value.cause}. {caught.value.remedy}" == told
    assert caught.value.may_be_accepted


def test_an_answer_that_was_cut_is_told_where_urllib3_does_not_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As urllib3 1.26 has it for requests.
    lenient = property(lambda _response: False, lambda _response, _value: None)
    monkeypatch.setattr(urllib3.HTTPResponse, "enforce_content_length", lenient, raising=False)
    with http_server(_cut) as server, pytest.raises(ServiceError) as caught:
        exchange(server.port)
    assert (caught.value.cause, caught.value.may_be_accepted) == ("its answer was cut short", True)


def test_a_refused_connection_is_told() -> None:
    port = free_port()
    with pytest.raises(ServiceError) as caught:
        exchange(port)
    assert str(caught.value) == (
        f"Cannot upload to http://127.0.0.1:{port}/contacts: Connection refused. "
        "Check the host name, the port and the proxy."
    )


def test_silence_ends_with_the_timeout() -> None:
    started = time.monotonic()
    with silent_server() as port, pytest.raises(ServiceError) as caught:
        exchange(port, timeout=1)
    assert time.monotonic() - started < 5
    assert caught.value.cause == "it did not answer in time"


def test_silence_within_the_answer_ends_with_the_timeout() -> None:
    def stall(_request: Request, write: Write) -> None:
        write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab")
        time.sleep(3)

    with http_server(stall) as server, pytest.raises(ServiceError) as caught:
        exchange(server.port, timeout=1)
    assert caught.value.cause == "it did not answer in time"


def test_a_service_that_answers_in_drops_gains_no_time_by_that() -> None:
    over = threading.Event()

    def trickle(_request: Request, write: Write) -> None:
        write(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.1):
            write(b"X-Drop: 1\r\n")

    def trickle_in_body(_request: Request, write: Write) -> None:
        write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not over.wait(0.1):
            write(b" ")

    for answer in (trickle, trickle_in_body):
        with http_server(answer) as server, pytest.raises(ServiceError) as caught:
            exchange(server.port, timeout=1)
        assert caught.value.cause == "it did not answer in time"
        assert caught.value.may_be_accepted
    over.set()


def test_a_service_that_does_not_take_the_body_ends_with_the_timeout() -> None:
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
    assert caught.value.may_be_accepted


def test_headers_that_cannot_be_read_bring_no_url_into_a_log(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def strange(_request: Request, write: Write) -> None:
        write(b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 0\r\n\r\n")

    with http_server(strange) as server:
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


def test_a_retried_body_is_sent_from_its_beginning_and_the_waits_grow() -> None:
    waits: list[float] = []
    answers = iter([plain("503 X"), plain("429 X", b"", "Retry-After: 7"), b"", plain("200 OK")])
    with http_server(lambda _request, write: write(next(answers))) as server:
        endpoint = Endpoint(
            url=f"http://127.0.0.1:{server.port}/c",
            method="PUT",
            credential=Credential(
                token="t0ken", token_header="Authorization", token_prefix="Bearer"
            ),
            retries=Retries(limit=3, interval=2),
        )
        content = FileContent(io.BytesIO(b"junk" + CSV), len(CSV), start=4)
        response = send_file(endpoint, "a.csv", content, waits.append)
    assert (response.status, response.attempts, waits) == (200, 4, [2.0, 7.0, 8.0])
    assert all(CSV in request.body and b"junk" not in request.body for request in server.requests)


def test_a_service_that_accepts_nobody_ends_with_the_timeout() -> None:
    waiting = []
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        # Linux drops what comes when the queue is full, as a firewall would.
        for _client in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(listener.getsockname())
        with pytest.raises(ServiceError) as caught:
            exchange(listener.getsockname()[1], timeout=1)
    for connection in waiting:
        connection.close()
    assert caught.value.cause == "it did not accept a connection in time"
