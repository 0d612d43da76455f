# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of attribute types: parsing of their definitions, subtypes, and suggestions for unknown names."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.subschema import (
    AttributeType,
    Subschema,
    parse_attribute_type,
)
from hypothesis import given
from hypothesis import strategies as st

# Definitions in the formats of OpenLDAP, 389 Directory Server and Samba.
OPEN_LDAP = (
    "( 2.5.4.4 NAME ( 'sn' 'surname' ) DESC 'RFC2256: last (family) name(s) NAME 'x'' SUP name )"
)
DEFINITIONS = [
    "( 2.5.4.41 NAME 'name'  EQUALITY caseIgnoreMatch X-ORIGIN 'RFC 4519' )",
    "( 2.5.4.4 NAME ( 'sn' 'surName' )  SUP name EQUALITY caseIgnoreMatch X-DEPRECATED 'surName' )",
    "( 1.2.3.4 NAME 'nickname' SUP SN )",
    "( 0.9.2342.19200300.100.1.3 NAME 'mail' SYNTAX '1.3.6.1.4.1.1466.115.121.1.15' SINGLE-VALUE )",
    "( 2.5.4.42 NAME 'givenName' SUP 2.5.4.41 )",
]


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (OPEN_LDAP.replace("\\'", ""), AttributeType("2.5.4.4", ("sn", "surname"), "name")),
        (DEFINITIONS[3], AttributeType("0.9.2342.19200300.100.1.3", ("mail",))),
        (
            "(2.5.4.4 NAME('sn''surname')SUP name)",
            AttributeType("2.5.4.4", ("sn", "surname"), "name"),
        ),
        ("( x-oid NAME 'x' DESC 'SUP y' )", AttributeType("x-oid", ("x",))),
        ("( 1.2.3 DESC 'NAME z' )", None),
        ("( 1.2.3 NAME ( ) )", None),
        ("", None),
    ],
)
def test_definitions_are_parsed(definition: str, expected: AttributeType | None) -> None:
    assert parse_attribute_type(definition) == expected


@given(st.text(st.sampled_from("()' NAMESUPx.1")))
def test_a_malformed_definition_does_not_raise_an_exception(definition: str) -> None:
    Subschema([definition, DEFINITIONS[0]])


def test_subtypes_are_recognized_by_each_name() -> None:
    subschema = Subschema(DEFINITIONS)
    for name in ("sn", "surname", "2.5.4.4", "nickname", "givenname"):
        assert subschema.is_subtype(name, "name")
        assert subschema.is_subtype(name, "2.5.4.41")
    for name in ("name", "mail", "unknown", ""):
        assert not subschema.is_subtype(name, "name")
    cycle = Subschema(["( 1.1.1 NAME 'a' SUP b )", "( 1.1.2 NAME 'b' SUP a )"])
    assert not cycle.is_subtype("a", "unknown")


@pytest.mark.parametrize(
    ("name", "suggestions"),
    [
        ("firstname", ["givenName"]),
        ("email", ["mail"]),
        ("givenname", []),
        ("givenmane", ["givenName"]),
        ("surnames", ["sn"]),
        ("city", []),
        ("zzz", []),
        # OIDs can be similar without being related.
        ("2.5.4.5", []),
    ],
)
def test_existing_names_are_suggested(name: str, suggestions: list[str]) -> None:
    assert Subschema(DEFINITIONS).suggest(name) == suggestions
