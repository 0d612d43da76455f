# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of columns: validation of the option `columns`, and the rules for rows."""

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

NAME_COLUMN = {"header": "Name", "value": "sn"}
SITE_COLUMN = {"header": "Site", "value": "Location"}


def test_a_column_has_the_specified_rules() -> None:
    (minimal, full) = columns(
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
    assert (minimal.header, minimal.expression.text) == ("A", "sn")
    assert minimal == Column(header="A", expression=minimal.expression, required=True)
    assert (full.header, full.expression.text) == ("B", "mail | lower")
    assert full == Column(
        header="B",
        expression=full.expression,
        required_unless="A",
        unique=True,
        max_length=1,
        phone_style=PhoneStyle("national", "NO"),
    )


def test_the_location_column_is_omitted_if_no_source_has_a_location() -> None:
    assert [c.header for c in compile_columns([NAME_COLUMN, SITE_COLUMN], all_global=True)] == [
        "Name"
    ]
    assert [c.header for c in compile_columns([NAME_COLUMN, SITE_COLUMN], all_global=False)] == [
        "Name",
        "Site",
    ]
    uppercase = {**SITE_COLUMN, "value": "LOCATION | upper"}
    assert [c.header for c in compile_columns([uppercase], all_global=False)] == ["Site"]


@pytest.mark.parametrize(
    ("specifications", "message"),
    [
        (
            [],
            (
                "Cannot create a roster: columns is empty, or contains only the location, which no source has. Add a"
                " column that contains an attribute."
            ),
        ),
        (
            [NAME_COLUMN, NAME_COLUMN],
            "Cannot use the column title 'Name': two columns have this title. Rename one of them.",
        ),
        *(
            (
                [{"header": header, "value": "sn"}],
                (
                    f"Cannot use the column title {header!r}: it is empty, contains a control character or "
                    "an unpaired surrogate, or begins or ends with a space or an invisible character. "
                    "Write it exactly as the service expects it."
                ),
            )
            for header in ("", " Name", "Name\n", "Na\nme", "\ufeffName", "Na\ud800me")
        ),
        (
            [{**NAME_COLUMN, "max_length": 0}],
            "Cannot use max_length 0 of column 'Name': it must be at least 1.",
        ),
        (
            [{**NAME_COLUMN, "phone_style": "national"}, SITE_COLUMN],
            (
                "Cannot use phone_style: national for column 'Name': phone_region is not set, so the country of "
                "numbers without a country code is unknown. Set phone_region, or use phone_style: international."
            ),
        ),
        (
            [{**NAME_COLUMN, "required_unless": "Phone"}, SITE_COLUMN],
            (
                "Cannot use required_unless of column 'Name': there is no other column 'Phone'. "
                "Use the title of another column, or remove required_unless."
            ),
        ),
        (
            [{**NAME_COLUMN, "required": True, "required_unless": "Site"}, SITE_COLUMN],
            (
                "Cannot use required_unless of column 'Name': required is also set. "
                "Set only one of the two."
            ),
        ),
        (
            [NAME_COLUMN, {**NAME_COLUMN, "header": "Office", "value": "l"}],
            (
                "Cannot distinguish the locations: the sources have locations, but no column contains "
                "them. Add a column with the value location, or remove the locations from all sources."
            ),
        ),
        (
            [{**NAME_COLUMN, "required_unless": "Name"}],
            (
                "Cannot use required_unless of column 'Name': there is no other column 'Name'. "
                "Use the title of another column, or remove required_unless."
            ),
        ),
    ],
)
def test_invalid_columns_are_reported(specifications: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(InputError) as caught:
        compile_columns(specifications, all_global=False)
    assert str(caught.value) == message


def test_a_rule_about_the_omitted_location_column_is_reported() -> None:
    with pytest.raises(InputError, match="there is no other column 'Site'"):
        compile_columns([{**NAME_COLUMN, "required_unless": "Site"}, SITE_COLUMN], all_global=True)


def test_column_titles_are_normalized_to_nfc() -> None:
    (first, _second) = columns(
        {"header": "Bla\u030a", "value": "sn"},
        {"header": "B", "value": "sn", "required_unless": "Blå"},
    )
    assert first.header == "Blå"
    (_first, second) = columns(
        {"header": "Blå", "value": "sn"},
        {"header": "B", "value": "sn", "required_unless": "Bla\u030a"},
    )
    assert second.required_unless == "Blå"


def test_phone_region_is_checked_even_if_it_is_not_used_and_applies_to_e164() -> None:
    with pytest.raises(InputError, match=r"^Cannot use phone_region 'False': "):
        columns(NAME_COLUMN, phone_region="False")
    (column,) = columns({**NAME_COLUMN, "value": "'912 34 567' | e164"}, phone_region="NO")
    assert column.expression.evaluate(Variables({}, "")).text == "+4791234567"


def test_phone_style_requires_the_phonenumbers_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "PHONENUMBERS", Library("phonenumbers", "8.13.0", failure="None."))
    columns(NAME_COLUMN)
    with pytest.raises(LibraryError) as caught:
        columns({**NAME_COLUMN, "phone_style": "e164"})
    assert caught.value.reason == "by O(columns[].phone_style) of column 'Name'"


def test_the_error_about_an_expression_names_its_column() -> None:
    with pytest.raises(InputError, match="of column 'Name': 'all' cannot be used by itself"):
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
        (("=1", "a@x", ""), "Name could be interpreted as a spreadsheet formula"),
        (("@a", "a@x", ""), "Name could be interpreted as a spreadsheet formula"),
        (("+a", "a@x", ""), "Name could be interpreted as a spreadsheet formula"),
        (("-a", "a@x", ""), "Name could be interpreted as a spreadsheet formula"),
        (("- a", "a@x", ""), "Name could be interpreted as a spreadsheet formula"),
        (("+ (a)", "a@x", ""), "Name could be interpreted as a spreadsheet formula"),
        (("+ 4|a", "a@x", ""), "Name could be interpreted as a spreadsheet formula"),
        (("--A(1)", "a@x", ""), "Name could be interpreted as a spreadsheet formula"),
        (("-", "a@x", ""), None),
        (("--", "a@x", ""), None),
        (("- + -", "a@x", ""), None),
        (("+ 47 912", "a@x", ""), None),
        (("+(47) 912", "a@x", ""), None),
        (("+4", "a@x", ""), None),
        (("-4", "a@x", ""), None),
        (("a=b@c", "a@x", ""), None),
        (("Lie", "a@x", "=12345"), "Phone could be interpreted as a spreadsheet formula"),
        (("x" * (128 * 1024 - 3), "a@x", ""), None),
        (("x" * (128 * 1024 - 3), "a@xy", ""), "the row is longer than 131072 characters"),
        # This row breaks two rules.
        (("", "", "12345"), "Name is empty"),
    ],
)
def test_the_first_broken_rule_is_reported(cells: tuple[str, ...], cause: str | None) -> None:
    assert find_broken_rule(RULES, cells, {}) == cause


@pytest.mark.parametrize(
    ("cells", "emptied", "cause"),
    [
        (("", "a@x", "1"), {"Name": "gone"}, "Name: gone"),
        (("Lie", "", ""), {"Email": "gone"}, "Email: gone"),
        (("Lie", "", ""), {"Phone": "no number"}, "Phone: no number"),
        (("Lie", "", ""), {"Email": "gone", "Phone": "gone"}, "Email and Phone: gone"),
        (("Lie", "", ""), {"Phone": "no", "Email": "gone"}, "Email: gone; Phone: no"),
        # Emptied cells that no rule requires have no effect.
        (("Lie", "", "1"), {"Email": "gone"}, None),
        (("Lie", "a@x", ""), {"Phone": "no number"}, None),
        (("", "a@x", ""), {"Phone": "no number"}, "Name is empty"),
        (("Lie", "=1", ""), {"Phone": "no"}, "Email could be interpreted as a spreadsheet formula"),
    ],
)
def test_a_broken_rule_is_explained_by_the_cause_of_the_emptied_cell(
    cells: tuple[str, ...], emptied: dict[str, str], cause: str | None
) -> None:
    assert find_broken_rule(RULES, cells, emptied) == cause
