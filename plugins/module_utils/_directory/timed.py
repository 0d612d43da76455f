# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A socket on which answers have an end.

A timeout of Python's sockets, and of ldap3, bounds the wait for the next byte: a server that sends one
now and then would be listened to for ever.
"""

from __future__ import annotations

import socket
import time
from typing import Any

# An answer may take so much longer, in parts of its time: telling a socket how long to wait is a system call,
# and a page over TLS is a thousand reads.
_TOLERANCE = 0.01


class TimedSocket:
    """A connected socket, as far as ldap3 uses one, that bounds the time of each answer as a whole.

    What the client says last begins the time of the answer, or its waiting, when it had other things to do
    in between. All else is the socket's own.

    :param connected: the socket, with TLS or before it.
    :param seconds: how long an answer may take from the question to its last byte.
    """

    def __init__(self, connected: socket.socket, seconds: int) -> None:
        self._connected = connected
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        # How long the socket waits for a byte: as long as the answer has left, as of the last time it was told.
        self._patience = 0.0

    def sendall(self, data: bytes) -> None:
        """Say something, and begin the time of the answer.

        :raises OSError: when it cannot be said, or nobody takes it in that time.
        """
        self.wait()
        self._be_patient(self._seconds)
        self._connected.sendall(data)

    def wait(self) -> None:
        """Begin the time of the answer anew: from now on the client does nothing but listen."""
        self._end = time.monotonic() + self._seconds

    def recv(self, size: int) -> bytes:
        """Wait for the next bytes of the answer.

        :raises OSError: socket.timeout when the answer's time is over, or another when it is cut.
        """
        left = self._end - time.monotonic()
        if left > 0:
            if not 0 <= self._patience - left < _TOLERANCE * self._seconds:
                self._be_patient(left)
            try:
                return self._connected.recv(size)
            except socket.timeout:
                pass
        raise socket.timeout(f"no whole answer within {self._seconds} s")

    def _be_patient(self, seconds: float) -> None:
        self._patience = seconds
        self._connected.settimeout(seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connected, name)
