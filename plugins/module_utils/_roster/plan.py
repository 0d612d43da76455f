# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: the difference between the last accepted roster and a new roster."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .._contacts.model import GLOBAL_LOCATION, MAX_LISTED, LeftOut
from .comparison import Differences, PersonDifferences, RosterRow, RowLayout, choose_layout
from .external_sort import SpillArea
from .files import RosterFile

ADDED, CHANGED, MOVED, REMOVED = "added", "changed", "moved", "removed"
KINDS = (ADDED, CHANGED, MOVED, REMOVED)

REMOVED_INVALID = "removed_invalid"
"""Key for the number of removed contacts whose people are still in the directory but have no valid row."""


class Change(NamedTuple):
    """One contact that differs between two rosters.

    :ivar kind: one of `KINDS`.
    :ivar before: row in the old roster; None for an added contact.
    :ivar after: row in the new roster; None for a removed contact.
    """

    kind: str
    before: RosterRow | None
    after: RosterRow | None

    @property
    def location(self) -> str:
        """Location at which the change is counted: the new location, or the old location of a removed contact."""
        row = self.after or self.before
        return (row.location if row else "") or GLOBAL_LOCATION


@dataclass(frozen=True)
class Plan:
    """All differences between the last accepted roster and a new roster.

    :ivar id: identifier derived from both rosters.
    :ivar counts: number of contacts by location and key; the key is a kind of change or `REMOVED_INVALID`.
    :ivar unchanged: number of unchanged contacts by location.
    :ivar baseline_rows: number of contacts in the last accepted roster.
    :ivar by_identity: whether people are matched by identity instead of the key columns.
    :ivar invalid: removed contacts of people without a valid row, each with the cause; at most MAX_LISTED.
    :ivar changes: all changes, sorted by location and row; empty if only counts were requested.
    """

    id: str
    counts: Mapping[tuple[str, str], int]
    unchanged: Mapping[str, int]
    baseline_rows: int
    by_identity: bool
    invalid: tuple[LeftOut, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the plan contains no changes."""
        return not any(self.counts.values())

    def count(self, kind: str) -> int:
        """Return the number of changes of one kind.

        :param kind: one of `KINDS`, or `REMOVED_INVALID`.
        """
        return sum(
            number
            for (_location, counted_kind), number in self.counts.items()
            if counted_kind == kind
        )

    def summary(self) -> dict[str, object]:
        """Return the identifier and the counts of the plan, without personal data."""
        kinds = (*KINDS, REMOVED_INVALID)
        by_location: dict[str, dict[str, int]] = {}
        for location in sorted({location for location, _kind in self.counts} | set(self.unchanged)):
            by_location[location] = {kind: self.counts.get((location, kind), 0) for kind in kinds}
            by_location[location]["unchanged"] = self.unchanged.get(location, 0)
        return {
            "id": self.id,
            **{kind: self.count(kind) for kind in kinds},
            "unchanged": sum(self.unchanged.values()),
            "by_location": by_location,
        }


def make_plan(
    old: RosterFile | None,
    new: RosterFile,
    key: Sequence[str],
    location_column: str | None,
    spill: SpillArea,
    *,
    with_changes: bool = False,
) -> Plan:
    """Compare a new roster with the last accepted roster.

    Rows with equal cells are unchanged, because the service does not see a difference. The other rows are
    matched by person: an old and a new row of a person are a change if they have the same location, otherwise a move.

    :param old: last accepted roster with the same header; None if there is none.
    :param new: new roster.
    :param key: titles of the columns that identify people if one of the rosters has no identities.
    :param location_column: title of the location column; None if there is none.
    :param spill: spill area for rows that do not fit in memory.
    :param with_changes: whether the plan must contain all changes, as needed for a diff.
    :raises InputError: if a roster changed since it was checked.
    :raises FrontdeskError: if a temporary file cannot be written.
    """
    layout = choose_layout(old, new, key, location_column)
    tally = _ChangeTally(with_changes)
    unchanged = _count_changes(tally, layout, old, new, spill)
    return Plan(
        id=_plan_id(old, new),
        counts=tally.counts,
        unchanged=unchanged,
        baseline_rows=old.row_count if old else 0,
        by_identity=layout.by_identity,
        invalid=tuple(tally.invalid),
        changes=tuple(sorted(tally.changes, key=_sort_key)),
    )


def _plan_id(old: RosterFile | None, new: RosterFile) -> str:
    transition = f"{old.sha256 if old else 'nothing'} {new.sha256}"
    return hashlib.sha256(transition.encode()).hexdigest()[:16]


def _sort_key(change: Change) -> tuple[str, RosterRow | None, str]:
    return (change.location, change.after or change.before, change.kind)


def _count_changes(
    tally: _ChangeTally,
    layout: RowLayout,
    old: RosterFile | None,
    new: RosterFile,
    spill: SpillArea,
) -> Mapping[str, int]:
    """Count all changes, and return the number of unchanged rows by location."""
    if old is None:
        for row in layout.rows(new):
            tally.add(Change(ADDED, None, row))
        return {}
    differences = Differences(layout, old, new, spill)
    for person in differences.people():
        tally.add_person(person)
    return differences.unchanged


class _ChangeTally:
    """Counts changes.

    :param with_changes: whether the changes are also collected.
    """

    def __init__(self, with_changes: bool) -> None:
        self._with_changes = with_changes
        self.counts: Counter[tuple[str, str]] = Counter()
        self.invalid: list[LeftOut] = []
        self.changes: list[Change] = []

    def add(self, change: Change) -> None:
        self.counts[change.location, change.kind] += 1
        if self._with_changes:
            self.changes.append(change)

    def add_person(self, person: PersonDifferences) -> None:
        for change in _match_rows(person):
            self.add(change)
            if change.before is not None and change.kind == REMOVED and person.left_out:
                self.counts[change.location, REMOVED_INVALID] += 1
                if len(self.invalid) < MAX_LISTED:
                    self.invalid.append(_choose_left_out(change.before, person.left_out))


def _choose_left_out(removed: RosterRow, left_out: Sequence[LeftOut]) -> LeftOut:
    """Return the left-out person who explains the removal of a contact, with the location of the contact.

    A left-out person at the same location is preferred.
    """
    same_location = [person for person in left_out if person.location == removed.location]
    return (same_location or left_out)[0]._replace(location=removed.location)


def _match_rows(person: PersonDifferences) -> Iterator[Change]:
    """Match the old and new rows of a person: first the rows at the same location, then the others."""
    after_by_location: dict[str, deque[RosterRow]] = defaultdict(deque)
    for row in person.after:
        after_by_location[row.location].append(row)
    unmatched_before = []
    for row in person.before:
        if after_by_location[row.location]:
            yield Change(CHANGED, row, after_by_location[row.location].popleft())
        else:
            unmatched_before.append(row)
    unmatched_after = [row for rows in after_by_location.values() for row in rows]
    moves = min(len(unmatched_before), len(unmatched_after))
    yield from (Change(MOVED, *rows) for rows in zip(unmatched_before, unmatched_after))
    yield from (Change(REMOVED, row, None) for row in unmatched_before[moves:])
    yield from (Change(ADDED, None, row) for row in unmatched_after[moves:])
