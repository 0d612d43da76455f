# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the watchdog that closes stalled connections."""

from __future__ import annotations

import socket
import threading

from ansible_collections.frontdesk.contacts.plugins.module_utils._service.watchdog import Watchdog

LONG, SHORT = 60.0, 0.05


def test_connection_without_progress_is_closed() -> None:
    near, far = socket.socketpair()
    with near, far, Watchdog(SHORT) as watchdog:
        watchdog.watch(near)
        # Without a watchdog, recv would block forever.
        assert near.recv(1) == b""
        assert far.recv(1) == b""
    assert watchdog.expired


def test_watchdog_tolerates_a_closed_connection() -> None:
    near, far = socket.socketpair()
    with near, Watchdog(SHORT) as watchdog:
        watchdog.watch(near)
        far.close()
        near.close()
        watchdog._thread.join(LONG)
    assert watchdog.expired


def test_connection_that_finishes_in_time_stays_open() -> None:
    near, far = socket.socketpair()
    with near, far:
        with Watchdog(LONG) as watchdog:
            watchdog.watch(near)
        far.sendall(b"x")
        assert near.recv(1) == b"x"
    assert not watchdog.expired
    assert not watchdog._thread.is_alive()


def test_progress_extends_the_deadline() -> None:
    near, far = socket.socketpair()
    with near, far, Watchdog(LONG) as watchdog:
        watchdog.watch(near)
        first_deadline = watchdog._deadline
        watchdog.restart_timer()
        assert watchdog._deadline > first_deadline
    assert not watchdog.expired


def test_no_thread_is_started_without_a_connection() -> None:
    thread_count = threading.active_count()
    with Watchdog(SHORT) as watchdog:
        watchdog.restart_timer()
        assert threading.active_count() == thread_count
    assert not watchdog.expired
