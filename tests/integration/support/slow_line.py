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

_PIECE = 1024


class SlowLine:
    """Passes on what it gets, TLS or not, until it is stuck.

    :ivar port: where it listens, on 127.0.0.1.
    :ivar stuck: set once nothing goes through any more.
    """

    def __init__(self, target: int, passes: int) -> None:
        self._target = target
        self._passes = passes
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._listener]
        self.port: int = self._listener.getsockname()[1]
        self.stuck = threading.Event()

    def serve(self) -> None:
        """Take one client, and pass on what it and the server say."""
        client, _address = self._listener.accept()
        server = socket.create_connection(("127.0.0.1", self._target))
        self._sockets += [client, server]
        forth = threading.Thread(target=self._pass, args=(client, server, None), daemon=True)
        forth.start()
        self._pass(server, client, self._passes)
        self.stuck.set()

    @staticmethod
    def _pass(source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        passed = 0
        # It ends when either side goes away.
        with suppress(OSError):
            while limit is None or passed < limit:
                data = source.recv(_PIECE)
                if not data:
                    return
                sink.sendall(data)
                passed += len(data)

    def close(self) -> None:
        """Close every connection."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextmanager
def slow_line(target: int, *, passes: int) -> Iterator[SlowLine]:
    """Open a line to a port of this host that passes so many bytes of the server's answers."""
    line = SlowLine(target, passes)
    thread = threading.Thread(target=line.serve, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        line.close()
