# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of reading and checking roster files."""

from __future__ import annotations

import errno
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import LeftOut
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    FrontdeskError,
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.configuration import (
    RosterConfiguration,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import (
    MAX_LINE_BYTES,
    read_roster,
    sha256,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    all_cells,
    all_identities,
    csv_bytes,
    ids_bytes,
    parse_roster,
    roster_file,
)
from hypothesis import given
from hypothesis import strategies as st

CSV = 'Name,Note\r\nÅse,"a, ""b"""\r\nLie,\r\n'.encode()
BOM = b"\xef\xbb\xbf"


def test_the_checksum_is_the_sha_256_in_hexadecimal() -> None:
    assert sha256(b"abc") == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize(
    ("data", "start"),
    [
        (CSV, 0),
        (BOM + CSV, 3),
        (CSV.replace(b"\r\n", b"\n"), 0),
        (CSV.rstrip(b"\r\n"), 0),
    ],
)
def test_a_roster_is_read_with_or_without_a_byte_order_mark_and_crlf(
    data: bytes, start: int
) -> None:
    roster = parse_roster(data)
    assert roster.header == ("Name", "Note")
    assert all_cells(roster) == [("Åse", 'a, "b"'), ("Lie", "")]
    assert all_identities(roster) == [None, None]
    assert (roster.row_count, roster.size) == (2, len(data) - start)
    assert roster.sha256 == sha256(data[start:])
    assert roster.open_content().read() == data[start:]
    assert (roster.open_ids, roster.ids_sha256) == (None, "")
    assert list(roster.left_out()) == []


def test_quoted_cells_can_contain_line_breaks_quotes_and_separators() -> None:
    data = b'A,"B\n1"\n"1\r\n\n""2""","\r"\n";",\t\n'
    roster = parse_roster(data)
    assert roster.header == ("A", "B\n1")
    assert all_cells(roster) == [('1\r\n\n"2"', "\r"), (";", "\t")]


def test_rows_can_be_read_by_several_readers_at_the_same_time() -> None:
    roster = roster_file([("A", "a@x", "oslo"), ("B", "b@x", "oslo")], "ab")
    assert [
        (outer.identity, inner.identity) for outer in roster.rows() for inner in roster.rows()
    ] == [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "it is empty. Export a roster to it first."),
        (BOM, "it is empty. Export a roster to it first."),
        (b"\n", "its first line contains no column titles. Export a roster to it first."),
        (b",\r\n", "its first line contains no column titles. Export a roster to it first."),
        (b"A\r\nb\r\n\xe5\r\n", "line 3 is not valid UTF-8. Save it as UTF-8."),
        (b"\xe5", "line 1 is not valid UTF-8. Save it as UTF-8."),
        (b'A\n"b\n\xe5"\n', "line 3 is not valid UTF-8. Save it as UTF-8."),
        ("A\r\nÅ".encode("utf-16"), "line 1 is not valid UTF-8. Save it as UTF-8."),
        (
            "A\r\nb".encode("utf-16-be"),
            "line 1 contains a NUL byte. Correct the file, or export the roster again.",
        ),
        (
            b"A\r\nb\r\nc\0\r\n",
            "line 3 contains a NUL byte. Correct the file, or export the roster again.",
        ),
        (
            b'A,B\r\n1,"2\r\n3"\r\n4\r\n',
            "the row on line 4 has 1 cell instead of 2. Correct the file, or export the roster again.",
        ),
        (
            b'A,B\r\n"2\r\n\r\n3"\r\n',
            "the row on lines 2 to 4 has 1 cell instead of 2. Correct the file, or export the roster again.",
        ),
        (
            b"A,B\r\n1,2,3\r\n",
            "the row on line 2 has 3 cells instead of 2. Correct the file, or export the roster again.",
        ),
        (b"A,B\r\n\r\n1,2\r\n", "line 2 is empty. Correct the file, or export the roster again."),
        (b"A\nb\n\n", "line 3 is empty. Correct the file, or export the roster again."),
        (
            b"\nA\nb\n",
            "its first line contains no column titles. Export a roster to it first.",
        ),
        (
            b'"A\nb',
            "lines 1 to 2: unexpected end of data. Correct the file, or export the roster again.",
        ),
        (
            b'A\r\n"b"c\r\n',
            "line 2: ',' expected after '\"'. Correct the file, or export the roster again.",
        ),
        (
            b'A\r\n"b',
            "line 2: unexpected end of data. Correct the file, or export the roster again.",
        ),
        (
            b'A\r\nb\r\n"c\r\nd\r\n',
            "lines 3 to 4: unexpected end of data. Correct the file, or export the roster again.",
        ),
        (
            b"A\r\n" + b"x" * 140_000,
            "line 2: field larger than field limit (131072). Correct the file, or export the roster again.",
        ),
        (
            b'A\r\n"' + b"x\n" * 70_000,
            "lines 2 to 65538: field larger than field limit (131072). Correct the file, or export the roster again.",
        ),
        (
            b"A\r\nb\r\n" + b"x" * (MAX_LINE_BYTES + 1),
            "line 3 is longer than 1048576 bytes. Correct the file, or export the roster again.",
        ),
        (
            b"Name;Mail\r\nA;B\r\n",
            "its columns are separated by semicolons. Save it as comma-separated values (RFC 4180).",
        ),
        (
            b"Name\tMail\r\nA\tB\r\n",
            "its columns are separated by tabs. Save it as comma-separated values (RFC 4180).",
        ),
        (
            b"A,B,C,B\r\n1,2,3,4\r\n",
            (
                "its columns 2 and 4 have the same title. "
                "Give each column a unique title in the first line."
            ),
        ),
    ],
)
def test_an_invalid_csv_file_is_reported(data: bytes, cause: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_roster(data)
    assert str(caught.value) == f"Cannot read x.csv: {cause}"


def test_lines_up_to_the_maximum_length_are_accepted() -> None:
    header = ",".join(f"c{number}" for number in range(10)).encode() + b"\n"
    line = b",".join([*[b"x" * 110_000] * 9, b"y" * (MAX_LINE_BYTES - 990_010)]) + b"\n"
    assert len(line) == MAX_LINE_BYTES
    assert parse_roster(header + line).row_count == 1
    with pytest.raises(InputError, match="line 2 is longer than"):
        parse_roster(header + b"y" + line)


_LONG_LINE = b"x" * 1000 + b"\n"


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"\xe5\n", "line 302 is not valid UTF-8"),
        (b"a\n\xe5\n", "line 303 is not valid UTF-8"),
        (b"\0\n", "line 302 contains a NUL byte"),
        (b"a\n\0\n", "line 303 contains a NUL byte"),
        (b"x" * MAX_LINE_BYTES, "line 302 is longer than 1048576 bytes"),
        (b"x" * MAX_LINE_BYTES + b"\n", "line 302 is longer than 1048576 bytes"),
        (b"x" * (2 * MAX_LINE_BYTES), "line 302 is longer than 1048576 bytes"),
        (b"a,b\n", "the row on line 302 has 2 cells instead of 1"),
        (b'"a\nb",c\n', "the row on lines 302 to 303 has 2 cells instead of 1"),
    ],
)
def test_the_number_of_an_invalid_line_is_correct_in_a_large_file(data: bytes, cause: str) -> None:
    with pytest.raises(InputError, match=cause):
        parse_roster(b"A\n" + _LONG_LINE * 300 + data + _LONG_LINE * 300)


def test_reading_stops_soon_after_the_maximum_length_of_a_line() -> None:
    class _EndlessLine(io.BytesIO):
        read_bytes = 0

        def readinto(self, buffer: Any) -> int:
            self.read_bytes += len(buffer)
            assert self.read_bytes < 2 * MAX_LINE_BYTES
            buffer[:] = b"x" * len(buffer)
            return len(buffer)

    with pytest.raises(InputError, match="line 1 is longer than 1048576 bytes"):
        read_roster("x.csv", _EndlessLine)


def test_line_breaks_in_cells_are_kept() -> None:
    rows = [("a\r\nb", "c\rd"), ("e\nf", "\x0b\x1c\u2028")]
    assert all_cells(roster_file(rows, header=("A", "B"))) == rows


_CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)


@given(st.integers(1, 3).flatmap(lambda n: st.lists(st.tuples(*[_CELL] * n), max_size=4)))
def test_everything_that_the_csv_module_writes_is_read(rows: list[tuple[str, ...]]) -> None:
    header = tuple("ABC"[: len(rows[0]) if rows else 1])
    identities = [f"id-{number}" for number in range(len(rows))]
    left_out = LeftOut("x", "oslo", "cause\n")
    roster = roster_file(rows, identities, header, [left_out])
    assert (roster.header, all_cells(roster)) == (header, rows)
    assert all_identities(roster) == identities
    assert list(roster.left_out()) == [left_out]


HEAD = {"format": 1, "sha256": sha256(CSV), "rows": 2}
LEFT_OUT = {"identity": "c", "location": "oslo", "cause": "Name is empty"}


def _ids(head: object, *lines: object) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in (head, *lines)).encode()


@pytest.mark.parametrize("left_out", [[], [LEFT_OUT], [LEFT_OUT, {**LEFT_OUT, "more": 1}]])
def test_the_identities_file_of_the_roster_is_read(left_out: list[object]) -> None:
    data = _ids(HEAD, "a", "Å", *left_out)
    roster = parse_roster(CSV, data)
    assert all_identities(roster) == ["a", "Å"]
    assert roster.ids_sha256 == sha256(data)
    assert list(roster.left_out()) == [LeftOut("c", "oslo", "Name is empty")] * len(left_out)


def test_the_configuration_in_the_identities_file_is_read() -> None:
    configuration = {"locations": ["oslo"], "fingerprints": {"columns": "1"}}
    roster = parse_roster(CSV, _ids({**HEAD, "configuration": configuration}, "a", "b"))
    assert roster.configuration == RosterConfiguration(("oslo",), {"columns": "1"})
    for unknown in (HEAD, {**HEAD, "configuration": "?"}):
        roster = parse_roster(CSV, _ids(unknown, "a", "b"))
        assert (roster.configuration, all_identities(roster)) == (None, ["a", "b"])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"not JSON",
        b"\xff",
        b"[]",
        b"1",
        b"null",
        b"{}",
        _ids({**HEAD, "format": 2}, "a", "b"),
        _ids({**HEAD, "sha256": "0"}, "a", "b"),
        _ids({**HEAD, "rows": 1}, "a"),
        _ids({**HEAD, "rows": 3}, "a", "b", "c"),
        _ids({"format": 1, "sha256": HEAD["sha256"]}, "a", "b"),
        _ids(HEAD, "a"),
        _ids(HEAD, "a").rstrip(b"\n"),
        _ids(HEAD, "a", 1),
        _ids(HEAD, "a", {"identity": "b"}),
        _ids(HEAD, "a", None),
        _ids(HEAD, "a") + b'"b\n',
        _ids(HEAD, "a", "b", "c"),
        _ids(HEAD, "a", "b", {"identity": "c"}),
        _ids(HEAD, "a", "b", LEFT_OUT) + b"{",
        _ids(HEAD, "a", "b", LEFT_OUT)[:-8],
        # Lines that are longer than the maximum length.
        _ids({**HEAD, "more": "x" * MAX_LINE_BYTES}, "a", "b"),
        _ids(HEAD, "a", "x" * MAX_LINE_BYTES),
        _ids(HEAD, "a", "b", {**LEFT_OUT, "more": "x" * MAX_LINE_BYTES}),
    ],
)
def test_an_invalid_or_unrelated_identities_file_is_ignored(data: bytes) -> None:
    roster = parse_roster(CSV, data)
    assert (roster.open_ids, roster.ids_sha256) == (None, "")
    assert all_identities(roster) == [None, None]


@pytest.mark.parametrize(
    "lines",
    [
        [b'"', b'"a"b"'],
        [b'"a"b"', b'"'],
        [b'"a', b'b"'],
        [b'a"', b'"b"'],
        [b'"a"', b'"b'],
        [b'"a"', b"b"],
        [b'a"b"', b'"c"'],
        [b'"a"b', b'"c"'],
        [b'"a"', b""],
        [b'"a"', b'"\xff"'],
        [b'"a"', b'"\t"'],
        [b'"a"', b'"\\"'],
        [b'"a"', b'"b" "c"'],
    ],
)
def test_an_identities_file_with_an_invalid_line_is_ignored(lines: list[bytes]) -> None:
    data = b"".join(line + b"\n" for line in (json.dumps(HEAD).encode(), *lines))
    assert parse_roster(CSV, data).open_ids is None


@pytest.mark.parametrize("line", [b'"a\\u00e5"', b' "a\xc3\xa5"', b'"a\xc3\xa5"\r'])
def test_all_forms_of_json_strings_are_identities(line: bytes) -> None:
    data = b"".join(each + b"\n" for each in (json.dumps(HEAD).encode(), line, b'"b"'))
    assert all_identities(parse_roster(CSV, data)) == ["aå", "b"]


@pytest.mark.parametrize("count", [999, 1000, 1001, 2000, 2500])
def test_all_identities_of_a_large_file_are_checked(count: int) -> None:
    rows, identities = [("A", str(number)) for number in range(count)], ["a"] * count
    csv = csv_bytes(rows, ("Name", "Email"))
    ids = ids_bytes(csv, identities, [LeftOut("x", "oslo", "y")])
    assert list(parse_roster(csv, ids).left_out()) == [LeftOut("x", "oslo", "y")]
    for number in (0, count - 1):
        lines = ids.splitlines(keepends=True)
        lines[1 + number] = b"1\n"
        assert parse_roster(csv, b"".join(lines)).open_ids is None


def test_an_unreadable_file_raises_an_os_error() -> None:
    class _UnreadableFile(io.BytesIO):
        def readinto(self, buffer: Any) -> int:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        read_roster("x.csv", partial(_UnreadableFile, CSV))
    with pytest.raises(OSError, match="Input/output error"):
        read_roster(
            "x.csv", partial(io.BytesIO, CSV), partial(_UnreadableFile, ids_bytes(CSV, "ab"))
        )


def test_a_checked_roster_that_cannot_be_read_again_is_reported() -> None:
    roster = parse_roster(CSV, _ids(HEAD, "a", "Å"))

    def fail() -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    message = (
        "Cannot read x.csv or its identities file again: Input/output error."
        " Check the disk or the network share, and run the task again."
    )
    unreadable: list[Callable[[], object]] = [
        lambda: list(replace(roster, open_file=fail).rows()),
        lambda: replace(roster, open_file=fail).open_content(),
        lambda: list(replace(roster, open_ids=fail).rows()),
        lambda: list(replace(roster, open_ids=fail).left_out()),
    ]
    for read in unreadable:
        with pytest.raises(FrontdeskError) as raised:
            read()
        assert str(raised.value) == message


def test_invalid_csv_is_also_reported_when_rows_are_read_again() -> None:
    contents = [CSV, CSV + b"more\r\n"]
    roster = read_roster("x.csv", lambda: io.BytesIO(contents.pop(0)))
    with pytest.raises(InputError) as caught:
        list(roster.rows())
    assert (
        str(caught.value)
        == "Cannot read x.csv: the row on line 4 has 1 cell instead of 2. Correct the file, or export the roster again."
    )


def test_the_size_and_checksum_are_those_of_the_complete_file() -> None:
    data = csv_bytes([("x" * 100, "y" * 100, "z" * 100)] * 1000)
    assert len(data) > 4 * 64 * 1024
    roster = parse_roster(data)
    assert (roster.size, roster.sha256, roster.row_count) == (len(data), sha256(data), 1000)


@pytest.mark.parametrize(
    ("csv_data", "ids_data"),
    [
        (CSV + b"Moe,\r\n", _ids(HEAD, "a", "b")),
        (CSV[: CSV.index(b"Lie")], _ids(HEAD, "a", "b")),
        (CSV, _ids(HEAD, "a")),
        (CSV, b""),
    ],
)
def test_a_change_of_a_file_while_it_is_being_read_is_reported(
    csv_data: bytes, ids_data: bytes
) -> None:
    files = {"csv": CSV, "ids": _ids(HEAD, "a", "b")}
    roster = read_roster(
        "x.csv", lambda: io.BytesIO(files["csv"]), lambda: io.BytesIO(files["ids"])
    )
    assert all_identities(roster) == ["a", "b"]
    files.update(csv=csv_data, ids=ids_data)
    with pytest.raises(InputError) as caught:
        all_identities(roster)
    assert (
        str(caught.value)
        == "Cannot read x.csv: it changed while it was being read. Run the task again."
    )
