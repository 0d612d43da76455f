# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of mapping entries to contacts."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Sequence

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.mapper import (
    MAX_SLOW_EVALUATIONS,
    Mapper,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    Entry,
    LeftOut,
    MappedPage,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions import patterns
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import columns
from hypothesis import given
from hypothesis import strategies as st

COLUMNS = columns(
    {"header": "Name", "value": "SN", "required": True},
    {"header": "Email", "value": "mail | lower"},
    {"header": "All", "value": "all.mail | join(' ')"},
    {"header": "Location", "value": "location"},
)


def test_attributes_are_sorted_and_distinct() -> None:
    assert Mapper(COLUMNS).attributes == ("mail", "sn")
    unsorted = columns(
        {"header": "A", "value": " ~ ".join("hgfedcba")}, {"header": "B", "value": "A"}
    )
    assert Mapper(unsorted).attributes == tuple("abcdefgh")


@pytest.mark.parametrize("mail", [[b"B@x", b"a@x"], [b"a@x", b"B@x"]])
def test_the_smallest_of_several_values_in_byte_order_is_used(mail: list[bytes]) -> None:
    mapper = Mapper(COLUMNS)
    assert mapper.map_entry("id", [mail, [b" Lie\n"]], "oslo") == Contact(
        "oslo", ("Lie", "b@x", "B@x a@x", "oslo"), "id"
    )


def test_two_normalization_forms_of_a_name_are_one_value() -> None:
    mapper = Mapper(columns({"header": "A", "value": "all.sn | join('/')"}))
    both = ["A\u030ase".encode(), "Åse".encode()]
    for values in (both, both[:1], both[1:]):
        assert mapper.map_entry("id", [values], "") == Contact("", ("Åse",), "id")
    # Values are compared after normalization to NFC. Otherwise, the decomposed Å would sort before Z.
    smallest = Mapper(columns({"header": "A", "value": "sn"}))
    assert smallest.map_entry("id", [["A\u030a".encode(), b"Z"]], "") == Contact("", ("Z",), "id")


@pytest.mark.parametrize(
    "name", ["Åse", "A\u030ase", "דוד", "\u0645\u0631\u064a\u0645", "🙂\u200d🙃", "q\u0323\u0307"]
)
def test_names_in_several_scripts_and_emoji_are_supported(name: str) -> None:
    mapper = Mapper(columns({"header": "A", "value": "sn"}))
    expected = Contact("", (unicodedata.normalize("NFC", name),), "id")
    assert mapper.map_entry("id", [[name.encode()]], "") == expected


@pytest.mark.parametrize(
    "value",
    [
        *(b"\xff", b"\xc3", b"\xc0\x80", b"A\xe5se"),
        # Surrogates, even in pairs, and code points above U+10FFFF are not valid in UTF-8 (RFC 3629, 3).
        *(b"\xed\xa0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80"),
    ],
)
def test_an_attribute_that_is_not_valid_utf_8_is_reported(value: bytes) -> None:
    name = {"header": "B", "value": "sn"}
    cause = "the attribute sn is not valid UTF-8"
    required = Mapper(columns({**name, "required": True}))
    left_out = LeftOut("id", "oslo", f"B: {cause}")
    assert required.map_entry("id", [[b"Lie", value]], "oslo") == left_out
    optional = Mapper(columns({"header": "A", "value": "'x'"}, name))
    contact = Contact("oslo", ("x", ""), "id", (("B", cause),))
    assert optional.map_entry("id", [[b"Lie", value]], "oslo") == contact


@given(st.lists(st.binary(max_size=8) | st.text(max_size=4).map(str.encode), max_size=3))
def test_any_bytes_yield_valid_utf_8_or_a_cause(values: list[bytes]) -> None:
    person = Mapper(COLUMNS).map_entry("id", [[], values], "oslo")
    if isinstance(person, Contact):
        line = ",".join(person.cells).encode("utf-8").decode("utf-8")
        assert not set(line) & {"\0", "\n", "\r"}
    else:
        assert person.cause in {
            "Name: the attribute sn is not valid UTF-8",
            "Name is empty",
            "Name could be interpreted as a spreadsheet formula",
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
def test_cells_emptied_because_of_an_invalid_number_are_reported(
    mobile: str, telephone: str, cells: tuple[str, str], emptied: list[str]
) -> None:
    values = {"mail": "a@x", "mobile": mobile, "sn": "Lie", "telephonenumber": telephone}
    mapper = Mapper(PHONES)
    raw_values = [[values[name].encode()] if values[name] else [] for name in mapper.attributes]
    assert mapper.map_entry("id", raw_values, "") == Contact(
        "", ("Lie", *cells, "a@x"), "id", tuple((header, INVALID_NUMBER) for header in emptied)
    )


def test_a_person_is_left_out_if_a_required_number_is_invalid() -> None:
    mapper = Mapper(PHONES)
    assert mapper.attributes == ("mail", "mobile", "sn", "telephonenumber")
    assert mapper.map_entry("id", [[], [b"912"], [b"Lie"], []], "oslo") == LeftOut(
        "id", "oslo", f"SMS: {INVALID_NUMBER}"
    )


def test_phone_style_formats_the_whole_cell_before_the_rules_are_checked() -> None:
    styled = columns(
        {
            "header": "SMS",
            "value": "mobile ~ ' ' ~ telephoneNumber",
            "phone_style": "e164_no_plus",
            "max_length": 10,
            "required": True,
        }
    )
    mapper = Mapper(styled)
    assert mapper.map_entry("id", [[b"+47 912 "], [b"34\t567"]], "") == Contact(
        "", ("4791234567",), "id"
    )
    assert mapper.map_entry("id", [[b"+1 201 555"], [b" 0123"]], "") == LeftOut(
        "id", "", "SMS is longer than 10 characters"
    )


OPTIONAL = columns(
    {"header": "Name", "value": "sn", "required": True, "max_length": 5},
    {"header": "Email", "value": "mail", "required_unless": "Phone", "max_length": 5},
    {"header": "Phone", "value": "mobile", "max_length": 8},
    {"header": "Site", "value": "location", "max_length": 5},
)
FORMULA = "possibly a spreadsheet formula"


@pytest.mark.parametrize(
    ("mail", "mobile", "cells", "emptied"),
    [
        ("a@x", "+47 12", ("a@x", "+47 12"), ()),
        ("a@x", "-", ("a@x", "-"), ()),
        ("a@x", "+ 47 12", ("a@x", "+ 47 12"), ()),
        ("a@x", "=1", ("a@x", ""), (("Phone", FORMULA),)),
        ("=a@x", "1", ("", "1"), (("Email", FORMULA),)),
        ("ab@x.y", "1", ("", "1"), (("Email", "longer than 5 characters"),)),
        ("a@x", "123456789", ("a@x", ""), (("Phone", "longer than 8 characters"),)),
        ("a@x", "=12345678", ("a@x", ""), (("Phone", FORMULA),)),
    ],
)
def test_only_invalid_optional_cells_are_emptied(
    mail: str, mobile: str, cells: tuple[str, str], emptied: tuple[tuple[str, str], ...]
) -> None:
    mapper = Mapper(OPTIONAL)
    entry: Entry = ("id", [mail.encode(), mobile.encode(), b"Lie"])
    contact = Contact("oslo", ("Lie", *cells, "oslo"), "id", emptied)
    assert mapper.map_entry(*entry, "oslo") == contact
    assert mapper.map_page([entry], "oslo") == MappedPage({"oslo": [contact.record]}, [])


@pytest.mark.parametrize(
    ("name", "mail", "location", "cause"),
    [
        ("=Lie", "a@x", "oslo", "Name could be interpreted as a spreadsheet formula"),
        ("Lie Moe", "a@x", "oslo", "Name is longer than 5 characters"),
        ("\u200b\u2060", "a@x", "oslo", "Name is empty"),
        ("\u3164", "a@x", "oslo", "Name is empty"),
        ("Lie", "=a", "oslo", "Email: possibly a spreadsheet formula"),
        ("Lie", "ab@x.y", "oslo", "Email: longer than 5 characters"),
        # Without a location, a contact would belong to all locations.
        ("Lie", "a@x", "=oslo", "Site could be interpreted as a spreadsheet formula"),
        ("Lie", "a@x", "oslo-1", "Site is longer than 5 characters"),
    ],
)
def test_a_person_is_left_out_if_a_required_cell_is_invalid(
    name: str, mail: str, location: str, cause: str
) -> None:
    entry: Entry = ("id", [mail.encode(), b"", name.encode()])
    left_out = LeftOut("id", location, cause)
    assert Mapper(OPTIONAL).map_entry(*entry, location) == left_out
    assert Mapper(OPTIONAL).map_page([entry], location) == MappedPage({}, [left_out])


@pytest.mark.parametrize(
    ("values", "smallest", "joined"),
    [
        ([b"", b"real@x"], "real@x", "real@x"),
        ([b" ", "\u200b".encode(), b"\n", b"real@x"], "real@x", "real@x"),
        ([b" ", b""], "", ""),
        ([b" z@x", b"a@x", b"a@x "], "a@x", "a@x; z@x"),
        (["\u200bz@x".encode(), b"a@x"], "a@x", "a@x; z@x"),
    ],
)
def test_values_are_cleaned_before_one_is_chosen(
    values: list[bytes], smallest: str, joined: str
) -> None:
    mapper = Mapper(
        columns(
            {"header": "Mail", "value": "mail"},
            {"header": "All", "value": "all.mail | join('; ')"},
            {"header": "Other", "value": "mail or 'none'"},
        )
    )
    expected = Contact("", (smallest, joined, smallest or "none"), "id")
    assert mapper.map_entry("id", [values], "") == expected


GUID = bytes.fromhex("e9d6a4c2b1f06e4d9a7b0123456789ab")


@pytest.mark.parametrize("name", ["objectGUID", "objectGUID | upper | lower"])
def test_a_binary_attribute_with_a_text_form_can_be_a_column(name: str) -> None:
    mapper = Mapper(columns({"header": "Id", "value": name, "required": True}))
    contact = Contact("", ("c2a4d6e9-f0b1-4d6e-9a7b-0123456789ab",), "id")
    assert mapper.map_page([("id", [GUID])], "") == MappedPage({"": [contact.record]}, [])
    # These bytes are also valid UTF-8.
    text = mapper.map_page([("id", [b"0123456789abcdef"])], "")
    assert text.records[""] == [b"33323130-3534-3736-3839-616263646566\0id\0"]
    assert mapper.map_entry("id", [b"text"], "oslo") == LeftOut(
        "id", "oslo", "Id: the attribute objectguid is not a valid GUID"
    )


def test_values_are_compared_in_the_byte_order_of_utf_8() -> None:
    # In UTF-16, the second value would be the smaller one.
    values = ["\uffff".encode(), "\U00010000".encode()]
    mapper = Mapper(columns({"header": "A", "value": "sn"}))
    assert mapper.map_entry("id", [values[::-1]], "") == Contact("", ("\uffff",), "id")


def test_a_person_is_left_out_if_a_rule_is_broken() -> None:
    mapper = Mapper(COLUMNS)
    assert mapper.map_entry("id", [[b"a@x"], []], "oslo") == LeftOut("id", "oslo", "Name is empty")


def test_attributes_are_unseen_until_an_entry_has_a_value() -> None:
    mapper = Mapper(COLUMNS)
    assert mapper.unseen_attributes == ["mail", "sn"]
    mapper.map_page([("id", [b"", b""]), ("id", [b"", b"Lie"])], "oslo")
    assert mapper.unseen_attributes == ["mail"]
    mapper.map_page([("id", [[b"\xff", b"x"], b""])], "oslo")
    assert mapper.unseen_attributes == []
    mapper.map_page([("id", [b"", b""])], "oslo")
    assert mapper.unseen_attributes == []


def test_a_page_is_mapped_to_contacts_and_left_out_people() -> None:
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
            LeftOut("3", "oslo", "Name could be interpreted as a spreadsheet formula"),
        ],
    )


def test_a_record_contains_all_fields_except_the_location() -> None:
    assert Contact("oslo", ("Åse", "", "a\0b"), "id").record == "Åse\0\0a\v\x10b\0id\0".encode()
    emptied = (("Phone", "no number"),)
    assert Contact("oslo", ("A",), "id", emptied).record == b'A\0id\0[["Phone", "no number"]]'


def test_an_expression_that_fails_for_one_person_does_not_affect_others() -> None:
    name = {"header": "Name", "value": "all.sn if sn == 'Lie' else sn"}
    page: list[Entry] = [("1", [b"Lie"]), ("2", [b"Moe"])]
    cause = "the result is a list: use first, last or join"
    optional = Mapper(columns(name))
    assert optional.map_page(page, "") == MappedPage(
        {"": [Contact("", ("",), "1", (("Name", cause),)).record, b"Moe\x002\0"]}, []
    )
    (error,) = optional.expression_errors
    assert str(error) == (
        f"Cannot evaluate the expression {name['value']!r} of column 'Name' for 1 person: {cause}. Correct the"
        " expression or the values in the directory."
    )
    optional.check_expressions()
    required = Mapper(columns({**name, "required": True}))
    assert required.map_page(page, "").left_out == [LeftOut("1", "", f"Name: {cause}")]


def test_an_attribute_that_cannot_be_used_for_anyone_is_an_error_if_there_are_three_people() -> (
    None
):
    mapper = Mapper(columns({"header": "Name", "value": "audio"}))
    mapper.map_page([("id", [b"\xff"])] * 2, "")
    mapper.check_expressions()
    mapper.map_page([("id", [b"\xff"])], "")
    with pytest.raises(InputError) as caught:
        mapper.check_expressions()
    assert str(caught.value) == (
        "Cannot evaluate the expression 'audio' of column 'Name' for 3 people: the attribute audio is not valid UTF-8."
        " Correct the expression or the values in the directory."
    )
    # A person with a usable value takes the fast path, but is also counted.
    mapper.map_page([("id", [b"Moe"])], "")
    mapper.check_expressions()
    (error,) = mapper.expression_errors
    assert error.action == "Cannot evaluate the expression 'audio' of column 'Name' for 3 people"


@pytest.mark.parametrize("people", [1, 2, 3, 4])
def test_an_expression_that_fails_for_everyone_is_an_error_if_there_are_at_least_three_people(
    people: int,
) -> None:
    text = "all.sn if sn == 'Lie' else sn"
    mapper = Mapper(columns({"header": "Name", "value": text}))
    mapper.map_page([("id", [b"Lie"])] * people, "")
    if people < 3:
        mapper.check_expressions()
        return
    with pytest.raises(InputError) as caught:
        mapper.check_expressions()
    assert str(caught.value) == (
        f"Cannot evaluate the expression {text!r} of column 'Name' for {people} people: "
        "the result is a list: use first, last or join. Correct the expression or the values in the directory."
    )
    mapper.map_page([("id", [b"Moe"])], "")
    mapper.check_expressions()


def test_a_regular_expression_that_is_too_slow_for_many_people_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patterns, "CPU_SECONDS", 0.002)
    page: list[Entry] = [("id", [b"a" * 30 + b"b"])] * MAX_SLOW_EVALUATIONS
    mapper = Mapper(columns({"header": "A", "value": "sn | regex_search('(a+)+$')"}))
    cause = "its regular expression takes more than 0.002 s of CPU time for one value"
    emptied = Contact("", ("",), "id", (("A", cause),)).record
    assert mapper.map_page(page, "").records == {"": [emptied] * MAX_SLOW_EVALUATIONS}
    with pytest.raises(InputError) as caught:
        mapper.map_page(page[:1], "")
    assert str(caught.value) == (
        "Cannot evaluate the expression \"sn | regex_search('(a+)+$')\" of column 'A' for 21 people: "
        f"{cause}. Correct the expression or the values in the directory."
    )


MARKS = "\u0301\u0323" * 100_000
LONG = "a" * 20_000
TOO_LONG = "longer than 131072 characters"
MANY_BYTES = "the attribute sn has too many values, or a value of more than 131072 bytes"
MANY_MARKS = "the attribute sn has a value with more than 30 consecutive combining characters"


@pytest.mark.parametrize(
    ("expression", "values", "cause"),
    [
        ("sn", [MARKS], MANY_BYTES),
        ("sn", [MARKS[:60_000]], MANY_MARKS),
        ("all.sn | join", [f"{number}{MARKS[:31]}" for number in range(100)], MANY_MARKS),
        ("sn", ["a" * 10_000_000], MANY_BYTES),
        ("sn | title", ["a " * 5_000_000], MANY_BYTES),
        ("all.sn | first", ["a", "\U0001f642" * 2_500_000], MANY_BYTES),
        ("all.sn | join", [f"{number}@corp.example" for number in range(100_000)], "join"),
        ("'a,' | replace(',', sn) | replace('a', sn)", [LONG], "replace"),
        ("'x' | replace('', sn) | replace('', sn)", [LONG], "replace"),
        ("all.sn | join(sn)", [f"{number}{LONG}" for number in range(100)], "join"),
        ("sn | regex_replace('', '0123456789abcdef')", [LONG[:9000]], "regex_replace"),
        ("sn ~ sn", ["a" * 100_000], TOO_LONG),
    ],
)
def test_a_huge_value_only_empties_a_cell(
    expression: str, values: Sequence[str], cause: str
) -> None:
    if len(cause.split()) == 1:
        cause = f"the result of {cause} is {TOO_LONG}"
    mapper = Mapper(columns({"header": "A", "value": expression}))
    started = time.process_time()
    person = mapper.map_entry("id", [[value.encode() for value in values]], "")
    assert time.process_time() - started < 2
    assert person == Contact("", ("",), "id", (("A", cause),))
