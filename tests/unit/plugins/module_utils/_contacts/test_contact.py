# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an entry to a contact, or to the reason why there is none."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.contact import (
    Contact,
    LeftOut,
    Mapper,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import columns

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
    assert mapper.contact("id", [mail, [b" Lie\n"]], "oslo") == Contact(
        "oslo", ("Lie", "b@x", "B@x a@x", "oslo"), "id"
    )


def test_byte_order_is_that_of_utf_8() -> None:
    # In UTF-16 the second would be the smaller one.
    values = ["\uffff".encode(), "\U00010000".encode()]
    mapper = Mapper(columns({"header": "A", "value": "sn"}))
    assert mapper.contact("id", [values[::-1]], "") == Contact("", ("\uffff",), "id")


def test_a_broken_rule_leaves_the_person_out_by_identity_and_cause() -> None:
    mapper = Mapper(COLUMNS)
    assert mapper.contact("id", [[b"a@x"], []], "oslo") == LeftOut("id", "oslo", "Name is empty")


def test_a_value_that_is_no_utf_8_leaves_the_person_out() -> None:
    mapper = Mapper(COLUMNS)
    assert mapper.contact("id", [[b"\xff"], [b"Lie"]], "oslo") == LeftOut(
        "id", "oslo", "the attribute mail is not valid UTF-8"
    )


def test_attributes_that_nobody_had_are_known() -> None:
    mapper = Mapper(COLUMNS)
    assert mapper.attributes_never_seen == ["mail", "sn"]
    mapper.contact("id", [[], [b"Lie"]], "oslo")
    assert mapper.attributes_never_seen == ["mail"]
    mapper.contact("id", [[b"\xff"], []], "oslo")
    assert mapper.attributes_never_seen == []


def test_an_expression_that_fails_names_column_and_expression() -> None:
    source = "all.sn if sn == 'Lie' else ''"
    mapper = Mapper(columns({"header": "Name", "value": source}))
    with pytest.raises(InputError) as caught:
        mapper.contact("id", [[b"Lie"]], "oslo")
    assert str(caught.value) == (
        f"Cannot evaluate the expression {source!r} of column 'Name' for the entry id: "
        "it gives a list: use first, last or join."
    )
