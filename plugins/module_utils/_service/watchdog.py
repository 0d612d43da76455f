# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The watchdog: it cuts a connection that does not get on.

A socket's own timeout counts from one byte to the next, so a service that trickles bytes could hold a
run for ever.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress


class Watchdog:
    """Watches one connection; use it as a context manager around all that happens on it.

    :param seconds: how long each step may take: until the first piece of the body is taken, from one
        piece to the next, and from the last piece to the end of the answer.
    :ivar expired: whether the connection was cut; what was read of the answer is not whole then.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline = 0.0
        self._finished = threading.Event()
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.expired = False

    def watch(self, connection: socket.socket) -> None:
        """Begin to watch, as soon as there is a connection, before TLS."""
        # A descriptor of its own: the library wraps and closes the other.
        self._connection = connection.dup()
        self.restart_timer()
        self._thread.start()

    def restart_timer(self) -> None:
        """A step is done; the next one may take as long again."""
        self._deadline = time.monotonic() + self._seconds

    def _run(self) -> None:
        while not self._finished.wait(max(0.0, self._deadline - time.monotonic())):
            if time.monotonic() >= self._deadline:
                self._shut_down()
                return

    def _shut_down(self) -> None:
        self.expired = True
        if self._connection is not None:
            # The other side may have hung up at this moment.
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Watchdog:
        return self

    def __exit__(self, *_error: object) -> None:
        self._finished.set()
        if self._connection is not None:
            self._thread.join()
            self._connection.close()
