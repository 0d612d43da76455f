# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of reading many entries by DN, from servers that can search for DNs and from servers that cannot."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import by_dn
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.by_dn import (
    BATCH_SIZE,
    read_entries_by_dn,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    LdapSession,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    ENTRY_UUID,
    Entry,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query

QUERY = Query(search_base="OU=Staff,DC=x", scope="subtree", filter="(a=b)")
ID = str(uuid.UUID(int=1))


class _Server:
    """A server that finds entries by a DN in the filter or in the search base.

    :ivar dns: DNs of the entries.
    :ivar dn_attribute: searchable attribute that contains the DN; None if the server has no such attribute.
    :ivar searches: queries that were passed to `search`.
    :ivar read: DNs that were passed to `read_entry`.
    """

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, *dns: str, dn_attribute: str | None = "entrydn"
    ) -> None:
        self.dns = dns
        self.dn_attribute = dn_attribute
        self.searches: list[Query] = []
        self.read: list[str] = []
        monkeypatch.setattr(by_dn, "search", self._search)
        monkeypatch.setattr(by_dn, "read_entry", self._read_entry)

    def entry_dn(self, dn: str) -> bytes:
        """Return a DN as the server spells it."""
        return dn.upper().encode()

    def _search(
        self,
        _session: LdapSession,
        query: Query,
        attributes: Sequence[str],
        _page_size: int,
        _references: set[str] | None = None,
    ) -> Iterator[list[Entry]]:
        self.searches.append(query)
        matching = [dn for dn in self.dns if f"({self.dn_attribute}={dn})" in query.filter]
        found = matching or [dn for dn in self.dns if query.search_base == dn]
        values = {"mail": b"m", self.dn_attribute: b""}
        yield [
            Entry(ID, [values.get(name) or self.entry_dn(dn) for name in attributes])
            for dn in found
        ]

    def _read_entry(
        self, _session: LdapSession, dn: str, _attributes: Sequence[str], search_filter: str
    ) -> dict[str, list[bytes]] | None:
        self.read.append(dn)
        if dn == QUERY.search_base:
            return {} if search_filter == f"({self.dn_attribute}={dn})" else None
        return {} if dn in self.dns else None


def _session(is_active_directory: bool = False) -> LdapSession:
    return LdapSession(
        uri="ldaps://dc1",
        connection=None,
        is_active_directory=is_active_directory,
        identity_attribute=ENTRY_UUID,
    )


def _read(
    session: LdapSession, dns: Sequence[str], query: Query = QUERY
) -> list[tuple[str, Entry]]:
    pages = read_entries_by_dn(session, dns, query, ["mail"])
    return [pair for page in pages for pair in page]


@pytest.mark.parametrize(
    ("dn_attribute", "is_active_directory"),
    [("entrydn", False), ("distinguishedname", False), ("distinguishedname", True)],
)
def test_entries_are_returned_with_the_given_distinguished_names(
    monkeypatch: pytest.MonkeyPatch, dn_attribute: str, is_active_directory: bool
) -> None:
    server = _Server(monkeypatch, "CN=a,DC=x", "CN=b,DC=x", dn_attribute=dn_attribute)
    found = _read(_session(is_active_directory), ["CN=a,DC=x", "CN=gone,DC=x", "CN=b,DC=x"])
    assert found == [("CN=a,DC=x", Entry(ID, [b"m"])), ("CN=b,DC=x", Entry(ID, [b"m"]))]
    (query,) = server.searches
    assert query == replace(
        QUERY,
        filter=f"(&(a=b)(|({dn_attribute}=CN=a,DC=x)({dn_attribute}=CN=gone,DC=x)({dn_attribute}=CN=b,DC=x)))",
    )
    # For servers other than Active Directory, the client reads an entry to check whether the attribute is searchable.
    assert (server.read == []) is is_active_directory


def test_an_entry_is_returned_for_each_spelling_of_its_dn(monkeypatch: pytest.MonkeyPatch) -> None:
    dns = ["CN=a,DC=x", "cn=A, dc=x"]
    _Server(monkeypatch, dns[0])
    assert [dn for dn, _entry in _read(_session(), dns)] == dns


def test_an_entry_whose_dn_the_server_spells_differently_is_returned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A value in the hexadecimal form of RFC 4514, 2.4.
    server = _Server(monkeypatch, "CN=#040161,DC=x")
    monkeypatch.setattr(server, "entry_dn", {"CN=#040161,DC=x": b"CN=a,DC=x"}.get)
    assert _read(_session(), ["CN=#040161,DC=x"]) == [("CN=a,DC=x", Entry(ID, [b"m"]))]


def test_many_entries_are_read_in_few_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    dns = [f"CN={number},DC=x" for number in range(2 * BATCH_SIZE + 1)]
    server = _Server(monkeypatch, *dns)
    assert [dn for dn, _entry in _read(_session(), dns)] == dns
    assert [query.filter.count("(entrydn=") for query in server.searches] == [
        *(BATCH_SIZE, BATCH_SIZE, 1)
    ]


def test_entries_are_read_one_by_one_if_the_server_cannot_search_for_distinguished_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dns = ["CN=a,OU=Staff,DC=x", "CN=gone,OU=Staff,DC=x", "CN=b,OU=Other,DC=x"]
    server = _Server(monkeypatch, dns[0], dns[2], dn_attribute=None)
    assert [dn for dn, _entry in _read(_session(), dns)] == [dns[0]]
    assert server.searches == [Query(search_base=dns[0], scope="base", filter="(a=b)")]
    # Without a search base, the entries can be anywhere.
    anywhere = replace(QUERY, search_base="")
    assert [dn for dn, _entry in _read(_session(), dns, anywhere)] == [dns[0], dns[2]]


def test_no_request_is_sent_if_the_list_of_distinguished_names_is_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = _Server(monkeypatch)
    assert _read(_session(), []) == []
    assert not server.read
    assert not server.searches
