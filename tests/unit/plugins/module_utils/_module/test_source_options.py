# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of parsing and checking sources."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_options import (
    Exclusion,
    Source,
    parse_sources,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source


def test_sources_are_numbered_and_use_the_common_filter() -> None:
    params = export_params(
        source("OU=A", location="oslo"),
        source("OU=B", location="b", filter="(b=1)", search_scope="base", minimum=0),
        filter="(a=1)",
    )
    assert parse_sources(params) == (
        Source("source 1 (location 'oslo')", "oslo", Query("OU=A", "subtree", "(a=1)"), 1),
        Source(
            "source 2 (location 'b')", "b", Query("OU=B", "base", "(b=1)"), 0, has_own_filter=True
        ),
    )
    assert parse_sources(export_params(source("\n OU=A "))) == (
        Source("source 1", "", Query("OU=A", "subtree", ""), 1),
    )


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        ("CN=Night\\, shift,OU=Groups,DC=x", ["CN=Night\\, shift,OU=Groups,DC=x"]),
        (["CN=A,DC=x", "CN=B,DC=x"], ["CN=A,DC=x", "CN=B,DC=x"]),
        (("CN=A,DC=x",), ["CN=A,DC=x"]),
        # The line break of a YAML block scalar is not part of the DN, but an escaped space is.
        ("CN=A,DC=x\n", ["CN=A,DC=x"]),
        ([" CN=A,DC=x", "\n", "\tCN=B\\  "], ["CN=A,DC=x", "CN=B\\ "]),
    ],
)
def test_a_string_is_one_dn_and_is_not_split_at_commas(value: object, groups: list[str]) -> None:
    params = export_params(
        source(None, member_of=value, exclude_groups=value, exclude_ous=value),
        exclude_groups="CN=All,DC=x",
        exclude_filter="(a=b)",
        skip_hidden=True,
        start_attribute="startDate",
    )
    (parsed,) = parse_sources(params)
    assert parsed.groups == tuple(groups)
    assert parsed.query == Query("", "subtree", "")
    assert parsed.description == " or ".join(f"the group {group}" for group in groups)
    assert parsed.exclusion == Exclusion(
        ous=tuple(groups),
        groups=("CN=All,DC=x", *groups),
        filters=("(a=b)", "(msExchHideFromAddressLists=TRUE)"),
        start_attribute="startdate",
    )


def test_messages_name_the_options_of_a_source_or_those_of_all_sources() -> None:
    own = {"exclude_ous": "OU=C", "exclude_groups": "CN=G", "exclude_filter": "(a=1)"}
    params = export_params(
        source("OU=A"),
        source("OU=B", filter="(b=1)", **own),
        filter="(f=1)",
        exclude_groups="CN=All",
        skip_hidden=True,
    )
    first, second = parse_sources(params)
    assert first.filters == {"O(filter)": ["(f=1)"], "O(exclude_filter)": []}
    assert first.name_excluding_options() == (
        "O(exclude_ous)",
        "O(exclude_groups)",
        "O(skip_hidden)",
    )
    assert second.filters == {
        "O(sources[].filter) of source 2": ["(b=1)"],
        "O(sources[].exclude_filter) of source 2": ["(a=1)"],
    }
    assert second.name_excluding_options() == (
        "O(sources[].exclude_ous) of source 2",
        "O(exclude_groups) or O(sources[].exclude_groups) of source 2",
        "O(sources[].exclude_filter) of source 2 or O(skip_hidden)",
    )


def test_a_source_with_a_location_rule_has_several_locations() -> None:
    params = export_params(
        source("OU=A", location_value="l", locations=["b", "a"], member_of="CN=G"),
        source("OU=B", location="c"),
    )
    first, second = parse_sources(params)
    assert first.locations == ["a", "b"]
    assert first.location_or_rule is first.location_rule
    assert first.description == "OU=A, in the group CN=G"
    assert second.locations == ["c"]
    assert second.location_or_rule == "c"
    assert second.location_rule is None


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (export_params(), "Cannot read people: sources is empty. Add at least one source."),
        (
            export_params(source("OU=A", minimum=-1, location="oslo")),
            "Cannot use minimum -1 of source 1 (location 'oslo'): it must not be negative. Set it to 0 or more.",
        ),
        (
            export_params(source("OU=A", minimum=2, search_scope="base")),
            "Cannot use minimum 2 of source 1: search_scope base returns at most one entry.",
        ),
        (
            export_params(source("OU=A"), filter="x"),
            "Cannot use the filter 'x' of all sources: it is",
        ),
        (export_params(source("OU=A", filter="x")), "Cannot use the filter 'x' of source 1: it is"),
        (export_params(source("A")), "Cannot use search_base 'A' of source 1: it is not"),
        (
            export_params(source("OU=A", location="O")),
            "Cannot use the location 'O' of source 1: it",
        ),
        # YAML reads 0100 as 64, and NO as false.
        (
            export_params(source("OU=A", location=64)),
            "Cannot use location of source 1: an identifier was parsed as the number 64. Write each identifier",
        ),
        (
            export_params(source("OU=A", location=False)),
            "Cannot use location of source 1: an identifier was parsed as the boolean false.",
        ),
        (
            export_params(source("OU=A", location=["a"])),
            "Cannot use location of source 1: an identifier was parsed as a list.",
        ),
        (
            export_params(source("OU=A", location_value="l", locations=["a", 1.1])),
            "Cannot use locations of source 1: an identifier was parsed as the number 1.1.",
        ),
        (
            export_params(source("OU=A", location_value="l", locations=["a", None])),
            "Cannot use locations of source 1: an identifier was parsed as null.",
        ),
        (
            export_params(source(None)),
            "Cannot search source 1: neither search_base nor member_of is set.",
        ),
        (
            export_params(source(None, member_of="CN=G", search_scope="base")),
            "Cannot use search_scope base of source 1: the source has no search_base.",
        ),
        (
            export_params(source(None, member_of="CN=G", filter="x")),
            "Cannot use the filter 'x' of source 1: it is",
        ),
        *(
            (
                export_params(source("OU=A", member_of=empty)),
                "Cannot use member_of of source 1: it is empty. Set it to the DN of a group, or to a list of DNs.",
            )
            for empty in ("", " ", [], [""])
        ),
        (
            export_params(source("OU=A", member_of="Staff")),
            "Cannot use member_of 'Staff' of source 1: it is not a valid distinguished name.",
        ),
        *(
            (
                export_params(source("OU=A", member_of=wrong)),
                "Cannot use member_of of source 1: it is neither a DN nor a list of DNs.",
            )
            for wrong in (7, {"CN": "G"}, ["CN=G", 7])
        ),
        (
            export_params(source("OU=A", exclude_ous="A")),
            "Cannot use exclude_ous 'A' of source 1: it is not",
        ),
        (
            export_params(source("OU=A"), exclude_groups=["CN=G", "H"]),
            "Cannot use exclude_groups 'H' of all sources: it is not",
        ),
        (
            export_params(source("OU=A"), exclude_filter="x"),
            "Cannot use the filter 'x' of exclude_filter of all sources: it is",
        ),
        (
            export_params(source("OU=A"), start_attribute="start date"),
            "Cannot use start_attribute 'start date': it is not a valid LDAP attribute name.",
        ),
        (
            export_params(source("OU=A"), start_attribute="jpegPhoto"),
            "Cannot use start_attribute 'jpegPhoto': it contains binary data. Set it to",
        ),
        (
            export_params(source("OU=A", location_value="thumbnailPhoto", locations=["a"])),
            "Cannot use the expression 'thumbnailPhoto' of location_value of source 1: the attribute thumbnailphoto",
        ),
        (
            export_params(source("OU=A"), object_types=[]),
            "Cannot read people: object_types is empty. Set it to user, contact or both.",
        ),
        (
            export_params(source("OU=A", location="o", location_value="l")),
            (
                "Cannot determine the location of source 1: location and location_value are both set."
                " Set only one of them."
            ),
        ),
        (
            export_params(source("OU=A", location="o", locations=["o"])),
            "Cannot determine the location of source 1: location and locations are both set. Set only one of them.",
        ),
        (
            export_params(source("OU=A", location_value="l", locations=[])),
            "Cannot determine the location of source 1: location_value is set without locations.",
        ),
        (
            export_params(source("OU=A", locations=["o"])),
            "Cannot determine the location of source 1: locations is set without location_value.",
        ),
        (
            export_params(source("OU=A", location_value="l", locations=["o", "O"])),
            "Cannot use the location 'O' of source 1: it contains an uppercase letter.",
        ),
        (
            export_params(
                source("OU=A", location_value="l", locations=["o1", "o"]), location_pattern=".1"
            ),
            "Cannot use the location 'o' of source 1: it does not match location_pattern '.1'.",
        ),
        (
            export_params(source("OU=A", location_value="l |", locations=["o"])),
            "Cannot use the expression 'l |' of location_value of source 1: it is not",
        ),
        (
            export_params(source("OU=A", location_value="l", locations=["o"]), source("OU=B")),
            "Cannot mix sources with and without a location: source 2 has no location.",
        ),
    ],
)
def test_invalid_sources_are_rejected(params: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_sources(params)
    assert str(caught.value).startswith(message)
