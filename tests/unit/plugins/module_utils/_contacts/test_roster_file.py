# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bytes of a roster's two files, written and read."""

from __future__ import annotations

import hashlib
import json

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.contact import LeftOut
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.roster import Roster
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.roster_file import (
    parse_csv,
    parse_ids,
    render_csv,
    render_ids,
    sha256,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import contact
from hypothesis import given
from hypothesis import strategies as st

ROSTER = Roster(
    ("Name", "Note"),
    (contact("id-1", "Åse", 'a, "b"'), contact("id-2", "Lie", "")),
    (LeftOut("id-3", "tromsø", "Name is empty"),),
    (),
)
CSV = 'Name,Note\r\nÅse,"a, ""b"""\r\nLie,\r\n'.encode()


def test_the_csv_is_as_in_rfc_4180() -> None:
    assert render_csv(ROSTER) == CSV


def test_the_identities_are_json_lines() -> None:
    assert render_ids(ROSTER, "abc").decode() == (
        '{"format": 1, "sha256": "abc", "rows": 2}\n"id-1"\n"id-2"\n'
        '{"identity": "id-3", "location": "tromsø", "cause": "Name is empty"}\n'
    )


def test_a_checksum_is_a_sha_256_in_hexadecimal() -> None:
    assert sha256(b"abc") == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize(
    "data", [CSV, b"\xef\xbb\xbf" + CSV, CSV.replace(b"\r\n", b"\n"), CSV.rstrip(b"\r\n")]
)
def test_a_roster_is_read(data: bytes) -> None:
    read = parse_csv(data, "x.csv")
    assert read.header == ("Name", "Note")
    assert read.rows == (("Åse", 'a, "b"'), ("Lie", ""))
    assert read.sha256 == sha256(data)
    assert read.identities is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "Cannot read x.csv: it is empty. Export a roster to it first."),
        (b"\n", "Cannot read x.csv: it is empty. Export a roster to it first."),
        (b",\r\n", "Cannot read x.csv: it is empty. Export a roster to it first."),
        (
            b"A\r\nb\r\n\xe5\r\n",
            "Cannot read x.csv: line 3 is not valid UTF-8. Save it as UTF-8.",
        ),
        (b"\xe5", "Cannot read x.csv: line 1 is not valid UTF-8. Save it as UTF-8."),
        (
            b'A,B\r\n1,"2\r\n3"\r\n4\r\n',
            "Cannot read x.csv: the row that ends on line 4 has 1 cells, the header 2.",
        ),
        (
            b"A,B\r\n1,2,3\r\n",
            "Cannot read x.csv: the row that ends on line 2 has 3 cells, the header 2.",
        ),
        (
            b"A,B\r\n\r\n1,2\r\n",
            "Cannot read x.csv: the row that ends on line 2 has 0 cells, the header 2.",
        ),
        (b'A\r\n"b"c\r\n', "Cannot read x.csv: line 2: ',' expected after '\"'."),
        (b'A\r\n"b', "Cannot read x.csv: line 2: unexpected end of data."),
        (
            b"A\r\n" + b"x" * 140_000,
            "Cannot read x.csv: line 2: field larger than field limit (131072).",
        ),
    ],
)
def test_what_is_wrong_with_a_roster(data: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_csv(data, "x.csv")
    assert str(caught.value) == message


_CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)


@given(st.integers(1, 3).flatmap(lambda n: st.lists(st.tuples(*[_CELL] * n), max_size=4)))
def test_what_is_written_is_read(rows: list[tuple[str, ...]]) -> None:
    width = len(rows[0]) if rows else 1
    header = tuple("ABC"[:width])
    contacts = tuple(contact(f"id-{number}", *row) for number, row in enumerate(rows))
    gone = (LeftOut("x", "oslo", "gone\n"),)
    roster = Roster(header, contacts, gone, ())
    read = parse_csv(render_csv(roster), "x.csv")
    ids = render_ids(roster, read.sha256)
    assert (read.header, read.rows) == (header, tuple(rows))
    assert parse_ids(ids, read) == tuple(c.identity for c in contacts)
    assert [json.loads(line) for line in ids.splitlines()[1 + len(rows) :]] == [
        {"identity": "x", "location": "oslo", "cause": "gone\n"}
    ]


READ = parse_csv(CSV, "x.csv")
HEAD = {"format": 1, "sha256": READ.sha256, "rows": 2}


def _ids(head: object, *lines: object) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in (head, *lines)).encode()


def test_identities_of_the_same_roster_are_read() -> None:
    assert parse_ids(_ids(HEAD, "a", "b"), READ) == ("a", "b")
    assert parse_ids(_ids(HEAD, "a", "b", {"identity": "c"}), READ) == ("a", "b")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"no JSON",
        b"\xff",
        b"[]",
        b"1",
        b"null",
        b"{}",
        _ids({**HEAD, "format": 2}, "a", "b"),
        _ids({**HEAD, "sha256": "0"}, "a", "b"),
        _ids({**HEAD, "rows": 1}, "a"),
        _ids({**HEAD, "rows": 3}, "a", "b", "c"),
        _ids({"format": 1, "sha256": READ.sha256}, "a", "b"),
        _ids(HEAD, "a"),
        _ids(HEAD, "a").rstrip(b"\n"),
        _ids(HEAD, "a", 1),
        _ids(HEAD, "a", {"identity": "b"}),
        _ids(HEAD, "a", None),
        _ids(HEAD, "a") + b'"b\n',
    ],
)
def test_identities_that_do_not_match_count_as_none(data: bytes) -> None:
    assert parse_ids(data, READ) is None
