# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of reading the people of sources.

Groups and excluded OUs that several sources need are read only once.
"""

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
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    ENTRY_UUID,
    Entry,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.groups import (
    MemberCriteria,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.subschema import (
    Subschema,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import (
    source_reader as module,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.incomplete_sources import (
    explain_unknown_attributes,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_options import (
    parse_sources,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_reader import (
    SourceReader,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.exports import IDENTITIES
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source

GROUP = "CN=G,DC=x"


class _FakeServer:
    """A fake server that finds two people in each search whose filter contains no key of `results`.

    :ivar results: results of searches, by substring of the filter. A result maps the index of each person in
        `IDENTITIES` to the person's attribute values.
    :ivar error: error that every search raises; None if there is none.
    :ivar queries: queries of all searches so far.
    :ivar groups: groups whose members have been looked up so far.
    :ivar context_reads: number of times that the naming contexts have been read.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.results: dict[str, dict[int, list[bytes | list[bytes]]]] = {}
        self.error: DirectoryError | None = None
        self.queries: list[Query] = []
        self.groups: list[Sequence[str]] = []
        self.context_reads = 0
        for name in (
            "search",
            "resolve_groups",
            "read_members",
            "require_entry",
            "require_search_base",
            "find_searchable_contexts",
        ):
            monkeypatch.setattr(module, name, getattr(self, name))

    def search(
        self,
        session: LdapSession,
        query: Query,
        _attributes: object,
        _page_size: int,
        _references: object,
    ) -> Iterator[list[Entry]]:
        assert session.requires_identities == (query.filter != "(objectClass=*)")
        yield self._search(query)

    def read_members(
        self,
        session: LdapSession,
        queries: Sequence[Query],
        members: MemberCriteria,
        *_args: Any,
        **_kwargs: Any,
    ) -> Iterator[list[Entry]]:
        assert members == MemberCriteria(["(memberOf=g)"], [])
        for query in queries:
            assert session.requires_identities == (query.filter != "(objectClass=*)")
            yield self._search(query)

    def _search(self, query: Query) -> list[Entry]:
        self.queries.append(query)
        if self.error is not None:
            raise self.error
        for part, people in self.results.items():
            if part in query.filter:
                return [Entry(IDENTITIES[number], values) for number, values in people.items()]
        return [Entry(IDENTITIES[1], []), Entry(IDENTITIES[2], [])]

    def resolve_groups(
        self, _session: LdapSession, groups: Sequence[str], contexts: object
    ) -> MemberCriteria:
        assert contexts == ["DC=x"]
        self.groups.append(groups)
        return MemberCriteria(["(memberOf=g)"], [])

    def require_entry(
        self, _session: LdapSession, name: str, _attributes: object, _role: object, action: str
    ) -> dict[str, list[bytes]]:
        if "none" in name:
            raise DirectoryError(action, "it is missing", "Correct it")
        return {"objectclass": [b"organizationalUnit"]}

    def require_search_base(self, _session: LdapSession, base: str) -> None:
        if "none" in base:
            raise DirectoryError(f"Cannot search {base}", "it is missing", "Correct it")

    def find_searchable_contexts(self, _session: LdapSession) -> list[str]:
        self.context_reads += 1
        return ["DC=x"]


def _source_reader() -> SourceReader:
    return SourceReader(LdapSession("ldaps://dc1", None, False, ENTRY_UUID), 100, ["user"])


def _read_identities(reader: SourceReader, params: dict[str, Any]) -> list[list[str]]:
    """Return one list of identities for each source."""
    return [
        [entry.identity for page in reader.read_pages(parsed, []) for entry in page]
        for parsed in parse_sources(params)
    ]


def test_a_simple_source_is_read_with_one_search(monkeypatch: pytest.MonkeyPatch) -> None:
    server = _FakeServer(monkeypatch)
    reader = _source_reader()
    assert _read_identities(reader, export_params(source("OU=A"))) == [IDENTITIES[1:3]]
    assert server.queries == [Query("OU=A", "subtree", "(objectClass=inetOrgPerson)")]
    assert server.context_reads == 0
    assert not reader.excluded


def test_groups_and_ous_that_several_sources_need_are_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = _FakeServer(monkeypatch)
    server.results = {"(objectClass=*)": {2: []}}
    reader = _source_reader()
    params = export_params(
        source(None, member_of=GROUP),
        source("OU=A", member_of=[GROUP]),
        exclude_groups=GROUP,
        exclude_ous=["OU=B", "OU=C"],
    )
    assert _read_identities(reader, params) == [[IDENTITIES[1]], [IDENTITIES[1]]]
    assert server.groups == [(GROUP,)]
    assert server.context_reads == 1
    assert [query.search_base for query in server.queries] == [
        "OU=B",
        "OU=C",
        "DC=x",
        "DC=x",
        "OU=A",
    ]
    assert {name: sum(counts.values()) for name, counts in reader.excluded.items()} == {
        "source 1": 1,
        "source 2": 1,
    }


def test_people_who_match_an_exclusion_filter_are_excluded(monkeypatch: pytest.MonkeyPatch) -> None:
    server = _FakeServer(monkeypatch)
    server.results = {"(a=b)": {1: []}}
    params = export_params(source("OU=A", exclude_filter="(a=b)", filter="(f=f)"), skip_hidden=True)
    assert _read_identities(_source_reader(), params) == [[IDENTITIES[2]]]
    assert [query.filter for query in server.queries] == [
        "(&(f=f)(|(msExchHideFromAddressLists=TRUE)(a=b)))",
        "(f=f)",
    ]


@pytest.mark.parametrize(
    ("value", "is_included", "is_invalid"),
    [
        (b"2999-01-01", False, False),
        (b"1999-01-01", True, False),
        (b"soon", True, True),
        (b"\xff", True, True),
        # A blank value is treated as a missing value.
        (b" ", True, False),
        ([b" ", b"2999-01-01"], False, False),
        ([b"2999-01-01", b"1999-01-01"], True, False),
    ],
)
def test_people_with_a_start_date_in_the_future_are_excluded(
    monkeypatch: pytest.MonkeyPatch, *, value: Any, is_included: bool, is_invalid: bool
) -> None:
    server = _FakeServer(monkeypatch)
    server.results = {"(start=*)": {1: [value]}}
    reader = _source_reader()
    params = export_params(source("OU=A"), start_attribute="Start")
    assert (IDENTITIES[1] in _read_identities(reader, params)[0]) is is_included
    assert (IDENTITIES[1] in reader.invalid_start_dates) is is_invalid


def test_unknown_attributes_in_filters_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _FakeServer(monkeypatch)
    reader = _source_reader()
    definitions = ["( 2.5.4.4 NAME ( 'sn' 'surname' ) )", "( 2.5.4.3 NAME 'cn' )"]
    reader.attribute_names.resolve(Subschema(definitions))
    filters = {"filter": "(&(surname=*)(uid=*))", "exclude_filter": "(|(2.5.4.3=a)(cm;x=a)(uid=b))"}
    _read_identities(reader, export_params(source("OU=A", **filters), skip_hidden=True))
    assert reader.unknown_attributes == {
        "uid": "O(sources[].filter) of source 1",
        "cm;x": "O(sources[].exclude_filter) of source 1",
    }
    assert [each.cause for each in explain_unknown_attributes(reader)] == [
        "the schema of ldaps://dc1 has no attribute uid, which O(sources[].filter) of source 1 uses",
        "the schema of ldaps://dc1 has no attribute cm;x, which O(sources[].exclude_filter) of source 1 uses",
    ]


@pytest.mark.parametrize("kind", [DirectoryError, ServerError])
def test_an_error_names_the_source_and_keeps_its_type(
    monkeypatch: pytest.MonkeyPatch, kind: type[DirectoryError]
) -> None:
    server = _FakeServer(monkeypatch)
    server.error = kind("Cannot search", "it is busy", "Wait")
    with pytest.raises(kind) as caught:
        _read_identities(_source_reader(), export_params(source("OU=A", location="a")))
    assert isinstance(caught.value, ServerError) is (kind is ServerError)
    assert str(caught.value) == "source 1 (location 'a'): Cannot search: it is busy. Wait."


def test_an_ou_to_exclude_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    _FakeServer(monkeypatch)
    with pytest.raises(DirectoryError) as caught:
        _read_identities(_source_reader(), export_params(source("OU=A"), exclude_ous="OU=none"))
    assert str(caught.value) == (
        "source 1: Cannot read the excluded OU OU=none on ldaps://dc1: it is missing. Correct it."
    )


def test_the_search_base_of_an_empty_source_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    # 389 Directory Server returns success for a paged search whose base does not exist.
    server = _FakeServer(monkeypatch)
    server.results = {"(a=b)": {}}
    empty = [
        source("OU=A", filter="(a=b)", minimum=0),
        source(None, member_of=GROUP, filter="(a=b)", minimum=0),
    ]
    assert _read_identities(_source_reader(), export_params(*empty)) == [[], []]
    params = export_params(source("OU=none", filter="(a=b)", minimum=0))
    with pytest.raises(DirectoryError) as caught:
        _read_identities(_source_reader(), params)
    assert str(caught.value) == ("source 1: Cannot search OU=none: it is missing. Correct it.")


def test_referenced_entries_are_read_by_the_smallest_dn_in_each_attribute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = _FakeServer(monkeypatch)
    decomposed = "CN=a\u030a"
    server.results = {
        "(manager=*)": {
            1: [[" \u200b".encode(), decomposed.encode()], b" "],
            2: [[b"CN=c", b"CN=b"], b"CN=\xff"],
        }
    }
    calls: list[Any] = []

    def read_entries_by_dn(
        session: LdapSession, names: Sequence[str], query: Query, attributes: Sequence[str]
    ) -> Iterator[list[tuple[str, Entry]]]:
        assert not session.requires_identities
        calls.append((names, query.search_base, attributes))
        yield [
            (names[0], Entry(IDENTITIES[5], [[b"z@x", b" ", b"m@x "], b""])),
            (names[1], Entry(IDENTITIES[6], [b"\xff", b""])),
        ]

    monkeypatch.setattr(module, "read_entries_by_dn", read_entries_by_dn)
    columns = compile_columns(
        [
            {"header": "M", "value": "manager | of_entry('mail')"},
            {"header": "S", "value": "secretary | of_entry('SN')"},
        ],
        all_global=True,
    )
    reader = _source_reader()
    sources = parse_sources(export_params(source("OU=A")))
    values = reader.read_referenced_values(sources, columns)
    assert reader.missing_attributes == ["sn"]
    # DNs are sent to the server exactly as the server returned them.
    assert calls == [(sorted(["CN=b", decomposed]), "DC=x", ["mail", "sn"])]
    assert values == {("CN=b", "mail"): None, ("CN=å", "mail"): "m@x"}
    assert server.queries[0].filter == "(&(objectClass=inetOrgPerson)(|(manager=*)(secretary=*)))"


def test_nothing_is_read_if_no_expression_refers_to_another_entry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = _FakeServer(monkeypatch)
    columns = compile_columns([{"header": "M", "value": "manager"}], all_global=True)
    sources = parse_sources(export_params(source("OU=A")))
    assert _source_reader().read_referenced_values(sources, columns) == {}
    assert server.queries == []
