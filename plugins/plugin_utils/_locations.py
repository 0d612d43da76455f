# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conversion of locations, from a list or from inventory hosts, into the sources of an export."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..module_utils._directory.dn import escape_dn_value
from ..module_utils._errors import InputError
from ._values import EXAMPLES, convert_suboptions, is_blank
from ._variables import LOCATION_SPEC, LOCATION_VARIABLES

# A location must set at least one of these keys.
_SEARCH_KEYS = ("ou", "search_base", "member_of", "filter")
# The beginning of the distinguished name of an OU, container or domain.
_DN_START = re.compile(r"\s*(?:ou|cn|dc)\s*=", re.IGNORECASE)
_LOCATION_EXAMPLE = EXAMPLES["contact_sync_locations"].strip("[]")


@dataclass(frozen=True)
class Location:
    """A location with its search.

    :ivar label: the location in messages, for example ``location 2 (bergen)``.
    :ivar values: converted keys with a value: ``ou`` and the options of a source.
    :ivar names: names in messages, by key.
    """

    label: str
    values: Mapping[str, Any]
    names: Mapping[str, str]


@dataclass(frozen=True)
class Bases:
    """Settings that determine the search base of locations.

    :ivar base_dn: value of contact_sync_base_dn; empty if it is not set.
    :ivar ou_template: value of contact_sync_ou_template; empty if it is not set.
    """

    base_dn: str = ""
    ou_template: str = ""


def locations_from_list(elements: Sequence[object]) -> list[Location]:
    """Convert the elements of contact_sync_locations.

    :raises InputError: if an element is not a dictionary or does not define a search, or if a key or value in it is
        unknown, blank or invalid.
    """
    return [_location_from_element(number, element) for number, element in enumerate(elements, 1)]


def _location_from_element(number: int, element: object) -> Location:
    label = f"location {number}"
    if isinstance(element, Mapping):
        if element.get("location"):
            label += f" ({element['location']})"
        _check_blanks(label, {key: (key, value) for key, value in element.items()})
    values = convert_suboptions(label, element, LOCATION_SPEC, _LOCATION_EXAMPLE)
    if not any(key in values for key in _SEARCH_KEYS):
        raise InputError(
            f"Cannot use {label}",
            "it does not define a search",
            "Set ou, search_base, member_of or filter",
        )
    return Location(label, values, {key: key for key in LOCATION_SPEC})


def _check_blanks(label: str, values: Mapping[str, tuple[str, object]]) -> None:
    """Check that no key is blank, because the location could then include people other than those intended.

    Only ``ou`` and ``search_base`` may be blank if the other one is set.

    :param values: name for messages and value, by key.
    :raises InputError: if a key is blank.
    """
    has_base = any(not is_blank(values[key][1]) for key in ("ou", "search_base") if key in values)
    for key, (name, value) in values.items():
        if is_blank(value) and not (has_base and key in ("ou", "search_base")):
            raise InputError(f"Cannot use {label}", f"its {name} is blank", "Set it, or remove it")


def location_from_host(host: str, variables: Mapping[str, Any]) -> Location:
    """Convert the variables of a host in contact_sync_locations_group.

    :param variables: values by option of a location (see `LOCATION_VARIABLES`).
    :raises InputError: if the host does not define both a location and a search, or if a value is blank or invalid.
    """
    label = f"host {host}"
    specs = {LOCATION_VARIABLES[option]: LOCATION_SPEC[option] for option in LOCATION_VARIABLES}
    named = {LOCATION_VARIABLES[option]: value for option, value in variables.items()}
    _check_blanks(
        label, {option: (LOCATION_VARIABLES[option], value) for option, value in variables.items()}
    )
    converted = convert_suboptions(label, named, specs)
    values = {
        option: converted[name] for option, name in LOCATION_VARIABLES.items() if name in converted
    }
    if "location" not in values:
        raise _missing_variable(host, LOCATION_VARIABLES["location"], "Set it")
    if not any(key in values for key in _SEARCH_KEYS):
        *others, last = (LOCATION_VARIABLES[key] for key in _SEARCH_KEYS)
        raise _missing_variable(host, f"{', '.join(others)} or {last}", "Set one of them")
    return Location(label, values, LOCATION_VARIABLES)


def _missing_variable(host: str, variable: str, remedy: str) -> InputError:
    return InputError(
        f"Cannot create a location from host {host}",
        f"it does not set {variable}",
        f"{remedy} in the inventory, or remove the host from the group",
    )


def build_sources(locations: Sequence[Location], bases: Bases) -> list[dict[str, Any]]:
    """Return the sources of an export, in the order of the locations.

    :raises InputError: if the search base of a location cannot be determined.
    """
    return [_build_source(location, bases) for location in locations]


def _build_source(location: Location, bases: Bases) -> dict[str, Any]:
    source = {key: value for key, value in location.values.items() if key != "ou"}
    if "ou" in location.values:
        source["search_base"] = _build_search_base(location, bases)
    elif "search_base" not in source and bases.base_dn:
        source["search_base"] = bases.base_dn
    elif "search_base" not in source and "member_of" not in source:
        raise InputError(
            f"Cannot use {location.label}", "it has no search base", "Set contact_sync_base_dn"
        )
    return source


def _build_search_base(location: Location, bases: Bases) -> str:
    ou = location.values["ou"]
    action = f"Cannot use {location.label}"
    ou_name, base_name = location.names["ou"], location.names["search_base"]
    if "search_base" in location.values:
        raise InputError(action, f"it has both {ou_name} and {base_name}", "Set only one of them")
    if _DN_START.match(ou):
        raise InputError(
            action,
            f"its {ou_name} {ou} is a distinguished name, not the name of an OU",
            f"Set {ou_name} to the name of the OU, such as Oslo, or set {base_name} to the complete DN instead",
        )
    if not bases.ou_template and not bases.base_dn:
        raise InputError(
            action,
            f"the search base cannot be built from its {ou_name}, because neither contact_sync_base_dn nor"
            " contact_sync_ou_template is set",
            "Set contact_sync_base_dn to the distinguished name of the domain, such as DC=corp,DC=example",
        )
    template = bases.ou_template or f"OU={{ou}},{bases.base_dn}"
    if "{ou}" not in template:
        raise InputError(
            "Cannot use contact_sync_ou_template",
            "it does not contain {ou}",
            "Replace the name of the OU in it with {ou}",
        )
    identifier = escape_dn_value(location.values.get("location", ""))
    # Do not use str.format here: distinguished names may contain other braces.
    parts = [part.replace("{location}", identifier) for part in template.split("{ou}")]
    return escape_dn_value(ou).join(parts)
