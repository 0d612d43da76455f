# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run an HTTPS service on a free port of 127.0.0.1 that discards the bodies of requests, and print the port.

    discarding_service.py CERTIFICATE KEY

The body of each response is a JSON object with the number of received bytes: {"received": 100}

The lab's service keeps the bodies in memory. This service is also faster, so that it limits the speed of the clients
less: ssl.SSLSocket reads each TLS record (up to 16 KiB) with two system calls, but `TlsStream` reads many records with
one.
"""

from __future__ import annotations

import io
import json
import socket
import ssl
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar, cast

RECEIVED_BYTES = 256 << 10
"""Number of bytes to read from a socket at a time."""

Result = TypeVar("Result")


class TlsStream(io.RawIOBase):
    """The server side of a TLS connection, as a stream without a write buffer."""

    def __init__(self, context: ssl.SSLContext, connection: socket.socket) -> None:
        self._connection = connection
        self._received = memoryview(bytearray(RECEIVED_BYTES))
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the content of up to one TLS record."""
        try:
            return self._run(lambda: cast("int", self._tls.read(len(buffer), buffer)))
        except EOFError:
            return 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: Any) -> int:
        """Send the data."""
        return self._run(lambda: self._tls.write(data))

    def _run(self, operation: Callable[[], Result]) -> Result:
        """Run an operation of the TLS layer, and exchange data with the client as needed.

        :raises EOFError: if the operation needs more data, but the client has closed the connection.
        """
        while True:
            try:
                result = operation()
            except ssl.SSLWantReadError:
                self._send_pending()
                self._receive()
            else:
                self._send_pending()
                return result

    def _send_pending(self) -> None:
        if self._outgoing.pending:
            self._connection.sendall(self._outgoing.read())

    def _receive(self) -> None:
        count = self._connection.recv_into(self._received)
        if not count:
            raise EOFError
        self._incoming.write(self._received[:count])


class Handler(BaseHTTPRequestHandler):
    """A handler that discards the bodies of requests."""

    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        """Use TLS. The first read performs the handshake."""
        super().setup()
        stream = TlsStream(self.server.context, self.connection)
        self.rfile = io.BufferedReader(stream)
        self.wfile = cast("io.BufferedIOBase", stream)

    def do_POST(self) -> None:
        """Discard the body, and respond with its length."""
        length = remaining = int(self.headers["Content-Length"])
        buffer = memoryview(bytearray(RECEIVED_BYTES))
        while remaining:
            count = self.rfile.readinto1(buffer[:remaining])
            if not count:
                raise ConnectionError("the client has not sent the complete body")
            remaining -= count
        body = json.dumps({"received": length}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Do not log anything, because the first line of the output is the port."""


class Server(ThreadingHTTPServer):
    """A server with one thread for each connection."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.context = context


def main() -> None:
    """Run the service."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    with Server(context) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
