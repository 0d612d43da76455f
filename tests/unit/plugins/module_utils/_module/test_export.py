# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The export: sources checked, people read, minimums held."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.access import Access
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import Entry
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.session import (
    Session,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import (
    FrontdeskError,
    InputError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import (
    export as module_export,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.arguments import (
    default_columns,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export import (
    Export,
    Source,
    access_of,
    export,
    sources_of,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.making import written
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY

IDS = [str(uuid.UUID(int=number)) for number in range(100)]
Found = Sequence[Entry]


def _person(number: int, mail: str = "", last_name: str = "Lie") -> Entry:
    """Values in the order of the default columns' attributes: givenname, mail, mobile, sn."""
    values = ("Åse", mail or f"{number}@x", "", last_name)
    return Entry(IDS[number], tuple([value.encode()] if value else [] for value in values))


class _Directory:
    """People by search base, in place of a server."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **people: Found | DirectoryError) -> None:
        self.people = people
        self.is_active_directory = True
        self.queries: list[tuple[Query, Sequence[str], int]] = []
        self.sessions: list[Access] = []
        self.references: set[str] = set()
        monkeypatch.setattr(module_export, "open_session", self._open_session)
        monkeypatch.setattr(module_export, "search", self._search)

    @contextmanager
    def _open_session(self, access: Access) -> Iterator[Session]:
        self.sessions.append(access)
        yield Session("ldaps://dc1", None, self.is_active_directory)

    def _search(
        self,
        _session: Session,
        query: Query,
        attributes: Sequence[str],
        page_size: int,
        references: set[str],
    ) -> Iterator[Entry]:
        references.update(self.references)
        self.queries.append((query, attributes, page_size))
        found = self.people[query.search_base.partition("=")[2]]
        if isinstance(found, DirectoryError):
            raise found
        yield from found


def _export(params: dict[str, Any]) -> tuple[Export, list[Source]]:
    sources = sources_of(params)
    return export(params, default_columns(params["phone_region"]), sources, MEMORY), sources


def _result(exported: Export, sources: list[Source]) -> dict[str, Any]:
    return exported.result(sources, written(exported.roster).written)


def test_the_roster_of_several_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = _Directory(
        monkeypatch, A=[_person(1), _person(2)], B=[_person(2), _person(3, last_name="")], C=[]
    )
    params = export_params(
        source("OU=A", location="oslo"),
        source("OU=B", location="bergen"),
        source("OU=C", location="tromso", minimum=0),
        page_size=7,
    )
    exported, sources = _export(params)
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
            "by_location": {"bergen": 1, "oslo": 2, "tromso": 0},
        },
        "left_out": [{"identity": IDS[3], "location": "bergen", "cause": "Last Name is empty"}],
        "emptied": [],
    }
    assert (exported.empty_attributes, exported.location_header) == (["mobile"], "Location")
    assert directory.sessions == [access_of(params)]
    assert {(tuple(names), size) for _query, names, size in directory.queries} == {
        (("givenname", "mail", "mobile", "sn"), 7)
    }


def test_parts_that_another_server_holds_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = _Directory(monkeypatch, A=[_person(1)])
    directory.references = {
        "ldap://corp.example/CN=Configuration,DC=corp,DC=example",
        "ldap://DomainDnsZones.corp.example/DC=DomainDnsZones,DC=corp,DC=example",
        "ldap://ForestDnsZones.corp.example/DC=ForestDnsZones,DC=corp,DC=example",
        "ldap://child.corp.example/DC=child,DC=corp,DC=example",
    }
    exported, _sources = _export(export_params(source("OU=A", location="oslo")))
    told = "ldap://child.corp.example/DC=child,DC=corp,DC=example for a part of a source."
    assert [text for text in exported.warnings if "refers" in text] == [
        f"The directory refers to {told} Whoever is there is missing."
    ]


@pytest.mark.parametrize(
    ("is_active_directory", "begin"),
    [(True, "(&(objectCategory=person)"), (False, "(objectClass=inetOrgPerson)")],
)
def test_a_source_without_a_filter_takes_the_one_of_the_directory(
    monkeypatch: pytest.MonkeyPatch, is_active_directory: bool, begin: str
) -> None:
    directory = _Directory(monkeypatch, A=[_person(1)], B=[_person(2)])
    directory.is_active_directory = is_active_directory
    _export(export_params(source("OU=A"), source("OU=B", filter="(b=1)")))
    first, second = (query.filter for query, _names, _size in directory.queries)
    assert first.startswith(begin)
    assert second == "(b=1)"


def test_global_sources_have_no_location_column(monkeypatch: pytest.MonkeyPatch) -> None:
    _Directory(monkeypatch, A=[_person(1)])
    exported, sources = _export(export_params(source("OU=A")))
    assert exported.roster.header == ("First Name", "Last Name", "Email", "SMS Phone")
    assert exported.location_header is None
    assert _result(exported, sources)["counts"]["by_location"] == {"(all locations)": 1}


def test_own_columns_replace_the_default_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = _Directory(monkeypatch, A=[Entry(IDS[1], ([b"Lie"],))])
    columns = [{"header": "Name", "value": "sn"}, {"header": "Site", "value": "location"}]
    exported, _sources = _export(export_params(source("OU=A", location="oslo"), columns=columns))
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
        _Directory(monkeypatch, A=people)
        exported, sources = _export(export_params(source("OU=A"), phone_region=region))
        made = written(exported.roster)
        assert [row[4] for row in made.contacts] == cells
        lost = {"identity": IDS[1], "location": "", "column": "SMS Phone"}
        told = [{**lost, "cause": "not a valid phone number"}] if region else []
        assert exported.result(sources, made.written)["emptied"] == told


def test_a_location_is_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    _Directory(monkeypatch, A=[_person(1)])
    exported, sources = _export(export_params(source("OU=A", location="a\u030as")))
    assert _result(exported, sources)["counts"]["by_location"] == {"ås": 1}
    assert [row[-1] for row in written(exported.roster).contacts] == ["ås"]


def test_lists_in_a_result_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    _Directory(
        monkeypatch, A=[*(_person(number, last_name="") for number in range(60)), _person(99)]
    )
    exported, sources = _export(export_params(source("OU=A")))
    assert len(_result(exported, sources)["left_out"]) == 50
    assert _result(exported, sources)["counts"]["left_out"] == 60
    _Directory(monkeypatch, A=[Entry(identity, ([b"x"],)) for identity in IDS])
    columns = [{"header": "Email", "value": "mail", "unique": True}]
    exported, sources = _export(export_params(source("OU=A"), columns=columns))
    assert len(_result(exported, sources)["emptied"]) == 50


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"page_size": 0}, "Cannot use page_size 0: it is not from 1 to 100000."),
        ({"page_size": 100_001}, "Cannot use page_size 100001: it is not from 1 to 100000."),
        ({"columns": []}, "Cannot make a roster: no columns are given. Give at least one column."),
        ({"phone_region": "False"}, "Cannot use phone_region 'False': it is no country"),
        ({"location_pattern": "["}, "Cannot use location_pattern '[': the pattern '[' is wrong: "),
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
    directory = _Directory(monkeypatch)
    with pytest.raises(InputError) as caught:
        _export(export_params(source("OU=A"), **changes))
    assert str(caught.value).startswith(message)
    assert directory.sessions == []


@pytest.mark.parametrize("size", [1, 100_000])
def test_the_borders_of_page_size(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    _Directory(monkeypatch, A=[_person(1)])
    _export(export_params(source("OU=A"), page_size=size))


def test_a_source_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = DirectoryError("Cannot search OU=B on ldaps://dc1", "cut", "Look")
    _Directory(monkeypatch, A=[_person(1)], B=failure)
    with pytest.raises(DirectoryError) as caught:
        _export(export_params(source("OU=A", location="a"), source("OU=B", location="b")))
    assert str(caught.value) == (
        "source 2 (location 'b'): Cannot search OU=B on ldaps://dc1: cut. Look."
    )


MINIMUM = (
    "Check the base, the filter and the rights of the bind account; "
    "minimum: 0 permits an empty source."
)


@pytest.mark.parametrize(
    ("people", "minimum", "message"),
    [
        (
            [],
            1,
            "only 0 contacts in OU=A on ldaps://dc1: minimum is 1; the directory gave 0 entries",
        ),
        (
            [_person(1), _person(2, last_name=""), _person(3, last_name="")],
            2,
            (
                "only 1 contacts in OU=A on ldaps://dc1: minimum is 2; the directory gave 3 entries, "
                "without a valid row: Last Name is empty: 2"
            ),
        ),
        # The second lost its only value to the first and with it the row.
        (
            [_person(1, mail="same@x"), _person(2, mail="same@x")],
            2,
            (
                "only 1 contacts in OU=A on ldaps://dc1: minimum is 2; the directory gave 2 entries, "
                "without a valid row: Email: another person here has the same value: 1"
            ),
        ),
        ([_person(1)], 1, None),
        ([], 0, None),
    ],
)
def test_a_source_must_give_its_minimum(
    monkeypatch: pytest.MonkeyPatch, people: Found, minimum: int, message: str | None
) -> None:
    _Directory(monkeypatch, A=people)
    params = export_params(source("OU=A", minimum=minimum))
    if message is None:
        _export(params)
        return
    with pytest.raises(FrontdeskError) as caught:
        _export(params)
    assert str(caught.value) == f"source 1: {message}. {MINIMUM}"


def test_people_without_a_row_fail_the_export_when_asked_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = [_person(1), *(_person(number, last_name="") for number in (2, 3)), _person(4, "=x")]
    _Directory(monkeypatch, A=people)
    params = export_params(source("OU=A"), on_invalid="fail")
    with pytest.raises(FrontdeskError) as caught:
        _export(params)
    assert str(caught.value) == (
        "Stopped because 3 people have no valid row: Last Name is empty: 2; Email begins like a "
        "spreadsheet formula: 1. Correct them in the directory, or set on_invalid: skip."
    )
    _Directory(monkeypatch, A=people[:1])
    _export(params)


def test_access_is_what_the_parameters_say() -> None:
    params = export_params(source("OU=A"), ca_path="/ca", start_tls=True, validate_certs=False)
    assert access_of(params) == Access(["ldaps://dc1"], "svc", "pw", True, False, "/ca", 10, 120)
