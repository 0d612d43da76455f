# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specs of ad_contacts_export and ad_contacts_info."""

from __future__ import annotations

from typing import Any

from .arguments import option_names_spec
from .directory_spec import directory_spec
from .source_spec import source_spec


def export_spec() -> dict[str, Any]:
    """Return the argument spec of ad_contacts_export, without the file options that ansible-core adds."""
    return {
        **directory_spec(),
        **source_spec(),
        "on_invalid": {"type": "str", "choices": ["skip", "fail"], "default": "skip"},
        "max_contested": {"type": "int"},
        "dest": {"type": "path", "required": True},
        "backup": {"type": "bool", "default": False},
        "baseline": {"type": "path"},
        "stage_in_check_mode": {"type": "bool", "default": False},
        **option_names_spec(),
    }


def info_spec() -> dict[str, Any]:
    """Return the argument spec of ad_contacts_info."""
    return {
        **directory_spec(),
        **source_spec(),
        "fail_on_problems": {"type": "bool", "default": False},
        **option_names_spec(),
    }
