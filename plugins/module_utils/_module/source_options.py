# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsing of the options that define sources and columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from .._attribute_description import is_attribute_description, normalize_description
from .._contacts.columns import Column, compile_columns
from .._contacts.location_identifier import check_locations
from .._contacts.location_rule import LocationRule, compile_location_rule
from .._directory.dn import check_dn, trim_dn
from .._directory.query import Query, check_filter, check_query, filter_equals
from .._errors import InputError
from .._expressions.attribute_values import is_binary
from .._text import compose
from .arguments import describe
from .receptionist import default_columns

HIDDEN_FILTER = filter_equals("msExchHideFromAddressLists", "TRUE")
"""Filter for people who are hidden from Exchange address lists (MS-ADA2, msExchHideFromAddressLists)."""


@dataclass(frozen=True)
class Exclusion:
    """Criteria for people who are excluded even if a source finds them.

    :ivar ous: DNs of OUs; people below any of them are excluded.
    :ivar groups: DNs of groups; members of any of them are excluded.
    :ivar filters: LDAP filters; people who match any of them are excluded.
    :ivar start_attribute: attribute that contains a start date; people whose date is in the future are excluded. Empty
        if there is none.
    """

    ous: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    start_attribute: str = ""


class ExcludingOptions(NamedTuple):
    """Marked names of the options that exclude people from a source.

    :ivar ous: options that contain the OUs.
    :ivar groups: options that contain the groups.
    :ivar filters: options that define the filters.
    """

    ous: str
    groups: str
    filters: str


@dataclass(frozen=True)
class Source:
    """A place in the directory where people are found, and their location.

    :ivar name: name of the source in messages.
    :ivar location: identifier of the location; empty for a source whose people are at all locations, and for one with
        a location rule.
    :ivar query: query that finds the people; an empty base means the whole directory.
    :ivar minimum: minimum number of contacts that the source must return.
    :ivar groups: DNs of groups; people must be members of at least one of them. Empty if there is no such restriction.
    :ivar location_rule: rule that determines each person's location; None if there is no such rule.
    :ivar exclusion: criteria for people to exclude, including those for all sources.
    :ivar own_exclusion: the criteria that the options of this source define.
    :ivar has_own_filter: whether the filter of the query is an option of this source.
    """

    name: str
    location: str
    query: Query
    minimum: int
    groups: tuple[str, ...] = ()
    location_rule: LocationRule | None = None
    exclusion: Exclusion = Exclusion()
    own_exclusion: Exclusion = Exclusion()
    has_own_filter: bool = False

    @property
    def locations(self) -> list[str]:
        """Possible locations of the people of this source; an empty string means all locations."""
        if self.location_rule is None:
            return [self.location]
        return sorted(self.location_rule.locations)

    @property
    def roster_locations(self) -> frozenset[str]:
        """Locations of the contacts and of the left-out people of this source, as `RosterBuilder` requires."""
        # People without a valid location from their location rule are recorded as left out, with an empty location.
        return frozenset([*self.locations, *([""] if self.location_rule else [])])

    @property
    def location_or_rule(self) -> str | LocationRule:
        """Location of the people of this source, or the rule that determines it, as `Mapper.map_page` requires."""
        return self.location if self.location_rule is None else self.location_rule

    @property
    def filters(self) -> dict[str, list[str]]:
        """LDAP filters that users have written, by the options that contain them."""
        own_filter = f"O(sources[].filter) of {self.name}"
        filter_option = own_filter if self.has_own_filter else "O(filter)"
        return {
            filter_option: [self.query.filter] if self.query.filter else [],
            self._name_exclude_filter(): [
                each for each in self.exclusion.filters if each != HIDDEN_FILTER
            ],
        }

    @property
    def skips_hidden(self) -> bool:
        """Whether people are excluded because they are hidden from Exchange address lists."""
        return HIDDEN_FILTER in self.exclusion.filters

    def include_hidden(self) -> Source:
        """Return the same source without the exclusion of people who are hidden from Exchange address lists."""
        filters = tuple(each for each in self.exclusion.filters if each != HIDDEN_FILTER)
        return replace(self, exclusion=replace(self.exclusion, filters=filters))

    def name_excluding_options(self) -> ExcludingOptions:
        """Return the names of the options that exclude people, with each name marked."""
        exclusion, own = self.exclusion, self.own_exclusion
        filters = [
            *([self._name_exclude_filter()] if set(exclusion.filters) - {HIDDEN_FILTER} else []),
            *(["O(skip_hidden)"] if self.skips_hidden else []),
        ]
        return ExcludingOptions(
            ous=self._name_option("exclude_ous", exclusion.ous, own.ous),
            groups=self._name_option("exclude_groups", exclusion.groups, own.groups),
            filters=" or ".join(filters),
        )

    def _name_exclude_filter(self) -> str:
        filters = [each for each in self.exclusion.filters if each != HIDDEN_FILTER]
        return self._name_option("exclude_filter", filters, self.own_exclusion.filters)

    def _name_option(self, option: str, values: Collection[str], own: Collection[str]) -> str:
        """Return the marked name of the option that contains the given values, or both names if two options do.

        :param option: name of the option, which exists for all sources and for each source.
        :param values: values that apply to this source.
        :param own: the values that the option of this source contains.
        """
        if not own:
            return f"O({option})"
        own_option = f"O(sources[].{option}) of {self.name}"
        return f"O({option}) or {own_option}" if set(values) - set(own) else own_option

    @property
    def description(self) -> str:
        """Search base and groups, for messages."""
        groups = " or ".join(f"the group {group}" for group in self.groups)
        return ", in ".join(part for part in (self.query.search_base, groups) if part)


def parse_columns(params: Mapping[str, Any], sources: Sequence[Source]) -> tuple[Column, ...]:
    """Check and compile the columns in a module's parameters, or the default columns if none are set.

    :param sources: sources of the export; the location column is omitted if none of them has a location.
    :raises InputError: if a column or the phone region is invalid.
    :raises LibraryError: if a column needs a library that is missing or too old.
    """
    columns = params["columns"]
    if columns is None:
        columns = default_columns(params["phone_region"], params["location_header"])
    return compile_columns(
        columns,
        all_global=not any(any(source.locations) for source in sources),
        phone_region=params["phone_region"] or "",
    )


def parse_sources(params: Mapping[str, Any]) -> tuple[Source, ...]:
    """Check and parse the sources in a module's parameters.

    :raises InputError: if the sources contain an error that can be detected without contacting a server.
    :raises LibraryError: if a location rule needs a library that is missing or too old.
    """
    elements = params["sources"]
    if not elements:
        raise InputError("Cannot read people", "O(sources) is empty", "Add at least one source")
    # If an argument spec declared these constraints, the error would not name the element that violates them.
    for number, element in enumerate(elements, start=1):
        _check_location_options(element, f"source {number}")
        _check_identifiers(element, f"source {number}")
    locations = [element["locations"] or [element["location"]] for element in elements]
    check_locations(
        [[name for name in names if name is not None] for names in locations],
        params["location_pattern"],
    )
    if params["filter"]:
        check_filter(params["filter"], "all sources")
    if not params["object_types"]:
        raise InputError(
            "Cannot read people", "O(object_types) is empty", "Set it to user, contact or both"
        )
    common = _common_exclusion(params)
    return tuple(
        _parse_source(params, element, number, common) for number, element in enumerate(elements, 1)
    )


def _parse_source(
    params: Mapping[str, Any], options: Mapping[str, Any], number: int, common: Exclusion
) -> Source:
    location = f" (location {options['location']!r})" if options["location"] else ""
    name = f"source {number}{location}"
    groups = _parse_groups(options["member_of"], name)
    query = Query(
        trim_dn(options["search_base"] or ""),
        options["search_scope"],
        options["filter"] or params["filter"] or "",
    )
    _check_search_options(options, query, groups, name)
    _check_minimum(options, name)
    location_rule = None
    if options["location_value"] is not None:
        location_rule = compile_location_rule(
            options["location_value"],
            options["locations"],
            f"O(sources[].location_value) of {name}",
            params["phone_region"] or "",
        )
    own = _parse_exclusion(options, name, "sources[].")
    return Source(
        name=name,
        location=compose(options["location"] or ""),
        query=query,
        minimum=options["minimum"],
        groups=groups,
        location_rule=location_rule,
        exclusion=replace(
            common,
            ous=common.ous + own.ous,
            groups=common.groups + own.groups,
            filters=common.filters + own.filters,
        ),
        own_exclusion=own,
        has_own_filter=bool(options["filter"]),
    )


def _check_location_options(options: Mapping[str, Any], name: str) -> None:
    location, value, locations = (
        options[key] for key in ("location", "location_value", "locations")
    )
    action = f"Cannot determine the location of {name}"
    if location is not None and (value is not None or locations is not None):
        other = "location_value" if value is not None else "locations"
        raise InputError(
            action,
            f"O(sources[].location) and O(sources[].{other}) are both set",
            "Set only one of them",
        )
    if value is not None and not locations:
        raise InputError(
            action,
            "O(sources[].location_value) is set without O(sources[].locations)",
            "List the allowed identifiers in O(sources[].locations)",
        )
    if value is None and locations is not None:
        raise InputError(
            action,
            "O(sources[].locations) is set without O(sources[].location_value)",
            "Set O(sources[].location_value) to the expression that yields a person's location",
        )


def _check_identifiers(options: Mapping[str, Any], name: str) -> None:
    """Check that locations are strings, because YAML might have changed any other value."""
    location = [] if options["location"] is None else [options["location"]]
    for option, values in (("location", location), ("locations", options["locations"] or [])):
        for value in values:
            if not isinstance(value, str):
                raise InputError(
                    f"Cannot use O(sources[].{option}) of {name}",
                    f"an identifier was parsed as {describe(value)}",
                    "Write each identifier as a string, in quotes",
                )


def _check_search_options(
    options: Mapping[str, Any], query: Query, groups: tuple[str, ...], name: str
) -> None:
    if options["search_base"] is not None:
        check_query(query, name)
        return
    if not groups:
        raise InputError(
            f"Cannot search {name}",
            "neither O(sources[].search_base) nor O(sources[].member_of) is set",
            "Set O(sources[].search_base) to the DN of an OU, or O(sources[].member_of) to the DN of a group",
        )
    if query.scope != "subtree":
        raise InputError(
            f"Cannot use O(sources[].search_scope) {query.scope} of {name}",
            "the source has no O(sources[].search_base)",
            "Set O(sources[].search_base), or remove O(sources[].search_scope)",
        )
    if query.filter:
        check_filter(query.filter, name)


def _check_minimum(options: Mapping[str, Any], name: str) -> None:
    action = f"Cannot use O(sources[].minimum) {options['minimum']} of {name}"
    if options["minimum"] < 0:
        raise InputError(action, "it must not be negative", "Set it to 0 or more")
    if options["minimum"] > 1 and options["search_scope"] == "base":
        raise InputError(
            action,
            "O(sources[].search_scope) base returns at most one entry",
            "Use O(sources[].search_scope) subtree or one_level, or reduce O(sources[].minimum)",
        )


def _parse_groups(value: object, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    groups = _parse_names(value, "sources[].member_of", name)
    if not groups:
        # Otherwise, a list that is empty by mistake would select everyone.
        raise InputError(
            f"Cannot use O(sources[].member_of) of {name}",
            "it is empty",
            "Set it to the DN of a group, or to a list of DNs",
        )
    return groups


def _parse_names(value: object, option: str, where: str) -> tuple[str, ...]:
    """Return the DNs in an option that accepts one DN or a list of DNs.

    The whitespace around each DN is removed, and blank strings are skipped.
    """
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise InputError(
            f"Cannot use O({option}) of {where}",
            "it is neither a DN nor a list of DNs",
            "Write it as CN=Reception,OU=Groups,DC=corp,DC=example, or as a list of such names",
        )
    filled = tuple(filter(None, map(trim_dn, names)))
    for name in filled:
        check_dn(name, option, where)
    return filled


def _common_exclusion(params: Mapping[str, Any]) -> Exclusion:
    """Return the exclusions that apply to all sources."""
    common = _parse_exclusion(params, "all sources")
    attribute = params["start_attribute"] or ""
    if attribute and not is_attribute_description(attribute):
        raise InputError(
            f"Cannot use O(start_attribute) {attribute!r}",
            "it is not a valid LDAP attribute name",
            "Set it to an attribute such as employeeStartDate",
        )
    if is_binary(normalize_description(attribute)):
        raise InputError(
            f"Cannot use O(start_attribute) {attribute!r}",
            "it contains binary data",
            "Set it to an attribute such as employeeStartDate",
        )
    filters = (*common.filters, HIDDEN_FILTER) if params["skip_hidden"] else common.filters
    return replace(common, filters=filters, start_attribute=normalize_description(attribute))


def _parse_exclusion(options: Mapping[str, Any], name: str, prefix: str = "") -> Exclusion:
    """Parse the options that exclude people.

    :param name: the source or sources to which the options apply, for messages.
    :param prefix: prefix of the names of the options; empty if they apply to all sources.
    """
    excluded = options["exclude_filter"]
    if excluded:
        check_filter(excluded, f"O({prefix}exclude_filter) of {name}")
    return Exclusion(
        ous=_parse_names(options["exclude_ous"] or (), f"{prefix}exclude_ous", name),
        groups=_parse_names(options["exclude_groups"] or (), f"{prefix}exclude_groups", name),
        filters=(excluded,) if excluded else (),
    )
