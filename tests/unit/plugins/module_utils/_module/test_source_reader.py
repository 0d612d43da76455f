# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of a server for the people of sources: once what several need, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    compile_columns,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    LdapSession,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
    ServerError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import Entry
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.groups import Members
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import (
    source_reader as module,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_options import (
    parse_sources,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_reader import (
    SourceReader,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.exports import IDS
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source

GROUP = "CN=G,DC=x"


class _Server:
    """Finds the same two people wherever it is asked, and those of a filter where there is one for them.

    :ivar by_filter: by a part of a filter the values of those whom it finds, by the numbers of their identities.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.by_filter: dict[str, dict[int, list[bytes | list[bytes]]]] = {}
        self.queries: list[Query] = []
        self.groups: list[Sequence[str]] = []
        self.contexts = 0
        self.fails: DirectoryError | None = None
        for name in ("search", "find_members", "read_members", "read_entry", "searchable_contexts"):
            monkeypatch.setattr(module, name, getattr(self, name))

    def search(
        self,
        _session: LdapSession,
        query: Query,
        _attributes: object,
        _size: int,
        _references: object,
    ) -> Iterator[list[Entry]]:
        yield self._found(query)

    def read_members(
        self,
        _session: LdapSession,
        queries: Sequence[Query],
        found: Members,
        *_rest: Any,
        **_more: Any,
    ) -> Iterator[list[Entry]]:
        assert found == Members(["(memberOf=g)"], [])
        for query in queries:
            yield self._found(query)

    def _found(self, query: Query) -> list[Entry]:
        self.queries.append(query)
        if self.fails is not None:
            raise self.fails
        for part, found in self.by_filter.items():
            if part in query.filter:
                return [Entry(IDS[number], values) for number, values in found.items()]
        return [Entry(IDS[1], []), Entry(IDS[2], [])]

    def find_members(
        self, _session: LdapSession, groups: Sequence[str], contexts: object
    ) -> Members:
        assert contexts == ["DC=x"]
        self.groups.append(groups)
        return Members(["(memberOf=g)"], [])

    def read_entry(self, _session: LdapSession, name: str, _attributes: object) -> object:
        return None if "none" in name else {}

    def searchable_contexts(self, _session: LdapSession) -> list[str]:
        self.contexts += 1
        return ["DC=x"]


def _people() -> SourceReader:
    return SourceReader(LdapSession("ldaps://dc1", None, False), 100, ["user"])


def _given(people: SourceReader, params: dict[str, Any]) -> list[list[str]]:
    return [
        [entry.identity for page in people.pages(made, []) for entry in page]
        for made in parse_sources(params)
    ]


def test_a_source_without_more_is_one_search(monkeypatch: pytest.MonkeyPatch) -> None:
    server = _Server(monkeypatch)
    people = _people()
    assert _given(people, export_params(source("OU=A"))) == [IDS[1:3]]
    assert server.queries == [Query("OU=A", "subtree", "(objectClass=inetOrgPerson)")]
    assert server.contexts == 0
    assert not people.excluded


def test_what_several_sources_need_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    server = _Server(monkeypatch)
    server.by_filter = {"(objectClass=*)": {2: []}}
    people = _people()
    params = export_params(
        source(None, member_of=GROUP),
        source("OU=A", member_of=[GROUP]),
        exclude_groups=GROUP,
        exclude_ous=["OU=B", "OU=C"],
    )
    assert _given(people, params) == [[IDS[1]], [IDS[1]]]
    assert server.groups == [(GROUP,)]
    assert server.contexts == 1
    assert [query.search_base for query in server.queries] == [
        "OU=B",
        "OU=C",
        "DC=x",
        "DC=x",
        "OU=A",
    ]
    assert people.excluded == {"source 1": 1, "source 2": 1}


def test_excluding_filters_are_asked_for_whom_they_find(monkeypatch: pytest.MonkeyPatch) -> None:
    server = _Server(monkeypatch)
    server.by_filter = {"(a=b)": {1: []}}
    params = export_params(source("OU=A", exclude_filter="(a=b)", filter="(f=f)"), skip_hidden=True)
    assert _given(_people(), params) == [[IDS[2]]]
    assert [query.filter for query in server.queries] == [
        "(&(f=f)(|(msExchHideFromAddressLists=TRUE)(a=b)))",
        "(f=f)",
    ]


@pytest.mark.parametrize(
    ("value", "is_given", "is_undated"),
    [
        (b"2999-01-01", False, False),
        (b"1999-01-01", True, False),
        (b"soon", True, True),
        (b"\xff", True, True),
        ([b"2999-01-01", b"1999-01-01"], True, False),
    ],
)
def test_who_has_yet_to_start(
    monkeypatch: pytest.MonkeyPatch, *, value: Any, is_given: bool, is_undated: bool
) -> None:
    server = _Server(monkeypatch)
    server.by_filter = {"(start=*)": {1: [value]}}
    people = _people()
    params = export_params(source("OU=A"), start_attribute="Start")
    assert (IDS[1] in _given(people, params)[0]) is is_given
    assert (IDS[1] in people.invalid_start_dates) is is_undated


@pytest.mark.parametrize("kind", [DirectoryError, ServerError])
def test_an_error_names_the_source_and_stays_what_it_is(
    monkeypatch: pytest.MonkeyPatch, kind: type[DirectoryError]
) -> None:
    server = _Server(monkeypatch)
    server.fails = kind("Cannot search", "no", "Do")
    with pytest.raises(kind) as caught:
        _given(_people(), export_params(source("OU=A", location="a")))
    assert isinstance(caught.value, ServerError) is (kind is ServerError)
    assert str(caught.value) == "source 1 (location 'a'): Cannot search: no. Do."


def test_an_ou_to_be_excluded_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    _Server(monkeypatch)
    with pytest.raises(DirectoryError) as caught:
        _given(_people(), export_params(source("OU=A"), exclude_ous="OU=none"))
    assert str(caught.value) == (
        "source 1: Cannot exclude OU=none on ldaps://dc1: there is no entry with this name. Correct exclude_ous,"
        " or allow the bind account to see the entry."
    )


def test_entries_that_people_name_are_read_by_their_smallest_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = _Server(monkeypatch)
    server.by_filter = {
        "(manager=*)": {1: [b"CN=a\xcc\x8a", b""], 2: [[b"CN=c", b"CN=b"], b"CN=\xff"]}
    }
    asked: list[Any] = []

    def read_entries_by_dn(
        _session: LdapSession, names: Sequence[str], query: Query, wanted: Sequence[str]
    ) -> Iterator[list[tuple[str, Entry]]]:
        asked.append((names, query.search_base, wanted))
        yield [(names[0], Entry(IDS[5], [[b"z@x", b"m@x"], b""]))]

    monkeypatch.setattr(module, "read_entries_by_dn", read_entries_by_dn)
    columns = compile_columns(
        [
            {"header": "M", "value": "manager | of_entry('mail')"},
            {"header": "S", "value": "secretary | of_entry('SN')"},
        ],
        all_global=True,
    )
    people = _people()
    found = people.referenced_values(parse_sources(export_params(source("OU=A"))), columns)
    assert people.missing_attributes == {"sn"}
    assert asked == [(["CN=b", "CN=å"], "DC=x", ["mail", "sn"])]
    assert found == {("CN=b", "mail"): "m@x"}
    assert server.queries[0].filter == ("(&(objectClass=inetOrgPerson)(|(manager=*)(secretary=*)))")


def test_nothing_is_read_when_no_expression_names_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    server = _Server(monkeypatch)
    columns = compile_columns([{"header": "M", "value": "manager"}], all_global=True)
    assert _people().referenced_values(parse_sources(export_params(source("OU=A"))), columns) == {}
    assert server.queries == []
