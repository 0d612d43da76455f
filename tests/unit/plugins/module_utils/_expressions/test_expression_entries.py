# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Expressions that read entries which an attribute names."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.mapper import Mapper
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import Contact
from ansible_collections.frontdesk.contacts.plugins.module_utils._expressions.expression import (
    Variables,
    compile_expression,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import columns

CHIEF = {("cn=Boss\\, The,dc=x", "mail"): "boss@x", ("cn=Boss\\, The,dc=x", "sn"): "Boss"}


@pytest.mark.parametrize(
    ("source", "text"),
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
def test_an_expression_reads_an_entry_that_an_attribute_names(source: str, text: str) -> None:
    somebody = {"manager": ("cn=Boss\\, The,dc=x",), "secretary": ("cn=gone",)}
    expression = compile_expression(source, "C")
    assert expression.evaluate(Variables(somebody, "", CHIEF)).text == text
    # Nothing of one person stays for the next.
    assert expression.evaluate(Variables({}, "", CHIEF)).text in ("", "none")
    assert expression.evaluate(Variables(somebody, "")).text != "boss@x"
    assert "mail" not in expression.attributes


def test_what_is_read_of_which_entries_is_known_before_anybody_is_read() -> None:
    source = "Manager | of_entry('Mail') or sn or secretary | of_entry('cn')"
    expression = compile_expression(source, "C")
    assert expression.lookups == {("manager", "mail"), ("secretary", "cn")}
    assert expression.attributes == {"manager", "secretary", "sn"}
    assert compile_expression("manager", "C").lookups == frozenset()


def test_a_cell_may_hold_what_another_entry_holds() -> None:
    mapper = Mapper(
        columns({"header": "Host", "value": "manager | of_entry('mail')"}), lookup_values=CHIEF
    )
    found = mapper.map_entry("id", [b"cn=Boss\\, The,dc=x"], "")
    assert found == Contact("", ("boss@x",), "id")
