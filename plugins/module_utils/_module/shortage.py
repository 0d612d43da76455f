# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Explanation of why a source has fewer contacts than its minimum, with a suitable remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from .._contacts.columns import Column
from .._contacts.location_rule import NO_LOCATION, UNLISTED_LOCATION
from .._errors import Diagnosis
from .source_options import Source

_LOCATION_CAUSES = (NO_LOCATION, UNLISTED_LOCATION)


@dataclass(frozen=True)
class SourceCounts:
    """The numbers of contacts, excluded people and invalid people of a source.

    :ivar contacts: number of contacts.
    :ivar excluded: number of people excluded, by option.
    :ivar causes: number of people without a valid row, by cause.
    """

    contacts: int
    excluded: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)

    @property
    def found(self) -> int:
        """Number of people found, including those who are excluded."""
        return self.contacts + sum(self.excluded.values()) + sum(self.causes.values())


def explain_shortage(
    source: Source, counts: SourceCounts, explanations: Sequence[Diagnosis]
) -> Diagnosis:
    """Explain why a source has fewer contacts than its minimum.

    :param explanations: reasons why people or their attributes are missing, the most probable one first. Of the
        missing attributes, they cover only those from `find_blamed_attributes`.
    """
    cause = (
        f"too few contacts in {source.description}: {counts.contacts}, but O(sources[].minimum) is {source.minimum};"
        f" people found: {counts.found}"
    )
    details = [
        *_list_counts("excluded by ", counts.excluded),
        *_list_counts("without a valid row: ", counts.causes),
        *(each.cause for each in explanations),
    ]
    return Diagnosis("; ".join([cause, *details]), _find_remedy(source, counts, explanations))


def _find_remedy(source: Source, counts: SourceCounts, explanations: Sequence[Diagnosis]) -> str:
    if explanations:
        return explanations[0].remedy
    invalid, excluded = sum(counts.causes.values()), sum(counts.excluded.values())
    if invalid and invalid >= excluded:
        if any(counts.causes[cause] for cause in _LOCATION_CAUSES):
            return "Correct O(sources[].location_value), O(sources[].locations) or the entries in the directory"
        return "Correct O(columns) or the entries in the directory, or reduce O(sources[].minimum)"
    otherwise = (
        "reduce O(sources[].minimum)"
        if counts.contacts
        else "set O(sources[].minimum=0) if an empty source is correct"
    )
    if excluded:
        return f"Correct {' and '.join(counts.excluded)}, or {otherwise}"
    place = "group" if source.groups else "search base"
    return f"Check the {place}, the filter and the permissions of the bind account, or {otherwise}"


def find_blamed_attributes(
    columns: Sequence[Column], source: Source, unseen: Collection[str]
) -> list[str]:
    """Return the attributes that no entry has and whose absence can make rows of a source invalid.

    :param unseen: normalized descriptions of all attributes that no entry has.
    """
    expressions = [
        column.expression for column in columns if column.required or column.required_unless
    ]
    if source.location_rule is not None:
        expressions.append(source.location_rule.expression)
    attributes = [each.attributes for each in expressions if each.attributes <= set(unseen)]
    return sorted({name for names in attributes for name in names})


def _list_counts(label: str, counts: Counter[str]) -> Iterator[str]:
    if counts:
        listed = "; ".join(f"{name}: {count}" for name, count in counts.most_common(5))
        yield f"{label}{listed}"
