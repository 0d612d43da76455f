# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the changes of a plan as a CSV file."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence

from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.formulas import (
    escape_formulas,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import LeftOut
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.change_table import (
    ChangeTable,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.comparison import RosterRow
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    RUN_BYTES,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import RosterFile
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.known_plans import (
    plan_from_known,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.plan import (
    ADDED,
    Change,
    Plan,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.plan_model import (
    Cells,
    ModelRoster,
    model_changes,
    model_rosters,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    MEMORY,
    recording_spill,
    roster_file,
)
from hypothesis import given
from hypothesis import strategies as st

HEADERS = st.sampled_from(
    [
        ("Name", "Email", "Location"),
        ("Email", "Location", "Name", "Floor"),
        ("Floor", "Email"),
    ]
)
ROSTERS = model_rosters(HEADERS)


def _write(known: Sequence[RosterFile], new: RosterFile) -> tuple[Plan, list[list[str]]]:
    """Return the plan, and the rows of its file, starting with the titles."""
    table = ChangeTable(known[0].header if known else (), new.header, MEMORY)
    plan = plan_from_known(
        *(known, new, ["Email"], "Location", MEMORY), with_changes=True, observe=table.add
    ).plan
    file = io.BytesIO()
    table.write(file, by_identity=plan.by_identity)
    return plan, list(csv.reader(io.StringIO(file.getvalue().decode(), newline="")))


def _values(header: Sequence[str], titles: Sequence[str], cells: Sequence[str] | None) -> Cells:
    values = dict(zip(header, cells or ()))
    return tuple(values.get(title, "") for title in titles)


@given(st.lists(ROSTERS, max_size=3), ROSTERS)
def test_the_file_contains_exactly_the_changes_from_the_first_roster(
    known: list[ModelRoster], new: ModelRoster
) -> None:
    plan, (titles, *rows) = _write([roster.file() for roster in known], new.file())
    assert titles[:5] == ["kind", "identity", "location_before", "location_after", "cause"]
    columns = [title.removesuffix(" before") for title in titles[5::2]]
    assert titles[5:] == [f"{title} {side}" for title in columns for side in ("before", "after")]
    old_header = known[0].header if known else ()
    assert Counter(columns) == Counter({*old_header, *new.header})
    assert Counter(tuple(row) for row in rows) == Counter(
        (
            change.kind,
            (change.after or change.before or RosterRow("", (), ())).person_key[0]
            if plan.by_identity
            else "",
            change.old_location if change.before else "",
            change.location if change.after else "",
            change.cause,
            *(
                cell
                for pair in zip(
                    _values(old_header, columns, change.before and change.before.cells),
                    _values(new.header, columns, change.after and change.after.cells),
                )
                for cell in pair
            ),
        )
        for change in plan.changes
    )
    if known:
        assert Counter((row[0], tuple(row[5::2]), tuple(row[6::2])) for row in rows) == Counter(
            (kind, _values(old_header, columns, before), _values(new.header, columns, after))
            for kind, before, after in model_changes(known[0], new, ["Email"])
        )


def test_rows_are_sorted_by_location_kind_and_identity() -> None:
    old = roster_file([("A", "a", "o"), ("B", "b", "o"), ("C", "c", "b")], "312")
    new = roster_file([("A", "a", "b"), ("C", "c2", "b"), ("D", "d", "")], "320")
    _plan, (_titles, *rows) = _write([old], new)
    assert [row[:4] for row in rows] == [
        ["added", "0", "", "(all locations)"],
        ["changed", "2", "b", "b"],
        ["moved", "3", "o", "b"],
        ["removed", "1", "o", ""],
    ]


def test_a_removed_person_without_a_valid_row_is_listed_once() -> None:
    old = roster_file([("A", "a", "o"), ("B", "b", "o")], "12")
    new = roster_file([("A", "a", "o")], "1", left_out=[LeftOut("2", "o", "Email is empty")])
    plan, (_titles, row) = _write([old], new)
    assert (plan.count("removed_invalid"), row[:5]) == (
        1,
        ["removed", "2", "o", "", "no valid row (Email is empty)"],
    )


def test_cells_and_titles_that_look_like_formulas_are_escaped() -> None:
    header = ("=1+1", "Email", "Location")
    new = roster_file(
        [("@SUM(1)", "-2+cmd|' /C calc'!A0", "Lie;=1"), ("'=1", 'q"\n,', "o")], "12", header
    )
    _plan, (titles, *rows) = _write([], new)
    assert titles[5:7] == ["'=1+1 before", "'=1+1 after"]
    assert [row[6::2] for row in rows] == [
        ["'@SUM(1)", "'-2+cmd|' /C calc'!A0", "Lie;'=1"],
        ["''=1", 'q"\n,', "o"],
    ]
    assert rows[0][3] == escape_formulas("Lie;=1")


def test_identities_that_utf_8_cannot_encode_are_escaped() -> None:
    table = ChangeTable((), ("Email",), MEMORY)
    table.add(ADDED, Change(ADDED, None, RosterRow("o", ("a",), ("\ud800",))))
    file = io.BytesIO()
    table.write(file, by_identity=True)
    assert file.getvalue().splitlines()[1] == rb"added,\ud800,,o,,,a"


def test_changes_are_not_kept_in_memory() -> None:
    spill, files = recording_spill()
    table = ChangeTable((), ("Name",), spill)
    name = "x" * 1000
    count = 2 * RUN_BYTES // 1000
    for number in range(count):
        table.add(ADDED, Change(ADDED, None, RosterRow("o", (name,), (str(number),))))
    assert len(files) >= 2
    file = io.BytesIO()
    table.write(file, by_identity=True)
    assert file.getvalue().count(b"\r\n") == 1 + count
