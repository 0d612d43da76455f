# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an entry to a contact, or to the reason why there is none."""

from __future__ import annotations

import unicodedata

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.mapper import Mapper
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    Entry,
    LeftOut,
    MappedPage,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import columns
from hypothesis import given
from hypothesis import strategies as st

COLUMNS = columns(
    {"header": "Name", "value": "SN", "required": True},
    {"header": "Email", "value": "mail | lower"},
    {"header": "All", "value": "all.mail | join(' ')"},
    {"header": "Location", "value": "location"},
)


def test_attributes_are_in_a_fixed_order_and_named_once() -> None:
    assert Mapper(COLUMNS).attributes == ("mail", "sn")
    many = columns({"header": "A", "value": " ~ ".join("hgfedcba")}, {"header": "B", "value": "A"})
    assert Mapper(many).attributes == tuple("abcdefgh")


@pytest.mark.parametrize("mail", [[b"B@x", b"a@x"], [b"a@x", b"B@x"]])
def test_of_several_values_the_smallest_in_byte_order_counts(mail: list[bytes]) -> None:
    mapper = Mapper(COLUMNS)
    assert mapper.map_entry("id", [mail, [b" Lie\n"]], "oslo") == Contact(
        "oslo", ("Lie", "b@x", "B@x a@x", "oslo"), "id"
    )


def test_one_name_in_two_forms_is_one_value() -> None:
    mapper = Mapper(columns({"header": "A", "value": "all.sn | join('/')"}))
    both = ["A\u030ase".encode(), "Åse".encode()]
    for found in (both, both[:1], both[1:]):
        assert mapper.map_entry("id", [found], "") == Contact("", ("Åse",), "id")
    # The smallest of the composed values counts: A with a ring, decomposed, would come before Z.
    first = Mapper(columns({"header": "A", "value": "sn"}))
    assert first.map_entry("id", [["A\u030a".encode(), b"Z"]], "") == Contact("", ("Z",), "id")


@pytest.mark.parametrize(
    "name", ["Åse", "A\u030ase", "דוד", "\u0645\u0631\u064a\u0645", "🙂\u200d🙃", "q\u0323\u0307"]
)
def test_any_script_comes_through(name: str) -> None:
    mapper = Mapper(columns({"header": "A", "value": "sn"}))
    expected = Contact("", (unicodedata.normalize("NFC", name),), "id")
    assert mapper.map_entry("id", [[name.encode()]], "") == expected


@pytest.mark.parametrize(
    "value",
    [
        *(b"\xff", b"\xc3", b"\xc0\x80", b"A\xe5se"),
        # Surrogates, in pairs too, are no UTF-8 (RFC 3629, 3).
        *(b"\xed\xa0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80"),
    ],
)
def test_what_is_no_utf_8_is_named(value: bytes) -> None:
    mapper = Mapper(columns({"header": "A", "value": "'x'"}, {"header": "B", "value": "sn"}))
    assert mapper.map_entry("id", [[b"Lie", value]], "oslo") == LeftOut(
        "id", "oslo", "the attribute sn is not valid UTF-8"
    )


@given(st.lists(st.binary(max_size=8) | st.text(max_size=4).map(str.encode), max_size=3))
def test_any_bytes_are_valid_utf_8_in_the_end_or_a_named_row(values: list[bytes]) -> None:
    found = Mapper(COLUMNS).map_entry("id", [[], values], "oslo")
    if isinstance(found, Contact):
        line = ",".join(found.cells).encode("utf-8").decode("utf-8")
        assert not set(line) & {"\0", "\n", "\r"}
    else:
        assert found.cause in {
            "the attribute sn is not valid UTF-8",
            "Name is empty",
            "Name begins like a spreadsheet formula",
        }


PHONES = columns(
    {"header": "Name", "value": "sn"},
    {"header": "SMS", "value": "mobile | e164 or telephoneNumber | e164"},
    {"header": "Plain", "value": "telephoneNumber", "phone_style": "national"},
    {"header": "Mail", "value": "mail", "required_unless": "SMS"},
    phone_region="NO",
)
INVALID_NUMBER = "not a valid phone number"


@pytest.mark.parametrize(
    ("mobile", "telephone", "cells", "emptied"),
    [
        ("912 34 567", "22 12 34 56", ("+4791234567", "22 12 34 56"), []),
        ("912", "+46 8 123 456 78", ("+46812345678", "+46 8 123 456 78"), []),
        ("912", "22", ("", ""), ["SMS", "Plain"]),
        ("", "22", ("", ""), ["SMS", "Plain"]),
        ("+47 912 34 567", "22 x5", ("+4791234567", ""), ["Plain"]),
        ("none", "", ("", ""), ["SMS"]),
        ("", " ", ("", ""), []),
        ("912 34 567", "", ("+4791234567", ""), []),
    ],
)
def test_cells_that_are_empty_for_want_of_a_number_are_told(
    mobile: str, telephone: str, cells: tuple[str, str], emptied: list[str]
) -> None:
    values = {"mail": "a@x", "mobile": mobile, "sn": "Lie", "telephonenumber": telephone}
    mapper = Mapper(PHONES)
    wire = [[values[name].encode()] if values[name] else [] for name in mapper.attributes]
    assert mapper.map_entry("id", wire, "") == Contact(
        "", ("Lie", *cells, "a@x"), "id", tuple((header, INVALID_NUMBER) for header in emptied)
    )


def test_a_row_that_may_not_lose_its_number_is_left_out() -> None:
    mapper = Mapper(PHONES)
    assert mapper.attributes == ("mail", "mobile", "sn", "telephonenumber")
    assert mapper.map_entry("id", [[], [b"912"], [b"Lie"], []], "oslo") == LeftOut(
        "id", "oslo", f"SMS: {INVALID_NUMBER}"
    )


def test_a_style_is_that_of_the_whole_cell_and_rules_look_at_what_is_written() -> None:
    styled = columns(
        {
            "header": "SMS",
            "value": "mobile ~ telephoneNumber",
            "phone_style": "e164_no_plus",
            "max_length": 10,
        }
    )
    mapper = Mapper(styled)
    assert mapper.map_entry("id", [[b"+47 912 "], [b"34\t567"]], "") == Contact(
        "", ("4791234567",), "id"
    )
    assert mapper.map_entry("id", [[b"+1 201 555"], [b" 0123"]], "") == LeftOut(
        "id", "", "SMS is longer than 10 characters"
    )


def test_byte_order_is_that_of_utf_8() -> None:
    # In UTF-16 the second would be the smaller one.
    values = ["\uffff".encode(), "\U00010000".encode()]
    mapper = Mapper(columns({"header": "A", "value": "sn"}))
    assert mapper.map_entry("id", [values[::-1]], "") == Contact("", ("\uffff",), "id")


def test_a_broken_rule_leaves_the_person_out_by_identity_and_cause() -> None:
    mapper = Mapper(COLUMNS)
    assert mapper.map_entry("id", [[b"a@x"], []], "oslo") == LeftOut("id", "oslo", "Name is empty")


def test_a_value_that_is_no_utf_8_leaves_the_person_out() -> None:
    mapper = Mapper(COLUMNS)
    assert mapper.map_entry("id", [[b"\xff"], [b"Lie"]], "oslo") == LeftOut(
        "id", "oslo", "the attribute mail is not valid UTF-8"
    )


def test_attributes_that_nobody_had_are_known() -> None:
    mapper = Mapper(COLUMNS)
    assert mapper.unseen_attributes == ["mail", "sn"]
    mapper.map_page([("id", [b"", b""]), ("id", [b"", b"Lie"])], "oslo")
    assert mapper.unseen_attributes == ["mail"]
    mapper.map_page([("id", [[b"\xff", b"x"], b""])], "oslo")
    assert mapper.unseen_attributes == []
    mapper.map_page([("id", [b"", b""])], "oslo")
    assert mapper.unseen_attributes == []


def test_a_page_gives_contacts_and_people_left_out() -> None:
    mapper = Mapper(COLUMNS)
    page: list[Entry] = [
        ("1", [b"A@x", b"Lie"]),
        ("2", [b"b@x", b""]),
        ("3", [[b"C@x", b"d@x"], b"=Moe"]),
    ]
    assert mapper.map_page(page, "oslo") == MappedPage(
        {"oslo": [Contact("oslo", ("Lie", "a@x", "A@x", "oslo"), "1").record]},
        [
            LeftOut("2", "oslo", "Name is empty"),
            LeftOut("3", "oslo", "Name begins like a spreadsheet formula"),
        ],
    )


def test_a_record_holds_all_of_a_contact_but_the_location() -> None:
    assert Contact("oslo", ("Åse", "", "a\0b"), "id").record == "Åse\0\0a\v\x10b\0id\0".encode()
    lost = (("Phone", "no number"),)
    assert Contact("oslo", ("A",), "id", lost).record == b'A\0id\0[["Phone", "no number"]]'


def test_an_expression_that_fails_names_column_and_expression() -> None:
    source = "all.sn if sn == 'Lie' else ''"
    mapper = Mapper(columns({"header": "Name", "value": source}))
    with pytest.raises(InputError) as caught:
        mapper.map_entry("id", [[b"Lie"]], "oslo")
    assert str(caught.value) == (
        f"Cannot evaluate the expression {source!r} of column 'Name' for the entry id: "
        "the result is a list: use first, last or join. Correct the expression, or the entry in the directory."
    )
