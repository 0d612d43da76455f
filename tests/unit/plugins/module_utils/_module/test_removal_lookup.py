# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the lookup of causes that do not require a directory. The integration tests query directories."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    LdapSession,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.entry import ENTRY_UUID
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import (
    removal_lookup,
    source_reader,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_options import (
    parse_read_options,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.removal_lookup import (
    MAX_PEOPLE,
    look_up_causes,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_options import (
    parse_sources,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.source_reader import (
    SourceReader,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.removal_cause import (
    DELETED,
    UNKNOWN,
    MissingContact,
    RemovalCause,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source

GROUP = "CN=G,DC=x"


def test_the_number_of_people_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is for people; each of them can be missing from several locations."""

    def read(
        _settings: object, read_causes: Callable[..., object]
    ) -> tuple[dict[MissingContact, RemovalCause], list[str]]:
        people = read_causes.args[1]  # type: ignore[attr-defined]  # a partial object
        contacts = [contact for each in people.values() for contact in each]
        return dict.fromkeys(contacts, RemovalCause(DELETED)), ["Failed over"]

    monkeypatch.setattr(removal_lookup, "read_with_failover", read)
    params = export_params(source("OU=A", location="a"), source("OU=B", location="b"))
    missing = [
        MissingContact(str(uuid.UUID(int=number)), location)
        for number in range(MAX_PEOPLE + 1)
        for location in ("a", "b")
    ]
    result = look_up_causes(parse_read_options(params), missing, {})
    assert [result.causes[contact].kind for contact in missing] == [
        *[DELETED] * 2 * MAX_PEOPLE,
        *[UNKNOWN] * 2,
    ]
    assert result.warnings == []


@pytest.mark.parametrize(
    ("contexts", "expected"),
    [
        (["DC=x"], ["DC=x", "OU=c,DC=y"]),
        (["DC=x", "DC=y"], ["DC=x", "DC=y"]),
        ([""], ["OU=a,DC=x", "OU=b,DC=x", "OU=c,DC=y"]),
    ],
)
def test_bases_outside_of_the_naming_contexts_are_searched(
    monkeypatch: pytest.MonkeyPatch, contexts: list[str], expected: list[str]
) -> None:
    monkeypatch.setattr(source_reader, "find_searchable_contexts", lambda _session: contexts)
    bases = ("OU=a,DC=x", "OU=b,DC=x", "ou=A , dc=x", "OU=c,DC=y")
    assert _find_search_bases(*map(source, bases)) == expected


def test_a_source_without_a_base_requires_a_naming_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_reader, "find_searchable_contexts", lambda _session: [""])
    with pytest.raises(DirectoryError) as caught:
        _find_search_bases(source("OU=a,DC=x"), source(None, member_of=GROUP))
    assert str(caught.value) == (
        "Cannot search the whole directory on ldaps://dc1: the bind account cannot read any naming context. Allow the"
        " bind account to read the naming contexts."
    )


def _find_search_bases(*sources: dict[str, Any]) -> list[str]:
    reader = SourceReader(LdapSession("ldaps://dc1", None, False, ENTRY_UUID), 100, ["user"])
    return reader.find_search_bases(parse_sources(export_params(*sources)))
