# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of location rules, which derive locations from attributes."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.location_rule import (
    LocationRule,
    compile_location_rule,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.mapper import Mapper
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    Entry,
    LeftOut,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.expression import (
    Variables,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.builder import (
    RosterBuilder,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.roster_factory import (
    write_to_memory,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    MEMORY,
    columns,
    mapped_page,
)

COLUMNS = columns({"header": "Name", "value": "sn"}, {"header": "Where", "value": "location"})
NAME = "location_value of source 2"


def compile_rule(text: str, *locations: str) -> LocationRule:
    return compile_location_rule(text, locations or ("oslo-hq", "tromsø"), NAME)


@pytest.mark.parametrize(
    ("text", "office", "location"),
    [
        ("l", b"oslo-hq", "oslo-hq"),
        ("l", b" oslo-hq\n", "oslo-hq"),
        ("l | lower", "TROMSØ".encode(), "tromsø"),
        ("l", "tromsø".encode(), "tromsø"),
        ("l | map_value({'Oslo HQ': 'oslo-hq'})", b"Oslo HQ", "oslo-hq"),
        ("l | map_value({}, 'oslo-hq')", b"anywhere", "oslo-hq"),
    ],
)
def test_the_location_is_the_result_of_the_expression(
    text: str, office: bytes, location: str
) -> None:
    rule = compile_rule(text)
    mapper = Mapper(COLUMNS, [rule])
    assert mapper.attributes == ("l", "sn")
    contact = mapper.map_entry("id", [office, b"Lie"], rule)
    assert contact == Contact(location, ("Lie", location), "id")


def test_listed_identifiers_are_normalized_to_nfc() -> None:
    mapper = Mapper(COLUMNS, [compile_rule("l", "malå")])
    person = mapper.map_entry("id", ["malå".encode(), b"Lie"], compile_rule("l", "mala\u030a"))
    assert isinstance(person, Contact)


@pytest.mark.parametrize(
    ("office", "cause"),
    [
        (b"", "has no location"),
        (b" \n", "has no location"),
        (b"Oslo-HQ", "has a location that the source does not list"),
        (b"bergen", "has a location that the source does not list"),
        (b"\xff", "its location is unknown: the attribute l is not valid UTF-8"),
        (
            b"a" * 131_073,
            "its location is unknown: the attribute l has too many values, or a value of more than 131072 bytes",
        ),
    ],
)
def test_people_without_a_listed_location_are_left_out_without_revealing_the_value(
    office: bytes, cause: str
) -> None:
    rule = compile_rule("l")
    mapper = Mapper(COLUMNS, [rule])
    assert mapper.map_entry("id", [office, b"Lie"], rule) == LeftOut("id", "", cause)


def test_a_location_rule_can_read_another_entry() -> None:
    rule = compile_rule("manager | of_entry('l')")
    mapper = Mapper(COLUMNS, [rule], {("cn=boss", "l"): "tromsø"})
    contact = mapper.map_entry("id", [b"cn=boss", b"Lie"], rule)
    assert contact == Contact("tromsø", ("Lie", "tromsø"), "id")


def test_only_the_person_for_whom_the_rule_fails_is_left_out() -> None:
    rule = compile_rule("all.l if l == 'x' else l")
    mapper = Mapper(COLUMNS, [rule])
    page: list[Entry] = [("1", [b"x", b"Lie"]), ("2", [b"oslo-hq", b"Moe"])]
    mapped = mapper.map_page(page, rule)
    cause = "its location is unknown: the result is a list: use first, last or join"
    assert mapped.left_out == [LeftOut("1", "", cause)]
    assert list(mapped.records) == ["oslo-hq"]
    (error,) = mapper.expression_errors
    assert error.action.endswith(f" of {NAME} for 1 person")


def test_phone_region_applies_to_location_rules() -> None:
    text, variables = "mobile | e164 or phone_region", Variables({"mobile": ("22123456",)}, "")
    rule = compile_location_rule(text, ["+4722123456"], NAME, "NO")
    assert rule.evaluate(variables) == "+4722123456"
    assert compile_rule(text).evaluate(variables) == ""


REMEDY = "Use attributes, as in physicalDeliveryOfficeName | lower."


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("location", f"it refers to location, which is the result of this expression. {REMEDY}"),
        (
            "l or location",
            f"it refers to location, which is the result of this expression. {REMEDY}",
        ),
        ("l | hq", "the filter 'hq' does not exist. Correct the expression. It can contain "),
    ],
)
def test_an_invalid_location_rule_is_reported(text: str, cause: str) -> None:
    with pytest.raises(InputError) as caught:
        compile_rule(text)
    assert str(caught.value).startswith(f"Cannot use the expression {text!r} of {NAME}: {cause}")


def test_a_page_can_contain_people_at_several_locations() -> None:
    rule = compile_rule("l")
    page: list[Entry] = [
        ("1", [b"oslo-hq", b"Lie"]),
        ("2", ["tromsø".encode(), b"Moe"]),
        ("3", [b"oslo-hq", b"Berg"]),
        ("4", [b"", b"Vik"]),
    ]
    mapped = Mapper(COLUMNS, [rule]).map_page(page, rule)
    people: list[Contact | LeftOut] = [
        Contact("oslo-hq", ("Lie", "oslo-hq"), "1"),
        Contact("tromsø", ("Moe", "tromsø"), "2"),
        Contact("oslo-hq", ("Berg", "oslo-hq"), "3"),
        LeftOut("4", "", "has no location"),
    ]
    assert mapped == mapped_page(people)


UNIQUE = columns(
    {"header": "Mail", "value": "mail", "unique": True}, {"header": "L", "value": "location"}
)


def test_unique_values_are_compared_by_location_not_by_source() -> None:
    # Two people in the first source are at the locations of the other two sources.
    rule = compile_rule("l", "oslo", "bergen")
    mapper = Mapper(UNIQUE, [rule])
    assert mapper.attributes == ("l", "mail")
    builder = RosterBuilder(UNIQUE, [{"", "bergen", "oslo"}, "oslo", "bergen"], MEMORY)
    pages: list[tuple[str | LocationRule, list[tuple[str, list[bytes | list[bytes]]]]]] = [
        (rule, [("2", [b"oslo", b"A@x"]), ("3", [b"bergen", b"a@x"]), ("5", [b"", b"e@x"])]),
        ("oslo", [("4", [b"", b"a@x"])]),
        ("bergen", [("1", [b"", b"a@x"])]),
    ]
    for number, (location_or_rule, page) in enumerate(pages):
        builder.add_page(mapper.map_page(page, location_or_rule), number)
    roster = write_to_memory(builder.build())
    assert roster.contacts == [
        *(("3", "", "bergen"), ("1", "a@x", "bergen")),
        *(("4", "", "oslo"), ("2", "A@x", "oslo")),
    ]
    assert roster.left_out == [LeftOut("5", "", "has no location")]
    assert roster.written.by_location == {"bergen": 2, "oslo": 2}
