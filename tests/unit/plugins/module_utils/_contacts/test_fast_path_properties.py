# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The short way of a plain row gives what the long way gives, and whoever is not plain goes the long way."""

from __future__ import annotations

import itertools
import unicodedata
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    MAX_ROW_LENGTH,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.fast_path import (
    FastRows,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.mapper import Mapper
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    Entry,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import columns, found
from hypothesis import given
from hypothesis import strategies as st

IDENTITY = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
LETTERS = [*map(chr, range(0xC0, 0x300)), *map(chr, range(0x400, 0x480))]
# What cleaning, composing, the rules or the order could make something of, and what is beside it.
_ODD = (
    "\0\t\n\v\r\x1c\x7f\x80\x85\xa0\xad\u02ff\u0300\u030a\u0374\u0387\u0483\u1680"
    "\u2019\u2028\u212b\u3000\ufeff\U0001f600"
)
_TEXT = st.text(st.sampled_from("aA \"'=@+-(1|,ÅßЖ" + _ODD), max_size=6)
_VALUE = st.one_of(
    st.sampled_from(
        [b"", b"Lie", b"a@x", b"+47 912 34 567", b"+1 (201) 555-0123", b"+1|cmd", b"\xc3"]
    ),
    _TEXT.map(str.encode),
    st.binary(max_size=4),
    st.text(max_size=4).map(str.encode),
)
_HELD = st.one_of(_VALUE, _VALUE, _VALUE, st.lists(_VALUE.filter(bool), min_size=2, max_size=3))
_RULES: list[dict[str, Any]] = [
    {"header": "Name", "value": "sn", "required": True, "max_length": 5},
    {"header": "Email", "value": "MAIL", "unique": True, "required_unless": "Phone"},
    {"header": "Phone", "value": "mobile", "unique": True},
    {"header": "Place", "value": "location"},
]
_COLUMNS = st.permutations(_RULES).flatmap(
    lambda rules: st.integers(2, 4).map(lambda number: rules[:number])
)


def _columns(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    headers = {rule["header"] for rule in rules}
    return [
        {
            name: value
            for name, value in rule.items()
            if name != "required_unless" or value in headers
        }
        for rule in rules
    ]


@given(
    _COLUMNS,
    st.lists(st.tuples(st.sampled_from([IDENTITY, "id", "", "\n"]), *[_HELD] * 3), max_size=4),
    st.sampled_from(["", "oslo", "Ålesund", " oslo", "=x", "a\nb"]),
)
def test_a_page_gives_what_its_entries_give_one_by_one(
    rules: list[dict[str, Any]], people: list[tuple[Any, ...]], location: str
) -> None:
    mapper = Mapper(columns(*_columns(rules)))
    page: list[Entry] = [
        (identity, values[: len(mapper.attributes)]) for identity, *values in people
    ]
    expected = found([mapper.map_entry(*entry, location) for entry in page])
    given = mapper.map_page(page, location)
    records = {place: sorted(records) for place, records in given.records.items()}
    assert records == {place: sorted(records) for place, records in expected.records.items()}
    assert given.left_out == expected.left_out


def _is_plain(cell: str, **rules: object) -> bool:
    mapper = Mapper(columns({"header": "A", "value": "sn", **rules}))
    plain = FastRows.compile(mapper.columns, mapper.attributes)
    assert plain is not None
    entry = (IDENTITY, [cell.encode()])
    records, others = plain.split_page([entry], "")
    assert others == [entry] * (1 - len(records))
    contact = mapper.map_entry(*entry, "")
    assert not records or (isinstance(contact, Contact) and records == [contact.record])
    return bool(records)


@pytest.mark.parametrize(
    "cell",
    [
        *("Lie", "Åse-Marie Lie", "Łukasz", "Жанна", 'a, "b"', "'", "a=b", "~", "a+b-c@d", ""),
        *("+4791234567", "+47 912 34 567", "+1 (201) 555-0123", "+44/20.7946 0018", "+1"),
        *("x" * 200, "ž" * 200),
    ],
)
def test_what_most_people_are_called_is_plain(cell: str) -> None:
    assert _is_plain(cell)


@pytest.mark.parametrize(
    "cell",
    [
        *(
            " Lie",
            "Lie ",
            "+1 ",
            " ",
            "=x",
            "@x",
            "-x",
            "-1",
            "+",
            "+x",
            "+ 1",
            "+1=2",
            "+1|x",
            "+1A(1",
        ),
        *(
            "a\nb",
            "a\x7f",
            "a\x85",
            "\xa0a",
            "A\u030ase",
            "\u212bse",
            "O\u2019Brien",
            "דוד",
            "\ufeffA",
        ),
    ],
)
def test_what_may_have_to_be_changed_or_refused_is_not_plain(cell: str) -> None:
    assert not _is_plain(cell)


def test_rules_that_are_kept_leave_a_row_plain() -> None:
    assert _is_plain("A", required=True)
    assert not _is_plain("", required=True)
    assert _is_plain("abc", max_length=3)
    assert not _is_plain("abcd", max_length=3)
    # A letter of two bytes may count twice.
    assert not _is_plain("åå", max_length=3)
    longest = MAX_ROW_LENGTH - len(IDENTITY) - 2
    assert _is_plain("x" * longest)
    assert not _is_plain("x" * (longest + 1))


def test_a_row_with_an_empty_cell_that_another_may_make_up_for_is_not_plain() -> None:
    both = columns(
        {"header": "Email", "value": "mail", "required_unless": "Phone"},
        {"header": "Phone", "value": "mobile"},
    )
    plain = FastRows.compile(both, ("mail", "mobile"))
    assert plain is not None
    page: list[Entry] = [("1", [b"a@x", b""]), ("2", [b"", b"1"]), ("3", [b"", b""])]
    assert plain.split_page(page, "") == ([b"a@x\0\x001\0"], page[1:])


@pytest.mark.parametrize(
    "value", [{"value": "sn | lower"}, {"value": "sn", "phone_style": "e164"}, {"value": "'sn'"}]
)
def test_where_a_cell_is_no_value_as_it_came_no_row_is_plain(value: dict[str, str]) -> None:
    made = columns({"header": "A", "value": "mail"}, {"header": "B", **value})
    assert FastRows.compile(made, ("mail", "sn")) is None
    assert (
        Mapper(made).map_page([("1", [b"a@x", b"Lie"][: len(Mapper(made).attributes)])], "").records
    )


def test_a_place_that_is_not_plain_makes_no_row_plain() -> None:
    mapper = Mapper(columns({"header": "A", "value": "location"}))
    assert mapper.map_page([("1", [])], " a") == found([Contact(" a", ("a",), "1")])
    assert mapper.map_page([("1", [])], "=a") == found(
        [LeftOut("1", "=a", "A begins like a spreadsheet formula")]
    )


def test_composing_and_trimming_leave_the_letters_of_plain_rows_alone() -> None:
    pairs = "".join(map("".join, itertools.product([*LETTERS, "e", " "], repeat=2)))
    assert unicodedata.normalize("NFC", pairs) == pairs
    assert not any(letter.isspace() for letter in LETTERS)
    assert _is_plain("".join(LETTERS))
    for outside in "\xbf\u0300\u03ff\u0480":
        assert not _is_plain(outside)
