# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of failover: if a server fails during an export, the export contains only data from the next server."""

from __future__ import annotations

import io
from functools import partial

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
    ServerError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import (
    export as module_export,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.builder import (
    MemoryLimits,
    RosterBuilder,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    SpillArea,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.exports import (
    IDENTITIES,
    FakeDirectory,
    person,
    run_export,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source
from ansible_collections.frontdesk.contacts.tests.unit.support.roster_factory import write_to_memory

CONNECTION_LOST = ServerError(
    "Cannot search OU=B on ldaps://dc1", "it closed the connection", "Check it"
)
PARAMS = export_params(
    source("OU=A", location="a"),
    source("OU=B", location="b"),
    server_uri=["ldaps://dc1", "ldaps://dc2"],
)


def test_after_a_failover_people_and_counts_come_only_from_the_next_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    directory = FakeDirectory(
        monkeypatch, A=[person(1), person(2, last_name="")], B=CONNECTION_LOST
    )
    directory.people_by_server = {"ldaps://dc2": {"A": [person(3)], "B": [person(4)]}}
    exported = run_export(PARAMS)
    roster = write_to_memory(exported.roster)
    assert [row[0] for row in roster.contacts] == [IDENTITIES[3], IDENTITIES[4]]
    assert exported.result(roster.written) == {
        "server": "ldaps://dc2",
        "counts": {
            "entries": 2,
            "contacts": 2,
            "left_out": 0,
            "excluded": 0,
            "by_location": {"a": 1, "b": 1},
        },
        "left_out": [],
        "left_out_causes": [],
        "emptied": [],
        "contested": [],
        "overlaps": [],
    }
    assert exported.warnings[0] == (
        "Failed over from ldaps://dc1 to the next server. source 2 (location 'b'): Cannot search OU=B on"
        " ldaps://dc1: it closed the connection. Check it."
    )


def test_spilled_contacts_of_the_first_server_are_discarded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        module_export, "RosterBuilder", partial(RosterBuilder, limits=MemoryLimits(run_bytes=1))
    )
    files: list[io.BytesIO] = []
    open_files = []

    def new_file() -> io.BytesIO:
        open_files.append(sum(not file.closed for file in files))
        files.append(io.BytesIO())
        return files[-1]

    directory = FakeDirectory(monkeypatch, A=[person(1), person(2), person(3)], B=CONNECTION_LOST)
    directory.people_by_server = {"ldaps://dc2": {"A": [person(4)], "B": [person(5)]}}
    exported = run_export(PARAMS, SpillArea("memory", new_file))
    # Each page is spilled to a file. The file of the first server is closed before a page of the second one is spilled.
    assert open_files == [0, 0, 1]
    assert [row[0] for row in write_to_memory(exported.roster).contacts] == [
        IDENTITIES[4],
        IDENTITIES[5],
    ]


def test_references_returned_by_a_server_that_failed_are_not_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    directory = FakeDirectory(monkeypatch, A=[person(1)], B=CONNECTION_LOST)
    directory.people_by_server = {"ldaps://dc2": {"A": [person(1)], "B": [person(2)]}}
    directory.references = {"ldaps://dc1": {"ldap://child.x/DC=child"}}
    assert run_export(PARAMS).references == []


def test_if_all_servers_fail_the_error_names_each_server_and_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    directory = FakeDirectory(monkeypatch, A=[person(1)], B=CONNECTION_LOST)
    busy = ServerError("Cannot search OU=A on ldaps://dc2", "the server is busy", "Wait")
    directory.people_by_server = {"ldaps://dc2": {"A": busy}}
    with pytest.raises(DirectoryError) as caught:
        run_export(PARAMS)
    assert str(caught.value) == (
        "Cannot read the directory from any of the 2 servers: source 2 (location 'b'): Cannot search OU=B on ldaps://dc1:"
        " it closed the connection; source 1 (location 'a'): Cannot search OU=A on ldaps://dc2: the server is busy."
        " Check it. Wait."
    )
