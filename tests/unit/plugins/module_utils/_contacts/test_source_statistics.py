# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the statistics of a source."""

from __future__ import annotations

import json
import uuid

from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    compile_columns,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.location_rule import (
    compile_location_rule,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.source_statistics import (
    SourceStatistics,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.receptionist import (
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


def make_statistics(
    people: list[tuple[str, str, str, str]], numbers: list[int]
) -> SourceStatistics:
    """Create statistics of the selected people.

    :param people: values of givenname, mail, mobile and sn of each person.
    :param numbers: indexes of the selected people, in the order in which the people are added.
    """
    statistics = SourceStatistics(COLUMNS)
    assert statistics.attributes == ("givenname", "mail", "mobile", "sn")
    for number in numbers:
        values = [value.encode() for value in people[number]]
        statistics.add(IDS[number], values, "oslo-hq")
    return statistics


def test_the_result_contains_counts_causes_and_samples() -> None:
    assert make_statistics(PEOPLE, [4, 2, 0, 3, 1]).result() == {
        "entries": 5,
        "contacts": 2,
        "left_out": {
            "Email and SMS Phone are both empty": 1,
            "First Name could be interpreted as a spreadsheet formula": 1,
            "First Name is empty": 1,
        },
        "excluded": 0,
        "empty_columns": [
            # Empty cells of invalid rows are also counted.
            {"column": "First Name", "attributes": ["givenname"], "empty": 1},
            {"column": "Last Name", "attributes": ["sn"], "empty": 1},
            {"column": "Email", "attributes": ["mail"], "empty": 2},
            {"column": "SMS Phone", "attributes": ["mobile"], "empty": 3},
        ],
        "samples": [
            {
                "First Name": "Å**",
                "Last Name": "L**",
                "Email": "a***@c***.example",
                "SMS Phone": "***",
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


def test_the_samples_do_not_depend_on_the_order_of_the_entries() -> None:
    ascending = make_statistics(PEOPLE, [0, 1, 2, 3, 4])
    descending = make_statistics(PEOPLE, [4, 3, 2, 1, 0])
    assert ascending.result()["samples"] == descending.result()["samples"]


def test_the_result_contains_no_attribute_values() -> None:
    result = json.dumps(make_statistics(PEOPLE, [0, 1, 2, 3, 4]).result(), ensure_ascii=False)
    values = {value for person in PEOPLE for value in person if value}
    assert [value for value in values if value in result] == []


def test_left_out_people_are_counted_by_cause() -> None:
    statistics = SourceStatistics(COLUMNS)
    for number, name in enumerate((b"\xff", b"", b"\xff", b"")):
        statistics.add(IDS[number], [name, b"mail", b"", b"Lie"], "oslo-hq")
    assert statistics.causes == {
        "First Name: the attribute givenname is not valid UTF-8": 2,
        "First Name is empty": 2,
    }


def test_cells_with_an_invalid_number_are_counted_as_empty_if_phone_style_is_set() -> None:
    phone = {"header": "Phone", "value": "mobile", "phone_style": "e164_no_plus"}
    statistics = SourceStatistics(columns(phone, phone_region="NO"))
    statistics.add(IDS[0], [b"no number"], "")
    assert statistics.result()["empty_columns"] == [
        {"column": "Phone", "attributes": ["mobile"], "empty": 1}
    ]


def test_people_for_whom_an_expression_fails_are_counted() -> None:
    name = {"header": "A", "value": "all.mail if mail == 'x' else mail"}
    statistics = SourceStatistics(columns({**name, "required": True}))
    statistics.add(IDS[0], [b"x"], "")
    statistics.add(IDS[1], [b"y"], "")
    assert statistics.contacts == 1
    assert statistics.causes == {"A: the result is a list: use first, last or join": 1}


def test_attributes_without_values_are_listed() -> None:
    assert make_statistics(PEOPLE, [1]).unseen_attributes == ["mobile"]
    assert make_statistics(PEOPLE, []).unseen_attributes == []
    assert make_statistics(PEOPLE, [0]).unseen_attributes == []


def test_location_rules_and_columns_can_read_other_entries() -> None:
    rule = compile_location_rule(
        "secretary | of_entry('l')", ["tromso"], "location_value of source 1"
    )
    columns = compile_columns(
        [
            {"header": "Host", "value": "manager | of_entry('mail')"},
            {"header": "Location", "value": "location"},
        ],
        all_global=False,
    )
    lookup_values = {("cn=aide", "l"): "tromso", ("cn=boss", "mail"): "boss@corp.example"}
    statistics = SourceStatistics(columns, [rule], lookup_values)
    assert statistics.attributes == ("manager", "secretary")
    for number, secretary in enumerate([b"cn=aide", b"cn=nobody"]):
        statistics.add(IDS[number], [b"cn=boss", secretary], rule)
    result = statistics.result()
    assert result["samples"] == [{"Host": "b***@c***.example", "Location": "tromso"}]
    assert result["left_out"] == {"has no location": 1}
