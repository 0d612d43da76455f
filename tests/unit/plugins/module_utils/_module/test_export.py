# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of exports: the roster, the result and the warnings."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import Entry
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.contested import (
    CONTESTED_REMEDY,
    contested_warnings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.directory_options import (
    parse_connection_settings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export import Export
from ansible_collections.frontdesk.contacts.tests.unit.support.exports import (
    IDENTITIES,
    FakeDirectory,
    person,
    run_export,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source
from ansible_collections.frontdesk.contacts.tests.unit.support.roster_factory import (
    make_roster,
    write_to_memory,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    COLUMNS,
    contact,
    parse_roster,
)


def _result(exported: Export) -> dict[str, Any]:
    return exported.result(write_to_memory(exported.roster).written)


def test_a_roster_contains_the_people_of_all_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = FakeDirectory(
        monkeypatch, A=[person(1), person(2)], B=[person(2), person(3, last_name="")], C=[]
    )
    params = export_params(
        source("OU=A", location="oslo"),
        source("OU=B", location="bergen"),
        source("OU=C", location="tromso", minimum=0),
        page_size=7,
    )
    exported = run_export(params)
    roster = write_to_memory(exported.roster)
    assert [row[1:] for row in roster.contacts] == [
        ("Åse", "Lie", "2@x", "", "bergen"),
        ("Åse", "Lie", "1@x", "", "oslo"),
        ("Åse", "Lie", "2@x", "", "oslo"),
    ]
    assert exported.result(roster.written) == {
        "server": "ldaps://dc1",
        "counts": {
            "entries": 4,
            "contacts": 3,
            "left_out": 1,
            "excluded": 0,
            "by_location": {"bergen": 1, "oslo": 2, "tromso": 0},
        },
        "left_out": [
            {"identity": IDENTITIES[3], "location": "bergen", "cause": "Last Name is empty"}
        ],
        "left_out_causes": [{"cause": "Last Name is empty", "count": 1}],
        "emptied": [],
        "contested": [],
        "overlaps": [{"locations": ["bergen", "oslo"], "count": 1}],
    }
    assert exported.location_header == "Location"
    (missing,) = exported.missing_attributes
    assert missing.cause.startswith("no entry has the attribute mobile, which the column ")
    assert directory.settings == [parse_connection_settings(params)]
    assert {(tuple(attributes), size) for _query, attributes, size in directory.queries} == {
        (("givenname", "mail", "mobile", "sn"), 7)
    }


def test_a_warning_names_each_reference_that_might_lead_to_people(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    directory = FakeDirectory(monkeypatch, A=[person(1)])
    directory.references = {
        "ldaps://dc1": {
            "ldap://corp.example/CN=Configuration,DC=corp,DC=example",
            "ldap://DomainDnsZones.corp.example/DC=DomainDnsZones,DC=corp,DC=example",
            "ldap://ForestDnsZones.corp.example/DC=ForestDnsZones,DC=corp,DC=example",
            "ldap://child.corp.example/DC=child,DC=corp,DC=example",
        }
    }
    exported = run_export(export_params(source("OU=A", location="oslo")))
    assert [warning for warning in exported.warnings if "referral" in warning] == [
        (
            "The directory returned a referral to ldap://child.corp.example/DC=child,DC=corp,DC=example"
            " for part of a source. The people there are missing. Read that part from a server that contains it, or"
            " narrow the source."
        )
    ]


def test_a_warning_reports_an_unencrypted_transfer(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = FakeDirectory(monkeypatch, A=[person(1)])
    warning = (
        "Personal data from ldaps://dc1 was transferred unencrypted and could have been read or altered"
        " in transit. Use ldaps://, or O(start_tls=true)."
    )
    for is_unencrypted in (True, False):
        directory.is_unencrypted = is_unencrypted
        exported = run_export(export_params(source("OU=A")))
        assert (warning in exported.warnings) is is_unencrypted


@pytest.mark.parametrize(
    ("is_active_directory", "start"),
    [(True, "(&(objectCategory=person)"), (False, "(objectClass=inetOrgPerson)")],
)
def test_the_default_filter_depends_on_the_kind_of_directory(
    monkeypatch: pytest.MonkeyPatch, is_active_directory: bool, start: str
) -> None:
    directory = FakeDirectory(monkeypatch, A=[person(1)], B=[person(2)])
    directory.is_active_directory = is_active_directory
    run_export(export_params(source("OU=A"), source("OU=B", filter="(b=1)")))
    first, second = (query.filter for query, _attributes, _size in directory.queries)
    assert first.startswith(start)
    assert second == "(b=1)"


def test_a_roster_for_all_locations_has_no_location_column(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeDirectory(monkeypatch, A=[person(1)])
    exported = run_export(export_params(source("OU=A")))
    assert exported.roster.header == ("First Name", "Last Name", "Email", "SMS Phone")
    assert exported.location_header is None
    assert _result(exported)["counts"]["by_location"] == {"(all locations)": 1}


def test_custom_columns_replace_the_default_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = FakeDirectory(monkeypatch, A=[Entry(IDENTITIES[1], ([b"Lie"],))])
    columns = [{"header": "Name", "value": "sn"}, {"header": "Site", "value": "location"}]
    exported = run_export(export_params(source("OU=A", location="oslo"), columns=columns))
    assert [row[1:] for row in write_to_memory(exported.roster).contacts] == [("Lie", "oslo")]
    assert exported.location_header == "Site"
    assert directory.queries[0][1] == ("sn",)


def test_location_header_is_the_title_of_the_default_location_column(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    FakeDirectory(monkeypatch, A=[person(1)])
    params = export_params(source("OU=A", location="oslo"), location_header="Office")
    exported = run_export(params)
    assert exported.roster.header == ("First Name", "Last Name", "Email", "SMS Phone", "Office")
    assert exported.location_header == "Office"


def test_phone_numbers_are_exported_in_e_164_format_if_a_region_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mobiles = (b"912 34 567", b"12", b"")
    people = [
        Entry(
            IDENTITIES[number], ([b"P"], [b"p%d@x" % number], [mobile] if mobile else [], [b"Lie"])
        )
        for number, mobile in enumerate(mobiles)
    ]
    for region, cells in (("NO", ["+4791234567", "", ""]), ("", ["912 34 567", "12", ""])):
        FakeDirectory(monkeypatch, A=people)
        exported = run_export(export_params(source("OU=A"), phone_region=region))
        roster = write_to_memory(exported.roster)
        assert [row[4] for row in roster.contacts] == cells
        invalid = {
            "identity": IDENTITIES[1],
            "location": "",
            "column": "SMS Phone",
            "cause": "not a valid phone number",
        }
        assert exported.result(roster.written)["emptied"] == ([invalid] if region else [])


def test_a_location_is_normalized_to_nfc(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeDirectory(monkeypatch, A=[person(1)])
    exported = run_export(export_params(source("OU=A", location="a\u030as")))
    assert _result(exported)["counts"]["by_location"] == {"ås": 1}
    assert [row[-1] for row in write_to_memory(exported.roster).contacts] == ["ås"]


def test_lists_in_the_result_have_at_most_50_items(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeDirectory(
        monkeypatch, A=[*(person(number, last_name="") for number in range(60)), person(99)]
    )
    exported = run_export(export_params(source("OU=A")))
    assert len(_result(exported)["left_out"]) == 50
    assert _result(exported)["counts"]["left_out"] == 60
    FakeDirectory(monkeypatch, A=[Entry(identity, ([b"x"],)) for identity in IDENTITIES])
    columns = [{"header": "Email", "value": "mail", "unique": True}]
    exported = run_export(export_params(source("OU=A"), columns=columns))
    assert len(_result(exported)["emptied"]) == 50


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"page_size": 0},
            "Cannot use page_size 0: it must be between 1 and 100000. Correct page_size.",
        ),
        (
            {"page_size": 100_001},
            "Cannot use page_size 100001: it must be between 1 and 100000. Correct page_size.",
        ),
        (
            {"columns": []},
            "Cannot create a roster: columns is empty, or contains only the location",
        ),
        ({"phone_region": "False"}, "Cannot use phone_region 'False': it is not a country"),
        (
            {"location_pattern": "["},
            "Cannot use location_pattern '[': the pattern '[' is not valid: ",
        ),
        (
            {"location_pattern": "x", "sources": [source("OU=A", location="y")]},
            "Cannot use the location 'y' of source 1: it does not match location_pattern 'x'.",
        ),
        ({"server_uri": ["ldap://x"]}, "Cannot bind to ldap://x with a password: it would"),
    ],
)
def test_invalid_options_fail_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], message: str
) -> None:
    directory = FakeDirectory(monkeypatch)
    with pytest.raises(InputError) as caught:
        run_export(export_params(source("OU=A"), **changes))
    assert str(caught.value).startswith(message)
    assert directory.settings == []


@pytest.mark.parametrize("size", [1, 100_000])
def test_the_smallest_and_the_largest_page_size_are_accepted(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    FakeDirectory(monkeypatch, A=[person(1)])
    run_export(export_params(source("OU=A"), page_size=size))


def test_contested_values_are_counted_by_location_and_column(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    FakeDirectory(
        monkeypatch,
        A=[person(1, "a@x"), person(2, "A@x"), person(3, "a@x"), person(4)],
        B=[person(5, "a@x")],
    )
    exported = run_export(
        export_params(source("OU=A", location="oslo"), source("OU=B", location="bergen"))
    )
    written = write_to_memory(exported.roster).written
    assert exported.result(written)["contested"] == [
        {
            "location": "oslo",
            "column": "Email",
            "value_count": 1,
            "count": 2,
            "left_out": 2,
            "new": 2,
        }
    ]
    (warning,) = contested_warnings(written.contested, "/srv/contacts.csv.ids")
    assert warning == (
        "Cannot keep all values of the unique column 'Email' at oslo: 2 people have the same value as another person,"
        f" who keeps it, and 2 of them have no valid row without it: {IDENTITIES[2]} (kept by {IDENTITIES[1]}),"
        f" {IDENTITIES[3]} (kept by {IDENTITIES[1]}). Correct the entries of the people who do not own the value."
    )


def test_only_new_losses_are_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    params = export_params(source("OU=A", location="oslo"))
    shared = [
        person(1, "a@x"),
        person(3, "b@x", mobile="+4722123456"),
        person(4, "c@x", mobile="+4722123456"),
    ]
    FakeDirectory(monkeypatch, A=shared)
    made = write_to_memory(run_export(params).roster)
    assert len(made.written.newly_contested) == 1
    baseline = parse_roster(made.csv, made.ids)
    FakeDirectory(monkeypatch, A=[person(0, "A@x"), *shared])
    exported = run_export(params, baseline=baseline)
    written = write_to_memory(exported.roster).written
    assert [
        (each["column"], each["count"], each["new"])
        for each in exported.result(written)["contested"]
    ] == [("Email", 1, 1), ("SMS Phone", 1, 0)]
    (warning,) = contested_warnings(written.newly_contested, "")
    assert f": {IDENTITIES[0]} (kept by {IDENTITIES[1]})." in warning
    assert "'Email' at oslo" in warning


def test_a_single_person_without_a_row_is_described_in_the_singular() -> None:
    people = [contact("1", "N", "", "1"), contact("2", "N", "", "1")]
    (warning,) = contested_warnings(make_roster(COLUMNS, people).written.contested, "")
    assert (
        "1 person has the same value as another person, who keeps it, and has no valid row"
        in warning
    )


@pytest.mark.parametrize(
    ("people", "file", "end"),
    [
        (6, "/srv/x.ids", "5 (kept by 0)."),
        (8, "/srv/x.ids", "5 (kept by 0), and 2 more in /srv/x.ids."),
        (20, "", "5 (kept by 0), and 14 more."),
    ],
)
def test_a_warning_lists_only_the_first_people_who_share_a_value(
    people: int, file: str, end: str
) -> None:
    shared = [contact(chr(48 + each), "N", f"{each}@x", "1") for each in range(people)]
    (warning,) = contested_warnings(make_roster(COLUMNS, shared).written.contested, file)
    assert (
        f": {people - 1} people have the same value as another person, who keeps it: 1" in warning
    )
    assert warning.endswith(f"{end} {CONTESTED_REMEDY}.")
    assert len(warning) < 800


def test_people_at_two_locations_are_counted_for_each_pair_of_locations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    FakeDirectory(
        monkeypatch,
        A=[person(1), person(2), person(3), person(9, last_name="")],
        B=[person(2), person(3), person(9, last_name="")],
        C=[person(3), person(4)],
        D=[person(4)],
    )
    exported = run_export(
        export_params(
            source("OU=A", location="oslo"),
            source("OU=B", location="sales"),
            source("OU=C", location="bergen"),
            source("OU=D", location="bergen"),
        )
    )
    assert _result(exported)["overlaps"] == [
        {"locations": ["oslo", "sales"], "count": 2},
        {"locations": ["bergen", "oslo"], "count": 1},
        {"locations": ["bergen", "sales"], "count": 1},
    ]
    assert not any("at both locations" in warning for warning in exported.warnings)


def test_a_repeated_source_causes_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeDirectory(monkeypatch, A=[person(1)])
    exported = run_export(
        export_params(source("OU=A", location="oslo"), source("OU=A", location="bergen"))
    )
    assert exported.warnings[0] == (
        "Possible mistake in source 2 (location 'bergen'): it finds the same people as source 1 (location 'oslo'),"
        " so each of them is at both locations. Correct the search base of one of them, or select the people of each"
        " location by group or filter."
    )


def test_no_attribute_is_missing_if_there_are_no_people(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeDirectory(monkeypatch, A=[])
    assert run_export(export_params(source("OU=A", minimum=0))).missing_attributes == []
