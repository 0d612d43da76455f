# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limits for a plan, and the rules that decide which of them a transition exceeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from .plan import ADDED, CHANGED, MOVED, REMOVED
from .required_contacts import RequiredContact
from .transition import RosterChanges, Transition

REMOVE, DISABLE, KEEP, UNKNOWN = "remove", "disable", "keep", "unknown"
MISSING_CHOICES = (REMOVE, DISABLE, KEEP, UNKNOWN)
"""What a service can do with contacts that are missing from an upload."""

MIN_CONTACTS = 3
"""Minimum number of affected contacts with which a percentage limit above 0 can be exceeded.

In a small roster, one or two contacts are already a large percentage. For the same reason, an approval can permit the
removal of all contacts of a roster with fewer contacts."""

MAX_REMOVED, MAX_REMOVED_PERCENT = "max_removed", "max_removed_percent"
MAX_REMOVED_PER_LOCATION = "max_removed_per_location_percent"
MISSING, MUST_CONTAIN = "missing", "must_contain"
REMOVED_ALL, VANISHED = "removed_all", "vanished"
"""Limits that are not options, for the removal of all contacts of a known roster, and for locations that vanish."""

PERCENT_LIMITS = {
    MAX_REMOVED_PERCENT: REMOVED,
    "max_moved_percent": MOVED,
    "max_changed_percent": CHANGED,
    "max_added_percent": ADDED,
}
"""Percentage limits for all locations together, each with the kind of change to which it applies."""


@dataclass(frozen=True)
class Limits:
    """The limits for a plan, and the permissions to exceed them.

    All percentages refer to the contacts of a known roster, or to those of one of its locations.

    :ivar max_removed: maximum number of removed contacts; None for no limit.
    :ivar max_removed_percent: maximum percentage of removed contacts.
    :ivar max_removed_per_location_percent: maximum percentage of removed contacts at a single location.
    :ivar max_moved_percent: maximum percentage of contacts that move to another location.
    :ivar max_changed_percent: maximum percentage of contacts that change at their location.
    :ivar max_added_percent: maximum percentage of added contacts.
    :ivar missing: what the service does with contacts that are missing from an upload; one of `MISSING_CHOICES`.
    :ivar must_contain: contacts without which a roster is never sent.
    :ivar approved_plan: identifier of the plan that may exceed the limits; None if there is none.
    :ivar initial: whether an upload is allowed if no roster is known.
    """

    max_removed: int | None = None
    max_removed_percent: Decimal = Decimal(10)
    max_removed_per_location_percent: Decimal = Decimal(50)
    max_moved_percent: Decimal = Decimal(25)
    max_changed_percent: Decimal = Decimal(50)
    max_added_percent: Decimal = Decimal(100)
    missing: str = UNKNOWN
    must_contain: tuple[RequiredContact, ...] = ()
    approved_plan: str | None = None
    initial: bool = False

    def percent(self, limit: str) -> Decimal:
        """Return the value of a percentage limit.

        :param limit: a key of `PERCENT_LIMITS`, or `MAX_REMOVED_PER_LOCATION`.
        """
        value: Decimal = getattr(self, limit)
        return value


@dataclass(frozen=True)
class Exceeded:
    """One limit that a transition exceeds.

    :ivar limit: name of the option that sets the limit, `REMOVED_ALL` or `VANISHED`.
    :ivar changes: changes that exceed the limit; None if the limit does not apply to numbers of changes.
    :ivar locations: number of affected contacts by location, for limits that apply to each location; otherwise empty.
    :ivar is_absolute: whether the limit also applies to an approved plan.
    """

    limit: str
    changes: RosterChanges | None = None
    locations: Mapping[str, int] = field(default_factory=dict)
    is_absolute: bool = False


def find_exceeded(transition: Transition, limits: Limits) -> tuple[Exceeded, ...]:
    """Return all limits that a transition exceeds, regardless of an approval.

    If several rosters are known, most limits apply to the changes from their union and from each of them. Such a limit
    is returned only for the first of these comparisons that exceeds it; a limit for single locations is checked in this
    way for each location. `REMOVED_ALL` is returned for each known roster that loses all contacts.
    """
    found = []
    if transition.unmatched:
        found.append(Exceeded(MUST_CONTAIN, is_absolute=True))
    if transition.known and transition.missing_before == KEEP != limits.missing:
        found.append(Exceeded(MISSING))
    for changes in transition.known:
        if changes.rows and changes.count(REMOVED) == changes.rows and limits.missing != KEEP:
            is_absolute = changes.rows >= MIN_CONTACTS
            found.append(Exceeded(REMOVED_ALL, changes, is_absolute=is_absolute))
    per_roster = [
        each
        for changes in transition.comparisons
        for each in _check_changes(changes, transition, limits)
    ]
    return (*found, *_without_repetitions(per_roster))


def _check_changes(
    changes: RosterChanges, transition: Transition, limits: Limits
) -> Iterator[Exceeded]:
    removed = changes.count(REMOVED)
    keeps_missing = limits.missing == KEEP
    if limits.max_removed is not None and removed > limits.max_removed and not keeps_missing:
        yield Exceeded(MAX_REMOVED, changes)
    for limit, kind in PERCENT_LIMITS.items():
        if kind == REMOVED and keeps_missing:
            continue
        if _exceeds(changes.count(kind), limits.percent(limit), changes.rows):
            yield Exceeded(limit, changes)
    if not keeps_missing:
        percent = limits.percent(MAX_REMOVED_PER_LOCATION)
        locations = {
            location: count
            for location, count in changes.removed.items()
            if _exceeds(count, percent, changes.by_location.get(location, 0))
        }
        if locations:
            yield Exceeded(MAX_REMOVED_PER_LOCATION, changes, locations)
    vanished = _find_vanished(changes, transition, keeps_missing=keeps_missing)
    if vanished:
        yield Exceeded(VANISHED, changes, vanished)


def _exceeds(count: int, percent: Decimal, base: int) -> bool:
    """Return whether a number of affected contacts exceeds a percentage.

    :param base: number of contacts to which the percentage refers.
    """
    if not percent:
        return count > 0
    return count >= MIN_CONTACTS and 100 * count > percent * base


def _find_vanished(
    changes: RosterChanges, transition: Transition, *, keeps_missing: bool
) -> dict[str, int]:
    """Return the locations at which no contacts remain, each with the number of contacts that leave it.

    A location that fewer than `MIN_CONTACTS` contacts leave is returned only if it is no longer configured.

    :param keeps_missing: whether the service keeps missing contacts, so that only moved contacts leave a location.
    """
    left = Counter(changes.moved_from)
    if not keeps_missing:
        left.update(changes.removed)
    return {
        location: count
        for location, count in left.items()
        if not transition.new_by_location.get(location)
        and count >= (1 if location in transition.configuration.unconfigured else MIN_CONTACTS)
    }


def _without_repetitions(found: Iterable[Exceeded]) -> Iterator[Exceeded]:
    """Yield each limit once or, for limits that apply to each location, each location of a limit once."""
    totals: set[str] = set()
    locations: set[tuple[str, str]] = set()
    for each in found:
        if each.locations:
            new = {
                name: count
                for name, count in each.locations.items()
                if (each.limit, name) not in locations
            }
            locations.update((each.limit, name) for name in new)
            if new:
                yield replace(each, locations=new)
        elif each.limit not in totals:
            totals.add(each.limit)
            yield each
