# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locations: how a location's OU becomes a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import InputError

_SOURCE_KEYS = (
    *("location", "location_value", "locations", "search_base", "search_scope", "member_of"),
    *("filter", "exclude_ous", "exclude_groups", "exclude_filter", "minimum"),
)
_SEARCH_KEYS = ("ou", "search_base", "member_of", "filter")
_EMPTY = ("", None)


def escape_dn_value(value: str) -> str:
    """Write a value so that it can stand in a distinguished name (RFC 4514, 2.4)."""
    escaped = "".join(
        "\\" + character if character in '"+,;<>\\' else character for character in value
    )
    escaped = escaped.replace("\0", "\\00")
    if escaped.endswith(" "):
        escaped = escaped[:-1] + "\\ "
    if escaped.startswith((" ", "#")):
        escaped = "\\" + escaped
    return escaped


def sources_of_locations(
    locations: Sequence[Mapping[str, Any]], ou_template: str, base_dn: str
) -> list[dict[str, Any]]:
    """Turn the role's locations into the sources of the export.

    :param locations: each with at least one of ``ou``, ``search_base``, ``member_of``, ``filter``, and with
        options of a source.
    :param ou_template: makes a search base of a plain ``ou``; ``{ou}`` and ``{location}`` are put in
        as escaped values of a distinguished name.
    :param base_dn: search base of a location that names neither ``ou`` nor ``search_base``; one of a group
        needs none.
    :raises InputError: names the location that cannot be turned into a source, and why.
    """
    return [
        _location_to_source(number, location, ou_template, base_dn)
        for number, location in enumerate(locations, 1)
    ]


def _location_to_source(
    number: int, location: Mapping[str, Any], ou_template: str, base_dn: str
) -> dict[str, Any]:
    name = f"location {number} ({location.get('location') or 'global'})"
    unknown = sorted(set(location) - {*_SOURCE_KEYS, "ou"})
    if unknown:
        raise InputError(f"Cannot use {name}", f"it has the unknown key {unknown[0]!r}")
    if not any(location.get(key) for key in _SEARCH_KEYS):
        raise InputError(
            f"Cannot use {name}",
            "it says nowhere to look",
            "Give it ou, search_base, member_of or filter",
        )
    if location.get("ou") and location.get("search_base"):
        raise InputError(
            f"Cannot use {name}", "it has both ou and search_base", "Give one of the two"
        )
    source = {key: location[key] for key in _SOURCE_KEYS if location.get(key) is not None}
    if source.get("member_of") in _EMPTY:
        source.pop("member_of", None)
    if location.get("ou"):
        source["search_base"] = _fill_ou_template(ou_template, location)
    elif not source.get("search_base"):
        source["search_base"] = base_dn
    if not source["search_base"] and "member_of" in source:
        del source["search_base"]
    elif not source["search_base"]:
        raise InputError(f"Cannot use {name}", "it has no search base", "Set contact_sync_base_dn")
    return source


def _fill_ou_template(template: str, location: Mapping[str, Any]) -> str:
    # Not str.format: a distinguished name may hold other braces, and nothing else is to be looked up.
    parts = template.split("{ou}")
    if len(parts) == 1:
        raise InputError(
            "Cannot use contact_sync_ou_template",
            "it does not hold {ou}",
            "Put {ou} where the OU goes",
        )
    identifier = escape_dn_value(str(location.get("location") or ""))
    filled = [part.replace("{location}", identifier) for part in parts]
    return escape_dn_value(str(location["ou"])).join(filled)
