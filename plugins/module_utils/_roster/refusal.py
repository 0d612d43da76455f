# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages with which the guard refuses a plan: all exceeded limits, their usual causes, and the approval.

Each explanation consists of the action, the cause and the remedy of an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby

from .._text import format_count, join_names
from .limits import (
    KEEP,
    MAX_REMOVED,
    MAX_REMOVED_PER_LOCATION,
    MISSING,
    MUST_CONTAIN,
    PERCENT_LIMITS,
    REMOVED_ALL,
    VANISHED,
    Exceeded,
    Limits,
)
from .plan import ADDED, CHANGED, MOVED, REMOVED, sort_causes
from .removal_cause import UNKNOWN, RemovalCause
from .transition import RosterChanges, Transition

Explanation = tuple[str, str, str]

UNUSED_APPROVAL = (
    "O(approved_plan) has no effect: there is nothing to send. Remove O(approved_plan), because it approves only one"
    " plan."
)
"""Warning for an approval in a run that has nothing to send."""

_VERBS = {ADDED: "adds", CHANGED: "changes", MOVED: "moves", REMOVED: "removes"}

_LOST_PEOPLE = (
    "an OU was renamed, moved or deselected",
    "the account lost a read permission",
)
"""Usual causes of removed and moved contacts."""
_MISSING_LOCATIONS = (
    "locations are missing because of an inventory host that is switched off, a job slice or --limit",
)
"""Another cause of them, unless the configuration is known to contain all earlier locations."""
_CHANGED_SETTINGS = ("the columns, the key or a filter was changed",)
"""Usual cause of changes of any kind, unless it is known whether the settings have changed."""


def explain_first_upload(transition: Transition) -> Explanation:
    """Explain the refusal of a first upload without permission."""
    return (
        f"Refused a first upload that adds {format_count(transition.counts()[ADDED], 'contact')}",
        transition.first_upload_cause,
        (
            "If this is the first upload to this account, run once with O(initial=true); otherwise, restore the state"
            " directory, or correct O(state_dir)"
        ),
    )


def explain_limits(
    transition: Transition, limits: Limits, exceeded: Sequence[Exceeded]
) -> Explanation:
    """Explain the refusal of a plan that exceeds limits.

    :param exceeded: all exceeded limits that no approval permits.
    """
    clauses = _describe_limits(transition, limits, exceeded)
    return _action(transition), "; ".join(clauses), _remedy(transition, exceeded)


def explain_other_plan(
    transition: Transition, limits: Limits, exceeded: Sequence[Exceeded]
) -> Explanation:
    """Explain the refusal of a plan that is not the approved plan.

    :param exceeded: all limits that the plan exceeds.
    """
    cause = (
        f"O(approved_plan) approves plan {limits.approved_plan}, {_describe_approved(transition)}, but this plan"
        f" {_list_counts(transition.counts())}"
    )
    clauses = [cause, *_describe_limits(transition, limits, exceeded)]
    return _action(transition), "; ".join(clauses), _remedy(transition, exceeded)


def _action(transition: Transition) -> str:
    return f"Refused to apply plan {transition.plan_id or 'without an identifier'}"


def _describe_approved(transition: Transition) -> str:
    approved = transition.approved
    if approved is None:
        return "of which nothing is known here"
    numbers = f" and {_list_counts(approved.counts)}" if approved.counts else ""
    return f"which {approved.history}{numbers}"


def _list_counts(counts: Mapping[str, int]) -> str:
    *others, (last_kind, last_verb) = _VERBS.items()
    clauses = ", ".join(f"{verb} {counts.get(kind, 0)}" for kind, verb in others)
    return f"{clauses} and {last_verb} {format_count(counts.get(last_kind, 0), 'contact')}"


def _remedy(transition: Transition, exceeded: Sequence[Exceeded]) -> str:
    absolute = {each.limit for each in exceeded if each.is_absolute}
    if absolute:
        return ". ".join(_absolute_remedies(absolute))
    review = "Review the plan with --check --diff"
    if not exceeded:
        return f"{review}; if it is correct, remove O(approved_plan), because the plan is within the limits"
    if transition.plan_id:
        undo = "O(undo=true) and " if transition.is_undo else ""
        approval = f"run once with {undo}O(approved_plan={transition.plan_id})"
        review += f"; if it is correct, {approval}, which approves only this plan"
    return ". ".join([*_describe_causes(transition, exceeded), review])


def _absolute_remedies(limits: set[str]) -> Iterator[str]:
    if REMOVED_ALL in limits:
        yield (
            "Check the sources and the export; to start over, remove the state directory and run once with"
            " O(initial=true)"
        )
    if MUST_CONTAIN in limits:
        yield "Find out why these contacts are missing, or correct O(must_contain)"


def _describe_causes(transition: Transition, exceeded: Iterable[Exceeded]) -> Iterator[str]:
    """Yield sentences about the possible causes: what is known of the configuration, and the usual causes."""
    kinds = {_kind(each) for each in exceeded} - {MISSING}
    if not kinds:
        return
    settings = transition.configuration.settings
    if settings is not None:
        yield _describe_settings(settings, transition.known[0].label)
    causes = list(_CHANGED_SETTINGS) if settings is None else []
    if kinds - {CHANGED, ADDED}:
        has_all_locations = settings is not None and not transition.configuration.unconfigured
        causes = [*_LOST_PEOPLE, *(() if has_all_locations else _MISSING_LOCATIONS), *causes]
    if causes:
        yield f"Usual causes: {'; '.join(causes)}"


def _describe_settings(settings: Sequence[str], label: str) -> str:
    """Describe which settings of the export have changed.

    :param label: name of the roster that was exported with the earlier settings.
    """
    if not settings:
        return f"The settings of the export have not changed since {label}"
    return f"These settings of the export have changed since {label}: {join_names(settings)}"


def _kind(exceeded: Exceeded) -> str:
    """Return the kind of change that a limit for all locations together applies to; for other limits, their name."""
    kinds = {MAX_REMOVED: REMOVED, **PERCENT_LIMITS}
    return kinds.get(exceeded.limit, exceeded.limit)


def _describe_limits(
    transition: Transition, limits: Limits, exceeded: Sequence[Exceeded]
) -> Iterator[str]:
    """Yield a clause for each exceeded limit. Limits for the same kind of change share a clause."""
    for (kind, changes), group in groupby(exceeded, lambda each: (_kind(each), each.changes)):
        same = list(group)
        if changes is None:
            yield _describe_roster(transition, limits, kind)
        elif kind == REMOVED_ALL:
            yield _describe_removal_of_all(changes, is_absolute=same[0].is_absolute)
        else:
            prefix = _describe_comparison(transition, changes)
            if kind in _VERBS:
                yield prefix + _describe_total(changes, limits, kind, [each.limit for each in same])
            else:
                yield prefix + _describe_locations(transition, limits, same[0], changes)


def _describe_roster(transition: Transition, limits: Limits, kind: str) -> str:
    """Describe a limit that does not apply to numbers of changes."""
    if kind == MISSING:
        return (
            f"O(missing) was {KEEP} in an earlier upload and is {limits.missing} now, so the service may remove or"
            " disable contacts that no known roster contains"
        )
    elements = [
        f"{number} ({', '.join(title for title, _value in limits.must_contain[number - 1])})"
        for number in transition.unmatched
    ]
    return (
        "the roster contains no contact that matches the following elements of O(must_contain), without which it is"
        f" never sent: {join_names(elements)}"
    )


def _describe_comparison(transition: Transition, changes: RosterChanges) -> str:
    """Return the beginning of a clause, which names the known roster if there are several."""
    if transition.union is None:
        return ""
    known = "all known rosters together" if changes is transition.union else changes.label
    return f"compared with {known}, "


def _describe_removal_of_all(changes: RosterChanges, *, is_absolute: bool) -> str:
    contacts = "the only contact" if changes.rows == 1 else f"all {changes.rows} contacts"
    rule = "is never allowed" if is_absolute else "always requires an approval"
    return f"it removes {contacts} of {changes.label}, which {rule}"


def _describe_total(
    changes: RosterChanges, limits: Limits, kind: str, exceeded: Sequence[str]
) -> str:
    """Describe limits for all locations together.

    :param exceeded: names of the exceeded limits for this kind of change.
    """
    count = changes.count(kind)
    allowed = []
    share = ""
    for limit in exceeded:
        if limit == MAX_REMOVED:
            allowed.append(f"O({limit}) allows {limits.max_removed}")
        else:
            percent = limits.percent(limit)
            allowed.append(f"O({limit}) allows {_format(percent)}%")
            share = _describe_share(count, changes, percent)
    suffix = _describe_removal_causes(changes) if kind == REMOVED else ""
    return (
        f"it {_VERBS[kind]} {format_count(count, 'contact')} ({_list_by_location(changes, kind)}){share}, but"
        f" {' and '.join(allowed)}{suffix}"
    )


def _describe_removal_causes(changes: RosterChanges) -> str:
    """Return a clause with the causes of removals; empty if nothing is known of them."""
    causes = changes.removal_causes
    if set(causes) - {RemovalCause(UNKNOWN).describe()}:
        return (
            f"; causes: {join_names([f'{count} {cause}' for cause, count in sort_causes(causes)])}"
        )
    invalid = changes.removed_invalid
    verb = "is" if invalid == 1 else "are"
    return f"; {invalid} of them {verb} in the directory without a valid row" if invalid else ""


def _describe_share(count: int, changes: RosterChanges, limit: Decimal) -> str:
    if not changes.rows:
        return f", and {changes.label} has no contacts"
    # Use as many decimals as necessary to show that the share is above the limit.
    share, decimals = Decimal(0), 0
    while share <= limit:
        decimals += 1
        share = round(Decimal(100 * count) / changes.rows, decimals)
    return f", which is {share}% of the {changes.rows} in {changes.label}"


def _list_by_location(changes: RosterChanges, kind: str) -> str:
    if kind == MOVED:
        lists = [("from", changes.moved_from), ("to", changes.moved_to)]
        return "; ".join(f"{word} {_list_counted(counts)}" for word, counts in lists if counts)
    return _list_counted(changes.by_kind(kind))


def _describe_locations(
    transition: Transition, limits: Limits, exceeded: Exceeded, changes: RosterChanges
) -> str:
    """Describe a limit that applies to each location."""
    if exceeded.limit == VANISHED:
        unconfigured = transition.configuration.unconfigured
        notes = {
            name: f"{count} before" + (", no longer configured" if name in unconfigured else "")
            for name, count in exceeded.locations.items()
        }
        return f"no contacts remain at {_list_noted(exceeded.locations, notes)}"
    notes = {
        name: f"{count} of {changes.by_location.get(name, 0)}"
        for name, count in exceeded.locations.items()
    }
    percent = _format(limits.percent(MAX_REMOVED_PER_LOCATION))
    return (
        f"it removes more than the {percent}% of the contacts that O({MAX_REMOVED_PER_LOCATION}) allows at"
        f" {_list_noted(exceeded.locations, notes)}"
    )


def _list_counted(counts: Mapping[str, int]) -> str:
    return join_names([f"{name} {counts[name]}" for name in _most_affected(counts)])


def _list_noted(counts: Mapping[str, int], notes: Mapping[str, str]) -> str:
    return join_names([f"{name} ({notes[name]})" for name in _most_affected(counts)])


def _most_affected(counts: Mapping[str, int]) -> list[str]:
    """Return the locations with a count, those with the highest count first."""
    return sorted((name for name in counts if counts[name]), key=lambda name: (-counts[name], name))


def _format(percent: Decimal) -> str:
    """Format a percentage without an exponent and without trailing zeros."""
    return f"{percent.normalize():f}"
