# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources of an export, checked before anything is read."""

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


def test_sources_are_named_and_take_the_common_filter() -> None:
    params = export_params(
        source("OU=A", location="oslo"),
        source("OU=B", location="b", filter="(b=1)", search_scope="base", minimum=0),
        filter="(a=1)",
    )
    assert parse_sources(params) == [
        Source("source 1 (location 'oslo')", "oslo", Query("OU=A", "subtree", "(a=1)"), 1),
        Source("source 2 (location 'b')", "b", Query("OU=B", "base", "(b=1)"), 0),
    ]
    assert parse_sources(export_params(source("OU=A"))) == [
        Source("source 1", "", Query("OU=A", "subtree", ""), 1)
    ]


@pytest.mark.parametrize(
    ("given", "groups"),
    [
        ("CN=Night\\, shift,OU=Groups,DC=x", ["CN=Night\\, shift,OU=Groups,DC=x"]),
        (["CN=A,DC=x", "CN=B,DC=x"], ["CN=A,DC=x", "CN=B,DC=x"]),
        (("CN=A,DC=x",), ["CN=A,DC=x"]),
    ],
)
def test_a_name_is_one_name_however_many_commas_are_in_it(given: object, groups: list[str]) -> None:
    params = export_params(
        source(None, member_of=given, exclude_groups=given, exclude_ous=given),
        exclude_groups="CN=All,DC=x",
        exclude_filter="(a=b)",
        skip_hidden=True,
        start_attribute="startDate",
    )
    (made,) = parse_sources(params)
    assert made.groups == tuple(groups)
    assert made.query == Query("", "subtree", "")
    assert made.where == " or ".join(f"the group {group}" for group in groups)
    assert made.exclusion == Exclusion(
        ous=tuple(groups),
        groups=("CN=All,DC=x", *groups),
        filters=("(a=b)", "(msExchHideFromAddressLists=TRUE)"),
        start_attribute="startdate",
    )


def test_a_source_may_have_several_locations() -> None:
    params = export_params(
        source("OU=A", location_value="l", locations=["b", "a"], member_of="CN=G"),
        source("OU=B", location="c"),
    )
    first, second = parse_sources(params)
    assert first.locations == ["a", "b"]
    assert first.place is first.placement
    assert first.where == "OU=A, in the group CN=G"
    assert second.locations == ["c"]
    assert second.place == "c"
    assert second.placement is None


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (export_params(), "Cannot export: sources is empty. Give at least one source."),
        (
            export_params(source("OU=A", minimum=-1, location="oslo")),
            "Cannot use minimum -1 of source 1 (location 'oslo'): it is less than 0.",
        ),
        (
            export_params(source("OU=A", minimum=2, search_scope="base")),
            "Cannot use minimum 2 of source 1: search_scope base gives one entry at most.",
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
        (
            export_params(source(None)),
            "Cannot search source 1: it has neither search_base nor member_of.",
        ),
        (
            export_params(source(None, member_of="CN=G", search_scope="base")),
            "Cannot use search_scope base of source 1: it has no search_base.",
        ),
        (
            export_params(source(None, member_of="CN=G", filter="x")),
            "Cannot use the filter 'x' of source 1: it is",
        ),
        *(
            (
                export_params(source("OU=A", member_of=empty)),
                "Cannot use member_of of source 1: it is empty. Give the DN of a group, or a list.",
            )
            for empty in ("", " ", [], [""])
        ),
        (
            export_params(source("OU=A", member_of="Staff")),
            "Cannot use member_of 'Staff' of source 1: it is not a distinguished name.",
        ),
        *(
            (
                export_params(source("OU=A", member_of=wrong)),
                "Cannot use member_of of source 1: it is neither a distinguished name nor a list of them.",
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
            "Cannot use start_attribute 'start date': it is no name of an LDAP attribute.",
        ),
        (
            export_params(source("OU=A"), object_types=[]),
            "Cannot export: object_types is empty. Give user, contact or both.",
        ),
        (
            export_params(source("OU=A", location="o", location_value="l")),
            "Cannot tell the location of source 1: it has location and location_value. Give one of the two.",
        ),
        (
            export_params(source("OU=A", location="o", locations=["o"])),
            "Cannot tell the location of source 1: it has location and locations. Give one of the two.",
        ),
        (
            export_params(source("OU=A", location_value="l", locations=[])),
            "Cannot tell the location of source 1: it has location_value without locations.",
        ),
        (
            export_params(source("OU=A", locations=["o"])),
            "Cannot tell the location of source 1: it has locations without location_value.",
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
def test_wrong_sources_are_told(params: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_sources(params)
    assert str(caught.value).startswith(message)
