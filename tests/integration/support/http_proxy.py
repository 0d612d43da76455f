# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy that lets TLS through (CONNECT; RFC 9110, 9.3.6), with a password if asked."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROXY_USER, PROXY_PASSWORD = "proxy-user", "Px7.proxy-password"


class HttpProxy:
    """What a running proxy has seen.

    :ivar port: where it listens, on 127.0.0.1.
    :ivar targets: each host and port that somebody wanted to get to.
    """

    def __init__(self, status: int) -> None:
        self.port = 0
        self.connect_targets: list[str] = []
        self.status = status

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a program that uses it, without a password."""
        return {"HTTPS_PROXY": f"http://127.0.0.1:{self.port}"}

    @property
    def environment_with_password(self) -> dict[str, str]:
        """The same, with one."""
        return {"HTTPS_PROXY": f"http://{PROXY_USER}:{PROXY_PASSWORD}@127.0.0.1:{self.port}"}


@contextlib.contextmanager
def http_proxy(*, requires_password: bool = False, status: int = 200) -> Iterator[HttpProxy]:
    """Run a proxy.

    :param asks: whether it lets through only who knows the password.
    :param answer: what it answers to whom it would let through.
    """
    running = HttpProxy(status)
    expected_credentials = base64.b64encode(f"{PROXY_USER}:{PROXY_PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            running.connect_targets.append(self.path)
            if (
                requires_password
                and self.headers.get("Proxy-Authorization") != f"Basic {expected_credentials}"
            ):
                self.send_error(407, "Zebedy Quarrelstone asks")
                return
            self.send_response(running.status)
            self.end_headers()
            if running.status == 200:
                host, _colon, port = self.path.rpartition(":")
                with socket.create_connection((host, int(port))) as server:
                    _relay(self.connection, server)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: headers hold passwords."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        running.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()


def _relay(client: socket.socket, server: socket.socket) -> None:
    """Pass on what both sides say until one has gone."""
    with contextlib.suppress(OSError):
        while True:
            for source in select.select([client, server], [], [])[0]:
                data = source.recv(1 << 16)
                if not data:
                    return
                (server if source is client else client).sendall(data)
