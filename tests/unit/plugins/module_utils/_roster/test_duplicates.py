# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who shares a value with whom."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from typing import BinaryIO

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.duplicates import (
    BloomFilter,
    DuplicateFinder,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    SpillArea,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY
from hypothesis import given
from hypothesis import strategies as st

_HASH = st.integers(-(2**63), 2**63 - 1) | st.integers(-600, 600)
_SIZE = 1 << 20


def _finder(candidates: BloomFilter, max_pairs: int, spill: SpillArea = MEMORY) -> DuplicateFinder:
    return DuplicateFinder(spill, candidates, max_pairs)


@given(
    st.lists(st.lists(st.tuples(_HASH | st.integers(0, 9), st.integers(0, 99)), max_size=6)),
    st.integers(1, 20),
    st.sets(st.integers(0, 9)),
)
def test_those_who_share_a_value_are_found_and_nobody_else(
    pages: list[list[tuple[int, int]]], max_pairs: int, spilled_pages: set[int]
) -> None:
    candidates = BloomFilter(_SIZE)
    finder = _finder(candidates, max_pairs)
    holders_by_value = defaultdict(set)
    pair_counts: Counter[tuple[int, int]] = Counter()
    for number, page in enumerate(pages):
        finder.add([value for value, _holder in page], [holder for _value, holder in page])
        if number in spilled_pages:
            finder.spill()
        pair_counts.update(page)
        for value, holder in page:
            holders_by_value[value].add(holder)
    finder.finish()
    expected = {
        holder for holders in holders_by_value.values() if len(holders) > 1 for holder in holders
    }
    has_repeats = any(count > 1 for count in pair_counts.values())
    assert {holder for holder in range(100) if holder in candidates} == expected
    assert candidates.is_empty is (not expected)
    assert has_repeats or not finder.has_repeats
    if has_repeats and not expected:
        assert finder.has_repeats


def test_one_file_is_opened_when_pairs_are_many() -> None:
    opened = []

    def new_file() -> BinaryIO:
        opened.append(io.BytesIO())
        return opened[-1]

    candidates = BloomFilter(_SIZE)
    finder = _finder(candidates, 4, SpillArea("memory", new_file))
    for holder, files in ((1, 0), (2, 0), (3, 1), (4, 1), (5, 1)):
        finder.add([7, holder], [holder, holder])
        assert len(opened) == files
    # The value 7 counts once each time.
    assert len(opened[0].getvalue()) == 4 * 16
    finder.finish()
    assert len(opened[0].getvalue()) == 7 * 16
    assert [holder in candidates for holder in range(7)] == [False, *[True] * 5, False]


def test_pairs_are_counted_anew_once_they_were_set_aside() -> None:
    file = io.BytesIO()
    finder = _finder(BloomFilter(_SIZE), 3, SpillArea("memory", lambda: file))
    for holder, size in ((1, 0), (2, 3 * 16), (3, 3 * 16), (4, 6 * 16)):
        finder.add([7, holder], [holder, holder])
        assert len(file.getvalue()) == size


def test_what_is_forgotten_is_shared_with_nobody() -> None:
    candidates = BloomFilter(_SIZE)
    finder = _finder(candidates, 100)
    finder.add([7], [1])
    finder.forget()
    finder.add([7], [2])
    finder.finish()
    assert (candidates.is_empty, finder.has_repeats) == (True, False)
    # What was set aside is not forgotten, nor what came after it.
    finder.spill()
    finder.add([8], [4])
    finder.forget()
    finder.add([8], [5])
    finder.spill()
    finder.add([7], [3])
    finder.finish()
    assert [holder in candidates for holder in range(6)] == [False, False, *[True] * 4]


def test_where_nothing_is_to_be_found_later_no_file_is_opened() -> None:
    def fail_to_open() -> BinaryIO:
        raise AssertionError

    finder = _finder(BloomFilter(_SIZE), 100, SpillArea("memory", fail_to_open))
    finder.spill()
    finder.add([], [])
    for holder in (1, 2):
        finder.add([7], [holder])
        finder.forget()
    finder.finish()


@pytest.mark.parametrize("max_pairs", [1, 100])
def test_whether_a_holder_came_twice_is_told(max_pairs: int) -> None:
    for second_holder, has_repeats in ((2, False), (1, True)):
        candidates = BloomFilter(_SIZE)
        finder = _finder(candidates, max_pairs)
        finder.add([7], [1])
        finder.add([7], [second_holder])
        finder.finish()
        assert [holder in candidates for holder in (1, 2)] == [second_holder == 2] * 2
        assert finder.has_repeats is has_repeats


@given(st.sets(_HASH), st.sampled_from([1, 2, 4, 1024]))
def test_all_suspects_are_found_among_others(members: set[int], size: int) -> None:
    candidates = BloomFilter(size)
    for member in members:
        candidates.add(member)
    assert candidates.is_empty is (not members)
    assert all(member in candidates for member in members)


def test_a_large_table_suspects_nobody_else() -> None:
    candidates = BloomFilter(1024)
    for member in range(0, 1024, 2):
        candidates.add(member)
    assert [member in candidates for member in range(8)] == [True, False] * 4
    assert 1026 in candidates


def test_lines_are_those_of_suspects_or_of_others() -> None:
    lines = [b"a-1\n", b"a-2\n", b"b-1\n", b"c-1\n"]
    candidates = BloomFilter(_SIZE)
    candidates.add(hash(b"a"))
    assert list(candidates.select(lines, 3)) == lines[:2]
    assert list(candidates.reject(lines, 3)) == lines[2:]
    candidates = BloomFilter(1)
    candidates.add(0)
    assert list(candidates.select(lines, 3)) == lines
    assert list(candidates.reject(lines, 3)) == []
