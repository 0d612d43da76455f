# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Property-based tests that compare the roster builder with the reference implementation."""

from __future__ import annotations

import random
import uuid
from collections import Counter

from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.builder import (
    MemoryLimits,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.roster_factory import (
    build_expected_roster,
    build_roster,
    write_to_memory,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import COLUMNS
from hypothesis import given
from hypothesis import strategies as st

NAMES = ["A", "A B", "A,B", 'A "B"', "Å", "\U0001f600", "\ufffd", "אב"]
IDENTITIES = [*(str(uuid.UUID(int=number)) for number in range(6)), "a", "b\n"]
MAILS = ["a@x", "A@x", "b@x", "straße@x", "STRASSE@x"]

_cells = st.tuples(
    st.sampled_from(NAMES), st.sampled_from(["", *MAILS]), st.sampled_from(["", "1", "2"])
)


@st.composite
def _person(draw: st.DrawFn, location: str) -> Contact | LeftOut:
    identity = draw(st.sampled_from(IDENTITIES))
    cells = draw(_cells)
    if not any(cells[1:]) or draw(st.integers(0, 4)) == 0:
        return LeftOut(identity, location, draw(st.sampled_from(["x", "y"])))
    emptied = (("Phone", "invalid number"),) if not cells[2] and cells[0] == "Å" else ()
    return Contact(location, cells, identity, emptied)


@st.composite
def _source(draw: st.DrawFn) -> list[Contact | LeftOut]:
    location = draw(st.sampled_from(["", "oslo", "oslo-2", "ålesund"]))
    return draw(st.lists(_person(location), max_size=12))


_limits = st.builds(
    MemoryLimits,
    run_bytes=st.sampled_from([1, 200, 400, 1000, 1 << 20]),
    max_pairs=st.sampled_from([1, 2, 5, 1 << 16]),
    filter_bytes=st.sampled_from([1, 2, 64, 1 << 16]),
)


@given(st.lists(_source(), max_size=5), _limits, st.integers())
def test_a_roster_depends_neither_on_the_order_of_people_nor_on_memory_limits(
    sources: list[list[Contact | LeftOut]], limits: MemoryLimits, seed: int
) -> None:
    shuffled = [list(source) for source in sources]
    for source in shuffled:
        random.Random(seed).shuffle(source)
    made = write_to_memory(build_roster(COLUMNS, shuffled, limits))
    expected = build_expected_roster(COLUMNS, [person for source in sources for person in source])
    assert made.csv == expected.csv
    assert made.ids == expected.ids
    assert made.emptied == expected.emptied
    assert made.written.left_out == tuple(expected.left_out)
    assert made.written.left_out_count == len(expected.left_out)
    counts = Counter(contact.location or "(all locations)" for contact in expected.contacts)
    assert made.written.by_location == counts
    rows = {(contact.location, contact.identity) for contact in expected.contacts}
    for number, source in enumerate(sources):
        contacts = [person for person in source if isinstance(person, Contact)]
        dropped = [person for person in contacts if (person.location, person.identity) not in rows]
        assert sum(made.dropped_by_source[number].values()) == len(dropped)


@given(st.lists(_source(), max_size=4))
def test_values_in_the_reference_implementation_are_unique_at_each_location(
    sources: list[list[Contact | LeftOut]],
) -> None:
    expected = build_expected_roster(COLUMNS, [person for source in sources for person in source])
    values = Counter(
        (contact.location, index, contact.cells[index].casefold())
        for contact in expected.contacts
        for index in (1, 2)
        if contact.cells[index]
    )
    assert max(values.values(), default=1) == 1


@given(st.lists(_source(), max_size=4), _limits)
def test_a_roster_can_be_written_more_than_once(
    sources: list[list[Contact | LeftOut]], limits: MemoryLimits
) -> None:
    roster = build_roster(COLUMNS, sources, limits)
    left_out = list(roster.left_out())
    first, second = write_to_memory(roster), write_to_memory(roster)
    assert first == second
    assert first.left_out == left_out
