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
    DEFAULT_SIZES,
    RosterBuilder,
    Sizes,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    open_spill_area,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import FakeModule
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    columns,
    contact,
    found,
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
    dest: Path, rows: int, sizes: Sizes = DEFAULT_SIZES, *, check_mode: bool = False
) -> InstalledRoster:
    module = FakeModule(check_mode=check_mode)
    with open_spill_area(spill_directory(dest, check_mode)) as scratch:
        gathering = RosterBuilder(COLUMNS, ["oslo"], scratch, sizes)
        for number in range(rows):
            gathering.add_all(found([contact(f"id-{number}", f"{number:05d}")]), 0)
        if check_mode:
            return stage_roster(module, dest, gathering.build(), None, scratch)
        return install_roster(module, dest, gathering.build(), None, scratch, backup=False)


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("limit", "sizes", "action", "remedy"),
    [
        # The roster; the identities, which are longer; a run of contacts; who holds what.
        (1_000, DEFAULT_SIZES, "Cannot write", "Free some space"),
        (8_000, DEFAULT_SIZES, "Cannot write", "Free some space"),
        (1_000, Sizes(run=20_000), "Cannot set contacts aside in", "Make room there"),
        (1_000, Sizes(pairs=500), "Cannot set contacts aside in", "Make room there"),
    ],
)
def test_a_full_disk_leaves_all_as_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    limit: int,
    sizes: Sizes,
    action: str,
    remedy: str,
    check_mode: bool,
) -> None:
    temporary, folder = tmp_path / "temporary", tmp_path / "folder"
    for path in (temporary, folder):
        path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    dest = folder / "contacts.csv"
    _export(dest, 10)
    old = {path.name: path.read_bytes() for path in folder.iterdir()}
    with _no_file_over(limit), pytest.raises(FrontdeskError) as caught:
        _export(dest, 1000, sizes, check_mode=check_mode)
    if action == "Cannot write" and check_mode:
        action = "Cannot write the staged roster in"
    assert str(caught.value).startswith(f"{action} {temporary if check_mode else folder}")
    assert f": File too large. {remedy}" in str(caught.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == old
    assert os.listdir(temporary) == []
    _export(dest, 1000, sizes)
    assert dest.read_bytes().count(b"\n") == 1001
