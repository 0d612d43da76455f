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


def _values_to(suspects: BloomFilter, pairs: int, scratch: SpillArea = MEMORY) -> DuplicateFinder:
    return DuplicateFinder(scratch, suspects, pairs)


@given(
    st.lists(st.lists(st.tuples(_HASH | st.integers(0, 9), st.integers(0, 99)), max_size=6)),
    st.integers(1, 20),
    st.sets(st.integers(0, 9)),
)
def test_those_who_share_a_value_are_found_and_nobody_else(
    pages: list[list[tuple[int, int]]], pairs: int, spill: set[int]
) -> None:
    suspects = BloomFilter(_SIZE)
    shared = _values_to(suspects, pairs)
    holders = defaultdict(set)
    noted: Counter[tuple[int, int]] = Counter()
    for number, page in enumerate(pages):
        shared.add([value for value, _holder in page], [holder for _value, holder in page])
        if number in spill:
            shared.spill()
        noted.update(page)
        for value, holder in page:
            holders[value].add(holder)
    shared.finish()
    expected = {holder for others in holders.values() if len(others) > 1 for holder in others}
    has_repeats = any(count > 1 for count in noted.values())
    assert {holder for holder in range(100) if holder in suspects} == expected
    assert suspects.is_empty is (not expected)
    assert has_repeats or not shared.has_repeats
    if has_repeats and not expected:
        assert shared.has_repeats


def test_one_file_is_opened_when_pairs_are_many() -> None:
    opened = []

    def new_file() -> BinaryIO:
        opened.append(io.BytesIO())
        return opened[-1]

    suspects = BloomFilter(_SIZE)
    shared = _values_to(suspects, 4, SpillArea("memory", new_file))
    for holder, files in ((1, 0), (2, 0), (3, 1), (4, 1), (5, 1)):
        shared.add([7, holder], [holder, holder])
        assert len(opened) == files
    # The value 7 counts once each time.
    assert len(opened[0].getvalue()) == 4 * 16
    shared.finish()
    assert len(opened[0].getvalue()) == 7 * 16
    assert [holder in suspects for holder in range(7)] == [False, *[True] * 5, False]


def test_pairs_are_counted_anew_once_they_were_set_aside() -> None:
    file = io.BytesIO()
    shared = _values_to(BloomFilter(_SIZE), 3, SpillArea("memory", lambda: file))
    for holder, size in ((1, 0), (2, 3 * 16), (3, 3 * 16), (4, 6 * 16)):
        shared.add([7, holder], [holder, holder])
        assert len(file.getvalue()) == size


def test_what_is_forgotten_is_shared_with_nobody() -> None:
    suspects = BloomFilter(_SIZE)
    shared = _values_to(suspects, 100)
    shared.add([7], [1])
    shared.forget()
    shared.add([7], [2])
    shared.finish()
    assert (suspects.is_empty, shared.has_repeats) == (True, False)
    # What was set aside is not forgotten, nor what came after it.
    shared.spill()
    shared.add([8], [4])
    shared.forget()
    shared.add([8], [5])
    shared.spill()
    shared.add([7], [3])
    shared.finish()
    assert [holder in suspects for holder in range(6)] == [False, False, *[True] * 4]


def test_where_nothing_is_to_be_found_later_no_file_is_opened() -> None:
    def no_file() -> BinaryIO:
        raise AssertionError

    shared = _values_to(BloomFilter(_SIZE), 100, SpillArea("memory", no_file))
    shared.spill()
    shared.add([], [])
    for holder in (1, 2):
        shared.add([7], [holder])
        shared.forget()
    shared.finish()


@pytest.mark.parametrize("pairs", [1, 100])
def test_whether_a_holder_came_twice_is_told(pairs: int) -> None:
    for again, has_repeats in ((2, False), (1, True)):
        suspects = BloomFilter(_SIZE)
        shared = _values_to(suspects, pairs)
        shared.add([7], [1])
        shared.add([7], [again])
        shared.finish()
        assert [holder in suspects for holder in (1, 2)] == [again == 2] * 2
        assert shared.has_repeats is has_repeats


@given(st.sets(_HASH), st.sampled_from([1, 2, 4, 1024]))
def test_all_suspects_are_found_among_others(members: set[int], size: int) -> None:
    suspects = BloomFilter(size)
    for member in members:
        suspects.add(member)
    assert suspects.is_empty is (not members)
    assert all(member in suspects for member in members)


def test_a_large_table_suspects_nobody_else() -> None:
    suspects = BloomFilter(1024)
    for member in range(0, 1024, 2):
        suspects.add(member)
    assert [member in suspects for member in range(8)] == [True, False] * 4
    assert 1026 in suspects


def test_lines_are_those_of_suspects_or_of_others() -> None:
    lines = [b"a-1\n", b"a-2\n", b"b-1\n", b"c-1\n"]
    suspects = BloomFilter(_SIZE)
    suspects.add(hash(b"a"))
    assert list(suspects.lines(lines, 3)) == lines[:2]
    assert list(suspects.others(lines, 3)) == lines[2:]
    suspects = BloomFilter(1)
    suspects.add(0)
    assert list(suspects.lines(lines, 3)) == lines
    assert list(suspects.others(lines, 3)) == []
