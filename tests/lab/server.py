# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small HTTPS server that reads complete requests and passes them to a function."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from email.message import Message
    from pathlib import Path

    from tests.lab.authority import Certificate

_MAX_BODY_BYTES = 64 * 1024 * 1024
_CLIENT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """An HTTP request."""

    method: str
    path: str
    headers: Message
    body: bytes
    problem: HTTPStatus | None = None
    """Status code that states why the body was not read; None if it was read."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Query parameters. They can contain secrets."""
    client: str | None = None
    """Common name of the client certificate; None if the client presented no certificate."""


@dataclass(frozen=True)
class Response:
    """An HTTP response.

    A body that is a mapping is encoded as JSON. An interim response is sent first for each status code (1xx) in
    `interim`.
    """

    status: int
    body: Mapping[str, Any] | bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    interim: Sequence[int] = ()


RequestHandler = Callable[[Request], Response]
LogWriter = Callable[[str], None]


@contextlib.contextmanager
def https_server(
    respond: RequestHandler,
    write_log_line: LogWriter,
    certificate: Certificate,
    tls_maximum: ssl.TLSVersion,
    client_ca: Path | None = None,
) -> Iterator[int]:
    """Run the server on a free port of 127.0.0.1, and yield the port.

    :param respond: function that returns the response to a request; called from several threads.
    :param write_log_line: function that writes a line to the log; called for failed connections.
    :param certificate: certificate of the server.
    :param tls_maximum: newest supported TLS version; the oldest is 1.2.
    :param client_ca: CA certificate for validating client certificates. If it is given, every client must present
        a certificate. If it is None, the server does not request client certificates.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = tls_maximum
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
    with _Server(respond, write_log_line, context) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # do not block on clients that are still waiting for a response

    def __init__(
        self, respond: RequestHandler, write_log_line: LogWriter, context: ssl.SSLContext
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.respond = respond
        self.write_log_line = write_log_line
        self._context = context

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection.

        The thread of the connection performs the TLS handshake, so that other clients are not delayed.
        """
        raw, address = super().get_request()
        raw.settimeout(_CLIENT_SECONDS)
        secured = self._context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
        return secured, address

    def finish_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any
    ) -> None:
        """Perform the TLS handshake, and handle the requests of a client.

        The input of a rejected client is drained, so that the client receives the TLS alert.
        """
        if isinstance(request, ssl.SSLSocket):
            try:
                request.do_handshake()
            except ssl.SSLError:
                _drain(request)
                raise
        super().finish_request(request, client_address)

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any
    ) -> None:
        """Log the type of an error, such as a failed handshake, instead of printing a traceback."""
        self.write_log_line(f"connection failed: {type(sys.exception()).__name__}")


def _drain(rejected: ssl.SSLSocket) -> None:
    """Read until the client closes the connection.

    If unread input remained, closing the socket would reset the connection, and the client might not receive the alert
    (RFC 9112, section 9.6).
    """
    with contextlib.suppress(OSError):
        # The TLS layer is unusable after the failed handshake, so read from the plain socket.
        while socket.socket.recv(rejected, _MAX_BODY_BYTES):
            pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def __getattr__(self, name: str) -> Any:
        """Return the handler for any HTTP method, including unknown ones."""
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def _handle(self) -> None:
        body, problem = self._read_body()
        path, _mark, query = self.path.partition("?")
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        request = Request(
            method=self.command,
            path=path,
            headers=self.headers,
            body=body,
            problem=problem,
            query=parameters,
            client=self._client(),
        )
        response = self.server.respond(request)
        content = response.body
        if not isinstance(content, bytes):
            content = json.dumps(content, ensure_ascii=False).encode()
        for status in response.interim:
            self.send_response_only(status)
            self.end_headers()
        self.send_response(response.status)
        for name, value in {"Content-Type": "application/json", **response.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _client(self) -> str | None:
        certificate: Any = self.connection.getpeercert() or {}
        names = [value for part in certificate.get("subject", ()) for name, value in part]
        return names[-1] if names else None

    def _read_body(self) -> tuple[bytes, HTTPStatus | None]:
        """Read the body, unless its length is unknown or too large.

        The body of a request that will be rejected is also read, because many clients do not read a response while they
        send the body.
        """
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self.close_connection = True
            return b"", HTTPStatus.LENGTH_REQUIRED
        if int(length) > _MAX_BODY_BYTES:
            self.close_connection = True
            return b"", HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return self.rfile.read(int(length)), None

    def log_message(self, format: str, *args: Any) -> None:
        """Do not log anything, because the query in the request line can contain secrets."""
