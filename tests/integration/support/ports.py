# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports of 127.0.0.1 on which no server responds."""

from __future__ import annotations

import socket
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def find_closed_port() -> int:
    """Return a port that refuses connections."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
    return port


@contextmanager
def full_backlog_port() -> Iterator[int]:
    """Yield a port that neither accepts nor refuses connections, because its backlog is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        connections = []
        try:
            while True:
                connections.append(socket.create_connection(listener.getsockname(), timeout=0.2))
        except TimeoutError:
            yield listener.getsockname()[1]
        finally:
            for connection in connections:
                connection.close()


@contextmanager
def silent_port() -> Iterator[int]:
    """Yield a port that accepts connections but never sends data."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
