# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of an export's options that its roster records: the locations, and fingerprints of the other settings.

The fingerprints cover the settings that select people and determine their rows. They depend neither on the order of the
sources nor on the connection. Adding a source changes the fingerprint of the filters or of the exclusions only if
the source has its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from .._contacts.columns import Column
from .._contacts.model import GLOBAL_LOCATION
from .._roster.configuration import (
    COLUMNS,
    EXCLUSIONS,
    FILTERS,
    SOURCES,
    RosterConfiguration,
    fingerprint,
)
from .export_options import ReadOptions
from .source_options import Exclusion, Source


def describe_configuration(options: ReadOptions) -> RosterConfiguration:
    """Return the configuration that the roster of an export records."""
    sources = options.sources
    names = {name or GLOBAL_LOCATION for source in sources for name in source.locations}
    filters = [*map(_describe_filter, sources), sorted(options.object_types)]
    columns = [*map(_describe_column, options.columns), options.phone_region]
    return RosterConfiguration(
        locations=tuple(sorted(names)),
        fingerprints={
            SOURCES: _fingerprint_set(map(_describe_source, sources)),
            FILTERS: _fingerprint_set(filters),
            EXCLUSIONS: _fingerprint_set(map(_describe_exclusion, sources)),
            COLUMNS: fingerprint(columns),
        },
    )


def _fingerprint_set(elements: Iterable[object]) -> str:
    """Return a fingerprint that depends neither on the order of the elements nor on their number of occurrences."""
    return fingerprint(sorted(set(map(fingerprint, elements))))


def _describe_source(source: Source) -> list[object]:
    rule = source.location_rule
    return [
        source.query.search_base,
        source.query.scope,
        sorted(source.groups),
        source.location,
        None if rule is None else [rule.expression.text, sorted(rule.locations)],
    ]


def _describe_filter(source: Source) -> list[object]:
    return [source.query.filter, _describe_source(source) if source.has_own_filter else None]


def _describe_exclusion(source: Source) -> list[object]:
    exclusion = source.exclusion
    return [
        *(sorted(exclusion.ous), sorted(exclusion.groups), sorted(exclusion.filters)),
        exclusion.start_attribute,
        None if source.own_exclusion == Exclusion() else _describe_source(source),
    ]


def _describe_column(column: Column) -> list[object]:
    style = column.phone_style
    return [
        *(column.header, column.expression.text),
        *(column.required, column.required_unless, column.unique, column.max_length),
        None if style is None else style.style,
    ]
