# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simple reference implementation of plans, which keeps everything in memory and tries all pairs of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import RosterFile
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import roster_file
from hypothesis import strategies as st

Cells = tuple[str, ...]
ModelChange = tuple[str, "Cells | None", "Cells | None"]
"""Kind, cells in the old roster, and cells in the new roster."""


@dataclass(frozen=True)
class ModelRoster:
    """A roster in memory.

    :ivar header: titles of the columns.
    :ivar rows: cells of each row.
    :ivar identities: identity of each row; None for a roster without identities.
    """

    header: Cells
    rows: tuple[Cells, ...]
    identities: tuple[str, ...] | None

    def file(self) -> RosterFile:
        """Return the roster as a file."""
        return roster_file(self.rows, self.identities, self.header)


@dataclass(frozen=True)
class ModelRow:
    """A row with everything that is compared.

    :ivar cells: values of all columns.
    :ivar location: value of the location column; empty if locations are not compared.
    :ivar common: values of the columns that both rosters have.
    :ivar person: identity, or values of the key columns that both rosters have; empty if all of them are empty.
    :ivar key: values of the key columns that both rosters have.
    """

    cells: Cells
    location: str
    common: Cells
    person: Cells
    key: Cells


def _model_rows(
    roster: ModelRoster, other: ModelRoster, key: Sequence[str], by_identity: bool
) -> list[ModelRow]:
    common = [title for title in roster.header if title in other.header]
    rows = []
    for number, cells in enumerate(roster.rows):
        values = dict(zip(roster.header, cells))
        key_values = tuple(values[title] for title in key if title in common)
        person = (roster.identities or ())[number : number + 1] if by_identity else key_values
        rows.append(
            ModelRow(
                cells=cells,
                location=values["Location"] if "Location" in common else "",
                common=tuple(values[title] for title in sorted(common)),
                person=person if any(person) else (),
                key=key_values,
            )
        )
    return sorted(rows, key=lambda row: (row.location, row.cells, row.person))


def model_changes(old: ModelRoster, new: ModelRoster, key: Sequence[str]) -> list[ModelChange]:
    """Return all changes between two rosters; a column named Location contains the location."""
    by_identity = old.identities is not None and new.identities is not None
    before = _model_rows(old, new, key, by_identity)
    after = _model_rows(new, old, key, by_identity)
    same_titles = set(old.header) == set(new.header)

    def is_same_person(one: ModelRow, other: ModelRow) -> bool:
        return bool(one.person) and one.person == other.person

    def is_equal(one: ModelRow, other: ModelRow) -> bool:
        return (one.location, one.common) == (other.location, other.common)

    rules: list[Callable[[ModelRow, ModelRow], bool]] = [
        lambda one, other: is_same_person(one, other) and is_equal(one, other),
        lambda one, other: is_same_person(one, other) and one.location == other.location,
        is_same_person,
        lambda one, other: is_equal(one, other) and (same_titles or any(one.key)),
    ]
    changes: list[ModelChange] = []
    for rule in rules:
        if rule is rules[-1]:
            before.sort(key=lambda row: (row.location, row.person))
            after.sort(key=lambda row: (row.location, row.person))
        for row in list(before):
            match = next((each for each in after if rule(row, each)), None)
            if match is None:
                continue
            before.remove(row)
            del after[next(number for number, each in enumerate(after) if each is match)]
            if row.location != match.location:
                changes.append(("moved", row.cells, match.cells))
            elif row.common != match.common:
                changes.append(("changed", row.cells, match.cells))
    changes += [("removed", row.cells, None) for row in before]
    changes += [("added", None, row.cells) for row in after]
    return changes


def location_in(header: Cells, cells: Cells, other: Cells) -> str:
    """Return the location at which the change of a row is counted.

    :param header: titles of the columns of the row.
    :param cells: cells of the row.
    :param other: titles of the columns of the other roster.
    """
    if "Location" not in header or "Location" not in other:
        return "(all locations)"
    return cells[header.index("Location")] or "(all locations)"


def model_union(
    known: Sequence[ModelRoster], new: ModelRoster, key: Sequence[str]
) -> Counter[tuple[str, str]]:
    """Return the number of changes from the union of known rosters, by location and kind.

    All rosters must have identities, and a column named Person that contains them, so that each change belongs to one
    person.
    """
    counts: Counter[tuple[str, str]] = Counter()
    people = sorted({identity for roster in (*known, new) for identity in roster.identities or ()})
    by_person: dict[tuple[str, int, str], Counter[str]] = {}
    for number, roster in enumerate(known):
        for kind, before, after in model_changes(roster, new, key):
            header, cells = (new.header, after) if after else (roster.header, before or ())
            other = roster.header if after else new.header
            person = cells[header.index("Person")]
            by_person.setdefault((person, number, kind), Counter())[
                location_in(header, cells, other)
            ] += 1
    present = set(new.identities or ())
    for person in people:
        for kind in ("added", "changed", "moved", "removed"):
            alternatives = [
                by_person.get((person, number, kind), Counter()) for number in range(len(known))
            ]
            if kind == "removed" and person not in present:
                locations: Counter[str] = Counter()
                for alternative in alternatives:
                    locations |= alternative
            else:
                most = max(sum(alternative.values()) for alternative in alternatives)
                locations = next(each for each in alternatives if sum(each.values()) == most)
            for location, count in locations.items():
                counts[location, kind] += count
    return counts


TITLES = ("Name", "Email", "Location")
_CELLS = {
    "Name": st.sampled_from(["A", "B", 'q"u', "x,y", ""]),
    "Email": st.sampled_from(["a@x", "b@x", ""]),
    "Location": st.sampled_from(["o", "b", ""]),
    "Floor": st.sampled_from(["1", ""]),
    "Person": st.just(""),
}


@st.composite
def model_rosters(
    draw: st.DrawFn,
    headers: st.SearchStrategy[Cells] | None = None,
    *,
    with_identities: bool | None = None,
    identities: str = "pqr",
    max_size: int = 7,
) -> ModelRoster:
    """Draw a roster.

    :param headers: headers to choose from; by default, only `TITLES`.
    :param with_identities: whether the roster has identities; None for either.
    :param identities: string whose characters are the identities to choose from. A column named Person contains the
        identity.
    :param max_size: maximum number of rows.
    """
    header = draw(headers) if headers is not None else TITLES
    row = st.tuples(
        st.tuples(*[_CELLS[title] for title in header]), st.sampled_from(list(identities))
    )
    people = draw(st.lists(row, max_size=max_size))
    rows = tuple(
        tuple(identity if title == "Person" else cell for title, cell in zip(header, cells))
        for cells, identity in people
    )
    if with_identities is None:
        with_identities = draw(st.booleans())
    return ModelRoster(
        header, rows, tuple(identity for _cells, identity in people) if with_identities else None
    )
