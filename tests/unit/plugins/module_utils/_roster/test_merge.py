# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the roster that a service may have after refusing some rows of an upload."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.configuration import (
    RosterConfiguration,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    SpillArea,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import (
    RosterFile,
    read_roster,
    sha256,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.merge import (
    merge_accepted_rows,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    HEADER,
    MEMORY,
    all_cells,
    all_identities,
    csv_bytes,
    ids_bytes,
    parse_roster,
    roster_file,
)

A, A_NEW = ("A", "a@x", "oslo"), ("A2", "a@x", "oslo")
B, B_NEW = ("B", "b@x", "oslo"), ("B2", "b@x", "oslo")
B_BERGEN, B_TROMSO = ("B", "b@x", "bergen"), ("B", "b@x", "tromso")
C = ("C", "c@x", "oslo")


def _merge(
    old: RosterFile | None,
    new: RosterFile,
    *refused: int,
    location_column: str | None = "Location",
    spill: SpillArea = MEMORY,
) -> RosterFile:
    return merge_accepted_rows(
        *([] if old is None else [old], new, set(refused)),
        key=["Email"],
        location_column=location_column,
        spill=spill,
    )


@pytest.mark.parametrize("by_identity", [True, False])
def test_a_refused_row_is_replaced_by_the_old_row_of_the_same_person(by_identity: bool) -> None:
    old = roster_file([A, B, C], "abc" if by_identity else None)
    new = roster_file([A_NEW, B_NEW], "ab" if by_identity else None)
    merged = _merge(old, new, 2)
    assert all_cells(merged) == [A_NEW, B]
    assert all_identities(merged) == (["a", "b"] if by_identity else [None, None])


@pytest.mark.parametrize(("old", "new"), [("ab", None), (None, "ab")])
def test_people_are_matched_by_key_if_a_roster_has_no_identities(
    old: str | None, new: str | None
) -> None:
    merged = _merge(roster_file([A, B], old), roster_file([A_NEW, B_NEW], new), 2)
    assert all_cells(merged) == [A_NEW, B]
    assert (merged.open_ids, merged.ids_sha256) == (None, "")


def test_an_old_row_is_dropped_if_a_new_row_of_the_person_at_its_location_was_accepted() -> None:
    old = roster_file([B_BERGEN, B, B_TROMSO], "bbb")
    new = roster_file([B_BERGEN, B_NEW], "bb")
    assert all_cells(_merge(old, new, 1)) == [B_NEW, B_BERGEN, B_TROMSO]
    assert all_cells(_merge(old, new, 2)) == [B_BERGEN, B, B_TROMSO]
    assert all_cells(_merge(old, new, 1, 2)) == [B_BERGEN, B, B_TROMSO]


@pytest.mark.parametrize("location_column", [None, "Office"])
def test_without_a_location_column_any_accepted_row_replaces_the_old_rows(
    location_column: str | None,
) -> None:
    old, new = roster_file([B, B_TROMSO], "bb"), roster_file([B_BERGEN, B_NEW], "bb")
    merged = _merge(old, new, 1, location_column=location_column)
    assert all_cells(merged) == [B_NEW]


@pytest.mark.parametrize("by_identity", [True, False])
def test_a_merged_roster_records_the_locations_of_all_rosters(by_identity: bool) -> None:
    old, new = (
        replace(
            roster_file([A, B], "ab" if by_identity else None),
            configuration=RosterConfiguration((location,), {"columns": location}),
        )
        for location in ("oslo", "bergen")
    )
    merged = _merge(old, new, 1)
    if not by_identity:
        assert merged.configuration is None
        return
    assert merged.open_ids is not None
    stored = read_roster("x.csv", merged.open_file, merged.open_ids)
    expected = RosterConfiguration(("bergen", "oslo"), {"columns": "bergen"})
    assert (merged.configuration, stored.configuration) == (expected, expected)


def test_the_latest_known_roster_provides_the_old_row_of_a_contact() -> None:
    known = [roster_file([A, B], "ab"), roster_file([A, B_NEW, B_BERGEN], "abb")]
    new = roster_file([A_NEW, ("B3", "b@x", "oslo")], "ab")
    merged = merge_accepted_rows(
        known, new, {2}, key=["Email"], location_column="Location", spill=MEMORY
    )
    assert all_cells(merged) == [A_NEW, B_NEW, B_BERGEN]


def test_people_are_matched_by_the_key_columns_that_an_old_roster_has() -> None:
    header = ("Name", "Email", "Phone", "Location")
    new = roster_file([("A2", "a@x", "1", "oslo"), ("B2", "b@x", "2", "oslo")], header=header)
    merged = merge_accepted_rows(
        [roster_file([A, B])],
        new,
        {2},
        key=["Email", "Phone"],
        location_column="Location",
        spill=MEMORY,
    )
    assert all_cells(merged) == [("A2", "a@x", "1", "oslo"), ("B", "b@x", "", "oslo")]


def test_a_refused_row_without_a_key_might_replace_any_row_without_a_key() -> None:
    first, second, third = ("A", "", "oslo"), ("B", "", "oslo"), ("B2", "", "oslo")
    merged = _merge(roster_file([first, second, C]), roster_file([first, third, C]), 2)
    assert all_cells(merged) == [first, C, second]
    merged = _merge(roster_file([first, second, C]), roster_file([first, third, C]), 3)
    assert all_cells(merged) == [first, third, C]


def test_without_an_old_roster_only_the_accepted_rows_remain() -> None:
    merged = _merge(None, roster_file([A, B, C], "abc"), 2)
    assert (all_cells(merged), all_identities(merged)) == ([A, C], ["a", "c"])


def test_a_merged_roster_consists_of_a_valid_csv_file_and_identities_file() -> None:
    new = roster_file([("A, B", "a@x", "oslo"), B], "ab")
    csv = csv_bytes([("A, B", "a@x", "oslo")])
    ids = ids_bytes(csv, "a")
    merged = _merge(None, new, 2)
    assert merged.header == HEADER
    assert (merged.row_count, merged.size, merged.start) == (1, len(csv), 0)
    assert (merged.sha256, merged.ids_sha256) == (sha256(csv), sha256(ids))
    assert merged.open_ids is not None
    for _attempt in range(2):
        with merged.open_content() as csv_file, merged.open_ids() as ids_file:
            assert (csv_file.read(), ids_file.read()) == (csv, ids)
    with merged.open_content() as csv_file:
        csv_file.seek(-6, io.SEEK_END)
        assert csv_file.read() == b"oslo\r\n"
    assert list(merged.left_out()) == []
    assert merged.name == "the partially accepted roster"


def test_identities_are_escaped_to_ascii() -> None:
    csv = csv_bytes([A, B])
    head = {"format": 1, "sha256": sha256(csv), "rows": 2}
    ids = "".join(json.dumps(line) + "\n" for line in (head, "Å\ud800", "b")).encode()
    merged = _merge(None, parse_roster(csv, ids), 2)
    assert merged.open_ids is not None
    with merged.open_ids() as file:
        assert file.read().splitlines()[1:] == [b'"\\u00c5\\ud800"']


def test_many_rows_are_merged_in_their_order() -> None:
    rows = [(f"{number:04d}", f"{number}@x", "oslo") for number in range(2501)]
    merged = _merge(None, roster_file(rows, [str(number) for number in range(2501)]), 1)
    assert all_cells(merged) == rows[1:]
    assert all_identities(merged) == [str(number) for number in range(1, 2501)]
    assert merged.row_count == 2500


def test_the_csv_file_is_written_completely_before_the_roster_is_returned() -> None:
    class _FullDisk(io.BytesIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left on device"):
        _merge(None, roster_file([A, B]), 1, spill=SpillArea("memory", _FullDisk))
