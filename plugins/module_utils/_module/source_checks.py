# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find sources that are probably repeated by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .._directory.dn import normalize_dn
from .._directory.filter_syntax import normalize_filter
from .source_options import Source


class RepeatedSource(NamedTuple):
    """A source that searches for the same people as an earlier one.

    :ivar where: name of the source.
    :ivar cause: cause of the problem.
    :ivar remedy: remedy, as an imperative sentence without the final period.
    """

    where: str
    cause: str
    remedy: str

    def __str__(self) -> str:
        return f"Possible mistake in {self.where}: {self.cause}. {self.remedy}."


def find_repeated_sources(sources: Sequence[Source]) -> list[RepeatedSource]:
    """Return each source whose search base, scope, groups, filter and exclusions are those of an earlier source.

    Sources with location rules are treated as repeated only if their rules and locations are the same. DNs and filters
    are compared regardless of case and of most spaces, because most attributes ignore them.
    """
    earlier: dict[object, Source] = {}
    repeated = []
    for source in sources:
        first = earlier.setdefault(_search(source), source)
        if first is source:
            continue
        rules = [
            each.location_rule and each.location_rule.expression.text for each in (first, source)
        ]
        if rules[0] == rules[1] and first.locations == source.locations:
            cause = f"it is the same as {first.name}"
            remedy = "Remove one of them, or correct its search base"
        elif not any(rules):
            cause = (
                f"it finds the same people as {first.name}, so each of them is at both locations"
            )
            remedy = "Correct the search base of one of them, or select the people of each location by group or filter"
        else:
            continue
        repeated.append(RepeatedSource(source.name, cause, remedy))
    return repeated


def _search(source: Source) -> object:
    query, exclusion = source.query, source.exclusion
    return (
        normalize_dn(query.search_base),
        query.scope,
        _normalize_filter(query.filter),
        *(
            frozenset(map(normalize_dn, names))
            for names in (source.groups, exclusion.ous, exclusion.groups)
        ),
        frozenset(map(_normalize_filter, exclusion.filters)),
    )


def _normalize_filter(search_filter: str) -> str:
    """Return a form of a valid filter that does not depend on whitespace and case."""
    return normalize_filter(search_filter).lower() if search_filter else ""
