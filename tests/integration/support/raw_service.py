# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTPS services that control each step of a connection, for behavior that HTTP libraries do not support."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.authority import Authority

Handler = Callable[["Connection"], None]
"""A function that handles one connection, whose TLS handshake is complete."""


@dataclass(frozen=True)
class Connection:
    """A connection from a client.

    :ivar tls: the connected socket.
    """

    tls: ssl.SSLSocket

    def read_head(self) -> tuple[bytes, bytes]:
        """Read the head of a request, and return it with the part of the body that has already been received."""
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = self.tls.recv(65536)
            assert chunk, "the connection was closed before the head of the request was complete"
            data += chunk
        head, _separator, body = data.partition(b"\r\n\r\n")
        return head, body

    def read_request(self) -> tuple[bytes, bytes]:
        """Read a complete request with a Content-Length header; return its head and its body."""
        head, body = self.read_head()
        lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
        (size,) = [int(value) for name, _colon, value in lines if name == b"content-length"]
        while len(body) < size:
            body += self.tls.recv(65536)
        return head, body

    def respond(self, status: str, body: bytes = b"{}", *headers: str) -> None:
        """Send a complete response."""
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
        self.tls.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)

    def request_certificate(self) -> bool:
        """Request a client certificate after the handshake, and return whether the client presented one.

        :raises ssl.SSLError: if the client does not support authentication after the handshake (RFC 8446, 4.2.6).
        """
        self.tls.verify_client_post_handshake()
        # The request is sent with the next data. The certificate follows the data that the client has already sent.
        self.tls.sendall(b"")
        self.tls.settimeout(0.3)
        with contextlib.suppress(TimeoutError, ssl.SSLWantReadError):
            while self.tls.recv(65536):
                pass
        return bool(self.tls.getpeercert())


@contextlib.contextmanager
def raw_service(
    authority: Authority,
    handle: Handler,
    *,
    maximum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    client_ca: Path | None = None,
) -> Iterator[str]:
    """Run a service, and yield its URL.

    :param handle: function that handles a connection in a separate thread; the connection is closed afterwards.
    :param maximum: newest TLS version.
    :param client_ca: CA certificate for the client certificates that `Connection.request_certificate` requests.
    """
    certificate = authority.issue("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = maximum
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    if client_ca is not None:
        context.post_handshake_auth = True
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)

    def serve(raw: socket.socket) -> None:
        # Send each response immediately, because closing the connection could discard data that is not yet sent.
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with (
            contextlib.suppress(OSError),
            context.wrap_socket(raw, server_side=True) as connection,
        ):
            handle(Connection(connection))

    def accept(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _address = listener.accept()
                threading.Thread(target=serve, args=(raw,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, args=(listener,), daemon=True)
        thread.start()
        yield f"https://localhost:{listener.getsockname()[1]}/contacts"
        # Closing a listener does not interrupt a blocked accept() call.
        listener.shutdown(socket.SHUT_RDWR)
