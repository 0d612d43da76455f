# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small HTTPS server that hands each request, read to its end, to one function."""

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
    from collections.abc import Iterator, Mapping
    from email.message import Message
    from pathlib import Path

    from tests.lab.authority import Certificate

_MAX_BODY_BYTES = 64 * 1024 * 1024
_CLIENT_SECONDS = 60.0


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    method: str
    path: str
    headers: Message
    body: bytes
    problem: HTTPStatus | None = None
    """Why the body was not read; None if it was."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Its parameters; they can hold secrets."""
    client: str | None = None
    """The common name in the certificate that the client showed."""


@dataclass(frozen=True)
class Response:
    """A response; a mapping as its body is sent as JSON, bytes as they are."""

    status: int
    body: Mapping[str, Any] | bytes
    headers: Mapping[str, str] = field(default_factory=dict)


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
    """Serve in threads on a free port of 127.0.0.1, which is yielded.

    :param respond: answers a request; called from several threads.
    :param write_log_line: takes a line about what went wrong before there was a request.
    :param client_ca: the authority whose certificate each client has to show; None asks for none.
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
    block_on_close = False  # a client that waits to be answered must not keep the run from ending

    def __init__(
        self, respond: RequestHandler, write_log_line: LogWriter, context: ssl.SSLContext
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.respond = respond
        self.write_log_line = write_log_line
        self._context = context

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a client; the handshake is left to its thread, where it delays nobody else."""
        raw, address = super().get_request()
        raw.settimeout(_CLIENT_SECONDS)
        secured = self._context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
        return secured, address

    def finish_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any
    ) -> None:
        """Shake hands and serve a client. Who is rejected is heard out, and so hears why."""
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
        """Log what http.server would print: rejected handshakes and clients that went away."""
        self.write_log_line(f"connection lost: {type(sys.exception()).__name__}")


def _drain(rejected: ssl.SSLSocket) -> None:
    """Wait until the client hangs up: a close with its words unread would destroy ours (RFC 9112, 9.6)."""
    with contextlib.suppress(OSError):
        # What it says is not to be decrypted any more.
        while socket.socket.recv(rejected, _MAX_BODY_BYTES):
            pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def __getattr__(self, name: str) -> Any:
        """Let every method be answered, the unknown ones too."""
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def _handle(self) -> None:
        body, problem = self._read_body()
        path, _mark, query = self.path.partition("?")
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        request = Request(
            self.command, path, self.headers, body, problem, parameters, self._client()
        )
        response = self.server.respond(request)
        content = response.body
        if not isinstance(content, bytes):
            content = json.dumps(content, ensure_ascii=False).encode()
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
        """Read the body whatever the response will be: a client that still sends hears no response."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self.close_connection = True
            return b"", HTTPStatus.LENGTH_REQUIRED
        if int(length) > _MAX_BODY_BYTES:
            self.close_connection = True
            return b"", HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return self.rfile.read(int(length)), None

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a request's line may hold a query, and a query secrets."""
