# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a module is to look for people, and how it gets there: options made into sources and an access."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._contacts.columns import Column, compile_columns
from .._contacts.location_identifier import check_locations
from .._contacts.location_rule import LocationRule, compile_location_rule
from .._directory.dn import check_dn
from .._directory.query import CONTACT, USER, Query, check_filter, check_query, filter_equals
from .._errors import InputError
from .._expressions.phone import PHONE_STYLES
from .._text import compose


def default_columns(phone_region: str | None) -> list[dict[str, Any]]:
    """Columns of The Receptionist for iPad (support articles 9275517 and 1110164), the profile ``receptionist``.

    :param phone_region: the option; without one phone numbers stay as they stand in the directory.
    """
    sms = "mobile | e164(phone_region)" if phone_region else "mobile"
    return [
        {"header": "First Name", "value": "givenName", "required": True},
        {"header": "Last Name", "value": "sn", "required": True},
        {"header": "Email", "value": "mail", "unique": True, "required_unless": "SMS Phone"},
        {"header": "SMS Phone", "value": sms, "unique": True},
        {"header": "Location", "value": "location", "required": True},
    ]


def source_spec() -> dict[str, Any]:
    """Who is read, and what becomes of them: the twin of the fragment ``sources``."""
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
        "phone_region": {"type": "str"},
        "location_pattern": {"type": "str"},
    }


def _one_source_spec() -> dict[str, Any]:
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
        # Not a list, which ansible-core would make of a text by its commas.
        "member_of": {"type": "raw"},
        "filter": {"type": "str"},
        **_exclusion_spec(),
        "minimum": {"type": "int", "default": 1},
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


def _exclusion_spec() -> dict[str, Any]:
    """Whom to leave out, of all sources or of one. Names are raw for the reason of member_of."""
    return {
        "exclude_ous": {"type": "raw"},
        "exclude_groups": {"type": "raw"},
        "exclude_filter": {"type": "str"},
    }


def parse_columns(
    params: Mapping[str, Any],
    default_columns: Sequence[Mapping[str, Any]],
    sources: Sequence[Source],
) -> tuple[Column, ...]:
    """The columns, checked and compiled, from the module's parameters.

    :param default_columns: what they are when none are given.
    :raises InputError: for a column that cannot be.
    :raises LibraryError: when phone numbers are to be checked, and phonenumbers is missing or too old.
    """
    specifications = params["columns"] if params["columns"] is not None else default_columns
    return compile_columns(
        specifications,
        all_global=not any(any(source.locations) for source in sources),
        phone_region=params["phone_region"] or "",
    )


class Exclusion(NamedTuple):
    """Whom a source is not to give, though it finds them.

    :ivar ous: distinguished names; whoever is below one of them.
    :ivar groups: distinguished names; whoever belongs to one of them.
    :ivar filters: whoever passes one of them.
    :ivar start_attribute: whoever has a day in it that is yet to come; empty for none.
    """

    ous: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    start_attribute: str = ""


class Source(NamedTuple):
    """Where people are found, and which location they get.

    :ivar name: what errors call it.
    :ivar location: identifier; empty for a global source, and for one with a placement.
    :ivar query: with an empty base it is all of the directory.
    :ivar minimum: fewest contacts it must give.
    :ivar groups: distinguished names of groups of which people must belong to one; empty for anybody.
    :ivar placement: gives each person a location; None when all have the same or none.
    """

    name: str
    location: str
    query: Query
    minimum: int
    groups: tuple[str, ...] = ()
    placement: LocationRule | None = None
    exclusion: Exclusion = Exclusion()

    @property
    def locations(self) -> list[str]:
        """The locations that its people may be at; the empty one stands for all."""
        return [self.location] if self.placement is None else sorted(self.placement.locations)

    @property
    def place(self) -> str | LocationRule:
        """What a `Mapper` is to be given as the location of its people."""
        return self.location if self.placement is None else self.placement

    @property
    def where(self) -> str:
        """What is searched, in words."""
        groups = " or ".join(f"the group {group}" for group in self.groups)
        return ", in ".join(part for part in (self.query.search_base, groups) if part)


def parse_sources(params: Mapping[str, Any]) -> list[Source]:
    """The sources, checked, from the module's parameters.

    :raises InputError: for anything in them that can be seen to be wrong without a server.
    :raises LibraryError: when a placement uses a filter whose library is missing.
    """
    given = params["sources"]
    if not given:
        raise InputError("Cannot export", "sources is empty", "Give at least one source")
    for number, source in enumerate(given, start=1):
        _check_ways_to_a_location(source, f"source {number}")
    locations = [source["locations"] or [source["location"]] for source in given]
    check_locations(
        [[name for name in names if name is not None] for names in locations],
        params["location_pattern"],
    )
    if params["filter"]:
        check_filter(params["filter"], "all sources")
    if not params["object_types"]:
        raise InputError("Cannot export", "object_types is empty", "Give user, contact or both")
    common = _exclusion_for_all(params)
    return [_source(params, source, number, common) for number, source in enumerate(given, 1)]


def _source(
    params: Mapping[str, Any], given: Mapping[str, Any], number: int, common: Exclusion
) -> Source:
    place = f" (location {given['location']!r})" if given["location"] else ""
    name = f"source {number}{place}"
    groups = _groups(given["member_of"], name)
    query = Query(
        given["search_base"] or "",
        given["search_scope"],
        given["filter"] or params["filter"] or "",
    )
    _check_place(given, query, groups, name)
    _check_limits(given, name)
    placement = None
    if given["location_value"] is not None:
        placement = compile_location_rule(
            given["location_value"],
            given["locations"],
            f"location_value of {name}",
            params["phone_region"] or "",
        )
    own = _exclusion(given, name)
    return Source(
        name,
        compose(given["location"] or ""),
        query,
        given["minimum"],
        groups,
        placement,
        common._replace(
            ous=common.ous + own.ous,
            groups=common.groups + own.groups,
            filters=common.filters + own.filters,
        ),
    )


def _check_ways_to_a_location(source: Mapping[str, Any], name: str) -> None:
    location, value, locations = (
        source[key] for key in ("location", "location_value", "locations")
    )
    action = f"Cannot tell the location of {name}"
    if location is not None and (value is not None or locations is not None):
        other = "location_value" if value is not None else "locations"
        raise InputError(action, f"it has location and {other}", "Give one of the two")
    if value is not None and not locations:
        raise InputError(
            action,
            "it has location_value without locations",
            "List in locations the identifiers that may come out",
        )
    if value is None and locations is not None:
        raise InputError(
            action,
            "it has locations without location_value",
            "Say in location_value how a person's location comes about",
        )


def _check_place(
    given: Mapping[str, Any], query: Query, groups: tuple[str, ...], name: str
) -> None:
    if given["search_base"] is not None:
        check_query(query, name)
        return
    if not groups:
        raise InputError(
            f"Cannot search {name}",
            "it has neither search_base nor member_of",
            "Give the DN of an OU or of a group",
        )
    if query.scope != "subtree":
        raise InputError(
            f"Cannot use search_scope {query.scope} of {name}",
            "it has no search_base",
            "Give search_base, or leave search_scope out",
        )
    if query.filter:
        check_filter(query.filter, name)


def _check_limits(source: Mapping[str, Any], name: str) -> None:
    action = f"Cannot use minimum {source['minimum']} of {name}"
    if source["minimum"] < 0:
        raise InputError(action, "it is less than 0")
    if source["minimum"] > 1 and source["search_scope"] == "base":
        raise InputError(
            action,
            "search_scope base gives one entry at most",
            "Search subtree or one_level, or lower minimum",
        )


def _groups(value: object, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    groups = _names(value, "member_of", name)
    if not groups:
        # Everybody would be the answer to a list that came out empty by mistake.
        raise InputError(
            f"Cannot use member_of of {name}", "it is empty", "Give the DN of a group, or a list"
        )
    return groups


def _names(value: object, option: str, where: str) -> tuple[str, ...]:
    """The distinguished names of an option that takes one or a list of them.

    ansible-core's own lists split a text at its commas, of which a distinguished name is full.
    """
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise InputError(
            f"Cannot use {option} of {where}",
            "it is neither a distinguished name nor a list of them",
            "Give it as in CN=Reception,OU=Groups,DC=corp,DC=example, or a list of such",
        )
    given = [name for name in names if name.strip()]
    for name in given:
        check_dn(name, option, where)
    return tuple(given)


# An attribute description without options (RFC 4512, 2.5: keystring).
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*")

# MS-ADA2, msExchHideFromAddressLists.
_HIDDEN = filter_equals("msExchHideFromAddressLists", "TRUE")


def _exclusion_for_all(params: Mapping[str, Any]) -> Exclusion:
    common = _exclusion(params, "all sources")
    attribute = params["start_attribute"] or ""
    if attribute and not _ATTRIBUTE.fullmatch(attribute):
        raise InputError(
            f"Cannot use start_attribute {attribute!r}",
            "it is no name of an LDAP attribute",
            "Give it as in employeeStartDate",
        )
    filters = (*common.filters, _HIDDEN) if params["skip_hidden"] else common.filters
    return common._replace(filters=filters, start_attribute=attribute.lower())


def _exclusion(given: Mapping[str, Any], name: str) -> Exclusion:
    excluded = given["exclude_filter"]
    if excluded:
        check_filter(excluded, f"exclude_filter of {name}")
    return Exclusion(
        ous=_names(given["exclude_ous"] or (), "exclude_ous", name),
        groups=_names(given["exclude_groups"] or (), "exclude_groups", name),
        filters=(excluded,) if excluded else (),
    )
