# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument spec of contact_sync_settings."""

from __future__ import annotations

from typing import Any


def settings_spec() -> dict[str, Any]:
    """Return the argument spec of contact_sync_settings."""
    return {
        "entry_point": {"type": "str", "choices": ["main", "probe"], "default": "main"},
        "name": {"type": "str"},
        "state_dir": {"type": "path"},
        "dest": {"type": "path"},
    }
