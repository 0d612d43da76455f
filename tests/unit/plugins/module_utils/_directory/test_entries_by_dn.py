# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries found by their names, on servers that find them so and on others."""

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
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import Entry
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query

QUERY = Query("OU=Staff,DC=x", "subtree", "(a=b)")
ID = str(uuid.UUID(int=1))


class _Server:
    """Holds entries, of which searches and readings find those whose name stands in the filter or is the base.

    :ivar dn_attribute: the attribute of entries' names that it knows.
    :ivar asked: filters of searches, and names that were read.
    """

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, *names: str, dn_attribute: str | None = "entrydn"
    ) -> None:
        self.names = names
        self.dn_attribute = dn_attribute
        self.searches: list[Query] = []
        self.read: list[str] = []
        monkeypatch.setattr(by_dn, "search", self._search)
        monkeypatch.setattr(by_dn, "read_entry", self._read_entry)

    def entry_dn(self, name: str) -> bytes:
        """What it calls an entry of this name."""
        return name.upper().encode()

    def _search(
        self,
        _session: LdapSession,
        query: Query,
        attributes: Sequence[str],
        _page_size: int,
        _references: set[str] | None = None,
    ) -> Iterator[list[Entry]]:
        self.searches.append(query)
        matching = [name for name in self.names if f"({self.dn_attribute}={name})" in query.filter]
        dns = matching or [name for name in self.names if query.search_base == name]
        values = {"mail": b"m", self.dn_attribute: b""}
        yield [
            Entry(ID, [values.get(a) or self.entry_dn(name) for a in attributes]) for name in dns
        ]

    def _read_entry(
        self, _session: LdapSession, name: str, _attributes: Sequence[str], search_filter: str
    ) -> dict[str, list[bytes]] | None:
        self.read.append(name)
        if name == QUERY.search_base:
            return {} if search_filter == f"({self.dn_attribute}={name})" else None
        return {} if name in self.names else None


def _session(is_active_directory: bool = False) -> LdapSession:
    return LdapSession("ldaps://dc1", None, is_active_directory)


def _read(
    session: LdapSession, names: Sequence[str], query: Query = QUERY
) -> list[tuple[str, Entry]]:
    pages = read_entries_by_dn(session, names, query, ["mail"])
    return [pair for page in pages for pair in page]


@pytest.mark.parametrize(
    ("dn_attribute", "is_active_directory"),
    [("entrydn", False), ("distinguishedname", False), ("distinguishedname", True)],
)
def test_names_come_back_as_they_were_given(
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
    # Active Directory is known to find them.
    assert (server.read == []) is is_active_directory


def test_a_name_in_several_spellings_comes_back_in_each(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["CN=a,DC=x", "cn=A, dc=x"]
    _Server(monkeypatch, names[0])
    assert [name for name, _entry in _read(_session(), names)] == names


def test_whom_the_server_finds_by_a_spelling_of_its_own_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The value as RFC 4514, 2.4, writes one of which only the encoding is known.
    server = _Server(monkeypatch, "CN=#040161,DC=x")
    monkeypatch.setattr(server, "entry_dn", {"CN=#040161,DC=x": b"CN=a,DC=x"}.get)
    assert _read(_session(), ["CN=#040161,DC=x"]) == [("CN=a,DC=x", Entry(ID, [b"m"]))]


def test_many_names_are_asked_for_in_few_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"CN={number},DC=x" for number in range(2 * BATCH_SIZE + 1)]
    server = _Server(monkeypatch, *names)
    assert [name for name, _entry in _read(_session(), names)] == names
    assert [query.filter.count("(entrydn=") for query in server.searches] == [
        *(BATCH_SIZE, BATCH_SIZE, 1)
    ]


def test_a_server_that_finds_nobody_by_name_is_asked_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ["CN=a,OU=Staff,DC=x", "CN=gone,OU=Staff,DC=x", "CN=b,OU=Other,DC=x"]
    server = _Server(monkeypatch, names[0], names[2], dn_attribute=None)
    assert [name for name, _entry in _read(_session(), names)] == [names[0]]
    assert server.searches == [Query(names[0], "base", "(a=b)")]
    # Without a base they may be anywhere.
    anywhere = replace(QUERY, search_base="")
    assert [name for name, _entry in _read(_session(), names, anywhere)] == [names[0], names[2]]


def test_no_names_ask_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    server = _Server(monkeypatch)
    assert _read(_session(), []) == []
    assert not server.read
    assert not server.searches
