# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No room for a roster: one error, the old one whole, nothing left lying. The system's own limit stands for it."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import FrontdeskError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.files import (
    InstalledRoster,
    install_roster,
    spill_directory,
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
def _no_file_over(size: int) -> Iterator[None]:
    # Python ignores the signal that comes with it.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _export(
    dest: Path, rows: int, limits: MemoryLimits = DEFAULT_LIMITS, *, check_mode: bool = False
) -> InstalledRoster:
    module = FakeModule(check_mode=check_mode)
    with open_spill_area(spill_directory(module, dest)) as spill:
        builder = RosterBuilder(COLUMNS, ["oslo"], spill, limits)
        for number in range(rows):
            builder.add_page(mapped_page([contact(f"id-{number}", f"{number:05d}")]), 0)
        put = stage_roster if check_mode else install_roster
        return put(module, dest, builder.build(), None, spill)


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("max_file_bytes", "limits", "action"),
    [
        # The roster; the identities, which are longer; a run of contacts; who holds what.
        (1_000, DEFAULT_LIMITS, "Cannot write"),
        (8_000, DEFAULT_LIMITS, "Cannot write"),
        (1_000, MemoryLimits(run_bytes=20_000), "Cannot write temporary files to"),
        (1_000, MemoryLimits(max_pairs=500), "Cannot write temporary files to"),
    ],
)
def test_a_full_disk_leaves_all_as_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    max_file_bytes: int,
    limits: MemoryLimits,
    action: str,
    check_mode: bool,
) -> None:
    temporary, folder = tmp_path / "temporary", tmp_path / "folder"
    for path in (temporary, folder):
        path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    dest = folder / "contacts.csv"
    _export(dest, 10)
    old = {path.name: path.read_bytes() for path in folder.iterdir()}
    with _no_file_over(max_file_bytes), pytest.raises(FrontdeskError) as caught:
        _export(dest, 1000, limits, check_mode=check_mode)
    if action == "Cannot write" and check_mode:
        action = "Cannot write the roster of check mode in"
    assert str(caught.value).startswith(f"{action} {temporary if check_mode else folder}")
    remedy = "Free some space" if "temporary files" in action else "Make room"
    assert f": File too large. {remedy}" in str(caught.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == old
    assert os.listdir(temporary) == []
    _export(dest, 1000, limits)
    assert dest.read_bytes().count(b"\n") == 1001
