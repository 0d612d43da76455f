# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A line to a server that gets stuck after so many bytes: a directory that is being read for ever."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK_SIZE = 1024


class StallingProxy:
    """Passes on what it gets, TLS or not, until it is stuck.

    :ivar port: where it listens, on 127.0.0.1.
    :ivar stuck: set once nothing goes through any more.
    """

    def __init__(self, target: int, stall_after: int) -> None:
        self._target = target
        self._stall_after = stall_after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._listener]
        self.port: int = self._listener.getsockname()[1]
        self.stalled = threading.Event()

    def serve(self) -> None:
        """Take one client, and pass on what it and the server say."""
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
        # It ends when either side goes away.
        with suppress(OSError):
            while limit is None or relayed < limit:
                data = source.recv(_CHUNK_SIZE)
                if not data:
                    return
                destination.sendall(data)
                relayed += len(data)

    def close(self) -> None:
        """Close every connection."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextmanager
def stalling_proxy(target: int, *, stall_after: int) -> Iterator[StallingProxy]:
    """Open a line to a port of this host that passes so many bytes of the server's answers."""
    proxy = StallingProxy(target, stall_after)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
