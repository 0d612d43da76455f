# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exports of which a server fails on the way: everything is the next one's, and nothing the first one's."""

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
    IDS,
    DirectoryOfPeople,
    export_of,
    person,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import export_params, source
from ansible_collections.frontdesk.contacts.tests.unit.support.roster_factory import write_to_memory

CUT = ServerError("Cannot search OU=B on ldaps://dc1", "cut", "Look")
PARAMS = export_params(
    source("OU=A", location="a"),
    source("OU=B", location="b"),
    server_uri=["ldaps://dc1", "ldaps://dc2"],
)


def test_people_and_numbers_are_the_next_server_s_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = DirectoryOfPeople(monkeypatch, A=[person(1), person(2, last_name="")], B=CUT)
    directory.elsewhere = {"ldaps://dc2": {"A": [person(3)], "B": [person(4)]}}
    exported, sources = export_of(PARAMS)
    made = write_to_memory(exported.roster)
    assert [row[0] for row in made.contacts] == [IDS[3], IDS[4]]
    assert exported.result(sources, made.written) == {
        "server": "ldaps://dc2",
        "counts": {
            "entries": 2,
            "contacts": 2,
            "left_out": 0,
            "excluded": 0,
            "by_location": {"a": 1, "b": 1},
        },
        "left_out": [],
        "emptied": [],
    }
    assert exported.warnings[0] == (
        "Left ldaps://dc1 for the next server. source 2 (location 'b'): Cannot search OU=B on"
        " ldaps://dc1: cut. Look."
    )


def test_what_was_set_aside_of_the_first_server_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        module_export, "RosterBuilder", partial(RosterBuilder, limits=MemoryLimits(run_bytes=1))
    )
    files: list[io.BytesIO] = []
    held = []

    def new_file() -> io.BytesIO:
        held.append(sum(not file.closed for file in files))
        files.append(io.BytesIO())
        return files[-1]

    directory = DirectoryOfPeople(monkeypatch, A=[person(1), person(2), person(3)], B=CUT)
    directory.elsewhere = {"ldaps://dc2": {"A": [person(4)], "B": [person(5)]}}
    exported, _sources = export_of(PARAMS, SpillArea("memory", new_file))
    # A file for each page, while what is being read fills a disk.
    assert held == [0, 0, 1]
    assert [row[0] for row in write_to_memory(exported.roster).contacts] == [IDS[4], IDS[5]]


def test_references_of_a_server_that_is_left_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = DirectoryOfPeople(monkeypatch, A=[person(1)], B=CUT)
    directory.elsewhere = {"ldaps://dc2": {"A": [person(1)], "B": [person(2)]}}
    directory.references = {"ldaps://dc1": {"ldap://child.x/DC=child"}}
    exported, _sources = export_of(PARAMS)
    assert exported.references == []


def test_when_every_server_fails_each_is_told_with_its_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    directory = DirectoryOfPeople(monkeypatch, A=[person(1)], B=CUT)
    busy = ServerError("Cannot search OU=A on ldaps://dc2", "the server is busy", "Wait")
    directory.elsewhere = {"ldaps://dc2": {"A": busy}}
    with pytest.raises(DirectoryError) as caught:
        export_of(PARAMS)
    assert str(caught.value) == (
        "None of 2 servers gave everything: source 2 (location 'b'): Cannot search OU=B on ldaps://dc1:"
        " cut; source 1 (location 'a'): Cannot search OU=A on ldaps://dc2: the server is busy."
        " Look. Wait."
    )
