# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decision why a contact is missing, based on findings about the person and each source of the location."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from .._roster.removal_cause import (
    EXCLUDED,
    FILTERED,
    HIDDEN,
    LEFT_GROUP,
    MOVED,
    NO_VALID_ROW,
    NOT_STARTED,
    OTHER_LOCATION,
    UNKNOWN,
    RemovalCause,
)


class LocatedPerson(NamedTuple):
    """The result of a location rule for a person.

    :ivar location: the location; None if there is no valid one.
    :ivar problem: cause if the result of the rule is not valid; otherwise empty.
    """

    location: str | None = None
    problem: str = ""


NOT_LOCATED = LocatedPerson()
"""The result if there is no location rule, or if it was not evaluated."""


@dataclass(frozen=True)
class SourceFindings:
    """Findings about a person and one of the sources of the location from which the person is missing.

    The fields are in the order in which a source selects people. After the first field that explains why the source
    does not return the person, all other fields have no meaning.

    :ivar is_in_base: whether the entry is in the search base and the scope of the source.
    :ivar matches_filter: whether the entry matches the filter of the source.
    :ivar account_state: DISABLED or EXPIRED if the account is in this state and the filter of the source tests it;
        otherwise empty.
    :ivar is_member: whether the person is a member of one of the groups of the source, if it has groups.
    :ivar excluded_by: marked names of the options that exclude the person, except for skip_hidden and start_attribute.
    :ivar is_hidden: whether skip_hidden excludes the person.
    :ivar is_not_started: whether start_attribute excludes the person.
    :ivar located: result of the location rule of the source.
    """

    is_in_base: bool
    matches_filter: bool
    account_state: str = ""
    is_member: bool = True
    excluded_by: tuple[str, ...] = ()
    is_hidden: bool = False
    is_not_started: bool = False
    located: LocatedPerson = NOT_LOCATED


class _Step(IntEnum):
    """The step in which a source loses a person.

    A later step explains more, because the person comes closer to being a contact.
    """

    OUTSIDE_BASE = 0
    STATE_OUTSIDE_BASE = 1
    FILTER = 2
    STATE = 3
    GROUP = 4
    EXCLUSION = 5
    LOCATION = 6
    NONE = 7


_Explanation = tuple[_Step, RemovalCause]


def decide_cause(findings: Iterable[SourceFindings], location: str, parent: str) -> RemovalCause:
    """Return the cause for which a person whose entry exists is missing from a location.

    If the location has several sources, the cause of the source that comes closest to returning the person is decisive.
    A disabled or expired account is the cause even if its entry was also moved, provided that the filter of a source
    tests this state: the source would not return the person from any place in the directory.

    :param findings: findings about each source of the location; there is at least one.
    :param location: identifier of the location.
    :param parent: DN of the parent of the person's entry.
    """
    steps = (_explain(each, location, parent) for each in findings)
    _step, cause = max(steps, key=lambda each: each[0])
    return cause


def _explain(findings: SourceFindings, location: str, parent: str) -> _Explanation:
    """Return the step in which a source loses the person, and the cause."""
    return (
        _explain_search(findings, parent)
        or _explain_exclusion(findings)
        or _explain_location(findings.located, location)
        or (_Step.NONE, RemovalCause(UNKNOWN))
    )


def _explain_search(findings: SourceFindings, parent: str) -> _Explanation | None:
    """Return the explanation if the search for the people of a source does not find the person."""
    if findings.account_state and not findings.matches_filter:
        step = _Step.STATE if findings.is_in_base else _Step.STATE_OUTSIDE_BASE
        return step, RemovalCause(findings.account_state)
    if not findings.is_in_base:
        return _Step.OUTSIDE_BASE, RemovalCause(MOVED, parent)
    if not findings.matches_filter:
        return _Step.FILTER, RemovalCause(FILTERED)
    return None if findings.is_member else (_Step.GROUP, RemovalCause(LEFT_GROUP))


def _explain_exclusion(findings: SourceFindings) -> _Explanation | None:
    if findings.excluded_by:
        return _Step.EXCLUSION, RemovalCause(EXCLUDED, " and ".join(findings.excluded_by))
    if findings.is_hidden:
        return _Step.EXCLUSION, RemovalCause(HIDDEN)
    return (_Step.EXCLUSION, RemovalCause(NOT_STARTED)) if findings.is_not_started else None


def _explain_location(located: LocatedPerson, location: str) -> _Explanation | None:
    if located.problem:
        return _Step.LOCATION, RemovalCause(NO_VALID_ROW, located.problem)
    has_moved = located.location not in (None, location)
    return (_Step.LOCATION, RemovalCause(OTHER_LOCATION)) if has_moved else None
