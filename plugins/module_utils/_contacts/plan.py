# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: how a new roster differs from the last accepted one."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .contact import GLOBAL_LOCATION
from .roster_file import RosterFile

ADDED, CHANGED, MOVED, REMOVED = "added", "changed", "moved", "removed"
KINDS = (ADDED, CHANGED, MOVED, REMOVED)


class Row(NamedTuple):
    """A contact as it stands in a roster file.

    :ivar location: text of its location cell; empty for all locations.
    :ivar cells: all its cells.
    :ivar person: what tells people apart: the identity, or the cells of the key columns.
    """

    location: str
    cells: tuple[str, ...]
    person: tuple[str, ...]


class Change(NamedTuple):
    """One contact that is not as it was. An added one has no before, a removed one no after."""

    kind: str
    before: Row | None
    after: Row | None

    @property
    def location(self) -> str:
        """Where the change counts: the new location, or the old one of a removed contact."""
        row = self.after or self.before
        return (row.location if row else "") or GLOBAL_LOCATION


class Plan(NamedTuple):
    """All differences between two rosters.

    :ivar id: names exactly this step from one roster to the next.
    :ivar changes: in the order of the contacts.
    :ivar unchanged: number of contacts that stay as they are, by location.
    :ivar known: number of contacts in the last accepted roster.
    :ivar by_identity: whether people were told apart by identity; else by the key columns.
    """

    id: str
    changes: tuple[Change, ...]
    unchanged: dict[str, int]
    known: int
    by_identity: bool

    def count(self, kind: str) -> int:
        """How many contacts were added, changed, moved or removed."""
        return sum(change.kind == kind for change in self.changes)

    def summary(self) -> dict[str, object]:
        """The plan as counts, without any person in it."""
        by_location: dict[str, dict[str, int]] = {}
        counts = Counter((change.location, change.kind) for change in self.changes)
        for location in sorted({change.location for change in self.changes} | set(self.unchanged)):
            by_location[location] = {kind: counts[location, kind] for kind in KINDS}
            by_location[location]["unchanged"] = self.unchanged.get(location, 0)
        totals = {kind: self.count(kind) for kind in KINDS}
        return {
            "id": self.id,
            **totals,
            "unchanged": sum(self.unchanged.values()),
            "by_location": by_location,
        }


def make_plan(
    old: RosterFile | None, new: RosterFile, key: Sequence[str], location_column: str
) -> Plan:
    """Compare a new roster with the last accepted one.

    Rows that are equal to the letter are the same contact, whoever it is: the service sees no
    difference. The others are matched by person: at the same location it is a change, else a move.

    :param old: the last accepted roster with the same header, or None.
    :param key: columns that tell people apart when one of the rosters has no identities.
    :param location_column: header of the column that holds the location.
    """
    by_identity = new.identities is not None and (old is None or old.identities is not None)
    old_rows = _rows(old, key, location_column, by_identity) if old else []
    new_rows = _rows(new, key, location_column, by_identity)
    same = Counter(row.cells for row in old_rows) & Counter(row.cells for row in new_rows)
    unchanged = Counter(
        row.location or GLOBAL_LOCATION
        for row, is_same in _mark(new_rows, Counter(same))
        if is_same
    )
    before = [row for row, is_same in _mark(old_rows, Counter(same)) if not is_same]
    after = [row for row, is_same in _mark(new_rows, Counter(same)) if not is_same]
    return Plan(
        id=_plan_id(old, new),
        changes=tuple(_changes(before, after)),
        unchanged=dict(unchanged),
        known=len(old_rows),
        by_identity=by_identity,
    )


def _plan_id(old: RosterFile | None, new: RosterFile) -> str:
    step = f"{old.sha256 if old else 'nothing'} {new.sha256}"
    return hashlib.sha256(step.encode("ascii")).hexdigest()[:16]


def _rows(
    roster: RosterFile, key: Sequence[str], location_column: str, by_identity: bool
) -> list[Row]:
    header = roster.header
    place = header.index(location_column) if location_column in header else None
    keys = [header.index(name) for name in key]
    identities = roster.identities if by_identity else None
    rows = []
    for number, cells in enumerate(roster.rows):
        location = "" if place is None else cells[place]
        person = (identities[number],) if identities else tuple(cells[index] for index in keys)
        rows.append(Row(location, cells, person))
    return rows


def _mark(rows: Iterable[Row], same: Counter[tuple[str, ...]]) -> Iterable[tuple[Row, bool]]:
    """Say of each row whether the other roster has it too; equal rows are counted, not only looked up."""
    for row in rows:
        is_same = same[row.cells] > 0
        same[row.cells] -= is_same
        yield row, is_same


def _changes(before: Sequence[Row], after: Sequence[Row]) -> list[Change]:
    people: dict[tuple[str, ...], tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for row in before:
        people[row.person][0].append(row)
    for row in after:
        people[row.person][1].append(row)
    changes = [change for rows in people.values() for change in _changes_of_person(*rows)]
    return sorted(
        changes, key=lambda change: (change.location, change.after or change.before, change.kind)
    )


def _changes_of_person(before: Sequence[Row], after: Sequence[Row]) -> Iterable[Change]:
    left, right = sorted(before), sorted(after)
    for row in list(left):
        here = next((other for other in right if other.location == row.location), None)
        if here is not None:
            left.remove(row)
            right.remove(here)
            yield Change(CHANGED, row, here)
    while left and right:
        yield Change(MOVED, left.pop(0), right.pop(0))
    yield from (Change(REMOVED, row, None) for row in left)
    yield from (Change(ADDED, None, row) for row in right)
