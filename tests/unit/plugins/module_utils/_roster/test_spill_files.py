# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files for what memory shall not hold."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    SpillArea,
    discard_on_error,
    open_spill_area,
)


def test_what_is_set_aside_has_no_name_and_is_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with open_spill_area(tmp_path) as spill:
            assert spill.directory == str(tmp_path)
            file, other_file = spill.open(), spill.open()
            file.write(b"x")
            assert os.listdir(tmp_path) == []
            assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
            assert os.fstat(file.fileno()).st_dev == tmp_path.stat().st_dev
            # As on a full disk: what still waits to be written cannot be.
            os.close(file.fileno())
    finally:
        os.umask(before)
    assert file.closed
    assert other_file.closed


def test_where_nothing_can_be_set_aside_it_is_an_os_error(tmp_path: Path) -> None:
    with open_spill_area(tmp_path / "nowhere") as spill, pytest.raises(FileNotFoundError):
        spill.open()


def test_what_fails_gives_its_room_back_at_once(tmp_path: Path) -> None:
    files = []

    def fail(spill: SpillArea) -> None:
        with discard_on_error(spill) as nested:
            assert nested.directory == spill.directory
            files.extend([nested.open(), nested.open()])
            raise ValueError("half")

    with open_spill_area(tmp_path) as spill:
        kept = spill.open()
        with pytest.raises(ValueError, match="half"):
            fail(spill)
        assert [file.closed for file in files] == [True, True]
        assert not kept.closed


def test_what_is_whole_keeps_its_room_and_may_take_more(tmp_path: Path) -> None:
    with open_spill_area(tmp_path) as spill:
        with discard_on_error(spill) as nested:
            file = nested.open()
            file.write(b"x")
        other_file = nested.open()
        file.seek(0)
        assert file.read() == b"x"
    assert file.closed
    assert other_file.closed
