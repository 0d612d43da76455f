# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An HTTP proxy that supports CONNECT (RFC 9110, 9.3.6) and can require a password."""

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
    """A running proxy and the requests that it received.

    :ivar port: port of 127.0.0.1 on which the proxy listens.
    :ivar connect_targets: host and port of each CONNECT request.
    :ivar status: status code of the response to authorized CONNECT requests.
    """

    def __init__(self, status: int) -> None:
        self.port = 0
        self.connect_targets: list[str] = []
        self.status = status

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that make a client use this proxy without a password."""
        return {"HTTPS_PROXY": f"http://127.0.0.1:{self.port}"}

    @property
    def environment_with_password(self) -> dict[str, str]:
        """Environment variables that make a client use this proxy with its password."""
        return {"HTTPS_PROXY": f"http://{PROXY_USER}:{PROXY_PASSWORD}@127.0.0.1:{self.port}"}


@contextlib.contextmanager
def http_proxy(*, requires_password: bool = False, status: int = 200) -> Iterator[HttpProxy]:
    """Run a proxy.

    :param requires_password: whether requests without the password are rejected.
    :param status: status code of the response to authorized requests; 200 opens a tunnel.
    """
    proxy = HttpProxy(status)
    expected_credentials = base64.b64encode(f"{PROXY_USER}:{PROXY_PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            proxy.connect_targets.append(self.path)
            if (
                requires_password
                and self.headers.get("Proxy-Authorization") != f"Basic {expected_credentials}"
            ):
                # The module must not show this reason phrase, because it is the name of a person.
                self.send_error(407, "Zebedy Quarrelstone")
                return
            self.send_response(proxy.status)
            self.end_headers()
            if proxy.status == 200:
                host, _colon, port = self.path.rpartition(":")
                with socket.create_connection((host, int(port))) as server:
                    _relay(self.connection, server)

        def log_message(self, format: str, *args: object) -> None:
            """Do not write requests to standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        proxy.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


def _relay(client: socket.socket, server: socket.socket) -> None:
    """Relay data in both directions until one side closes its connection."""
    with contextlib.suppress(OSError):
        while True:
            for source in select.select([client, server], [], [])[0]:
                data = source.recv(1 << 16)
                if not data:
                    return
                (server if source is client else client).sendall(data)
