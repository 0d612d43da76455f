# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""People who are placed by what the directory says of them."""

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
from ansible_collections.frontdesk.contacts.tests.unit.support.making import written
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY, columns
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    found as found_of,
)

COLUMNS = columns({"header": "Name", "value": "sn"}, {"header": "Where", "value": "location"})
NAME = "location_value of source 2"


def placement(source: str, *locations: str) -> LocationRule:
    return compile_location_rule(source, locations or ("oslo-hq", "tromsø"), NAME)


@pytest.mark.parametrize(
    ("source", "office", "location"),
    [
        ("l", b"oslo-hq", "oslo-hq"),
        ("l", b" oslo-hq\n", "oslo-hq"),
        ("l | lower", "TROMSØ".encode(), "tromsø"),
        ("l", "tromsø".encode(), "tromsø"),
        ("l | map_value({'Oslo HQ': 'oslo-hq'})", b"Oslo HQ", "oslo-hq"),
        ("l | map_value({}, 'oslo-hq')", b"anywhere", "oslo-hq"),
    ],
)
def test_a_person_is_where_the_expression_says(source: str, office: bytes, location: str) -> None:
    mapper = Mapper(COLUMNS, [placement(source)])
    assert mapper.attributes == ("l", "sn")
    found = mapper.map_entry("id", [office, b"Lie"], placement(source))
    assert found == Contact(location, ("Lie", location), "id")


def test_an_identifier_of_the_list_is_composed() -> None:
    mapper = Mapper(COLUMNS, [placement("l", "malå")])
    found = mapper.map_entry("id", ["malå".encode(), b"Lie"], placement("l", "mala\u030a"))
    assert isinstance(found, Contact)


@pytest.mark.parametrize(
    ("office", "cause"),
    [
        (b"", "has no location"),
        (b" \n", "has no location"),
        (b"Oslo-HQ", "has a location that is not one of the source's"),
        (b"bergen", "has a location that is not one of the source's"),
        (b"\xff", "the attribute l is not valid UTF-8"),
    ],
)
def test_who_cannot_be_placed_is_left_out_without_a_word_of_the_value(
    office: bytes, cause: str
) -> None:
    placed = placement("l")
    mapper = Mapper(COLUMNS, [placed])
    assert mapper.map_entry("id", [office, b"Lie"], placed) == LeftOut("id", "", cause)


def test_a_placement_may_read_an_entry_that_an_attribute_names() -> None:
    placed = placement("manager | of_entry('l')")
    mapper = Mapper(COLUMNS, [placed], {("cn=boss", "l"): "tromsø"})
    found = mapper.map_entry("id", [b"cn=boss", b"Lie"], placed)
    assert found == Contact("tromsø", ("Lie", "tromsø"), "id")


def test_an_expression_that_gives_no_text_names_the_source() -> None:
    source = "all.l if l == 'x' else ''"
    placed = placement(source)
    with pytest.raises(InputError) as caught:
        Mapper(COLUMNS, [placed]).map_entry("id", [b"x", b"Lie"], placed)
    assert str(caught.value) == (
        f"Cannot evaluate the expression {source!r} of {NAME} for the entry id: "
        "the result is a list: use first, last or join. Correct the expression, or the entry in the directory."
    )


def test_numbers_belong_to_the_region_if_one_is_given() -> None:
    source, variables = "mobile | e164 or phone_region", Variables({"mobile": ("22123456",)}, "")
    placed = compile_location_rule(source, ["+4722123456"], NAME, "NO")
    assert placed.evaluate(variables) == "+4722123456"
    assert placement(source).evaluate(variables) == ""


USE = "Use attributes, as in physicalDeliveryOfficeName | lower."


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("location", f"it reads the location, which it is to give. {USE}"),
        ("l or location", f"it reads the location, which it is to give. {USE}"),
        ("l | hq", "the filter 'hq' does not exist. Use attribute names, "),
    ],
)
def test_what_cannot_place_anybody_is_refused(source: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        placement(source)
    assert str(caught.value).startswith(
        f"Cannot use the expression {source!r} of {NAME}: {problem}"
    )


def test_a_page_gives_people_of_several_locations() -> None:
    placed = placement("l")
    page: list[Entry] = [
        ("1", [b"oslo-hq", b"Lie"]),
        ("2", ["tromsø".encode(), b"Moe"]),
        ("3", [b"oslo-hq", b"Berg"]),
        ("4", [b"", b"Vik"]),
    ]
    found = Mapper(COLUMNS, [placed]).map_page(page, placed)
    people: list[Contact | LeftOut] = [
        Contact("oslo-hq", ("Lie", "oslo-hq"), "1"),
        Contact("tromsø", ("Moe", "tromsø"), "2"),
        Contact("oslo-hq", ("Berg", "oslo-hq"), "3"),
        LeftOut("4", "", "has no location"),
    ]
    assert found == found_of(people)


UNIQUE = columns(
    {"header": "Mail", "value": "mail", "unique": True}, {"header": "L", "value": "location"}
)


def test_a_value_is_shared_at_a_location_not_in_a_source() -> None:
    """The people of one source are at several locations, some of them those of other sources."""
    placed = placement("l", "oslo", "bergen")
    mapper = Mapper(UNIQUE, [placed])
    assert mapper.attributes == ("l", "mail")
    gathering = RosterBuilder(UNIQUE, [{"", "bergen", "oslo"}, "oslo", "bergen"], MEMORY)
    pages: list[tuple[str | LocationRule, list[tuple[str, list[bytes | list[bytes]]]]]] = [
        (placed, [("2", [b"oslo", b"A@x"]), ("3", [b"bergen", b"a@x"]), ("5", [b"", b"e@x"])]),
        ("oslo", [("4", [b"", b"a@x"])]),
        ("bergen", [("1", [b"", b"a@x"])]),
    ]
    for number, (place, page) in enumerate(pages):
        gathering.add_all(mapper.map_page(page, place), number)
    roster = gathering.build()
    made = written(roster)
    assert made.contacts == [
        *(("3", "", "bergen"), ("1", "a@x", "bergen")),
        *(("4", "", "oslo"), ("2", "A@x", "oslo")),
    ]
    assert made.left_out == [LeftOut("5", "", "has no location")]
    assert made.written.by_location == {"bergen": 2, "oslo": 2}
