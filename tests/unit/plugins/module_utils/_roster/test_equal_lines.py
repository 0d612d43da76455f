# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the fast path of a comparison, which skips the lines that two roster files have in common."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from io import BytesIO

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster import equal_lines
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.comparison import RowLayout
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.equal_lines import (
    LinesError,
    skip_equal_lines,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import RosterFile
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    HEADER,
    csv_bytes,
    ids_bytes,
    parse_roster,
    roster_file,
)

A, B, C = ("A", "a@x", "oslo"), ("B", "b@x", "oslo"), ("C", "c@x", "bergen")
BY_IDENTITY = RowLayout(location_index=2, key_indexes=None, width=3)
BY_EMAIL = replace(BY_IDENTITY, key_indexes=(1,))

Result = tuple[list[tuple[str, ...]], list[tuple[str, ...]], dict[str, int], dict[str, int]]


def _skip(old: RosterFile, new: RosterFile, layout: RowLayout = BY_IDENTITY) -> Result:
    """Skip the equal lines of two rosters.

    :returns: for each roster, the person key, the location and the first cell of each remaining row; then, for each
        roster, the number of all rows by location.
    """
    old_rows: list[tuple[str, ...]] = []
    new_rows: list[tuple[str, ...]] = []
    counts = skip_equal_lines(
        layout,
        (old, new),
        (
            lambda row: old_rows.append((*row.person_key, row.location, row.cells[0])),
            lambda row: new_rows.append((*row.person_key, row.location, row.cells[0])),
        ),
    )
    return old_rows, new_rows, dict(counts[0]), dict(counts[1])


def test_equal_lines_with_the_same_identity_are_skipped() -> None:
    old, new = roster_file([C, A, B], "cab"), roster_file([C, A, ("D", "d@x", "")], "cxd")
    assert _skip(old, new) == (
        [("a", "oslo", "A"), ("b", "oslo", "B")],
        [("x", "oslo", "A"), ("d", "", "D")],
        {"bergen": 1, "oslo": 2},
        {"bergen": 1, "oslo": 1, "": 1},
    )


def test_identities_are_ignored_if_people_are_matched_by_key() -> None:
    for ids in ("xy", None):
        old, new = roster_file([C, A], "ca"), roster_file([C, B], ids)
        assert _skip(old, new, BY_EMAIL)[:2] == (
            [("a@x", "oslo", "A")],
            [("b@x", "oslo", "B")],
        )


@pytest.mark.parametrize("window", [1, 150, 1_000_000])
def test_sorted_rosters_leave_only_the_rows_that_differ(
    window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(equal_lines, "_WINDOW_BYTES", window)
    monkeypatch.setattr(equal_lines, "_BATCH_BYTES", 1)
    rows = [(f"{number:03d}", f"{number}@x", "oslo") for number in range(100)]
    # Single rows, runs that are longer than a window, and rows at both ends differ.
    missing = {0, 3, *range(20, 40), 99}
    fewer = [row for number, row in enumerate(rows) if number not in missing]
    ids = [str(number) for number in range(100)]
    fewer_ids = [number for number in ids if int(number) not in missing]
    expected = [(ids[number], "oslo", rows[number][0]) for number in sorted(missing)]
    many, few = roster_file(rows, ids), roster_file(fewer, fewer_ids)
    assert _skip(many, few) == (expected, [], {"oslo": 100}, {"oslo": 77})
    assert _skip(few, many) == ([], expected, {"oslo": 77}, {"oslo": 100})
    other = {1, 2, 50, 98}
    others = [row for number, row in enumerate(rows) if number not in other]
    other_file = roster_file(others, [number for number in ids if int(number) not in other])
    old_rows, new_rows, _old_counts, _new_counts = _skip(few, other_file)
    assert [row[0] for row in old_rows] == ["1", "2", "50", "98"]
    assert new_rows == expected


def test_unsorted_rosters_leave_some_equal_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equal_lines, "_WINDOW_BYTES", 1)
    monkeypatch.setattr(equal_lines, "_BATCH_BYTES", 1)
    old, new = roster_file([B, A], "ba"), roster_file([A, B], "ab")
    old_rows, new_rows, *_counts = _skip(old, new)
    assert old_rows == new_rows == [("a", "oslo", "A")]


def test_repeated_lines_are_left() -> None:
    old, new = roster_file([A, A, B], "aab"), roster_file([A, B], "ab")
    old_rows, new_rows, *_counts = _skip(old, new)
    assert [row[0] for row in old_rows] == ["a", "a"]
    assert [row[0] for row in new_rows] == ["a"]
    assert [row[0] for row in _skip(new, old)[1]] == ["a", "a"]
    assert _skip(old, old)[:2] == ([], [])


def test_quoted_cells_and_escaped_identities_are_parsed() -> None:
    csv = csv_bytes([('A, "B"', "a@x", "Å, 1"), ("C", "c@x", "Å, 1")])
    old = parse_roster(csv, ids_bytes(csv, ["a", 'Å"']))
    old_rows, _new_rows, counts, _new_counts = _skip(old, roster_file([], ""))
    assert old_rows == [("a", "Å, 1", 'A, "B"'), ('Å"', "Å, 1", "C")]
    assert counts == {"Å, 1": 2}


@pytest.mark.parametrize("index", [0, 1, 2, None])
@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_rows_are_counted_by_location(index: int | None, line_end: str) -> None:
    lines = [",".join(HEADER), "Å,B,C", "D,E,F", "Å,B,C"]
    roster = parse_roster(line_end.join(lines).encode())
    layout = RowLayout(location_index=index, key_indexes=(0,), width=3)
    first, second = ("", "") if index is None else (("Å", "B", "C")[index], ("D", "E", "F")[index])
    expected = {"": 3} if index is None else {first: 2, second: 1}
    assert _skip(roster, roster, layout)[2:] == (expected, expected)


def test_rows_with_and_without_quotes_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equal_lines, "_BATCH_BYTES", 1)
    roster = roster_file([A, ('"', "b@x", "oslo"), C, ("D", "d@x", '"oslo"')])
    for index, counts in ((2, {"oslo": 2, "bergen": 1, '"oslo"': 1}), (None, {"": 4})):
        layout = replace(BY_EMAIL, location_index=index)
        assert _skip(roster, roster, layout)[2:] == (counts, counts)


def test_the_byte_order_mark_is_ignored() -> None:
    csv = csv_bytes([A])
    assert _skip(parse_roster(b"\xef\xbb\xbf" + csv), parse_roster(csv), BY_EMAIL)[:2] == ([], [])


def _parts(rows: Sequence[Sequence[str]], identities: Sequence[str]) -> tuple[bytes, bytes]:
    csv = csv_bytes(rows)
    return csv, ids_bytes(csv, identities)


def _changed(csv: bytes | None = None, ids: bytes | None = None) -> RosterFile:
    """Return a roster whose files have changed since it was read."""
    roster = roster_file([A, B], "ab")
    if csv is not None:
        roster = replace(roster, open_file=partial(BytesIO, csv))
    if ids is not None:
        roster = replace(roster, open_ids=partial(BytesIO, ids))
    return roster


CSV, IDS = _parts([A, B], "ab")


@pytest.mark.parametrize(
    "roster",
    [
        # A row has several lines.
        roster_file([("A\nB", "a@x", "oslo"), B], "ab"),
        roster_file([("A", "a@x", "oslo\n"), B], "ab"),
        parse_roster(CSV.replace(b"Name", b'"Na\nme"')),
        # A file has changed.
        _changed(csv=CSV.replace(b"Name", b"Title")),
        _changed(csv=CSV.replace(b"A", b"\xe5")),
        _changed(csv=CSV.replace(b"oslo", b"\xe5")),
        _changed(csv=CSV.replace(b"A", b"A\r")),
        _changed(csv=CSV.replace(b"A,", b"A,,")),
        _changed(csv=CSV.replace(b"A,", b"")),
        _changed(csv=CSV + b"C,c@x,oslo\r\n"),
        _changed(csv=CSV.replace(b"A,a@x,oslo\r\n", b"")),
        _changed(csv=b""),
        _changed(ids=b""),
        _changed(ids=IDS.replace(b'"rows": 2', b'"rows": 3')),
        _changed(ids=IDS.replace(b'"a"', b"1")),
        _changed(ids=IDS.replace(b'"a"', b'"a')),
        _changed(ids=IDS.replace(b'"b"\n', b'"b"')),
        _changed(ids=IDS.replace(b'"b"\n', b"")),
    ],
)
def test_lines_that_cannot_be_compared_are_an_error(roster: RosterFile) -> None:
    layout = BY_IDENTITY if roster.open_ids else BY_EMAIL
    other = roster_file([("Z", "z@x", "oslo")], "z")
    for rosters in ((roster, other), (other, roster)):
        with pytest.raises(LinesError):
            _skip(*rosters, layout)


@pytest.mark.parametrize("line", ["A,a@x", "A,a@x,oslo,x", '"A",a@x', '"A",a@x,oslo,x'])
def test_rows_of_other_widths_are_an_error(line: str) -> None:
    csv = f"{','.join(HEADER)}\r\n{line}\r\n".encode()
    roster = replace(_changed(csv=csv), row_count=1)
    with pytest.raises(LinesError):
        _skip(roster, roster, BY_EMAIL)


def test_more_rows_than_identities_are_an_error() -> None:
    head = {"format": 1, "sha256": roster_file([A, B], "ab").sha256, "rows": 2}
    ids = f'{json.dumps(head)}\n"a"\n'.encode()
    with pytest.raises(LinesError):
        _skip(_changed(ids=ids), roster_file([A], "a"))
