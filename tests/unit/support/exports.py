# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exports of people who are given here, in place of a server."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import servers
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    LdapSession,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import Entry
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    Address,
    ConnectionSettings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import (
    source_reader as module_people,
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
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import MEMORY

IDS = [str(uuid.UUID(int=number)) for number in range(100)]
MappedPage = Sequence[Entry]


def person(number: int, mail: str = "", last_name: str = "Lie") -> Entry:
    """Values in the order of the default columns' attributes: givenname, mail, mobile, sn."""
    values = ("Åse", mail or f"{number}@x", "", last_name)
    return Entry(IDS[number], [value.encode() for value in values])


class DirectoryOfPeople:
    """People by search base, in place of a server.

    :ivar elsewhere: what a server gives, by its URI, when that is something else.
    """

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, **people: MappedPage | DirectoryError
    ) -> None:
        self.people = people
        self.elsewhere: dict[str, dict[str, MappedPage | DirectoryError]] = {}
        self.is_active_directory = True
        self.is_in_clear = False
        self.queries: list[tuple[Query, Sequence[str], int]] = []
        self.sessions: list[ConnectionSettings] = []
        self.references: dict[str, set[str]] = {}
        monkeypatch.setattr(servers, "open_session", self._open_session)
        monkeypatch.setattr(module_people, "search", self._search)

    @contextmanager
    def _open_session(
        self, access: ConnectionSettings, address: Address, _context: ssl.SSLContext
    ) -> Iterator[LdapSession]:
        self.sessions.append(access)
        yield LdapSession(address.uri, None, self.is_active_directory, self.is_in_clear)

    def _search(
        self,
        session: LdapSession,
        query: Query,
        attributes: Sequence[str],
        page_size: int,
        references: set[str],
    ) -> Iterator[MappedPage]:
        references.update(self.references.get(session.uri, ()))
        self.queries.append((query, attributes, page_size))
        people = self.elsewhere.get(session.uri, self.people)
        found = people[query.search_base.partition("=")[2]]
        if isinstance(found, DirectoryError):
            raise found
        yield found


def export_of(params: dict[str, Any], spill: SpillArea = MEMORY) -> Export:
    """Run an export with the parameters of ad_contacts_export."""
    return export(parse_export_options(params, check_mode=True), spill)
