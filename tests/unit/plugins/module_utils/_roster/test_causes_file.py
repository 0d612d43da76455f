# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the causes file of a roster."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.causes_file import (
    Baseline,
    RemovalCauses,
    causes_path,
    load_causes,
    render_causes,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import RosterFile
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.removal_cause import (
    KINDS,
    MissingContact,
    RemovalCause,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import roster_file

ROSTER = roster_file([("A", "a@x", "oslo")], "a")
BASELINE = Baseline("ab" * 32, 7)
CAUSES = RemovalCauses(
    BASELINE,
    {
        MissingContact("b", "oslo"): RemovalCause("disabled"),
        MissingContact("b", ""): RemovalCause("moved", "OU=Tromsø,DC=x"),
        MissingContact("c", "lab"): RemovalCause("no_valid_row", "Email is empty"),
    },
)


def _write(path: Path, roster: RosterFile = ROSTER, causes: RemovalCauses = CAUSES) -> bytes:
    data = b"".join(render_causes(roster, causes))
    causes_path(path).write_bytes(data)
    return data


@pytest.mark.parametrize("causes", [CAUSES, RemovalCauses()])
def test_written_causes_are_read(tmp_path: Path, causes: RemovalCauses) -> None:
    path = tmp_path / "contacts.csv"
    data = _write(path, causes=causes)
    assert data.isascii()
    assert data.count(b"\n") == 1 + len(causes.by_contact)
    assert load_causes(path, ROSTER) == causes


def test_a_missing_file_means_that_nothing_is_known(tmp_path: Path) -> None:
    assert load_causes(tmp_path / "contacts.csv", ROSTER) is None


@pytest.mark.parametrize(
    "other",
    [
        roster_file([("B", "a@x", "oslo")], "a"),
        roster_file([("A", "a@x", "oslo")], "b"),
        roster_file([("A", "a@x", "oslo")]),
    ],
)
def test_the_causes_of_another_roster_are_ignored(tmp_path: Path, other: RosterFile) -> None:
    path = tmp_path / "contacts.csv"
    _write(path, other)
    assert load_causes(path, ROSTER) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"format": 1', b'"format": 2'),
        (b'"sequence"', b'"order"'),
        (b'"disabled"', b'"guessed"'),
        (b'"kind"', b'"sort"'),
        (b"{", b""),
        (b'"baseline": {', b'"baseline": 1, "x": {'),
    ],
)
def test_an_invalid_file_is_ignored(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "contacts.csv"
    data = _write(path)
    assert old in data
    causes_path(path).write_bytes(data.replace(old, new, 1))
    assert load_causes(path, ROSTER) is None


@pytest.mark.parametrize("data", [b"", b"\n", b"\xff", b"[]\n", b"null\n"])
def test_a_file_without_a_valid_first_line_is_ignored(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "contacts.csv"
    causes_path(path).write_bytes(data)
    assert load_causes(path, ROSTER) is None


def test_each_kind_has_a_description() -> None:
    descriptions = {RemovalCause(kind, "detail").describe() for kind in KINDS}
    assert len(descriptions) == len(KINDS)
    assert RemovalCause("moved", "OU=Leavers").describe() == "moved to OU=Leavers"
