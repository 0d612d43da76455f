# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of attribute names: aliases, unexpected names in responses, and missing attributes."""

from __future__ import annotations

from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.attribute_names import (
    AttributeNames,
    MissingAttribute,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.subschema import (
    Subschema,
)

SUBSCHEMA = Subschema(
    [
        "( 2.5.4.41 NAME 'name' )",
        "( 2.5.4.4 NAME ( 'sn' 'surname' ) SUP name )",
        "( 2.5.4.42 NAME 'givenName' SUP name )",
    ]
)


def test_aliases_are_mapped_to_the_main_name_after_the_names_are_resolved() -> None:
    names = AttributeNames()
    assert names.find_aliases(["surname", "sn"]) == {}
    names.resolve(SUBSCHEMA)
    assert names.find_aliases(["surname;x", "unknown", "SN", "2.5.4.4"]) == {
        "surname;x": "sn;x",
        "2.5.4.4;x": "sn;x",
        "surname": "sn",
        "2.5.4.4": "sn",
    }


def test_other_attribute_types_can_be_aliases_only_until_the_names_are_resolved() -> None:
    names = AttributeNames()
    requested = ["surname", "givenName"]
    assert not names.have_other_names(requested, set())
    assert not names.have_other_names(requested, {"givenname;lang-de", "surname;x"})
    assert names.have_other_names(requested, {"sn"})
    names.resolve(SUBSCHEMA)
    assert not names.have_other_names(requested, {"sn"})


def test_missing_attributes_are_explained_with_the_subschema() -> None:
    names = AttributeNames()
    requested = ["name", "givenname", "firstname"]
    names.find_aliases(requested)
    names.have_other_names(requested, {"sn", "givenname;lang-de", "extra"})
    names.resolve(SUBSCHEMA)
    assert names.explain_missing("firstName") == MissingAttribute(
        "firstname", is_unknown=True, suggestions=["givenName"], related=[]
    )
    assert names.explain_missing("name").related == ["givenName;lang-de", "sn"]
    assert names.explain_missing("2.5.4.42").related == ["givenName;lang-de"]
    assert names.explain_missing("surname") == MissingAttribute(
        "surname", suggestions=[], related=["sn"]
    )


def test_missing_attributes_are_explained_without_a_subschema() -> None:
    names = AttributeNames()
    requested = ["surname", "givenname"]
    names.find_aliases(requested)
    names.have_other_names(requested, {"sn", "givenname;lang-de"})
    names.resolve(Subschema([]))
    assert names.explain_missing("surname").unexplained == ["sn"]
    assert names.explain_missing("givenname").related == ["givenname;lang-de"]
