# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small servers on this host's loopback, in a thread of the test's own process."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import trustme


class Request(NamedTuple):
    """What a client sent."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        """All values of a header, as they came."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


Write = Callable[[bytes], object]
"""Puts bytes on the wire."""


class Server(NamedTuple):
    """A server that is listening.

    :ivar respond: what it does with a request; may be replaced.
    """

    port: int
    requests: list[Request]


@contextlib.contextmanager
def http_server(
    respond: Callable[[Request, Write], object], context: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """Answer each request that has a body by a function that writes the whole answer itself."""
    requests: list[Request] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, self.path, self.headers.items(), body)
            requests.append(request)
            self.close_connection = True
            with contextlib.suppress(OSError):
                respond(request, self.wfile.write)

        def do_PUT(self) -> None:
            self.do_POST()

        def do_PATCH(self) -> None:
            self.do_POST()

        def do_GET(self) -> None:
            requests.append(Request(self.command, self.path, self.headers.items(), b""))
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        def log_message(self, *_args: object) -> None:
            """Stay silent."""

    class Listener(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
            connection, address = super().get_request()
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            return connection, address

        def handle_error(self, *_args: object) -> None:
            """Stay silent."""

    with Listener(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield Server(listener.server_address[1], requests)
        finally:
            listener.shutdown()
            thread.join()


def plain(status: str, body: bytes = b"", *headers: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


OK = b'{"counts": {}}'
"""What a service answers that took whatever came."""


def ok(_request: Request, write: Write) -> None:
    """Take whatever comes."""
    write(plain("200 OK", OK))


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """Accept connections and say nothing; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class ServerTls(NamedTuple):
    """A server's TLS and the file with its authority's certificate."""

    context: ssl.SSLContext
    ca_file: Path


def tls(directory: Path, *names: str) -> ServerTls:
    """TLS for a server with a certificate of an authority made on the spot."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    ca_file = directory / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    return ServerTls(context, ca_file)
