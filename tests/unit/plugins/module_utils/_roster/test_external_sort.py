# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records as lines, and lines in order however many they are."""

from __future__ import annotations

import io
from typing import BinaryIO

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.packing import (
    pack,
    unpack,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import FrontdeskError
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    RUN_BYTES,
    ExternalSorter,
    SpillArea,
    merge_sorted,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY
from hypothesis import example, given
from hypothesis import strategies as st

# The characters that matter: separators, escapes and what is beside them, and the last ones.
_CHARACTERS = "\0\1\2\t\n\x0b\x0c\r\x10\x1a\x1b ,A\x7f\x80ÿĀ\ud7ff\ud800\udfff\ue000\uffff\U00010000\U0010ffff"
_TEXT = st.text(st.sampled_from(_CHARACTERS), max_size=4) | st.text(max_size=4)
_RECORDS = st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[_TEXT] * width)))


@given(_RECORDS)
def test_lines_have_the_order_of_their_records_and_give_them_back(
    records: list[tuple[str, ...]],
) -> None:
    lines = sorted(map(pack, records))
    assert [tuple(unpack(line)) for line in lines] == sorted(records)
    assert all(line.find(b"\n") == len(line) - 1 for line in lines)


@given(st.lists(st.text(st.sampled_from("\0\t\n\v\x0cA"), max_size=3), max_size=9))
def test_a_shorter_text_comes_before_a_longer_one_whatever_follows(texts: list[str]) -> None:
    records = [(text, other) for text in texts for other in texts]
    assert [tuple(unpack(line)) for line in sorted(map(pack, records))] == sorted(records)


def test_a_line_of_common_text_is_plain() -> None:
    assert pack(["Åse", "", "a, b"]) == "Åse\0\0a, b\n".encode()
    assert pack(["a\nb", "\0"]) == b"a\v\x1ab\0\v\x10\n"


_LINE_LISTS = st.lists(st.binary(max_size=3).map(lambda data: data.replace(b"\n", b"") + b"\n"))


class _CountingSpill:
    def __init__(self) -> None:
        self.opened = 0

    def open(self) -> BinaryIO:
        self.opened += 1
        return io.BytesIO()


@given(_LINE_LISTS, st.integers(1, 400))
def test_runs_give_all_lines_in_order_as_often_as_one_likes(
    lines: list[bytes], run_bytes: int
) -> None:
    sorter = ExternalSorter(MEMORY, run_bytes)
    for number, line in enumerate(lines):
        sorter.add(line)
        if number % 3 == 0:
            assert list(sorter) == sorted(lines[: number + 1])
    assert list(sorter) == sorted(lines)
    assert list(sorter) == sorted(lines)


def test_nothing_is_set_aside_before_a_run_is_full() -> None:
    counting = _CountingSpill()
    # A line takes its bytes and 64 more.
    sorter = ExternalSorter(SpillArea("memory", counting.open), 2 * (64 + 2) + 1)
    for opened in (0, 0, 1, 1, 1, 2):
        sorter.add(b"x\n")
        assert counting.opened == opened
    exact = ExternalSorter(SpillArea("memory", counting.open), 64 + 2)
    exact.add(b"x\n")
    assert counting.opened == 3
    assert RUN_BYTES == 8 * 1024 * 1024


@given(st.lists(_LINE_LISTS, max_size=5), st.integers(1, 4))
@example([[b"1\n", b"2\n", b"3\n"], [b"5\n", b"6\n", b"7\n", b"8\n"]], 1)
def test_what_is_merged_is_in_order(runs: list[list[bytes]], lines_per_run: int) -> None:
    batches = list(merge_sorted([iter(sorted(run)) for run in runs], lines_per_run))
    assert [line for batch in batches for line in batch] == sorted(
        line for run in runs for line in run
    )
    assert all(batches)
    assert all(len(batch) <= lines_per_run * len(runs) for batch in batches)


class _FullDisk(io.BytesIO):
    def __init__(self, failing_method: str) -> None:
        super().__init__()
        self._failing_method = failing_method

    def writelines(self, lines: object) -> None:
        if self._failing_method == "writelines":
            raise OSError(28, "No space left on device")

    def flush(self) -> None:
        if self._failing_method == "flush":
            raise OSError("what the system says")


@pytest.mark.parametrize(
    ("failing_method", "cause"),
    [("writelines", "No space left on device"), ("flush", "what the system says")],
)
def test_a_full_disk_is_told_with_the_place(failing_method: str, cause: str) -> None:
    sorter = ExternalSorter(SpillArea("/place", lambda: _FullDisk(failing_method)), 100)
    sorter.add(b"x\n")
    with pytest.raises(FrontdeskError) as caught:
        sorter.add(b"y\n")
    assert str(caught.value) == (
        f"Cannot set contacts aside in /place: {cause}. "
        "Make room there, and let this user write there."
    )
