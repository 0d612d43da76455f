# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conversion of the role's locations into the sources of an export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._directory.dn import escape_dn_value
from .._errors import InputError
from .source_spec import source_spec

# Keys that a location and a source have in common.
_SOURCE_KEYS = tuple(source_spec()["sources"]["options"])
# A location must set at least one of these keys.
_SEARCH_KEYS = ("ou", "search_base", "member_of", "filter")
_EMPTY = ("", None)


def locations_to_sources(
    locations: Sequence[Mapping[str, Any]], ou_template: str, base_dn: str
) -> list[dict[str, Any]]:
    """Convert the locations of the role to the sources of an export.

    :param locations: locations, each with at least one of ``ou``, ``search_base``, ``member_of`` and ``filter``; they
        may also have the other options of a source.
    :param ou_template: template for the search base of a location with ``ou``; ``{ou}`` and ``{location}`` are replaced
        with values that are escaped for use in a distinguished name.
    :param base_dn: search base of locations without ``ou`` and ``search_base``; not required for locations with
        ``member_of``.
    :raises InputError: if a location cannot be converted.
    """
    return [
        _location_to_source(number, location, ou_template, base_dn)
        for number, location in enumerate(locations, 1)
    ]


def _location_to_source(
    number: int, location: Mapping[str, Any], ou_template: str, base_dn: str
) -> dict[str, Any]:
    action = f"Cannot use location {number} ({location.get('location') or 'global'})"
    unknown = sorted(set(location) - {*_SOURCE_KEYS, "ou"})
    if unknown:
        raise InputError(action, f"it has the unknown key {unknown[0]!r}")
    if not any(location.get(key) for key in _SEARCH_KEYS):
        raise InputError(
            action, "it does not define a search", "Set ou, search_base, member_of or filter"
        )
    if location.get("ou") and location.get("search_base"):
        raise InputError(action, "it has both ou and search_base", "Set only one of them")
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
        raise InputError(action, "it has no search base", "Set contact_sync_base_dn")
    return source


def _fill_ou_template(template: str, location: Mapping[str, Any]) -> str:
    # Do not use str.format here: distinguished names may contain other braces.
    parts = template.split("{ou}")
    if len(parts) == 1:
        raise InputError(
            "Cannot use contact_sync_ou_template",
            "it does not contain {ou}",
            "Replace the name of the OU in it with {ou}",
        )
    identifier = escape_dn_value(str(location.get("location") or ""))
    filled = [part.replace("{location}", identifier) for part in parts]
    return escape_dn_value(str(location["ou"])).join(filled)
