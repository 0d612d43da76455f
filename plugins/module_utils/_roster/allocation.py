# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decide who keeps a value that several people at one location have in a unique column.

A person *needs* a value if the row would be invalid without it. A value is *reserved* for the people who already held
it in the baseline. The decision has these properties:

1. A value has at most one holder.
2. A person whose row needs no contested values except those that are reserved for this person keeps all of them.
   Therefore, no one loses a value of the baseline because another person enters it in the directory, even if the other
   person needs it.
3. The row of a person who is left out would not be valid with any combination of values that are free, or that are not
   reserved and that their holders do not need. Therefore, no one loses a row because of a person who does not need the
   value.
4. If the holder of a value that is not reserved does not need it, no other claimant of the value who has a row has a
   smaller identity.
5. If several people need the same value from the start, and it is not reserved, the one with the smallest identity
   keeps it, unless that person is left out because of another value.
6. The decision depends only on the set of the claimants, not on their order.

A value is no longer reserved if all people who have the reservation are left out because of other values. It can be
reserved for several people, because a baseline that was merged after a partial acceptance can contain a value twice.
The rules without a reservation then decide between them.

The number of rows is not always the maximum, because chains of exchanges are not searched: a person who could have a
valid row only if a holder took over a value from a third person is left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .._contacts.columns import Column


class RowRules:
    """Rules that decide whether a row with empty cells is valid.

    A row is represented by a bit mask of its filled cells, in which bit n represents column n. Emptying a cell never
    makes an invalid row valid.

    :param columns: all columns of the roster.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        bits = {column.header: 1 << index for index, column in enumerate(columns)}
        self._alternatives = tuple(
            sum(bits[header] for header in column.alternatives)
            for column in columns
            if column.alternatives
        )

    def is_valid(self, filled: int) -> bool:
        """Return whether a row with these filled cells has all cells that it needs."""
        return all(filled & alternatives for alternatives in self._alternatives)


class Claimant(NamedTuple):
    """A person who has the same value as another one in at least one unique column.

    :ivar identity: packed identity.
    :ivar filled: bit mask of the filled cells.
    :ivar claims: number of the column and number of the value, for each contested cell.
    :ivar held: bit mask of the contested cells that have the same value as in the baseline.
    :ivar lacked: bit mask of the contested cells that were empty in the baseline.
    """

    identity: bytes
    filled: int
    claims: tuple[tuple[int, int], ...]
    held: int = 0
    lacked: int = 0


class Allocation:
    """Assigns the contested values of one location.

    People are admitted one at a time. A person takes over all values that are free, and if the row is still not valid,
    also values that their holders do not need. If this is not enough, the person is left out and takes over nothing.
    An admitted person never loses the row again, because values that the holder needs are not taken over. Therefore,
    a value that cannot be taken over now cannot be taken over later, which is property 2.

    People who need a contested value from the start are admitted first, so that nobody takes it before them. They might
    then hold values that they do not need, and that belong to people with a smaller identity (property 4). After
    everybody has been admitted or left out, these values are handed over. Afterwards, the people who were left out are
    considered again, because the new holders might need fewer of their values.

    Reserved values are neither free nor handed over for other people (property 2). When nothing changes any more, the
    reserved values that nobody holds are released, and the people who were left out are considered again.

    Memory and time are linear in the number of claims, apart from these repetitions, which occur only if several rules
    concern unique columns.

    :param rules: rules for the rows.
    :param claimants: all claimants at the location, in the order of their identities.
    """

    def __init__(self, rules: RowRules, claimants: Sequence[Claimant]) -> None:
        self._rules = rules
        self._claimants = claimants
        self._holders: dict[int, int] = {}
        # The filled cells of each claimant, without the contested values that the claimant does not hold.
        self._filled = [
            each.filled & ~_mask(column for column, _value in each.claims) for each in claimants
        ]
        self._admitted = [False] * len(claimants)
        self._reserved = {
            value for each in claimants for column, value in each.claims if each.held >> column & 1
        }
        self._settle()

    def has_row(self, index: int) -> bool:
        """Return whether a claimant has a row."""
        return self._admitted[index]

    def find_losses(self, index: int) -> Mapping[int, int]:
        """Return the number of the holder for each column in which another person holds the claimant's value."""
        return {
            column: self._holders[value]
            for column, value in self._claimants[index].claims
            if self._holders.get(value, index) != index
        }

    def _settle(self) -> None:
        waiting = sorted(range(len(self._claimants)), key=self._precedence)
        has_changed = True
        while has_changed:
            waiting = [index for index in waiting if not self._admit(index)]
            has_changed = self._hand_over() or self._release()

    def _precedence(self, index: int) -> tuple[bool, int]:
        """Return the sort key for the order of admission.

        People who need a contested value come first, and within both groups, people with smaller identities.
        """
        filled, claims = self._claimants[index].filled, self._claimants[index].claims
        needs_value = any(
            not self._rules.is_valid(filled & ~(1 << each)) for each, _value in claims
        )
        return (not needs_value, index)

    def _admit(self, index: int) -> bool:
        """Give a person all free values, and values of others that the row needs; return whether the row is valid."""
        claims = self._obtainable_claims(index)
        free = [claim for claim in claims if claim[1] not in self._holders]
        filled = self._filled[index] | _mask(column for column, _value in free)
        taken_over: tuple[tuple[int, int], ...] = ()
        if not self._rules.is_valid(filled):
            available = [
                claim for claim in claims if claim[1] in self._holders and self._can_lose([claim])
            ]
            found = self._choose(available, filled)
            if found is None:
                return False
            taken_over = found
        for column, value in (*free, *taken_over):
            self._assign(column, value, index)
        self._admitted[index] = True
        return True

    def _obtainable_claims(self, index: int) -> Sequence[tuple[int, int]]:
        """Return the claims of a person without the values that are reserved for other people."""
        claimant = self._claimants[index]
        return [
            (column, value)
            for column, value in claimant.claims
            if value not in self._reserved or claimant.held >> column & 1
        ]

    def _choose(
        self, available: Sequence[tuple[int, int]], filled: int
    ) -> tuple[tuple[int, int], ...] | None:
        """Choose as few values as possible that make a row valid; return None if even all of them are not enough.

        The values of the last columns are preferred, as if the columns were decided one after the other.
        """
        if not self._rules.is_valid(filled | _mask(column for column, _value in available)):
            return None
        for count in range(1, len(available) + 1):
            for claims in itertools.combinations(reversed(available), count):
                mask = filled | _mask(column for column, _value in claims)
                if self._rules.is_valid(mask) and self._can_lose(claims):
                    return claims
        return None

    def _can_lose(self, claims: Iterable[tuple[int, int]]) -> bool:
        """Return whether the rows of all holders of the values remain valid without them."""
        lost: dict[int, int] = {}
        for column, value in claims:
            holder = self._holders[value]
            lost[holder] = lost.get(holder, 0) | 1 << column
        return all(
            self._rules.is_valid(self._filled[holder] & ~mask) for holder, mask in lost.items()
        )

    def _assign(self, column: int, value: int, index: int) -> None:
        if value in self._holders:
            self._filled[self._holders[value]] &= ~(1 << column)
        self._holders[value] = index
        self._filled[index] |= 1 << column

    def _hand_over(self) -> bool:
        """Hand over the values that their holders do not need (property 4), and return whether any holder changed.

        Values that were released and that nobody needs have no holder yet.
        """
        has_changed, again = False, True
        while again:
            again = False
            for index in itertools.compress(itertools.count(), self._admitted):
                for claim in self._obtainable_claims(index):
                    holder = self._holders.get(claim[1])
                    if holder is None or (holder > index and self._can_lose([claim])):
                        self._assign(*claim, index)
                        has_changed = again = True
        return has_changed

    def _release(self) -> bool:
        """Release the reserved values that nobody holds, and return whether there are any."""
        without_holder = self._reserved - self._holders.keys()
        self._reserved -= without_holder
        return bool(without_holder)


def _mask(columns: Iterable[int]) -> int:
    mask = 0
    for column in columns:
        mask |= 1 << column
    return mask
