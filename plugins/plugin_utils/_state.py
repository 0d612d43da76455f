# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check that the state of earlier runs exists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._settings import Settings


def describe_missing_state(settings: Settings, state: Mapping[str, Any]) -> str:
    """Return the error message for a missing state directory; empty if it exists or if this is the first run.

    :param state: result of the module contact_sync_settings.
    """
    if state["exists"] or settings.is_initial:
        return ""
    return (
        f"Cannot sync {settings.name}: the state directory {state['state_dir']} does not exist on {state['node']}, so"
        " it is unknown which contacts the service has from earlier runs. Nothing was read. If there were earlier runs,"
        " mount the directory there, set contact_sync_state_dir to its actual path, or run the sync on the host that"
        " has it. If this is the first run, add -e contact_sync_initial=true to this run only."
    )
