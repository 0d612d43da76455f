# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The export: sources checked, people read, minimums held."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.domain import Domain
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import Entry
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    ConnectionSettings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.directory_options import (
    parse_connection_settings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export import Export
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_options import (
    Source,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.exports import (
    IDS,
    DirectoryOfPeople,
    export_of,
    person,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.making import written
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source


def _result(exported: Export, sources: list[Source]) -> dict[str, Any]:
    return exported.result(sources, written(exported.roster).written)


def test_the_roster_of_several_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = DirectoryOfPeople(
        monkeypatch, A=[person(1), person(2)], B=[person(2), person(3, last_name="")], C=[]
    )
    params = export_params(
        source("OU=A", location="oslo"),
        source("OU=B", location="bergen"),
        source("OU=C", location="tromso", minimum=0),
        page_size=7,
    )
    exported, sources = export_of(params)
    made = written(exported.roster)
    assert [row[1:] for row in made.contacts] == [
        ("Åse", "Lie", "2@x", "", "bergen"),
        ("Åse", "Lie", "1@x", "", "oslo"),
        ("Åse", "Lie", "2@x", "", "oslo"),
    ]
    assert exported.result(sources, made.written) == {
        "server": "ldaps://dc1",
        "counts": {
            "entries": 4,
            "contacts": 3,
            "left_out": 1,
            "excluded": 0,
            "by_location": {"bergen": 1, "oslo": 2, "tromso": 0},
        },
        "left_out": [{"identity": IDS[3], "location": "bergen", "cause": "Last Name is empty"}],
        "emptied": [],
    }
    assert (exported.empty_attributes, exported.location_header) == (["mobile"], "Location")
    assert directory.sessions == [parse_connection_settings(params)]
    assert {(tuple(names), size) for _query, names, size in directory.queries} == {
        (("givenname", "mail", "mobile", "sn"), 7)
    }


def test_parts_that_another_server_holds_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = DirectoryOfPeople(monkeypatch, A=[person(1)])
    directory.references = {
        "ldaps://dc1": {
            "ldap://corp.example/CN=Configuration,DC=corp,DC=example",
            "ldap://DomainDnsZones.corp.example/DC=DomainDnsZones,DC=corp,DC=example",
            "ldap://ForestDnsZones.corp.example/DC=ForestDnsZones,DC=corp,DC=example",
            "ldap://child.corp.example/DC=child,DC=corp,DC=example",
        }
    }
    exported, _sources = export_of(export_params(source("OU=A", location="oslo")))
    told = "ldap://child.corp.example/DC=child,DC=corp,DC=example for a part of a source."
    assert [text for text in exported.warnings if "refers" in text] == [
        f"The directory refers to {told} Whoever is there is missing."
    ]


def test_people_who_came_in_clear_are_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = DirectoryOfPeople(monkeypatch, A=[person(1)])
    told = (
        "People's data came from ldaps://dc1 in clear: on the way they can be read, and who the contacts "
        "are can be altered. Use ldaps://, or start_tls: true."
    )
    for is_in_clear in (True, False):
        directory.is_in_clear = is_in_clear
        exported, _sources = export_of(export_params(source("OU=A")))
        assert (told in exported.warnings) is is_in_clear


@pytest.mark.parametrize(
    ("is_active_directory", "begin"),
    [(True, "(&(objectCategory=person)"), (False, "(objectClass=inetOrgPerson)")],
)
def test_a_source_without_a_filter_takes_the_one_of_the_directory(
    monkeypatch: pytest.MonkeyPatch, is_active_directory: bool, begin: str
) -> None:
    directory = DirectoryOfPeople(monkeypatch, A=[person(1)], B=[person(2)])
    directory.is_active_directory = is_active_directory
    export_of(export_params(source("OU=A"), source("OU=B", filter="(b=1)")))
    first, second = (query.filter for query, _names, _size in directory.queries)
    assert first.startswith(begin)
    assert second == "(b=1)"


def test_global_sources_have_no_location_column(monkeypatch: pytest.MonkeyPatch) -> None:
    DirectoryOfPeople(monkeypatch, A=[person(1)])
    exported, sources = export_of(export_params(source("OU=A")))
    assert exported.roster.header == ("First Name", "Last Name", "Email", "SMS Phone")
    assert exported.location_header is None
    assert _result(exported, sources)["counts"]["by_location"] == {"(all locations)": 1}


def test_own_columns_replace_the_default_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = DirectoryOfPeople(monkeypatch, A=[Entry(IDS[1], ([b"Lie"],))])
    columns = [{"header": "Name", "value": "sn"}, {"header": "Site", "value": "location"}]
    exported, _sources = export_of(export_params(source("OU=A", location="oslo"), columns=columns))
    assert [row[1:] for row in written(exported.roster).contacts] == [("Lie", "oslo")]
    assert exported.location_header == "Site"
    assert directory.queries[0][1] == ("sn",)


def test_phone_numbers_of_a_region_are_written_by_e_164(monkeypatch: pytest.MonkeyPatch) -> None:
    mobiles = (b"912 34 567", b"12", b"")
    people = [
        Entry(IDS[number], ([b"P"], [b"p%d@x" % number], [mobile] if mobile else [], [b"Lie"]))
        for number, mobile in enumerate(mobiles)
    ]
    for region, cells in (("NO", ["+4791234567", "", ""]), ("", ["912 34 567", "12", ""])):
        DirectoryOfPeople(monkeypatch, A=people)
        exported, sources = export_of(export_params(source("OU=A"), phone_region=region))
        made = written(exported.roster)
        assert [row[4] for row in made.contacts] == cells
        lost = {"identity": IDS[1], "location": "", "column": "SMS Phone"}
        told = [{**lost, "cause": "not a valid phone number"}] if region else []
        assert exported.result(sources, made.written)["emptied"] == told


def test_a_location_is_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    DirectoryOfPeople(monkeypatch, A=[person(1)])
    exported, sources = export_of(export_params(source("OU=A", location="a\u030as")))
    assert _result(exported, sources)["counts"]["by_location"] == {"ås": 1}
    assert [row[-1] for row in written(exported.roster).contacts] == ["ås"]


def test_lists_in_a_result_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    DirectoryOfPeople(
        monkeypatch, A=[*(person(number, last_name="") for number in range(60)), person(99)]
    )
    exported, sources = export_of(export_params(source("OU=A")))
    assert len(_result(exported, sources)["left_out"]) == 50
    assert _result(exported, sources)["counts"]["left_out"] == 60
    DirectoryOfPeople(monkeypatch, A=[Entry(identity, ([b"x"],)) for identity in IDS])
    columns = [{"header": "Email", "value": "mail", "unique": True}]
    exported, sources = export_of(export_params(source("OU=A"), columns=columns))
    assert len(_result(exported, sources)["emptied"]) == 50


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"page_size": 0}, "Cannot use page_size 0: it is not from 1 to 100000."),
        ({"page_size": 100_001}, "Cannot use page_size 100001: it is not from 1 to 100000."),
        ({"columns": []}, "Cannot create a roster: columns is empty. Specify at least one column."),
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
def test_wrong_options_are_told_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], message: str
) -> None:
    directory = DirectoryOfPeople(monkeypatch)
    with pytest.raises(InputError) as caught:
        export_of(export_params(source("OU=A"), **changes))
    assert str(caught.value).startswith(message)
    assert directory.sessions == []


@pytest.mark.parametrize("size", [1, 100_000])
def test_the_borders_of_page_size(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    DirectoryOfPeople(monkeypatch, A=[person(1)])
    export_of(export_params(source("OU=A"), page_size=size))


def test_access_is_what_the_parameters_say() -> None:
    params = export_params(source("OU=A"), ca_path="/ca", start_tls=True, validate_certs=False)
    account = Account("simple", "svc", "pw")
    assert parse_connection_settings(params) == ConnectionSettings(
        ["ldaps://dc1"], account, True, False, "/ca", 10, 120
    )
    domain: dict[str, Any] = {"domain": "x.no.", "site": "Oslo", "dns_servers": ["192.0.2.53"]}
    params = export_params(source("OU=A"), server_uri=None, **domain)
    access = parse_connection_settings(params)
    assert access.server_uris == []
    assert access.domain == Domain("x.no", "Oslo", ["192.0.2.53"])
