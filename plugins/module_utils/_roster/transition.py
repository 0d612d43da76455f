# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The transition from the known rosters to a new roster, as numbers of contacts: the input of the guard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .configuration import ConfigurationChanges
from .plan import ADDED, CHANGED, KINDS, MOVED, REMOVED

LAST_ACCEPTED = "the last accepted roster"
"""Label of the baseline in messages."""


@dataclass(frozen=True)
class RosterChanges:
    """The changes from one known roster, or from the union of all known rosters, to the new roster.

    :ivar label: name of the known roster in messages, for example ``the last accepted roster``. For the union, name of
        the roster to whose contacts the percentages refer.
    :ivar rows: number of contacts in the roster with that name.
    :ivar by_location: number of contacts in this roster at each location.
    :ivar removed: number of removed contacts by old location.
    :ivar moved_from: number of moved contacts by old location.
    :ivar moved_to: number of moved contacts by new location.
    :ivar changed: number of changed contacts by location.
    :ivar added: number of added contacts by new location.
    :ivar removed_invalid: number of removed contacts of people who are in the directory but have no valid row.
    :ivar removal_causes: number of removed contacts by cause; empty for the union.
    """

    label: str
    rows: int
    by_location: Mapping[str, int]
    removed: Mapping[str, int] = field(default_factory=dict)
    moved_from: Mapping[str, int] = field(default_factory=dict)
    moved_to: Mapping[str, int] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    added: Mapping[str, int] = field(default_factory=dict)
    removed_invalid: int = 0
    removal_causes: Mapping[str, int] = field(default_factory=dict)

    def by_kind(self, kind: str) -> Mapping[str, int]:
        """Return the number of changes of one kind by location; moved contacts are counted at their new location.

        :param kind: one of `KINDS`.
        """
        counts = {
            ADDED: self.added,
            CHANGED: self.changed,
            MOVED: self.moved_to,
            REMOVED: self.removed,
        }
        return counts[kind]

    def count(self, kind: str) -> int:
        """Return the number of changes of one kind.

        :param kind: one of `KINDS`.
        """
        return sum(self.by_kind(kind).values())


@dataclass(frozen=True)
class KnownPlan:
    """What is known of the plan that the administrator approved.

    :ivar history: clause that states what happened to the plan, for example ``was uploaded at 2026-11-30T04:00:00Z``.
    :ivar counts: number of contacts by kind of change; empty if the numbers are not known.
    """

    history: str
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Transition:
    """The transition from the known rosters to a new roster.

    :ivar plan_id: identifier of the plan; None if the plan cannot be approved.
    :ivar new_by_location: number of contacts of the new roster at each location.
    :ivar known: changes from each known roster; empty for a first upload.
    :ivar union: changes from the union of the known rosters; None if at most one roster is known.
    :ivar first_upload_cause: reason why no roster is known; empty if one is known.
    :ivar configuration: differences between the configurations with which the rosters were exported.
    :ivar missing_before: value of ``missing`` in the last accepted upload; None if it was not recorded.
    :ivar unmatched: numbers of the elements of ``must_contain`` that no contact of the new roster matches, from 1.
    :ivar earlier_approval: identifier of the approved plan with which the same rows and identities were sent, if the
        outcome of that upload is unknown; None otherwise.
    :ivar approved: what is known of the approved plan, for the message if it is not the plan of this run; None if
        nothing is known.
    :ivar has_upload: whether the roster would be sent.
    :ivar is_undo: whether the new roster is the one that was accepted before the last one.
    """

    plan_id: str | None
    new_by_location: Mapping[str, int]
    known: tuple[RosterChanges, ...] = ()
    union: RosterChanges | None = None
    first_upload_cause: str = ""
    configuration: ConfigurationChanges = field(default_factory=ConfigurationChanges)
    missing_before: str | None = None
    unmatched: tuple[int, ...] = ()
    earlier_approval: str | None = None
    approved: KnownPlan | None = None
    has_upload: bool = True
    is_undo: bool = False

    @property
    def comparisons(self) -> tuple[RosterChanges, ...]:
        """All changes that the limits apply to, those from the union first."""
        return (self.union, *self.known) if self.union else self.known

    def counts(self) -> dict[str, int]:
        """Return the number of changes of each kind: from the union, or from the only roster that is known."""
        if not self.comparisons:
            return {**dict.fromkeys(KINDS, 0), ADDED: sum(self.new_by_location.values())}
        return {kind: self.comparisons[0].count(kind) for kind in KINDS}
