# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the contacts that an upload removes from a service or moves, without the code of the plugins."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.frontdesk.contacts.tests.unit.support.simulated_service import (
    ServiceContact,
)


def find_removed(
    before: Iterable[ServiceContact], after: Iterable[ServiceContact]
) -> list[ServiceContact]:
    """Return the contacts that an upload removes.

    A contact is not removed if another contact of its owner replaces it, or if an equal contact of another person is
    added. Only the columns that both rosters have are compared.
    """
    old, new = _by_owner(before), _by_owner(after)
    lost: list[ServiceContact] = []
    gained: list[ServiceContact] = []
    for owner in {*old, *new}:
        lost_here, gained_here = _pair(old[owner], new[owner])
        lost += lost_here
        gained += gained_here
    titles = _common_titles(lost, gained)
    surplus = Counter(_select(each, titles) for each in gained)
    removed = []
    for contact in lost:
        cells = _select(contact, titles)
        if titles and surplus[cells]:
            surplus[cells] -= 1
        else:
            removed.append(contact)
    return removed


def count_moved(before: Iterable[ServiceContact], after: Iterable[ServiceContact]) -> int:
    """Return the number of contacts that move to another location."""
    old, new = _by_owner(before), _by_owner(after)
    moved = 0
    for owner in old:
        locations_before, locations_after = (
            _count_locations(old[owner]),
            _count_locations(new[owner]),
        )
        lost = sum((locations_before - locations_after).values())
        moved += min(lost, sum((locations_after - locations_before).values()))
    return moved


def find_violations(
    before: Sequence[ServiceContact],
    after: Sequence[ServiceContact],
    known: Sequence[ServiceContact],
    limits: Mapping[str, Any],
    *,
    is_approved: bool,
) -> list[str]:
    """Return a description of each limit on removed or moved contacts that an upload exceeds.

    :param before: contacts of the service before the upload.
    :param after: contacts in the upload.
    :param known: all contacts in the uploads that may have been accepted; percentages refer to these.
    :param limits: values of the limits, by option name.
    :param is_approved: whether the administrator approved the upload, so that only absolute limits apply.
    """
    removed = find_removed(before, after)
    violations = []
    if len(removed) == len(before) >= 3:
        violations.append("everyone is removed")
    if is_approved:
        return violations
    if limits["max_removed"] is not None and len(removed) > limits["max_removed"]:
        violations.append(f"max_removed: {len(removed)}")
    if _exceeds(len(removed), limits["max_removed_percent"], len(known)):
        violations.append(f"max_removed_percent: {len(removed)} of {len(known)}")
    known_at, removed_at = _count_locations(known), _count_locations(removed)
    if len(known) == len(before):
        # The service has exactly the known contacts, so the collection must count the same moves.
        moved = count_moved(before, after)
        if _exceeds(moved, limits["max_moved_percent"], len(before)):
            violations.append(f"max_moved_percent: {moved} of {len(before)}")
    before_at, after_at = _count_locations(before), _count_locations(after)
    violations += [
        f"max_removed_per_location_percent: {count} of {known_at[location]} at {location}"
        for location, count in removed_at.items()
        if _exceeds(count, limits["max_removed_per_location_percent"], known_at[location])
    ]
    violations += [
        f"{location} vanishes with {count} contacts"
        for location, count in before_at.items()
        if count >= 3 and not after_at[location]
    ]
    return violations


def unite(*rosters: Iterable[ServiceContact]) -> list[ServiceContact]:
    """Return all contacts that occur in at least one roster."""
    union: Counter[ServiceContact] = Counter()
    for roster in rosters:
        union |= Counter(roster)
    return list(union.elements())


def _exceeds(count: int, percent: float, base: int) -> bool:
    return count >= (3 if percent else 1) and 100 * count > percent * base


def _count_locations(contacts: Iterable[ServiceContact]) -> Counter[str]:
    return Counter(contact.location for contact in contacts)


def _by_owner(contacts: Iterable[ServiceContact]) -> defaultdict[str, list[ServiceContact]]:
    groups: defaultdict[str, list[ServiceContact]] = defaultdict(list)
    for contact in contacts:
        groups[contact.owner].append(contact)
    return groups


def _pair(
    old: Sequence[ServiceContact], new: Sequence[ServiceContact]
) -> tuple[list[ServiceContact], list[ServiceContact]]:
    """Pair the contacts of a person, those at the same location first, and return the others."""
    locations = _count_locations(new)
    unpaired_old = []
    for contact in old:
        if locations[contact.location]:
            locations[contact.location] -= 1
        else:
            unpaired_old.append(contact)
    unpaired_new = []
    for contact in new:
        if locations[contact.location]:
            locations[contact.location] -= 1
            unpaired_new.append(contact)
    moved = min(len(unpaired_old), len(unpaired_new))
    return unpaired_old[moved:], unpaired_new[moved:]


def _common_titles(*rosters: Sequence[ServiceContact]) -> frozenset[str]:
    titles = [{title for title, _cell in each.cells} for roster in rosters for each in roster[:1]]
    return frozenset(set.intersection(*titles)) if titles else frozenset()


def _select(contact: ServiceContact, titles: frozenset[str]) -> frozenset[tuple[str, str]]:
    return frozenset(cell for cell in contact.cells if cell[0] in titles)
