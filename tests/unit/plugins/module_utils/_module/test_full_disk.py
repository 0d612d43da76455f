# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of a full disk, simulated by a limit on the file size: the export fails and changes nothing."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import FrontdeskError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.destination import (
    WrittenFiles,
    choose_spill_directory,
    install_roster,
    stage_roster,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.builder import (
    DEFAULT_LIMITS,
    MemoryLimits,
    RosterBuilder,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    open_spill_area,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import FakeModule
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    columns,
    contact,
    mapped_page,
)

COLUMNS = columns({"header": "Name", "value": "sn", "unique": True})


@contextmanager
def _file_size_limit(size: int) -> Iterator[None]:
    # Python ignores SIGXFSZ, so a write beyond the limit fails with an OSError.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _export(
    dest: Path, rows: int, limits: MemoryLimits = DEFAULT_LIMITS, *, check_mode: bool = False
) -> WrittenFiles:
    module = FakeModule(check_mode=check_mode)
    with open_spill_area(choose_spill_directory(dest, check_mode)) as spill:
        builder = RosterBuilder(COLUMNS, ["oslo"], spill, limits)
        for number in range(rows):
            builder.add_page(mapped_page([contact(f"id-{number}", f"{number:05d}")]), 0)
        if check_mode:
            return stage_roster(module, dest, builder.build(), None, spill, keep=True)
        return install_roster(module, dest, builder.build(), None, spill, backup=False)


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("max_file_bytes", "limits", "action", "remedy"),
    [
        # The limit is exceeded, in this order, by the roster, by the identities file (which is larger than the
        # roster), by spilled contacts, and by spilled pairs of values and identities.
        (1_000, DEFAULT_LIMITS, "Cannot write", "Free some space"),
        (8_000, DEFAULT_LIMITS, "Cannot write", "Free some space"),
        (
            1_000,
            MemoryLimits(run_bytes=20_000),
            "Cannot write temporary files to",
            "Free some space",
        ),
        (1_000, MemoryLimits(max_pairs=500), "Cannot write temporary files to", "Free some space"),
    ],
)
def test_a_full_disk_changes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    max_file_bytes: int,
    limits: MemoryLimits,
    action: str,
    remedy: str,
    check_mode: bool,
) -> None:
    temporary, directory = tmp_path / "temporary", tmp_path / "directory"
    for path in (temporary, directory):
        path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    dest = directory / "contacts.csv"
    _export(dest, 10)
    old = {path.name: path.read_bytes() for path in directory.iterdir()}
    with _file_size_limit(max_file_bytes), pytest.raises(FrontdeskError) as caught:
        _export(dest, 1000, limits, check_mode=check_mode)
    if action == "Cannot write" and check_mode:
        action = "Cannot write the staged roster in"
    assert str(caught.value).startswith(f"{action} {temporary if check_mode else directory}")
    assert f": File too large. {remedy}" in str(caught.value)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == old
    assert os.listdir(temporary) == []
    _export(dest, 1000, limits)
    assert dest.read_bytes().count(b"\n") == 1001
