# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validation of host names and timeouts for connections to the directory and to the service.

This file is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import re

from ._errors import InputError

MAX_TIMEOUT = 86_400
"""Maximum timeout in seconds (one day). Operating systems do not accept arbitrarily long timeouts."""

# A host name (RFC 1123, 2.1, with the addition of underscores and of letters in internationalized
# names) or an IP address.
_HOST = re.compile(r"(?:[\w-]{1,63}\.)*[\w-]{1,63}\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%\w+)?")


def is_host(text: str) -> bool:
    """Return whether a string has the form of a host name or an IP address."""
    return len(text) <= 253 and _HOST.fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    """Return whether a host is localhost, 127.0.0.1 or ::1."""
    return host in ("localhost", "127.0.0.1", "::1")


def check_timeout(option: str, seconds: int) -> None:
    """Check that a timeout is within the supported range.

    :param option: name of the option, for the error message.
    :param seconds: the timeout.
    :raises InputError: if the timeout is shorter than one second or longer than one day.
    """
    if not 1 <= seconds <= MAX_TIMEOUT:
        raise InputError(
            f"Cannot use O({option}) {seconds}", f"it must be between 1 and {MAX_TIMEOUT} seconds"
        )
