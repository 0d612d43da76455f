# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the fast path: its results equal those of the slow path, and it handles only simple rows."""

from __future__ import annotations

import itertools
import unicodedata
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    MAX_ROW_LENGTH,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.fast_path import (
    FastPath,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.mapper import Mapper
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    Entry,
    LeftOut,
    MappedPage,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import columns, mapped_page
from hypothesis import given
from hypothesis import strategies as st

IDENTITY = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
LETTERS = [*map(chr, range(0xC0, 0x300)), *map(chr, range(0x400, 0x480))]
# Characters that affect cleaning, NFC normalization, rules or sorting, and the code points next to them.
_SPECIAL_CHARACTERS = (
    "\0\t\n\v\r\x1c\x7f\x80\x85\xa0\xad\u02ff\u0300\u030a\u0374\u0387\u0483\u1680"
    "\u2019\u200b\u200e\ufe0f\u2028\u212b\u3000\ufeff\U0001f600"
)
_TEXT = st.text(st.sampled_from("aA \"'=@+-(1|,ÅßЖ" + _SPECIAL_CHARACTERS), max_size=6)
_VALUE = st.one_of(
    st.sampled_from(
        [b"", b"Lie", b"a@x", b"+47 912 34 567", b"+1 (201) 555-0123", b"+1|cmd", b"\xc3"]
    ),
    _TEXT.map(str.encode),
    st.binary(max_size=4),
    st.text(max_size=4).map(str.encode),
)
_RAW_VALUES = st.one_of(
    _VALUE, _VALUE, _VALUE, st.lists(_VALUE.filter(bool), min_size=2, max_size=3)
)
_RULES: list[dict[str, Any]] = [
    {"header": "Name", "value": "sn", "required": True, "max_length": 5},
    {"header": "Email", "value": "MAIL", "unique": True, "required_unless": "Phone"},
    {"header": "Phone", "value": "mobile", "unique": True},
    {"header": "Site", "value": "location"},
]
_COLUMNS = st.permutations(_RULES).flatmap(
    lambda rules: st.integers(2, 4).map(lambda number: rules[:number])
)


def _without_dangling_rules(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return copies of the rules, and omit required_unless if the other column is not included."""
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
    st.lists(
        st.tuples(st.sampled_from([IDENTITY, "id", "", "\n"]), *[_RAW_VALUES] * 3), max_size=4
    ),
    st.sampled_from(["", "oslo", "Ålesund", " oslo", "=x", "a\nb"]),
)
def test_a_page_is_mapped_like_its_individual_entries(
    rules: list[dict[str, Any]], people: list[tuple[Any, ...]], location: str
) -> None:
    mapper = Mapper(columns(*_without_dangling_rules(rules)))
    page: list[Entry] = [
        (identity, values[: len(mapper.attributes)]) for identity, *values in people
    ]
    expected = mapped_page([mapper.map_entry(*entry, location) for entry in page])
    mapped = mapper.map_page(page, location)
    assert _sorted_records(mapped) == _sorted_records(expected)
    assert mapped.left_out == expected.left_out


def _sorted_records(page: MappedPage) -> dict[str, list[bytes]]:
    return {location: sorted(records) for location, records in page.records.items()}


def _is_simple(cell: str, **rules: object) -> bool:
    mapper = Mapper(columns({"header": "A", "value": "sn", **rules}))
    fast_path = FastPath.compile(mapper.columns, mapper.attributes)
    assert fast_path is not None
    entry = (IDENTITY, [cell.encode()])
    records, remaining = fast_path.split_page([entry], "")
    assert remaining == [entry] * (1 - len(records))
    contact = mapper.map_entry(*entry, "")
    assert not records or (isinstance(contact, Contact) and records == [contact.record])
    return bool(records)


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "Lie",
            "Åse-Marie Lie",
            "Łukasz",
            "Жанна",
            'a, "b"',
            "O'Brien",
            "a=b",
            "~",
            "a+b-c@d",
            "",
        ),
        *("+4791234567", "+47 912 34 567", "+1 (201) 555-0123", "+44/20.7946 0018", "+1"),
        *("x" * 200, "ž" * 200),
    ],
)
def test_common_values_are_simple(cell: str) -> None:
    assert _is_simple(cell)


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
            "-",
            "A\u200b",
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
            *("Lie;=1", "Lie; @a", '"=1"', "'=1", "`=1"),
            "דוד",
            "\ufeffA",
        ),
    ],
)
def test_values_that_might_be_changed_or_rejected_are_not_simple(cell: str) -> None:
    assert not _is_simple(cell)


def test_the_fast_path_checks_required_and_the_maximum_lengths() -> None:
    assert _is_simple("A", required=True)
    assert not _is_simple("", required=True)
    assert _is_simple("abc", max_length=3)
    assert not _is_simple("abcd", max_length=3)
    # The fast path counts bytes, not characters.
    assert not _is_simple("åå", max_length=3)
    max_length = MAX_ROW_LENGTH - len(IDENTITY) - 2
    assert _is_simple("x" * max_length)
    assert not _is_simple("x" * (max_length + 1))


def test_a_row_with_an_empty_cell_and_required_unless_is_not_simple() -> None:
    both = columns(
        {"header": "Email", "value": "mail", "required_unless": "Phone"},
        {"header": "Phone", "value": "mobile"},
    )
    fast_path = FastPath.compile(both, ("mail", "mobile"))
    assert fast_path is not None
    page: list[Entry] = [("1", [b"a@x", b""]), ("2", [b"", b"1"]), ("3", [b"", b""])]
    assert fast_path.split_page(page, "") == ([b"a@x\0\x001\0"], page[1:])


@pytest.mark.parametrize(
    "value", [{"value": "sn | lower"}, {"value": "sn", "phone_style": "e164"}, {"value": "'sn'"}]
)
def test_the_fast_path_requires_bare_names_without_phone_style(value: dict[str, str]) -> None:
    mapper = Mapper(columns({"header": "A", "value": "mail"}, {"header": "B", **value}))
    assert FastPath.compile(mapper.columns, ("mail", "sn")) is None
    values = [b"a@x", b"Lie"][: len(mapper.attributes)]
    assert mapper.map_page([("1", values)], "").records


def test_a_location_that_is_not_simple_takes_the_slow_path() -> None:
    mapper = Mapper(columns({"header": "A", "value": "location"}))
    assert mapper.map_page([("1", [])], " a") == mapped_page([Contact(" a", ("a",), "1")])
    assert mapper.map_page([("1", [])], "=a") == mapped_page(
        [LeftOut("1", "=a", "A could be interpreted as a spreadsheet formula")]
    )


def test_nfc_normalization_and_trimming_do_not_change_the_letters_of_simple_rows() -> None:
    pairs = "".join(map("".join, itertools.product([*LETTERS, "e", " "], repeat=2)))
    assert unicodedata.normalize("NFC", pairs) == pairs
    assert not any(letter.isspace() for letter in LETTERS)
    assert _is_simple("".join(LETTERS))
    for outside in "\xbf\u0300\u03ff\u0480":
        assert not _is_simple(outside)
