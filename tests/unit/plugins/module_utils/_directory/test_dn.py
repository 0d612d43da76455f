# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of distinguished names: comparison, search scopes, escaping, trimming, splitting and domains."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.dn import (
    escape_dn_value,
    get_domain,
    is_in_scope,
    normalize_dn,
    split_dn,
    trim_dn,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=Åse Lie,DC=x", "cn=åse lie,dc=X"),
        ("CN=A,DC=x", " cn = A , dc = x "),
        ("CN=A  B,DC=x", "CN=A B,DC=x"),
        ("CN=Lunde\\, Per,DC=x", "CN=Lunde\\2c Per,DC=x"),
        ("CN=Lunde\\, Per,DC=x", "CN=Lunde\\2C\\20Per,DC=x"),
        ("CN=Lu\\c4\\8di\\C4\\87", "CN=Lučić"),
        ("CN=A\\+B,DC=x", "CN=A\\2bB,DC=x"),
        ("CN=A\\\\,DC=x", "CN=A\\5c,DC=x"),
        ("CN=A+SN=B,DC=x", "sn=b + cn=a,DC=x"),
        ("CN=\\ A\\ ,DC=x", "CN=A,DC=x"),
        ("CN=Å", "CN=A\u030a"),
        ("CN=\\#1,DC=x", "CN=\\231,DC=x"),
        ("CN=\uff21\uff0a", "CN=a*"),
        ("OU=R=D,DC=x", "OU=R\\=D,DC=x"),
    ],
)
def test_equal_distinguished_names_have_the_same_normal_form(one: str, other: str) -> None:
    assert normalize_dn(one) == normalize_dn(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=A,DC=x", "CN=A"),
        ("CN=A,DC=x", "OU=A,DC=x"),
        ("CN=A\\,DC=x", "CN=A,DC=x"),
        ("CN=A\\\\,DC=x", "CN=A\\,DC=x"),
        ("CN=A\\+SN=B", "CN=A+SN=B"),
        ("CN=AB,DC=x", "CN=A B,DC=x"),
        ("CN=O,DC=x", "CN=Ø,DC=x"),
    ],
)
def test_different_distinguished_names_have_different_normal_forms(one: str, other: str) -> None:
    assert normalize_dn(one) != normalize_dn(other)


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.text(min_size=1, max_size=3))
def test_the_normal_form_has_one_line_per_relative_dn(value: str, other: str) -> None:
    dn = f"CN={escape_dn_value(value)},OU={escape_dn_value(other)},DC=x"
    assert normalize_dn(dn).count("\n") == 2
    assert normalize_dn(dn.swapcase()).count("\n") == 2


@pytest.mark.parametrize(
    ("dn", "scope", "expected"),
    [
        ("CN=A,OU=B,DC=x", "subtree", True),
        ("ou=b,DC=X", "subtree", True),
        ("CN=A,OU=C,OU=B,DC=x", "subtree", True),
        ("CN=A,OU=B,DC=x", "one_level", True),
        ("OU=B,DC=x", "one_level", False),
        ("CN=A,OU=C,OU=B,DC=x", "one_level", False),
        ("OU=B,DC=x", "base", True),
        ("CN=A,OU=B,DC=x", "base", False),
        ("DC=x", "subtree", False),
        ("CN=A\\,OU=B,DC=x", "subtree", False),
        ("CN=A,OU=AB,DC=x", "subtree", False),
    ],
)
def test_a_dn_within_the_scope_of_a_search_is_recognized(
    dn: str, scope: str, expected: bool
) -> None:
    assert is_in_scope(dn, "OU=B,DC=x", scope) is expected


# Variants of the examples in RFC 4514, section 4, and other values.
@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("Sales XL", "Sales XL"),
        ("Bergen, Sales and Harbour", "Bergen\\, Sales and Harbour"),
        ('James "Jim" Smith', 'James \\"Jim\\" Smith'),
        ("a+b;c<d>e\\f", "a\\+b\\;c\\<d\\>e\\\\f"),
        ("# 1", "\\# 1"),
        ("no # 1", "no # 1"),
        (" x ", "\\ x\\ "),
        (" ", "\\ "),
        ("  ", "\\ \\ "),
        ("a=b", "a=b"),
        ("x\0y", "x\\00y"),
        ("Tromsø", "Tromsø"),
        ("", ""),
    ],
)
def test_a_value_is_escaped_for_a_distinguished_name(value: str, escaped: str) -> None:
    assert escape_dn_value(value) == escaped


@given(st.text(st.sampled_from(' ",+;<>\\#=aø'), min_size=1))
def test_an_escaped_value_can_be_unescaped(value: str) -> None:
    assert _unescape(escape_dn_value(value)) == value


def _unescape(text: str) -> str:
    """Remove the backslashes before special characters (RFC 4514, 2.4), independently of the tested code."""
    unescaped, letters = [], iter(text)
    for letter in letters:
        assert letter not in ',+"<>;'
        unescaped.append(next(letters) if letter == "\\" else letter)
    return "".join(unescaped)


@pytest.mark.parametrize(
    ("dn", "trimmed"),
    [
        ("OU=A,DC=x", "OU=A,DC=x"),
        ("OU=A,DC=x\n", "OU=A,DC=x"),
        ("\r\n\t OU=A, DC=x \xa0\n", "OU=A, DC=x"),
        ("OU=A\\ ", "OU=A\\ "),
        ("OU=A\\  \n", "OU=A\\ "),
        ("OU=A\\\\ ", "OU=A\\\\"),
        ("OU=\\ ", "OU=\\ "),
        ("OU=A\\", "OU=A\\"),
        (" \n", ""),
        ("\ufeffOU=A,DC=x", "OU=A,DC=x"),
        ("\u200e OU=A,DC=x\u200b\n", "OU=A,DC=x"),
        ("OU=A\u200b,DC=x", "OU=A\u200b,DC=x"),
    ],
)
def test_whitespace_and_invisible_characters_around_a_dn_are_removed(dn: str, trimmed: str) -> None:
    assert trim_dn(dn) == trimmed


@given(st.text(st.sampled_from("a \\,#\n")), st.text(st.sampled_from(" \n\t")))
def test_trimming_a_dn_does_not_change_its_value(value: str, whitespace: str) -> None:
    dn = f"OU={escape_dn_value(value.strip(chr(10)))}"
    assert trim_dn(f"{whitespace}{dn}{whitespace}") == dn


def test_a_dn_is_split_at_commas_that_are_not_escaped() -> None:
    assert split_dn("CN=Lunde\\, Per , OU=A\\ , dc=x") == ["CN=Lunde\\, Per", "OU=A\\ ", "dc=x"]


@pytest.mark.parametrize(
    ("dn", "domain"),
    [
        ("OU=A,DC=Corp,dc = example", "corp.example"),
        ("DC=x", "x"),
        ("DC=a,OU=A,DC=x", "x"),
        ("OU=A,O=x", ""),
    ],
)
def test_the_domain_of_a_dn_consists_of_its_last_dc_parts(dn: str, domain: str) -> None:
    assert get_domain(dn) == domain
