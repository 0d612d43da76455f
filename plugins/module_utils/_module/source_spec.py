# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument spec of one source.

This file imports only the standard library, because the filter locations_to_sources also uses it on the control node,
where ldap3 might be missing.
"""

from __future__ import annotations

from typing import Any


def one_source_spec() -> dict[str, Any]:
    """Return the argument spec of one source."""
    return {
        "location": {"type": "str"},
        "location_value": {"type": "str"},
        "locations": {"type": "list", "elements": "str"},
        "search_base": {"type": "str"},
        "search_scope": {
            "type": "str",
            "choices": ["subtree", "one_level", "base"],
            "default": "subtree",
        },
        # The type is not list, because ansible-core would split a string at its commas, and DNs contain commas.
        "member_of": {"type": "raw"},
        "filter": {"type": "str"},
        **exclusion_spec(),
        "minimum": {"type": "int", "default": 1},
    }


def exclusion_spec() -> dict[str, Any]:
    """Return the spec of the options that exclude people.

    Options that contain DNs are raw, like ``member_of``.
    """
    return {
        "exclude_ous": {"type": "raw"},
        "exclude_groups": {"type": "raw"},
        "exclude_filter": {"type": "str"},
    }
