# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the external merge sort and of its spill files."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import FrontdeskError
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    RUN_BYTES,
    ExternalSorter,
    SpillArea,
    discard_on_error,
    merge_sorted,
    open_spill_area,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    MEMORY,
    recording_spill,
)
from hypothesis import example, given
from hypothesis import strategies as st

_LINE_LISTS = st.lists(st.binary(max_size=3).map(lambda data: data.replace(b"\n", b"") + b"\n"))


@given(_LINE_LISTS, st.integers(1, 400))
def test_all_lines_are_returned_in_order_any_number_of_times(
    lines: list[bytes], run_bytes: int
) -> None:
    sorter = ExternalSorter(MEMORY, run_bytes)
    for number, line in enumerate(lines):
        sorter.add(line)
        if number % 3 == 0:
            assert list(sorter) == sorted(lines[: number + 1])
    assert list(sorter) == sorted(lines)
    assert list(sorter) == sorted(lines)


def test_a_run_is_spilled_as_soon_as_it_is_full() -> None:
    spill, files = recording_spill()
    # The size of a run is the total length of its lines, plus 64 bytes for each line.
    sorter = ExternalSorter(spill, 2 * (64 + 2) + 1)
    for file_count in (0, 0, 1, 1, 1, 2):
        sorter.add(b"x\n")
        assert len(files) == file_count
    one_line_runs = ExternalSorter(spill, 64 + 2)
    one_line_runs.add(b"x\n")
    assert len(files) == 3
    assert RUN_BYTES == 8 * 1024 * 1024


@given(st.lists(_LINE_LISTS, max_size=5), st.integers(1, 4))
@example([[b"1\n", b"2\n", b"3\n"], [b"5\n", b"6\n", b"7\n", b"8\n"]], 1)
def test_merged_batches_are_sorted_and_limited_in_size(
    runs: list[list[bytes]], lines_per_run: int
) -> None:
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
            raise OSError("error message of the system")


@pytest.mark.parametrize(
    ("failing_method", "cause"),
    [("writelines", "No space left on device"), ("flush", "error message of the system")],
)
def test_a_full_disk_is_reported_with_the_directory(failing_method: str, cause: str) -> None:
    sorter = ExternalSorter(SpillArea("/directory", lambda: _FullDisk(failing_method)), 100)
    sorter.add(b"x\n")
    with pytest.raises(FrontdeskError) as caught:
        sorter.add(b"y\n")
    assert str(caught.value) == (
        f"Cannot write temporary files to /directory: {cause}. "
        "Free some space there, or make it writable."
    )


def test_spill_files_are_private_and_have_no_name(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        with open_spill_area(tmp_path) as spill:
            assert spill.directory == str(tmp_path)
            file, other_file = spill.open(), spill.open()
            file.write(b"x")
            assert os.listdir(tmp_path) == []
            assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
            assert os.fstat(file.fileno()).st_dev == tmp_path.stat().st_dev
            # Close the descriptor, so that flushing the buffer fails, as it would on a full disk.
            os.close(file.fileno())
    finally:
        os.umask(umask)
    assert file.closed
    assert other_file.closed


def test_a_missing_spill_directory_raises_an_os_error(tmp_path: Path) -> None:
    with open_spill_area(tmp_path / "missing") as spill, pytest.raises(FileNotFoundError):
        spill.open()


def test_the_files_of_a_nested_spill_area_are_closed_immediately_on_error(tmp_path: Path) -> None:
    files = []

    def fail(spill: SpillArea) -> None:
        with discard_on_error(spill) as nested:
            assert nested.directory == spill.directory
            files.extend([nested.open(), nested.open()])
            raise ValueError("failed")

    with open_spill_area(tmp_path) as spill:
        outer_file = spill.open()
        with pytest.raises(ValueError, match="failed"):
            fail(spill)
        assert [file.closed for file in files] == [True, True]
        assert not outer_file.closed


def test_a_nested_spill_area_remains_usable_without_an_error(tmp_path: Path) -> None:
    with open_spill_area(tmp_path) as spill:
        with discard_on_error(spill) as nested:
            file = nested.open()
            file.write(b"x")
        other_file = nested.open()
        file.seek(0)
        assert file.read() == b"x"
    assert file.closed
    assert other_file.closed
