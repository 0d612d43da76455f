# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A TCP proxy that stops relaying responses after a given number of bytes, so that the client waits indefinitely."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK_SIZE = 1024


class StallingProxy:
    """A proxy that relays the bytes of one LDAP or LDAPS connection unchanged, but later stops relaying responses.

    :ivar port: port of 127.0.0.1 on which the proxy listens.
    :ivar stalled: event that is set when the proxy stops relaying responses.
    """

    def __init__(self, target: int, stall_after: int) -> None:
        self._target = target
        self._stall_after = stall_after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._listener]
        self.port: int = self._listener.getsockname()[1]
        self.stalled = threading.Event()

    def serve(self) -> None:
        """Accept one client, and relay data between the client and the server."""
        client, _address = self._listener.accept()
        server = socket.create_connection(("127.0.0.1", self._target))
        self._sockets += [client, server]
        requests = threading.Thread(target=self._relay, args=(client, server, None), daemon=True)
        requests.start()
        self._relay(server, client, self._stall_after)
        self.stalled.set()

    @staticmethod
    def _relay(source: socket.socket, destination: socket.socket, limit: int | None) -> None:
        relayed = 0
        # An OSError means that one side has closed its connection.
        with suppress(OSError):
            while limit is None or relayed < limit:
                data = source.recv(_CHUNK_SIZE)
                if not data:
                    return
                destination.sendall(data)
                relayed += len(data)

    def close(self) -> None:
        """Close all connections."""
        for sock in self._sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


@contextmanager
def stalling_proxy(target: int, *, stall_after: int) -> Iterator[StallingProxy]:
    """Run a proxy in front of a server on this host.

    :param target: port of 127.0.0.1 to which the proxy connects.
    :param stall_after: minimum number of response bytes to relay before the proxy stalls.
    """
    proxy = StallingProxy(target, stall_after)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
