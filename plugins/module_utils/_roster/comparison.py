# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The columns by which two rosters are compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .._errors import InputError
from .files import RosterFile


class RosterRow(NamedTuple):
    """A row of a roster file.

    :ivar location: value of the location column; empty for all locations, or if there is no such column.
    :ivar cells: values of all columns.
    :ivar person_key: key that identifies the person: the identity, or the values of the key columns.
    """

    location: str
    cells: tuple[str, ...]
    person_key: tuple[str, ...]


@dataclass(frozen=True)
class RowLayout:
    """Positions of the location and the person key in the rows of a roster.

    :ivar location_index: index of the location column; None if there is none.
    :ivar key_indexes: indexes of the key columns; None if people are matched by identity.
    :ivar width: number of columns.
    """

    location_index: int | None
    key_indexes: tuple[int, ...] | None
    width: int

    @property
    def by_identity(self) -> bool:
        """Whether people are matched by identity instead of the key columns."""
        return self.key_indexes is None

    def rows(self, roster: RosterFile) -> Iterator[RosterRow]:
        """Yield all rows in the order of the file."""
        for cells, identity in roster.rows():
            yield self.to_row(cells, identity)

    def align(self, roster: RosterFile, header: Sequence[str]) -> Iterator[RosterRow]:
        """Yield all rows of a roster that may have other columns, with the columns of this layout.

        :param header: titles of the columns of this layout.
        """
        for cells, identity in roster.aligned_rows(header):
            yield self.to_row(cells, identity)

    def to_row(self, cells: tuple[str, ...], identity: str | None) -> RosterRow:
        """Return the row with the given cells.

        :param identity: identity of the person; None if there is none.
        """
        return RosterRow(
            "" if self.location_index is None else cells[self.location_index],
            cells,
            (identity or "",)
            if self.key_indexes is None
            else tuple([cells[index] for index in self.key_indexes]),
        )


def choose_layout(
    old: RosterFile | None, new: RosterFile, key: Sequence[str], location_column: str | None
) -> RowLayout:
    """Return the common layout of two rosters with the same header.

    People are matched by identity if both rosters have identities, otherwise by the key columns.

    :param old: old roster; None if there is none.
    :param new: new roster.
    :param key: titles of the key columns.
    :param location_column: title of the location column; None if there is none.
    """
    header = new.header
    by_identity = new.open_ids is not None and (old is None or old.open_ids is not None)
    return RowLayout(
        location_index=header.index(location_column) if location_column in header else None,
        key_indexes=None if by_identity else tuple(header.index(name) for name in key),
        width=len(header),
    )


@dataclass(frozen=True)
class ComparedSide:
    """The columns of one of two rosters that a comparison uses.

    :ivar layout: positions of the location, if both rosters have its column, and of the person key.
    :ivar common: indexes of the columns that both rosters have; in the same order for both rosters.
    :ivar key: indexes of the key columns that both rosters have.
    :ivar same_titles: whether both rosters have the same columns.
    :ivar other: titles and indexes of the columns that only this roster has.
    """

    layout: RowLayout
    common: tuple[int, ...]
    key: tuple[int, ...]
    same_titles: bool
    other: tuple[tuple[str, int], ...]

    def compare_key(self, row: RosterRow) -> tuple[str, tuple[str, ...]]:
        """Return the location and the cells in the columns that both rosters have."""
        return row.location, tuple([row.cells[index] for index in self.common])

    def has_comparable_cells(self, row: RosterRow) -> bool:
        """Return whether an equal row of the other roster is the same contact, even with another identity.

        If the columns differ, the common columns might contain only a location, so the key must not be empty.
        """
        return self.same_titles or any(row.cells[index] for index in self.key)


@dataclass(frozen=True)
class ComparedSides:
    """The columns that a comparison of two rosters uses.

    :ivar old: columns of the old roster.
    :ivar new: columns of the new roster.
    """

    old: ComparedSide
    new: ComparedSide

    @property
    def by_identity(self) -> bool:
        """Whether people are matched by identity instead of the key columns."""
        return self.new.layout.by_identity

    @property
    def key_width(self) -> int:
        """Number of fields of a person key."""
        indexes = self.new.layout.key_indexes
        return 1 if indexes is None else len(indexes)


def choose_sides(
    old: RosterFile, new: RosterFile, key: Sequence[str], location_column: str | None
) -> ComparedSides:
    """Choose the columns for a comparison of two rosters, which may have different columns.

    People are matched by identity if both rosters have identities, otherwise by the key columns that both have.

    :param old: old roster.
    :param new: new roster.
    :param key: titles of the key columns.
    :param location_column: title of the location column; None if there is none.
    :raises InputError: if a roster has no identities, and the rosters have no common key column.
    """
    common = [title for title in new.header if title in old.header]
    common_key = [title for title in key if title in common]
    by_identity = new.open_ids is not None and old.open_ids is not None
    if not by_identity and not common_key:
        raise InputError(
            f"Cannot compare {new.name} with {old.name}",
            "one of them has no identities, and they have no column of O(key) in common",
            "Set O(key) to columns that both have, or keep the identities file with the roster",
        )

    def side(header: tuple[str, ...]) -> ComparedSide:
        indexes = {title: index for index, title in enumerate(header)}
        key_indexes = tuple(indexes[title] for title in common_key)
        return ComparedSide(
            layout=RowLayout(
                location_index=indexes[location_column] if location_column in common else None,
                key_indexes=None if by_identity else key_indexes,
                width=len(header),
            ),
            common=tuple(indexes[title] for title in common),
            key=key_indexes,
            same_titles=set(old.header) == set(new.header),
            other=tuple((title, indexes[title]) for title in header if title not in common),
        )

    return ComparedSides(side(old.header), side(new.header))
