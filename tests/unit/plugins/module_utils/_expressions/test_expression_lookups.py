# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the filter of_entry: expressions that read attributes of other entries."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.mapper import Mapper
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import Contact
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.expression import (
    Variables,
    compile_expression,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import columns

MANAGER_VALUES = {("cn=Boss\\, The,dc=x", "mail"): "boss@x", ("cn=Boss\\, The,dc=x", "sn"): "Boss"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("manager | of_entry('mail')", "boss@x"),
        ("MANAGER | of_entry('Mail')", "boss@x"),
        ("manager | of_entry(attribute='sn') | upper", "BOSS"),
        ("(manager | of_entry('mail')) ~ (secretary | of_entry('mail'))", "boss@x"),
        ("secretary | of_entry('mail') or manager | of_entry('sn')", "Boss"),
        ("manager | of_entry('telephoneNumber') or 'none'", "none"),
        ("manager", "cn=Boss\\, The,dc=x"),
    ],
)
def test_an_expression_reads_an_attribute_of_another_entry(text: str, expected: str) -> None:
    attributes = {"manager": ("cn=Boss\\, The,dc=x",), "secretary": ("cn=gone",)}
    expression = compile_expression(text, "C")
    assert expression.evaluate(Variables(attributes, "", MANAGER_VALUES)).text == expected
    # Each evaluation uses only its own variables.
    assert expression.evaluate(Variables({}, "", MANAGER_VALUES)).text in ("", "none")
    assert expression.evaluate(Variables(attributes, "")).text != "boss@x"
    assert "mail" not in expression.attributes


def test_an_expression_lists_the_lookups_in_other_entries() -> None:
    text = "Manager | of_entry('Mail') or sn or secretary | of_entry('cn')"
    expression = compile_expression(text, "C")
    assert expression.lookups == {("manager", "mail"), ("secretary", "cn")}
    assert expression.attributes == {"manager", "secretary", "sn"}
    assert compile_expression("manager", "C").lookups == frozenset()


def test_a_cell_can_contain_a_value_from_another_entry() -> None:
    mapper = Mapper(
        columns({"header": "Host", "value": "manager | of_entry('mail')"}),
        lookup_values=MANAGER_VALUES,
    )
    contact = mapper.map_entry("id", [b"cn=Boss\\, The,dc=x"], "")
    assert contact == Contact("", ("boss@x",), "id")


def test_a_cell_is_emptied_if_the_value_of_another_entry_cannot_be_used() -> None:
    mapper = Mapper(
        columns({"header": "Host", "value": "manager | of_entry('Mail') or 'none'"}),
        lookup_values={("cn=boss", "mail"): None},
    )
    cause = "the attribute mail of the other entry has a value that cannot be used"
    assert mapper.map_entry("id", [b"cn=boss"], "") == Contact("", ("",), "id", (("Host", cause),))
    assert mapper.map_entry("id", [b"cn=other"], "") == Contact("", ("none",), "id")
