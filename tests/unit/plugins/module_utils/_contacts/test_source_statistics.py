# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said about the people of a source, without saying who they are."""

from __future__ import annotations

import json
import uuid

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    compile_columns,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.location_rule import (
    compile_location_rule,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.source_statistics import (
    SourceStatistics,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_options import (
    default_columns,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import columns

IDS = [str(uuid.UUID(int=number)) for number in range(10)]
COLUMNS = compile_columns(default_columns(None), all_global=False)
PEOPLE = [
    ("Åse", "anna.lie@corp.example", "+4791234567", "Lie"),
    ("Bo", "bo@corp.example", "", "Berg"),
    ("Cecilie", "", "", "Quarrelstone"),
    ("=Dag", "dag@corp.example", "", "Dahl"),
    ("", "", "+4791234568", ""),
]


def survey_of(people: list[tuple[str, str, str, str]], numbers: list[int]) -> SourceStatistics:
    """A survey of people in some order; the attributes are givenname, mail, mobile and sn."""
    survey = SourceStatistics(COLUMNS)
    assert survey.attributes == ("givenname", "mail", "mobile", "sn")
    for number in numbers:
        values = [value.encode() for value in people[number]]
        survey.add(IDS[number], values, "oslo-hq")
    return survey


def test_what_is_said_of_people() -> None:
    assert survey_of(PEOPLE, [4, 2, 0, 3, 1]).result() == {
        "entries": 5,
        "contacts": 2,
        "left_out": {
            "Email and SMS Phone are both empty": 1,
            "First Name begins like a spreadsheet formula": 1,
            "First Name is empty": 1,
        },
        "excluded": 0,
        "empty_columns": [
            # Of whom a cell begins like a formula has no cells that could be looked at.
            {"column": "First Name", "attributes": ["givenname"], "empty": 1},
            {"column": "Last Name", "attributes": ["sn"], "empty": 1},
            {"column": "Email", "attributes": ["mail"], "empty": 2},
            {"column": "SMS Phone", "attributes": ["mobile"], "empty": 2},
        ],
        "samples": [
            {
                "First Name": "Å**",
                "Last Name": "L**",
                "Email": "a***@c***.example",
                "SMS Phone": "***67",
                "Location": "oslo-hq",
            },
            {
                "First Name": "B**",
                "Last Name": "B**",
                "Email": "b***@c***.example",
                "SMS Phone": "",
                "Location": "oslo-hq",
            },
            {
                "First Name": "C**",
                "Last Name": "Q**",
                "Email": "",
                "SMS Phone": "",
                "Location": "oslo-hq",
            },
        ],
    }


def test_order_of_the_server_makes_no_difference_to_the_samples() -> None:
    one, other = survey_of(PEOPLE, [0, 1, 2, 3, 4]), survey_of(PEOPLE, [4, 3, 2, 1, 0])
    assert one.result()["samples"] == other.result()["samples"]


def test_nobodys_value_is_said() -> None:
    said = json.dumps(survey_of(PEOPLE, [0, 1, 2, 3, 4]).result(), ensure_ascii=False)
    values = {value for person in PEOPLE for value in person if value}
    assert [value for value in values if value in said] == []


def test_causes_are_counted() -> None:
    survey = SourceStatistics(COLUMNS)
    for number, name in enumerate((b"\xff", b"", b"\xff", b"")):
        survey.add(IDS[number], [name, b"mail", b"", b"Lie"], "oslo-hq")
    assert survey.causes == {
        "the attribute givenname is not valid UTF-8": 2,
        "First Name is empty": 2,
    }


def test_numbers_are_looked_at_in_their_column_s_style() -> None:
    phone = {"header": "Phone", "value": "mobile", "phone_style": "e164_no_plus"}
    survey = SourceStatistics(columns(phone, phone_region="NO"))
    survey.add(IDS[0], [b"no number"], "")
    assert survey.result()["empty_columns"] == [
        {"column": "Phone", "attributes": ["mobile"], "empty": 1}
    ]


def test_for_whom_an_expression_gives_no_text_is_said() -> None:
    survey = SourceStatistics(columns({"header": "A", "value": "all.mail if mail == 'x' else ''"}))
    with pytest.raises(InputError, match=f" for the entry {IDS[0]}: the result is a list: "):
        survey.add(IDS[0], [b"x"], "")


def test_attributes_that_nobody_has() -> None:
    assert survey_of(PEOPLE, [1]).unseen_attributes == ["mobile"]
    assert survey_of(PEOPLE, []).unseen_attributes == []
    assert survey_of(PEOPLE, [0]).unseen_attributes == []


def test_a_person_placed_by_what_an_entry_holds_that_an_attribute_names() -> None:
    placed = compile_location_rule(
        "secretary | of_entry('l')", ["tromso"], "location_value of source 1"
    )
    columns = compile_columns(
        [
            {"header": "Host", "value": "manager | of_entry('mail')"},
            {"header": "Location", "value": "location"},
        ],
        all_global=False,
    )
    chief = {("cn=aide", "l"): "tromso", ("cn=boss", "mail"): "boss@corp.example"}
    survey = SourceStatistics(columns, [placed], chief)
    assert survey.attributes == ("manager", "secretary")
    for number, secretary in enumerate([b"cn=aide", b"cn=nobody"]):
        survey.add(IDS[number], [b"cn=boss", secretary], placed)
    result = survey.result()
    assert result["samples"] == [{"Host": "b***@c***.example", "Location": "tromso"}]
    assert result["left_out"] == {"has no location": 1}
