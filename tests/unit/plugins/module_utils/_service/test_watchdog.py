# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The watchdog: what gets on is left alone, what does not is cut."""

from __future__ import annotations

import socket
import threading

from ansible_collections.frontdesk.contacts.plugins.module_utils._service.watchdog import Watchdog

LONG, SHORT = 60.0, 0.05


def test_a_connection_that_does_not_get_on_is_cut() -> None:
    near, far = socket.socketpair()
    with near, far, Watchdog(SHORT) as watchdog:
        watchdog.watch(near)
        # Without a watchdog this would wait for ever.
        assert near.recv(1) == b""
        assert far.recv(1) == b""
    assert watchdog.expired


def test_it_is_cut_even_when_the_other_side_has_hung_up() -> None:
    near, far = socket.socketpair()
    with near, Watchdog(SHORT) as watchdog:
        watchdog.watch(near)
        far.close()
        near.close()
        watchdog._thread.join(LONG)
    assert watchdog.expired


def test_a_connection_whose_owner_ends_in_time_is_left_alone() -> None:
    near, far = socket.socketpair()
    with near, far:
        with Watchdog(LONG) as watchdog:
            watchdog.watch(near)
        far.sendall(b"x")
        assert near.recv(1) == b"x"
    assert not watchdog.expired
    assert not watchdog._thread.is_alive()


def test_progress_moves_the_end() -> None:
    near, far = socket.socketpair()
    with near, far, Watchdog(LONG) as watchdog:
        watchdog.watch(near)
        first = watchdog._deadline
        watchdog.restart_timer()
        assert watchdog._deadline > first
    assert not watchdog.expired


def test_without_a_connection_nothing_is_watched() -> None:
    before = threading.active_count()
    with Watchdog(SHORT) as watchdog:
        watchdog.restart_timer()
        assert threading.active_count() == before
    assert not watchdog.expired
