# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of ad_contacts_export and ad_contacts_info."""

from __future__ import annotations

from typing import Any

from .._errors import InputError


def export_spec() -> dict[str, Any]:
    """Options of ad_contacts_export beside those of the directory, of sources and of files."""
    return {
        "on_invalid": {"type": "str", "choices": ["skip", "fail"], "default": "skip"},
        "dest": {"type": "path", "required": True},
        "backup": {"type": "bool", "default": False},
    }


def info_spec() -> dict[str, Any]:
    """Options of ad_contacts_info beside those of the directory and of sources."""
    return {"fail_on_problems": {"type": "bool", "default": False}}


MAX_PAGE_SIZE = 100_000
"""Larger pages would hold a whole directory in one answer."""


def check_page_size(size: int) -> None:
    """Check the option.

    :raises InputError: when it is too small or too large.
    """
    if not 1 <= size <= MAX_PAGE_SIZE:
        raise InputError(f"Cannot use page_size {size}", f"it is not from 1 to {MAX_PAGE_SIZE}")
