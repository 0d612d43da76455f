# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the Bloom filter and of duplicate detection."""

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
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    MEMORY,
    recording_spill,
)
from hypothesis import given
from hypothesis import strategies as st

_HASH = st.integers(-(2**63), 2**63 - 1) | st.integers(-600, 600)
_SIZE = 1 << 20
_PAIR_BYTES = 16


def _finder(
    candidates: BloomFilter, max_pairs: int = 100, spill: SpillArea = MEMORY
) -> DuplicateFinder:
    return DuplicateFinder(spill, candidates, max_pairs)


@given(
    st.lists(st.lists(st.tuples(_HASH | st.integers(0, 9), st.integers(0, 99)), max_size=6)),
    st.integers(1, 20),
    st.sets(st.integers(0, 9)),
)
def test_exactly_the_holders_of_equal_values_are_found(
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


def test_all_pairs_are_spilled_to_one_file() -> None:
    candidates = BloomFilter(_SIZE)
    spill, files = recording_spill()
    finder = _finder(candidates, 4, spill)
    for holder, file_count in ((1, 0), (2, 0), (3, 1), (4, 1), (5, 1)):
        finder.add([7, holder], [holder, holder])
        assert len(files) == file_count
    # Until the spill, only the first holder of the value 7 is kept in memory.
    assert len(files[0].getvalue()) == 4 * _PAIR_BYTES
    finder.finish()
    assert len(files[0].getvalue()) == 7 * _PAIR_BYTES
    assert [holder in candidates for holder in range(7)] == [False, *[True] * 5, False]


def test_spilled_pairs_no_longer_count_towards_the_limit() -> None:
    file = io.BytesIO()
    finder = _finder(BloomFilter(_SIZE), 3, SpillArea("memory", lambda: file))
    for holder, spilled_pairs in ((1, 0), (2, 3), (3, 3), (4, 6)):
        finder.add([7, holder], [holder, holder])
        assert len(file.getvalue()) == spilled_pairs * _PAIR_BYTES


def test_forgotten_values_have_no_duplicates() -> None:
    candidates = BloomFilter(_SIZE)
    finder = _finder(candidates)
    finder.add([7], [1])
    finder.forget()
    finder.add([7], [2])
    finder.finish()
    assert (candidates.is_empty, finder.has_repeats) == (True, False)
    # Spilled pairs are not forgotten, and neither are the pairs that follow them.
    finder.spill()
    finder.add([8], [4])
    finder.forget()
    finder.add([8], [5])
    finder.spill()
    finder.add([7], [3])
    finder.finish()
    assert [holder in candidates for holder in range(6)] == [False, False, *[True] * 4]


def test_no_file_is_opened_unnecessarily() -> None:
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
def test_repeated_pairs_are_reported(max_pairs: int) -> None:
    for second_holder, has_repeats in ((2, False), (1, True)):
        candidates = BloomFilter(_SIZE)
        finder = _finder(candidates, max_pairs)
        finder.add([7], [1])
        finder.add([7], [second_holder])
        finder.finish()
        assert [holder in candidates for holder in (1, 2)] == [second_holder == 2] * 2
        assert finder.has_repeats is has_repeats


@given(st.sets(_HASH), st.sampled_from([1, 2, 4, 1024]))
def test_a_bloom_filter_contains_all_its_members(members: set[int], size: int) -> None:
    bloom_filter = BloomFilter(size)
    for member in members:
        bloom_filter.add(member)
    assert bloom_filter.is_empty is (not members)
    assert all(member in bloom_filter for member in members)


def test_a_bloom_filter_has_false_positives_only_at_equal_table_positions() -> None:
    bloom_filter = BloomFilter(1024)
    for member in range(0, 1024, 2):
        bloom_filter.add(member)
    assert [member in bloom_filter for member in range(8)] == [True, False] * 4
    assert 1026 in bloom_filter


def test_a_bloom_filter_selects_and_rejects_lines_by_their_hash() -> None:
    lines = [b"a-1\n", b"a-2\n", b"b-1\n", b"c-1\n"]
    bloom_filter = BloomFilter(_SIZE)
    bloom_filter.add(hash(b"a"))
    assert list(bloom_filter.select(lines, 3)) == lines[:2]
    assert list(bloom_filter.reject(lines, 3)) == lines[2:]
    bloom_filter = BloomFilter(1)
    bloom_filter.add(0)
    assert list(bloom_filter.select(lines, 3)) == lines
    assert list(bloom_filter.reject(lines, 3)) == []
