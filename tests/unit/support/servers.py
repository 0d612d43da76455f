# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP servers and silent servers in the test process, on the loopback interface, and TLS configurations."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import trustme


@dataclass(frozen=True)
class Request:
    """An HTTP request.

    :ivar method: HTTP method.
    :ivar path: path and query of the URL.
    :ivar headers: names and values of the headers, in order.
    :ivar body: complete body.
    """

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        """Return all values of a header, in the order of the request."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


Write = Callable[[bytes], object]
"""A function that writes bytes to the client."""


class Server(NamedTuple):
    """A running HTTP server.

    :ivar port: TCP port.
    :ivar requests: received requests.
    """

    port: int
    requests: list[Request]


@contextlib.contextmanager
def http_server(
    respond: Callable[[Request, Write], object], context: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """Run an HTTP server, and yield it.

    :param respond: function that writes the complete response to a POST, PUT or PATCH request. The response to a GET
        request is always empty, with status 200.
    :param context: TLS context of the server; None for HTTP without TLS.
    """
    requests: list[Request] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = _create_request(self, body)
            requests.append(request)
            self.close_connection = True
            with contextlib.suppress(OSError):
                respond(request, self.wfile.write)

        def do_PUT(self) -> None:
            self.do_POST()

        def do_PATCH(self) -> None:
            self.do_POST()

        def do_GET(self) -> None:
            requests.append(_create_request(self, b""))
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        def log_message(self, *_args: object) -> None:
            """Log nothing."""

    class Listener(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
            connection, address = super().get_request()
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            return connection, address

        def handle_error(self, *_args: object) -> None:
            """Log nothing."""

    with Listener(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield Server(listener.server_address[1], requests)
        finally:
            listener.shutdown()
            thread.join()


def _create_request(handler: http.server.BaseHTTPRequestHandler, body: bytes) -> Request:
    headers = handler.headers.items()
    return Request(method=handler.command, path=handler.path, headers=headers, body=body)


def plain(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Return a complete HTTP response."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


OK = b'{"counts": {}}'
"""The body of a response that accepts an upload."""


def ok(_request: Request, write: Write) -> None:
    """Accept every upload."""
    write(plain("200 OK", OK))


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """Run a server that accepts connections but never responds, and yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def free_port() -> int:
    """Return a port on which no server listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class ServerTls(NamedTuple):
    """The TLS configuration of a server.

    :ivar context: TLS context of the server.
    :ivar ca_file: file with the certificate of the issuing CA.
    """

    context: ssl.SSLContext
    ca_file: Path


def tls(directory: Path, *names: str) -> ServerTls:
    """Create a CA, issue a certificate for a server, and return the TLS configuration of the server.

    :param directory: directory for the file with the CA certificate.
    :param names: host names and IP addresses in the server's certificate.
    """
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    ca_file = directory / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    return ServerTls(context, ca_file)
