# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Columns: their checks, and the rules of a row."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    Column,
    compile_columns,
    find_broken_rule,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions import library
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.expression import (
    Variables,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.phone import (
    PhoneStyle,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._library import (
    Library,
    LibraryError,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import columns

NAME = {"header": "Name", "value": "sn"}
PLACE = {"header": "Place", "value": "Location"}


def test_a_column_has_what_was_given() -> None:
    (plain, full) = columns(
        {"header": "A", "value": "sn", "required": True},
        {
            "header": "B",
            "value": "mail | lower",
            "required_unless": "A",
            "unique": True,
            "max_length": 1,
            "phone_style": "national",
        },
        phone_region="NO",
    )
    assert (plain.header, plain.expression.text) == ("A", "sn")
    assert plain == Column(header="A", expression=plain.expression, required=True)
    assert (full.header, full.expression.text) == ("B", "mail | lower")
    assert full == Column(
        header="B",
        expression=full.expression,
        required_unless="A",
        unique=True,
        max_length=1,
        phone_style=PhoneStyle("national", "NO"),
    )


def test_the_column_of_the_location_is_left_out_when_all_sources_are_global() -> None:
    assert [c.header for c in compile_columns([NAME, PLACE], all_global=True)] == ["Name"]
    assert [c.header for c in compile_columns([NAME, PLACE], all_global=False)] == ["Name", "Place"]
    in_capitals = {**PLACE, "value": "LOCATION | upper"}
    assert [c.header for c in compile_columns([in_capitals], all_global=False)] == ["Place"]


@pytest.mark.parametrize(
    ("given_columns", "message"),
    [
        ([], "Cannot make a roster: no columns are given. Give at least one column."),
        ([NAME, NAME], "Cannot use the column title 'Name': two columns have it. Rename one."),
        *(
            (
                [{"header": header, "value": "sn"}],
                (
                    f"Cannot use the column title {header!r}: it is empty, or holds line breaks, spaces at "
                    "its ends or half a character. Write it exactly as the service does."
                ),
            )
            for header in ("", " Name", "Name\n", "Na\nme", "\ufeffName", "Na\ud800me")
        ),
        (
            [{**NAME, "max_length": 0}],
            "Cannot use max_length 0 of column 'Name': it is less than 1.",
        ),
        (
            [{**NAME, "phone_style": "national"}, PLACE],
            (
                "Cannot use phone_style national of column 'Name': phone_region is not given, and a "
                "number without a country code is of no country. Give phone_region, or use phone_style "
                "international."
            ),
        ),
        (
            [{**NAME, "required_unless": "Phone"}, PLACE],
            (
                "Cannot use required_unless of column 'Name': there is no other column 'Phone'. "
                "Name one of 'Name', 'Place'."
            ),
        ),
        (
            [{**NAME, "required": True, "required_unless": "Place"}, PLACE],
            (
                "Cannot use required_unless of column 'Name': it is required in any case. "
                "Leave one of the two out."
            ),
        ),
        (
            [NAME, {**NAME, "header": "Office", "value": "l"}],
            (
                "Cannot tell the locations apart: the sources have locations, and no column holds them. "
                "Add a column with the value location, or give no source a location."
            ),
        ),
        (
            [{**NAME, "required_unless": "Name"}],
            (
                "Cannot use required_unless of column 'Name': there is no other column 'Name'. "
                "Name one of 'Name'."
            ),
        ),
    ],
)
def test_what_is_wrong_with_columns(given_columns: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(InputError) as caught:
        compile_columns(given_columns, all_global=False)
    assert str(caught.value) == message


def test_a_rule_about_the_location_that_is_left_out_is_told() -> None:
    with pytest.raises(InputError, match="there is no other column 'Place'"):
        compile_columns([{**NAME, "required_unless": "Place"}, PLACE], all_global=True)


def test_titles_are_composed() -> None:
    (one, other) = columns(
        {"header": "Bla\u030a", "value": "sn"},
        {"header": "B", "value": "sn", "required_unless": "Blå"},
    )
    assert one.header == "Blå"
    (one, other) = columns(
        {"header": "Blå", "value": "sn"},
        {"header": "B", "value": "sn", "required_unless": "Bla\u030a"},
    )
    assert other.required_unless == "Blå"


def test_the_region_of_phone_numbers_is_checked_whoever_uses_it() -> None:
    with pytest.raises(InputError, match=r"^Cannot use phone_region 'False': "):
        columns(NAME, phone_region="False")
    (column,) = columns({**NAME, "value": "'912 34 567' | e164"}, phone_region="NO")
    assert column.expression.evaluate(Variables({}, "")).text == "+4791234567"


def test_a_phone_style_misses_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "PHONENUMBERS", Library("phonenumbers", "8.13.0", failure="None."))
    columns(NAME)
    with pytest.raises(LibraryError) as caught:
        columns({**NAME, "phone_style": "e164"})
    assert caught.value.reason == "by phone_style of column 'Name'"


def test_a_bad_expression_names_its_column() -> None:
    with pytest.raises(InputError, match="of column 'Name': 'all' cannot be used on its own"):
        columns({"header": "Name", "value": "all"})


RULES = columns(
    {"header": "Name", "value": "sn", "required": True},
    {"header": "Email", "value": "mail", "required_unless": "Phone"},
    {"header": "Phone", "value": "mobile", "max_length": 4},
)


@pytest.mark.parametrize(
    ("cells", "cause"),
    [
        (("Lie", "a@x", "+471"), None),
        (("Lie", "", "+471"), None),
        (("Lie", "a@x", ""), None),
        (("", "a@x", "1"), "Name is empty"),
        (("Lie", "", ""), "Email and Phone are both empty"),
        (("Lie", "a@x", "+4712"), "Phone is longer than 4 characters"),
        (("Lie", "a@x", "åøæå"), None),
        (("Lie", "a@x", "åøæåé"), "Phone is longer than 4 characters"),
        (("=1", "a@x", ""), "Name begins like a spreadsheet formula"),
        (("@a", "a@x", ""), "Name begins like a spreadsheet formula"),
        (("+a", "a@x", ""), "Name begins like a spreadsheet formula"),
        (("-a", "a@x", ""), "Name begins like a spreadsheet formula"),
        (("-", "a@x", ""), "Name begins like a spreadsheet formula"),
        (("+4", "a@x", ""), None),
        (("-4", "a@x", ""), None),
        (("a=b@c", "a@x", ""), None),
        (("Lie", "a@x", "=12345"), "Phone begins like a spreadsheet formula"),
        (("x" * (128 * 1024 - 3), "a@x", ""), None),
        (("x" * (128 * 1024 - 3), "a@xy", ""), "the row is longer than 131072 characters"),
        # The first column that is wrong is the one that is named.
        (("", "", "12345"), "Name is empty"),
    ],
)
def test_the_rules_of_a_row(cells: tuple[str, ...], cause: str | None) -> None:
    assert find_broken_rule(RULES, cells, {}) == cause


@pytest.mark.parametrize(
    ("cells", "emptied", "cause"),
    [
        (("", "a@x", "1"), {"Name": "gone"}, "Name: gone"),
        (("Lie", "", ""), {"Email": "gone"}, "Email: gone"),
        (("Lie", "", ""), {"Phone": "no number"}, "Phone: no number"),
        (("Lie", "", ""), {"Email": "gone", "Phone": "gone"}, "Email and Phone: gone"),
        (("Lie", "", ""), {"Phone": "no", "Email": "gone"}, "Email: gone; Phone: no"),
        # What is lost may be missed by nobody, or something else is wrong.
        (("Lie", "", "1"), {"Email": "gone"}, None),
        (("Lie", "a@x", ""), {"Phone": "no number"}, None),
        (("", "a@x", ""), {"Phone": "no number"}, "Name is empty"),
        (("Lie", "=1", ""), {"Phone": "no"}, "Email begins like a spreadsheet formula"),
    ],
)
def test_what_lost_its_value_is_the_cause_where_it_is_missed(
    cells: tuple[str, ...], emptied: dict[str, str], cause: str | None
) -> None:
    assert find_broken_rule(RULES, cells, emptied) == cause
