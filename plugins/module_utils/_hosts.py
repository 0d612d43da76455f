# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hosts and waiting times the options of both ways out may name.

This is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import re

from ._errors import InputError

MAX_TIMEOUT = 86_400
"""A day. Operating systems take no timeouts of any length."""

# Names (RFC 1123, 2.1, and what internationalized and internal ones have besides), or an IP address.
_HOST = re.compile(r"(?:[\w-]{1,63}\.)*[\w-]{1,63}\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%\w+)?")


def is_host(text: str) -> bool:
    """Whether a text can be the name or the address of a host."""
    return len(text) <= 253 and _HOST.fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    """Whether what is said to a host, by its name or address, crosses no network: it is this one."""
    return host in ("localhost", "127.0.0.1", "::1")


def check_timeout(option: str, seconds: int) -> None:
    """Check a waiting time.

    :raises InputError: when it is less than a second or more than a day.
    """
    if not 1 <= seconds <= MAX_TIMEOUT:
        raise InputError(
            f"Cannot use {option} {seconds}", f"it is not from 1 to {MAX_TIMEOUT} seconds"
        )
