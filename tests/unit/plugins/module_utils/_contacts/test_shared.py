# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who shares a value with whom."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from typing import BinaryIO

from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.runs import Scratch
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.shared import (
    SharedValues,
    Suspects,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY
from hypothesis import given
from hypothesis import strategies as st

_HASH = st.integers(-(2**63), 2**63 - 1) | st.integers(-600, 600)


@given(
    st.lists(st.tuples(_HASH | st.integers(0, 9), st.lists(_HASH, max_size=3))),
    st.integers(1, 20),
)
def test_those_who_share_a_value_are_found_and_nobody_else(
    added: list[tuple[int, list[int]]], pairs: int
) -> None:
    shared = SharedValues(MEMORY, pairs)
    holders = defaultdict(set)
    noted: Counter[tuple[int, int]] = Counter()
    for holder, values in added:
        shared.add(holder, values)
        for value in values:
            holders[value].add(holder)
            noted[holder, value] += 1
    expected = {holder for others in holders.values() if len(others) > 1 for holder in others}
    has_repeats = any(count > 1 for count in noted.values())
    assert set(shared.sharers()) == expected
    assert set(shared.sharers()) == expected
    assert has_repeats or not shared.has_repeats


def test_one_file_is_opened_when_pairs_are_many() -> None:
    opened = []

    def new_file() -> BinaryIO:
        opened.append(io.BytesIO())
        return opened[-1]

    shared = SharedValues(Scratch("memory", new_file), 4)
    for holder, files in ((1, 0), (2, 1), (3, 1), (4, 1)):
        shared.add(holder, [7, holder])
        assert len(opened) == files
    assert len(opened[0].getvalue()) == 8 * 16
    assert set(shared.sharers()) == {1, 2, 3, 4}


def test_pairs_are_counted_anew_once_they_were_set_aside() -> None:
    file = io.BytesIO()
    shared = SharedValues(Scratch("memory", lambda: file), 3)
    for holder, size in ((1, 0), (2, 4 * 16), (3, 4 * 16), (4, 8 * 16)):
        shared.add(holder, [7, holder])
        assert len(file.getvalue()) == size


def test_whether_a_holder_came_twice_is_told() -> None:
    for again, has_repeats in ((2, False), (1, True)):
        shared = SharedValues(MEMORY)
        shared.add(1, [7])
        shared.add(again, [7])
        assert not shared.has_repeats
        assert set(shared.sharers()) == ({1, 2} if again == 2 else set())
        assert shared.has_repeats is has_repeats


@given(st.sets(_HASH), st.sampled_from([1, 2, 4, 1024]))
def test_all_suspects_are_found_among_others(members: set[int], size: int) -> None:
    suspects = Suspects(size, members)
    assert suspects.is_empty is (not members)
    assert all(member in suspects for member in members)


def test_a_large_table_suspects_nobody_else() -> None:
    suspects = Suspects(1024, range(0, 8192, 2))
    assert [member in suspects for member in range(8)] == [True, False] * 4
    assert 0 not in Suspects(1024, [8])
    assert 8192 in Suspects(1024, [0])


def test_the_lines_of_others_are_those_of_no_suspects() -> None:
    lines = [b"a-1\n", b"a-2\n", b"b-1\n", b"c-1\n"]
    suspects = Suspects(1 << 20, [hash(b"a")])
    assert list(suspects.others(lines, 3)) == lines[2:]
    assert list(Suspects(1, range(8)).others(lines, 3)) == []
