# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the conversion of locations into the sources of an export."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._locations import (
    Bases,
    build_sources,
    location_from_host,
    locations_from_list,
)

TEMPLATE = "OU={ou},OU=Staff,DC=x"


def _sources(
    locations: list[Any], ou_template: str = TEMPLATE, base_dn: str = ""
) -> list[dict[str, Any]]:
    return build_sources(locations_from_list(locations), Bases(base_dn, ou_template))


def _host_source(**values: object) -> dict[str, Any]:
    (source,) = build_sources([location_from_host("bergen", values)], Bases("DC=x", TEMPLATE))
    return source


@pytest.mark.parametrize(
    ("location", "source"),
    [
        (
            {"location": "bergen", "ou": "Bergen, Harbour"},
            {"location": "bergen", "search_base": "OU=Bergen\\, Harbour,OU=Staff,DC=x"},
        ),
        ({"ou": "{location}"}, {"search_base": "OU={location},OU=Staff,DC=x"}),
        (
            {"location": "oslo", "search_base": "OU=A,DC=x", "ou": ""},
            {"location": "oslo", "search_base": "OU=A,DC=x"},
        ),
        (
            {"location": "oslo", "filter": "(l=Oslo)"},
            {"location": "oslo", "filter": "(l=Oslo)", "search_base": "DC=x"},
        ),
        (
            {"location": "oslo", "search_base": "OU=A", "search_scope": "base", "minimum": "0"},
            {"location": "oslo", "search_base": "OU=A", "search_scope": "base", "minimum": 0},
        ),
        (
            {"location": "oslo", "member_of": "CN=G,DC=x"},
            {"location": "oslo", "member_of": "CN=G,DC=x", "search_base": "DC=x"},
        ),
        (
            {"location": "oslo", "member_of": ["CN=G", "CN=H"], "ou": "A", "exclude_ous": "OU=B"},
            {
                "location": "oslo",
                "search_base": "OU=A,OU=Staff,DC=x",
                "member_of": ["CN=G", "CN=H"],
                "exclude_ous": "OU=B",
            },
        ),
        (
            {"location_value": "l", "locations": ["a"], "ou": "A"},
            {"location_value": "l", "locations": ["a"], "search_base": "OU=A,OU=Staff,DC=x"},
        ),
    ],
)
def test_a_location_becomes_a_source(location: dict[str, Any], source: dict[str, Any]) -> None:
    assert _sources([location], base_dn="DC=x") == [source]


BLANK_KEYS: list[tuple[dict[str, Any], str]] = [
    ({"location": "", "ou": "A"}, "location"),
    ({"location": "oslo", "ou": "", "filter": "(sn=*)"}, "ou"),
    ({"location": "oslo", "search_base": None, "filter": "(sn=*)"}, "search_base"),
    ({"location": "oslo", "ou": "A", "member_of": ""}, "member_of"),
    ({"location": "oslo", "ou": "A", "member_of": []}, "member_of"),
    ({"location": "oslo", "ou": "A", "filter": " "}, "filter"),
    ({"location": "oslo", "ou": "A", "exclude_ous": None}, "exclude_ous"),
]


@pytest.mark.parametrize(("values", "key"), BLANK_KEYS)
def test_a_blank_key_is_rejected_because_it_could_include_other_people(
    values: dict[str, Any], key: str
) -> None:
    with pytest.raises(InputError, match=f": its {key} is blank"):
        _sources([values], base_dn="DC=x")
    with pytest.raises(InputError, match=r"is blank|does not set"):
        _host_source(**values)


def test_a_list_of_groups_must_not_contain_a_blank_dn() -> None:
    with pytest.raises(InputError) as caught:
        _sources([{"location": "oslo", "member_of": ["CN=G", ""]}], base_dn="DC=x")
    assert str(caught.value) == (
        "Cannot use element 2 of member_of of location 1 (oslo): it is blank. Set it, or remove it from the list."
    )


def test_a_location_with_a_group_does_not_require_a_search_base() -> None:
    assert _sources([{"member_of": "CN=G"}]) == [{"member_of": "CN=G"}]


def test_sources_are_in_the_order_of_the_locations() -> None:
    sources = _sources([{"location": name, "ou": name} for name in ("b", "a")])
    assert [source["location"] for source in sources] == ["b", "a"]


def test_the_template_can_contain_the_location_and_repeated_placeholders() -> None:
    (source,) = _sources([{"location": "a,b", "ou": "{ou}"}], "OU={ou},L={location},OU={ou}")
    assert source["search_base"] == "OU={ou},L=a\\,b,OU={ou}"
    (source,) = _sources([{"ou": "x"}], "OU={ou},L={location},{z}")
    assert source["search_base"] == "OU=x,L=,{z}"


def test_without_a_template_the_ou_is_below_the_base_dn() -> None:
    (source,) = _sources([{"ou": "A, B"}], "", "DC=x")
    assert source["search_base"] == "OU=A\\, B,DC=x"


@pytest.mark.parametrize(
    ("location", "template", "message"),
    [
        (
            {"location": "oslo", "uo": "A"},
            TEMPLATE,
            (
                "Cannot use location 2 (oslo): it has the unknown key 'uo'. Use only ou, location, location_value,"
                " locations, search_base, search_scope, member_of, filter, exclude_ous, exclude_groups,"
                " exclude_filter, minimum."
            ),
        ),
        (
            {"location": "oslo", "minimum": 1},
            TEMPLATE,
            "Cannot use location 2 (oslo): it does not define a search. Set ou, search_base, member_of or filter.",
        ),
        (
            {"ou": "A", "search_base": "B"},
            TEMPLATE,
            "Cannot use location 2: it has both ou and search_base. Set only one of them.",
        ),
        (
            {"location": "oslo", "filter": "(a=b)"},
            TEMPLATE,
            "Cannot use location 2 (oslo): it has no search base. Set contact_sync_base_dn.",
        ),
        (
            {"location": "oslo", "ou": "cn = A,DC=x"},
            TEMPLATE,
            (
                "Cannot use location 2 (oslo): its ou cn = A,DC=x is a distinguished name, not the name of an OU."
                " Set ou to the name of the OU, such as Oslo, or set search_base to the complete DN instead."
            ),
        ),
        (
            {"location": "oslo", "ou": "A"},
            "OU=Staff",
            (
                "Cannot use contact_sync_ou_template: it does not contain {ou}. Replace the name of the OU in it"
                " with {ou}."
            ),
        ),
    ],
)
def test_an_invalid_location_is_reported(
    location: dict[str, Any], template: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        _sources([{"search_base": "DC=x"}, location], template)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        (
            {"ou": "OU=Oslo,DC=x"},
            (
                "its contact_sync_ou OU=Oslo,DC=x is a distinguished name, not the name of an OU. Set contact_sync_ou"
                " to the name of the OU, such as Oslo, or set contact_sync_location_search_base to the complete DN"
                " instead."
            ),
        ),
        (
            {"ou": "Oslo", "search_base": "OU=Oslo,DC=x"},
            "it has both contact_sync_ou and contact_sync_location_search_base. Set only one of them.",
        ),
    ],
)
def test_an_invalid_search_base_of_a_host_is_reported_with_the_names_of_its_variables(
    values: dict[str, str], cause: str
) -> None:
    with pytest.raises(InputError) as caught:
        _host_source(location="bergen", **values)
    assert str(caught.value) == f"Cannot use host bergen: {cause}"


def test_the_variables_of_a_host_become_a_source() -> None:
    assert _host_source(location="bergen", ou="Bergen, Harbour") == {
        "location": "bergen",
        "search_base": "OU=Bergen\\, Harbour,OU=Staff,DC=x",
    }


def test_a_host_can_set_all_options_of_a_source_except_a_location_rule() -> None:
    values = {
        "location": "oslo",
        "search_base": "DC=x",
        "search_scope": "base",
        "filter": "(l=Oslo)",
        "minimum": "0",
        "member_of": ["CN=G,DC=x"],
        "exclude_ous": "OU=A,DC=x",
        "exclude_groups": "CN=H,DC=x",
        "exclude_filter": "(a=b)",
    }
    assert _host_source(ou="", **values) == {**values, "minimum": 0}


SEARCH_VARIABLES = (
    "contact_sync_ou, contact_sync_location_search_base, contact_sync_location_member_of or"
    " contact_sync_location_filter"
)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "it does not set contact_sync_location. Set it"),
        ({"location": "oslo"}, f"it does not set {SEARCH_VARIABLES}. Set one of them"),
        (
            {"location": "oslo", "minimum": 1},
            f"it does not set {SEARCH_VARIABLES}. Set one of them",
        ),
    ],
)
def test_a_missing_variable_of_a_host_is_reported(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError) as caught:
        location_from_host("bergen", values)
    assert str(caught.value) == (
        f"Cannot create a location from host bergen: {problem} in the inventory, or remove the host from the group."
    )


def test_a_value_that_yaml_changed_is_reported_with_the_variable() -> None:
    with pytest.raises(InputError) as caught:
        location_from_host("bergen", {"location": 64, "ou": "Oslo"})
    assert str(caught.value) == (
        "Cannot use contact_sync_location of host bergen: it was parsed as the number 64. Write it in quotes."
    )
