# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environment variables that provide values for options.

This file is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "bind_dn": "FRONTDESK_BIND_DN",
        "bind_pw": "FRONTDESK_BIND_PW",
        "token": "FRONTDESK_TOKEN",
        "url_username": "FRONTDESK_URL_USERNAME",
        "url_password": "FRONTDESK_URL_PASSWORD",
    }
)
"""Names of the environment variables, by option."""


def how_to_set(option: str) -> str:
    """Return the remedy for a missing option, such as ``Set O(token), or the environment variable FRONTDESK_TOKEN``."""
    variable = VARIABLES.get(option)
    return (
        f"Set O({option}), or the environment variable {variable}"
        if variable
        else f"Set O({option})"
    )
