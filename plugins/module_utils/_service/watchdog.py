# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A watchdog that closes a stalled connection.

The timeout of a socket restarts with each received byte, so a service that sends its response byte
by byte could block a run indefinitely.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress


class Watchdog:
    """A watchdog for one connection.

    Use it as a context manager around all operations on the connection.

    :param seconds: timeout in seconds for each step: until the first chunk of the body is sent, from one
        chunk to the next, and from the last chunk to the end of the response.
    :ivar expired: whether the watchdog closed the connection. The response may then be incomplete.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline = 0.0
        self._finished = threading.Event()
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.expired = False

    def watch(self, connection: socket.socket) -> None:
        """Start watching a connection.

        Call this method as soon as the connection exists, before the TLS handshake.
        """
        # The socket is duplicated, because the HTTP library wraps and closes the original.
        self._connection = connection.dup()
        self.restart_timer()
        self._thread.start()

    def restart_timer(self) -> None:
        """Record the end of a step, and restart the timeout for the next one."""
        self._deadline = time.monotonic() + self._seconds

    def _run(self) -> None:
        while not self._finished.wait(max(0.0, self._deadline - time.monotonic())):
            if time.monotonic() >= self._deadline:
                self._shut_down()
                return

    def _shut_down(self) -> None:
        self.expired = True
        if self._connection is not None:
            # The peer may have closed the connection in the meantime.
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Watchdog:
        return self

    def __exit__(self, *_error: object) -> None:
        self._finished.set()
        if self._connection is not None:
            self._thread.join()
            self._connection.close()
