# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exports from a fake directory."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import failover
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    LdapSession,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import (
    OBJECT_GUID,
    Entry,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.groups import (
    MemberCriteria,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    Address,
    ConnectionSettings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import (
    source_reader as module_source_reader,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export import (
    Export,
    export,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_options import (
    parse_export_options,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    SpillArea,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import RosterFile
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY

IDENTITIES = [str(uuid.UUID(int=number)) for number in range(100)]
"""Identity of each person, by number."""

EntryPage = Sequence[Entry]
"""One page of a search result."""


def person(number: int, mail: str = "", last_name: str = "Lie", mobile: str = "") -> Entry:
    """Return the entry of a person with the attributes of the default columns: givenname, mail, mobile and sn.

    :param number: number of the person, which determines the identity.
    :param mail: email address; if empty, an address is derived from the number.
    """
    values = ("Åse", mail or f"{number}@x", mobile, last_name)
    return Entry(IDENTITIES[number], [value.encode() for value in values])


class FakeDirectory:
    """A replacement for the functions that open sessions with directory servers and search them.

    :param people: pages and errors by NAME. A search of ``OU=NAME`` returns the page or raises the error. A search
        for the members of ``CN=NAME`` returns the page.
    :ivar people_by_server: for searches on some servers, the replacement for ``people``, by URI of the server.
    :ivar references: URIs in the continuation references that each server returns, by URI of the server.
    :ivar is_active_directory: whether the servers are Active Directory.
    :ivar is_unencrypted: whether the sessions are unencrypted.
    :ivar is_global_catalog: whether the servers are global catalogs.
    :ivar foreign_members: number of members in other domains, which is reported for the groups of each source.
    :ivar settings: settings of the sessions that were opened.
    :ivar queries: query, attributes and page size of each search so far.
    """

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, **people: EntryPage | DirectoryError
    ) -> None:
        self.people = people
        self.people_by_server: dict[str, dict[str, EntryPage | DirectoryError]] = {}
        self.references: dict[str, set[str]] = {}
        self.is_active_directory = True
        self.is_unencrypted = False
        self.is_global_catalog = False
        self.foreign_members = 0
        self.settings: list[ConnectionSettings] = []
        self.queries: list[tuple[Query, Sequence[str], int]] = []
        monkeypatch.setattr(failover, "open_session", self._open_session)
        monkeypatch.setattr(module_source_reader, "search", self._search)
        monkeypatch.setattr(
            module_source_reader, "find_searchable_contexts", lambda _session: ["DC=x"]
        )
        monkeypatch.setattr(module_source_reader, "resolve_groups", self._resolve_groups)
        monkeypatch.setattr(module_source_reader, "read_members", self._read_members)
        monkeypatch.setattr(
            module_source_reader, "require_search_base", lambda _session, _base: None
        )

    @contextmanager
    def _open_session(
        self, settings: ConnectionSettings, address: Address, _context: ssl.SSLContext
    ) -> Iterator[LdapSession]:
        self.settings.append(settings)
        yield LdapSession(
            address.uri,
            None,
            self.is_active_directory,
            OBJECT_GUID,
            self.is_unencrypted,
            is_global_catalog=self.is_global_catalog,
        )

    def _resolve_groups(
        self, _session: LdapSession, groups: Sequence[str], _contexts: Sequence[str]
    ) -> MemberCriteria:
        return MemberCriteria([], groups, self.foreign_members)

    def _read_members(
        self,
        _session: LdapSession,
        _queries: object,
        members: MemberCriteria,
        *_args: Any,
        **_more: Any,
    ) -> Iterator[EntryPage]:
        for group in members.dns:
            page = self.people[group.partition("=")[2]]
            assert not isinstance(page, DirectoryError)
            yield page

    def _search(
        self,
        session: LdapSession,
        query: Query,
        attributes: Sequence[str],
        page_size: int,
        references: set[str],
    ) -> Iterator[EntryPage]:
        references.update(self.references.get(session.uri, ()))
        self.queries.append((query, attributes, page_size))
        people = self.people_by_server.get(session.uri, self.people)
        page = people[query.search_base.partition("=")[2]]
        if isinstance(page, DirectoryError):
            raise page
        yield page


def run_export(
    params: dict[str, Any], spill: SpillArea = MEMORY, baseline: RosterFile | None = None
) -> Export:
    """Run an export.

    :param params: parameters of ad_contacts_export.
    :param spill: temporary storage of the export.
    :param baseline: roster that the service accepted last.
    """
    return export(parse_export_options(params, check_mode=True), spill, baseline)
