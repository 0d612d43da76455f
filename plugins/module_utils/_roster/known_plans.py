# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changes from the known rosters, which are the baseline and the rosters of the unresolved uploads."""

from __future__ import annotations

import functools
import itertools
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .._contacts.packing import pack, unpack
from .comparison import RosterRow, RowLayout
from .duplicates import BloomFilter
from .external_sort import ExternalSorter, SpillArea
from .files import RosterFile
from .plan import MOVED, NO_CAUSES, REMOVED, REMOVED_INVALID, Change, Plan, make_plan
from .removal_cause import MissingContact, RemovalCause


@dataclass(frozen=True)
class UnionCounts:
    """Numbers of changes from the union of the known rosters.

    :ivar counts: number of contacts by location and key, as in a plan.
    :ivar moved_from: number of moved contacts by old location.
    """

    counts: Mapping[tuple[str, str], int]
    moved_from: Mapping[str, int] = field(default_factory=dict)

    def count(self, key: str) -> int:
        """Return the number of changes with one key, which is a kind of change or `REMOVED_INVALID`."""
        return sum(number for (_location, counted), number in self.counts.items() if counted == key)


@dataclass(frozen=True)
class KnownPlans:
    """The changes from each known roster and from their union.

    :ivar plans: plan for each known roster, the baseline first. If no roster is known, the only plan adds all contacts.
    :ivar union: numbers of changes from the union; those of the only plan if at most one roster is known.
    """

    plans: tuple[Plan, ...]
    union: UnionCounts

    @property
    def plan(self) -> Plan:
        """Plan for the first known roster, which is the baseline if there is one."""
        return self.plans[0]


def plan_from_known(
    known: Sequence[RosterFile],
    new: RosterFile,
    key: Sequence[str],
    location_column: str | None,
    spill: SpillArea,
    *,
    with_changes: bool = False,
    observe: Callable[[str, Change], None] | None = None,
    causes: Mapping[MissingContact, RemovalCause] = NO_CAUSES,
) -> KnownPlans:
    """Compare a new roster with all known rosters.

    The changes from the union of the known rosters are counted by person. If a person is not in the new roster, the
    contacts of the person in all known rosters are removed; a contact at the same location in several rosters is
    counted once. Otherwise, each kind of change is counted as in the plan with the most changes of this kind.

    :param known: known rosters, the baseline first. Their columns may differ.
    :param new: new roster.
    :param key: titles of the columns that identify people if a roster has no identities.
    :param location_column: title of the location column; None if there is none.
    :param spill: spill area for rows that do not fit in memory.
    :param with_changes: whether the plan for the first roster must contain all changes.
    :param observe: function that receives each change from the first roster, as in `make_plan`.
    :param causes: causes for which contacts of known rosters are missing.
    :raises InputError: if a roster changed since it was checked, or if people cannot be matched.
    :raises FrontdeskError: if a temporary file cannot be written.
    """
    if len(known) <= 1:
        old = known[0] if known else None
        plan = make_plan(
            *(old, new, key, location_column, spill),
            with_changes=with_changes,
            observe=observe,
            causes=causes,
        )
        return KnownPlans((plan,), UnionCounts(plan.counts, plan.moved_from))
    changes = _ChangesByPerson(_choose_person_columns(known, new, key), spill)
    plans = [
        make_plan(
            *(roster, new, key, location_column, spill),
            with_changes=with_changes and number == 0,
            observe=_observe_all(
                changes.observer(number, roster, new), observe if number == 0 else None
            ),
            causes=causes,
        )
        for number, roster in enumerate(known)
    ]
    changes.mark_present(new)
    return KnownPlans(tuple(plans), changes.count_union())


def _observe_all(
    first: Callable[[str, Change], None], second: Callable[[str, Change], None] | None
) -> Callable[[str, Change], None]:
    """Return a function that passes each change to both functions."""
    if second is None:
        return first

    def observe(key: str, change: Change) -> None:
        first(key, change)
        second(key, change)

    return observe


def _choose_person_columns(
    known: Sequence[RosterFile], new: RosterFile, key: Sequence[str]
) -> tuple[str, ...] | None:
    """Return the titles of the key columns that all rosters have; None if all rosters have identities."""
    if all(roster.open_ids is not None for roster in (*known, new)):
        return None
    return tuple(title for title in key if all(title in roster.header for roster in (*known, new)))


_IDENTIFIED, _NEW_ROW, _OLD_ROSTER = "0", "1", "2"
"""Kinds of groups of changes: those of one person, those that lead to equal new rows, and those of one known roster.

The last two are for people whose key columns are all empty: changes from several known rosters are then counted
together only if they lead to equal new rows."""

_GROUP_FIELDS = 2
"""Number of fields that identify a group in a line of the sorter."""

_FILTER_BYTES = 1024 * 1024
"""Size of the Bloom filter for people with removed contacts, in bytes."""

_Locations = tuple[str, str]
"""Location at which a change is counted, and location in the known roster."""


class _ChangesByPerson:
    """The changes from several known rosters, grouped by person.

    :param columns: titles of the columns that identify people; None if all rosters have identities.
    :param spill: spill area for changes that do not fit in memory.
    """

    def __init__(self, columns: tuple[str, ...] | None, spill: SpillArea) -> None:
        self._columns = columns
        self._sorter = ExternalSorter(spill)
        self._removed = BloomFilter(_FILTER_BYTES)

    def observer(
        self, number: int, roster: RosterFile, new: RosterFile
    ) -> Callable[[str, Change], None]:
        """Return a function that adds a change from a known roster, with the key by which it is counted.

        :param number: number of the known roster.
        :param roster: known roster.
        :param new: new roster.
        """
        read_old, read_new = self._person_reader(roster), self._person_reader(new)

        def add(key: str, change: Change) -> None:
            before, after = change.before, change.after
            person = read_new(after) if after else read_old(before) if before else ()
            if any(person):
                group = (_IDENTIFIED, "\0".join(person))
                if key == REMOVED:
                    self._removed.add(hash(group))
            elif after:
                group = (_NEW_ROW, "\0".join(after.cells))
            else:
                group = (_OLD_ROSTER, str(number))
            self._sorter.add(pack((*group, str(number), key, change.location, change.old_location)))

        return add

    def _person_reader(self, roster: RosterFile) -> Callable[[RosterRow], tuple[str, ...]]:
        """Return a function that returns the identity in a row of a roster, or the values of the columns."""
        if self._columns is None:
            return operator.attrgetter("person_key")
        indexes = [roster.header.index(title) for title in self._columns]
        return lambda row: tuple([row.cells[index] for index in indexes])

    def mark_present(self, new: RosterFile) -> None:
        """Record which people with removed contacts are in the new roster.

        Other people may also be recorded, because a Bloom filter can report false positives. They are not counted.
        """
        if self._removed.is_empty:
            return
        layout = RowLayout(None, None, len(new.header))
        read = self._person_reader(new)
        for row in layout.rows(new):
            group = (_IDENTIFIED, "\0".join(read(row)))
            if hash(group) in self._removed:
                self._sorter.add(pack((*group, "", "", "", "")))

    def count_union(self) -> UnionCounts:
        """Count the changes from the union of the known rosters."""
        counts: Counter[tuple[str, str]] = Counter()
        moved_from: Counter[str] = Counter()
        lines = map(unpack, self._sorter)
        for _group, group_lines in itertools.groupby(lines, lambda line: line[:_GROUP_FIELDS]):
            for key, locations in _count_person(line[_GROUP_FIELDS:] for line in group_lines):
                for (location, old_location), count in locations.items():
                    counts[location, key] += count
                    if key == MOVED:
                        moved_from[old_location] += count
        return UnionCounts(counts, moved_from)


def _count_person(lines: Iterable[Sequence[str]]) -> Iterator[tuple[str, Counter[_Locations]]]:
    """Count the changes of one person from the union; yield each key with the number of changes by location.

    :param lines: number of the roster, key, location and old location of each change, sorted by roster. The key is
        empty in a line that only states that the person is present in the new roster.
    """
    is_present = False
    changes: dict[str, dict[str, Counter[_Locations]]] = {}
    for number, key, location, old_location in lines:
        if key:
            by_roster = changes.setdefault(key, {})
            by_roster.setdefault(number, Counter())[location, old_location] += 1
        else:
            is_present = True
    for key, by_roster in changes.items():
        if is_present or key not in (REMOVED, REMOVED_INVALID):
            yield key, max(by_roster.values(), key=lambda locations: sum(locations.values()))
        else:
            yield key, functools.reduce(operator.or_, by_roster.values())
