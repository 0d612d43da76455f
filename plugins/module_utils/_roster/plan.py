# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: the differences between an old roster, such as the baseline, and a new roster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from .._contacts.model import GLOBAL_LOCATION, MAX_LISTED, LeftOut
from .._errors import FrontdeskError
from .comparison import ComparedSides, RosterRow, choose_layout, choose_sides
from .configuration import ConfigurationChanges
from .external_sort import SpillArea
from .files import RosterFile
from .pairing import RowPair, RowPairs
from .removal_cause import NO_VALID_ROW, UNKNOWN, MissingContact, RemovalCause

ADDED, CHANGED, MOVED, REMOVED = "added", "changed", "moved", "removed"
KINDS = (ADDED, CHANGED, MOVED, REMOVED)

NO_CAUSES: Mapping[MissingContact, RemovalCause] = MappingProxyType({})
"""The causes of removals if none is known."""

REMOVED_INVALID = "removed_invalid"
"""Key for the number of removed contacts of people who are still in the directory but have no valid row."""


class Change(NamedTuple):
    """One contact that differs between two rosters.

    :ivar kind: one of `KINDS`.
    :ivar before: row in the old roster; None for an added contact.
    :ivar after: row in the new roster; None for a removed contact.
    :ivar cause: cause of a removal, as a phrase; empty for other changes.
    """

    kind: str
    before: RosterRow | None
    after: RosterRow | None
    cause: str = ""

    @property
    def location(self) -> str:
        """Location at which the change is counted: the new location, or the old location of a removed contact."""
        row = self.after or self.before
        return (row.location if row else "") or GLOBAL_LOCATION

    @property
    def old_location(self) -> str:
        """Location in the old roster."""
        return (self.before.location if self.before else "") or GLOBAL_LOCATION


@dataclass(frozen=True)
class Plan:
    """All differences between an old roster and a new roster.

    :ivar counts: number of contacts by location and key; the key is a kind of change or `REMOVED_INVALID`.
    :ivar unchanged: number of unchanged contacts by location.
    :ivar baseline_rows: number of contacts in the old roster.
    :ivar by_identity: whether people are matched by identity instead of the key columns.
    :ivar id: identifier; None if the plan cannot be approved.
    :ivar invalid: removed contacts of people without a valid row, each with the cause; at most MAX_LISTED.
    :ivar changes: all changes, sorted by location and row; empty if only counts were requested.
    :ivar moved_from: number of moved contacts by old location. In `counts`, they are counted at their new location.
    :ivar baseline_by_location: number of contacts in the old roster by location. If one of the rosters has no location
        column, locations are not compared, and the plan counts all contacts at `GLOBAL_LOCATION`.
    :ivar new_by_location: number of contacts in the new roster by location.
    :ivar new_columns: number of contacts with a value in each column that only the new roster has, by title.
    :ivar dropped_columns: number of contacts with a value in each column that only the old roster has, by title.
    :ivar configuration: differences between the configurations with which the rosters were exported.
    :ivar removal_causes: number of removed contacts by cause.
    """

    counts: Mapping[tuple[str, str], int]
    unchanged: Mapping[str, int]
    baseline_rows: int
    by_identity: bool
    id: str | None = None
    invalid: tuple[LeftOut, ...] = ()
    changes: tuple[Change, ...] = ()
    moved_from: Mapping[str, int] = field(default_factory=dict)
    baseline_by_location: Mapping[str, int] = field(default_factory=dict)
    new_by_location: Mapping[str, int] = field(default_factory=dict)
    new_columns: Mapping[str, int] = field(default_factory=dict)
    dropped_columns: Mapping[str, int] = field(default_factory=dict)
    configuration: ConfigurationChanges = field(default_factory=ConfigurationChanges)
    removal_causes: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether the plan contains no changes of contacts, and no new or dropped columns."""
        return not (any(self.counts.values()) or self.new_columns or self.dropped_columns)

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
        """Return the identifier, the counts and the changed configuration of the plan, without personal data."""
        kinds = (*KINDS, REMOVED_INVALID)
        by_location: dict[str, dict[str, int]] = {}
        for location in sorted({location for location, _kind in self.counts} | set(self.unchanged)):
            by_location[location] = {kind: self.counts.get((location, kind), 0) for kind in kinds}
            by_location[location]["unchanged"] = self.unchanged.get(location, 0)
        settings = self.configuration.settings
        return {
            "id": self.id,
            **{kind: self.count(kind) for kind in kinds},
            "unchanged": sum(self.unchanged.values()),
            "removal_causes": [
                {"cause": cause, "count": count}
                for cause, count in sort_causes(self.removal_causes)
            ],
            "by_location": by_location,
            "new_columns": dict(self.new_columns),
            "dropped_columns": dict(self.dropped_columns),
            "changed_settings": settings if settings is None else list(settings),
            "unconfigured_locations": list(self.configuration.unconfigured),
        }


def sort_causes(causes: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the causes of removals with their numbers, the most frequent cause first."""
    return sorted(causes.items(), key=lambda item: (-item[1], item[0]))


def make_plan(
    old: RosterFile | None,
    new: RosterFile,
    key: Sequence[str],
    location_column: str | None,
    spill: SpillArea,
    *,
    with_changes: bool = False,
    observe: Callable[[str, Change], None] | None = None,
    causes: Mapping[MissingContact, RemovalCause] = NO_CAUSES,
) -> Plan:
    """Compare a new roster with an old roster.

    Rows of the same person are paired first. Each remaining row is paired with an equal row of another person, if there
    is one. A pair of rows is a moved contact if the locations differ, otherwise a changed contact if any other values
    differ in the columns that both rosters have.

    :param old: old roster; None if there is none.
    :param new: new roster.
    :param key: titles of the columns that identify people if one of the rosters has no identities.
    :param location_column: title of the location column; None if there is none.
    :param spill: spill area for rows that do not fit in memory.
    :param with_changes: whether the plan must contain all changes, as needed for a diff.
    :param observe: function that receives each change with its kind. A removed contact that is also counted by
        `REMOVED_INVALID` is received a second time, with this key.
    :param causes: causes for which contacts of known rosters are missing.
    :raises InputError: if a roster changed since it was checked, or if people cannot be matched.
    :raises FrontdeskError: if a temporary file cannot be written.
    """
    if old is None:
        tally = _ChangeTally(with_changes, observe, NO_CAUSES)
        return _plan_without_baseline(tally, new, key, location_column)
    sides = choose_sides(old, new, key, location_column)
    tally = _ChangeTally(with_changes, observe, causes if sides.by_identity else NO_CAUSES)
    pairs = RowPairs(sides, old, new, spill)
    for pair in pairs:
        tally.add_pair(sides, pair)
    new_by_location = _with_global_location(pairs.new_by_location)
    return Plan(
        counts=tally.counts,
        unchanged=tally.unchanged(new_by_location),
        baseline_rows=old.row_count,
        by_identity=sides.by_identity,
        invalid=tuple(tally.invalid),
        changes=tuple(sorted(tally.changes, key=_sort_key)),
        moved_from=tally.moved_from,
        baseline_by_location=_with_global_location(pairs.old_by_location),
        new_by_location=new_by_location,
        new_columns={title: pairs.filled[title] for title, _index in sides.new.other},
        dropped_columns={title: pairs.filled[title] for title, _index in sides.old.other},
        removal_causes=tally.removal_causes,
    )


def _plan_without_baseline(
    tally: _ChangeTally, new: RosterFile, key: Sequence[str], location_column: str | None
) -> Plan:
    layout = choose_layout(None, new, key, location_column)
    for row in layout.rows(new):
        tally.add(Change(ADDED, None, row))
    return Plan(
        counts=tally.counts,
        unchanged={},
        baseline_rows=0,
        by_identity=layout.by_identity,
        changes=tuple(sorted(tally.changes, key=_sort_key)),
        new_by_location={location: count for (location, _kind), count in tally.counts.items()},
    )


def verify_plan(plan: Plan, new: RosterFile) -> None:
    """Check that the changes of a plan lead from the old number of contacts at each location to the new number.

    The contacts at each location were counted while the rosters were read, so this check does not depend on how rows
    were paired.

    :raises FrontdeskError: if the numbers do not match, which is a bug.
    """
    expected = Counter(plan.baseline_by_location)
    expected.subtract(plan.moved_from)
    for (location, kind), count in plan.counts.items():
        expected[location] += {ADDED: count, MOVED: count, REMOVED: -count}.get(kind, 0)
    expected.subtract(plan.new_by_location)
    is_complete = (
        sum(plan.new_by_location.values()) == new.row_count
        and plan.baseline_rows - plan.count(REMOVED) + plan.count(ADDED) == new.row_count
    )
    if not is_complete or any(expected.values()):
        raise FrontdeskError(
            "Cannot use the plan",
            f"its changes do not result in the contacts of {new.name}, which is a bug in the collection",
            "Report it to the maintainers of the collection",
        )


def _sort_key(change: Change) -> tuple[str, RosterRow | None, str]:
    return (change.location, change.after or change.before, change.kind)


def _with_global_location(by_location: Mapping[str, int]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for location, count in by_location.items():
        counts[location or GLOBAL_LOCATION] += count
    return counts


class _ChangeTally:
    """Counts changes.

    :param with_changes: whether the changes are also collected.
    :param observe: function that receives each change with the key by which it is counted; None if there is none.
    :param causes: causes for which contacts of known rosters are missing.
    """

    def __init__(
        self,
        with_changes: bool,
        observe: Callable[[str, Change], None] | None,
        causes: Mapping[MissingContact, RemovalCause],
    ) -> None:
        self._with_changes = with_changes
        self._observe = observe
        self._causes = causes
        self.removal_causes: Counter[str] = Counter()
        self.counts: Counter[tuple[str, str]] = Counter()
        self.moved_from: Counter[str] = Counter()
        self.invalid: list[LeftOut] = []
        self.changes: list[Change] = []

    def add(self, change: Change) -> None:
        self._count(change.kind, change)
        if change.kind == MOVED:
            self.moved_from[change.old_location] += 1
        if self._with_changes:
            self.changes.append(change)

    def _count(self, key: str, change: Change) -> None:
        self.counts[change.location, key] += 1
        if self._observe is not None:
            self._observe(key, change)

    def add_pair(self, sides: ComparedSides, pair: RowPair) -> None:
        """Add the change that a pair of rows represents, if any."""
        kind = _classify(sides, pair)
        if kind is None:
            return
        cause = self._describe_cause(pair) if kind == REMOVED else ""
        change = Change(kind, pair.before, pair.after, cause)
        self.add(change)
        if pair.left_out is not None:
            self._count(REMOVED_INVALID, change)
            if len(self.invalid) < MAX_LISTED:
                self.invalid.append(pair.left_out)

    def _describe_cause(self, pair: RowPair) -> str:
        """Return the cause of a removal as a phrase, and count it."""
        before = pair.before
        contact = MissingContact(before.person_key[0], before.location) if before else None
        cause = self._causes.get(contact) if contact else None
        if cause is None and pair.left_out is not None:
            cause = RemovalCause(NO_VALID_ROW, pair.left_out.cause)
        description = (cause or RemovalCause(UNKNOWN)).describe()
        self.removal_causes[description] += 1
        return description

    def unchanged(self, new_by_location: Counter[str]) -> Counter[str]:
        """Return the number of unchanged contacts by location."""
        changed: Counter[str] = Counter()
        for (location, key), count in self.counts.items():
            if key in (ADDED, CHANGED, MOVED):
                changed[location] += count
        return new_by_location - changed


def _classify(sides: ComparedSides, pair: RowPair) -> str | None:
    """Return the kind of change that a pair of rows represents; None if the compared cells are equal."""
    before, after = pair.before, pair.after
    if before is None:
        return ADDED
    if after is None:
        return REMOVED
    if before.location != after.location:
        return MOVED
    is_equal = sides.old.compare_key(before) == sides.new.compare_key(after)
    return None if is_equal else CHANGED
