# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument spec of sources and columns."""

from __future__ import annotations

from typing import Any

from .._directory.entry import CONTACT, USER
from .._expressions.phone import PHONE_STYLES
from .receptionist import LOCATION_HEADER


def source_spec() -> dict[str, Any]:
    """Return the argument spec of sources and columns, which must match the fragment ``sources``."""
    return {
        "sources": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": _one_source_spec(),
        },
        "filter": {"type": "str"},
        "object_types": {
            "type": "list",
            "elements": "str",
            "choices": [USER, CONTACT],
            "default": [USER],
        },
        **_exclusion_spec(),
        "skip_hidden": {"type": "bool", "default": False},
        "start_attribute": {"type": "str"},
        "columns": {"type": "list", "elements": "dict", "options": _column_spec()},
        "location_header": {"type": "str", "default": LOCATION_HEADER},
        "phone_region": {"type": "str"},
        "location_pattern": {"type": "str"},
    }


def _one_source_spec() -> dict[str, Any]:
    """Return the argument spec of one source."""
    return {
        # The type is not str, because ansible-core would convert a number such as 0100, which YAML reads as 64.
        "location": {"type": "raw"},
        "location_value": {"type": "str"},
        "locations": {"type": "list", "elements": "raw"},
        "search_base": {"type": "str"},
        "search_scope": {
            "type": "str",
            "choices": ["subtree", "one_level", "base"],
            "default": "subtree",
        },
        # The type is not list, because ansible-core would split a string at its commas, and DNs contain commas.
        "member_of": {"type": "raw"},
        "filter": {"type": "str"},
        **_exclusion_spec(),
        "minimum": {"type": "int", "default": 1},
    }


def _exclusion_spec() -> dict[str, Any]:
    """Return the spec of the options that exclude people.

    Options that contain DNs are raw, like ``member_of``.
    """
    return {
        "exclude_ous": {"type": "raw"},
        "exclude_groups": {"type": "raw"},
        "exclude_filter": {"type": "str"},
    }


def _column_spec() -> dict[str, Any]:
    return {
        "header": {"type": "str", "required": True},
        "value": {"type": "str", "required": True},
        "required": {"type": "bool", "default": False},
        "required_unless": {"type": "str"},
        "unique": {"type": "bool", "default": False},
        "max_length": {"type": "int"},
        "phone_style": {"type": "str", "choices": list(PHONE_STYLES)},
    }
