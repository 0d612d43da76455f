# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Property-based tests of filters: a filter is either sent with all its conditions, or rejected with an error."""

from __future__ import annotations

import re
from typing import NamedTuple

import ldap3
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import (
    check_filter,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from hypothesis import example, given
from hypothesis import strategies as st
from pyasn1.codec.ber.encoder import encode

_EQUALITY, _SUBSTRINGS, _GREATER, _LESS, _PRESENT, _APPROXIMATE = 0xA3, 0xA4, 0xA5, 0xA6, 0x87, 0xA8
_COMPARISONS = {"=": _EQUALITY, ">=": _GREATER, "<=": _LESS, "~=": _APPROXIMATE}
_OPERATORS = {"&": 0xA0, "|": 0xA1}
_NOT, _OCTET_STRING, _SEQUENCE = 0xA2, 0x04, 0x30


class Filter(NamedTuple):
    """A filter as text (RFC 4515), and encoded as in a search request (RFC 4511, 4.5.1.7)."""

    text: str
    encoded: bytes


def _ber(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _escape(value: str) -> str:
    return re.sub(r"[\\()*\0]", lambda match: f"\\{ord(match[0]):02x}", value)


def _comparison(attribute: str, operator: str, value: str) -> Filter:
    names = (_ber(_OCTET_STRING, attribute.encode()), _ber(_OCTET_STRING, value.encode()))
    return Filter(f"({attribute}{operator}{_escape(value)})", _ber(_COMPARISONS[operator], *names))


def _presence(attribute: str) -> Filter:
    return Filter(f"({attribute}=*)", _ber(_PRESENT, attribute.encode()))


def _substrings(attribute: str, initial: str, any_parts: list[str], final: str) -> Filter:
    parts = [(0x80, initial), *((0x81, part) for part in any_parts), (0x82, final)]
    encoded = [_ber(tag, part.encode()) for tag, part in parts if part]
    text = "*".join(_escape(part) for _tag, part in parts)
    strings = _ber(_SEQUENCE, *encoded)
    return Filter(
        f"({attribute}={text})",
        _ber(_SUBSTRINGS, _ber(_OCTET_STRING, attribute.encode()), strings),
    )


def _negation(operand: Filter) -> Filter:
    return Filter(f"(!{operand.text})", _ber(_NOT, operand.encoded))


def _combination(operator: str, operands: list[Filter], space: str) -> Filter:
    text = space.join(operand.text for operand in operands)
    encoded = _ber(_OPERATORS[operator], *(operand.encoded for operand in operands))
    return Filter(f"({operator}{space}{text}{space})", encoded)


_ATTRIBUTES = st.sampled_from(["x", "y-1", "cn;lang-de", "2.5.4.3"])
# Whitespace around a value is not sent, because it is insignificant in almost all syntaxes (RFC 4518, 2.6.1).
_VALUES = (
    st.text(st.sampled_from("zyø=<>~:!&|,\\()*\0 ") | st.characters(codec="utf-8"), max_size=8)
).map(str.strip)
_PARTS = _VALUES.filter(bool)
_CONDITIONS = st.one_of(
    st.builds(_comparison, _ATTRIBUTES, st.sampled_from([*_COMPARISONS]), _VALUES),
    st.builds(_presence, _ATTRIBUTES),
    st.builds(_substrings, _ATTRIBUTES, _PARTS, st.lists(_PARTS, max_size=2), _VALUES),
    st.builds(_substrings, _ATTRIBUTES, _VALUES, st.lists(_PARTS, max_size=2), _PARTS),
)
_FILTERS = st.recursive(
    _CONDITIONS,
    lambda operands: (
        st.builds(_negation, operands)
        | st.builds(
            _combination,
            st.sampled_from([*_OPERATORS]),
            st.lists(operands, min_size=1, max_size=3),
            st.sampled_from(["", " ", "\n  "]),
        )
    ),
    max_leaves=6,
)


def _encode_request(search_filter: str) -> bytes:
    """Return the filter of a search request as ldap3 encodes it."""
    request = ldap3.operation.search.search_operation(
        *("DC=x", search_filter, "SUBTREE", "ALWAYS", ["cn"], 0, 0, False, True, True)
    )
    return bytes(encode(request["filter"]))


@given(_FILTERS)
def test_a_valid_filter_is_sent_as_it_is_written(search_filter: Filter) -> None:
    check_filter(search_filter.text, "source 1")
    assert _encode_request(search_filter.text) == search_filter.encoded


_SHORT_FILTERS = st.recursive(
    st.sampled_from(["(x=y)", "(z=*)", "(y>=z)", "(x:dn:1.2:=z)", "(x=*y*z)", "(x=\\2a)"]),
    lambda operands: st.builds(
        "({}{})".format,
        st.sampled_from("&|!"),
        st.lists(operands, min_size=1, max_size=2).map("".join),
    ),
    max_leaves=6,
)


@given(
    _SHORT_FILTERS,
    st.lists(
        st.tuples(
            st.integers(0, 60),
            st.integers(0, 2),
            st.sampled_from([*"()&|!=*\\ :~<>yø\0", "", "(y=z)", "*(", ")(", " *"]),
        ),
        max_size=3,
    ),
)
@example("(!(x=y)(|(z=*)(y>=z)))", [])
@example("(z=*)", [(3, 0, " ")])
@example("(x=y))(|(z=*)", [])
def test_no_condition_of_an_accepted_filter_is_lost(
    search_filter: str, changes: list[tuple[int, int, str]]
) -> None:
    # Only the letters x, y and z are compared: they occur in every condition, but not in BER tags and lengths.
    for position, removed, added in changes:
        search_filter = search_filter[:position] + added + search_filter[position + removed :]
    try:
        check_filter(search_filter, "source 1")
    except InputError:
        return
    sent = _encode_request(search_filter).decode("latin-1")
    assert re.findall("[xyz]", sent) == re.findall("[xyz]", search_filter)
