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
        with open_spill_area(tmp_path) as scratch:
            assert scratch.directory == str(tmp_path)
            one, other = scratch.open(), scratch.open()
            one.write(b"x")
            assert os.listdir(tmp_path) == []
            assert stat.S_IMODE(os.fstat(one.fileno()).st_mode) == 0o600
            assert os.fstat(one.fileno()).st_dev == tmp_path.stat().st_dev
            # As on a full disk: what still waits to be written cannot be.
            os.close(one.fileno())
    finally:
        os.umask(before)
    assert one.closed
    assert other.closed


def test_where_nothing_can_be_set_aside_it_is_an_os_error(tmp_path: Path) -> None:
    with open_spill_area(tmp_path / "nowhere") as scratch, pytest.raises(FileNotFoundError):
        scratch.open()


def test_what_fails_gives_its_room_back_at_once(tmp_path: Path) -> None:
    files = []

    def fail(scratch: SpillArea) -> None:
        with discard_on_error(scratch) as room:
            assert room.directory == scratch.directory
            files.extend([room.open(), room.open()])
            raise ValueError("half")

    with open_spill_area(tmp_path) as scratch:
        kept = scratch.open()
        with pytest.raises(ValueError, match="half"):
            fail(scratch)
        assert [file.closed for file in files] == [True, True]
        assert not kept.closed


def test_what_is_whole_keeps_its_room_and_may_take_more(tmp_path: Path) -> None:
    with open_spill_area(tmp_path) as scratch:
        with discard_on_error(scratch) as room:
            file = room.open()
            file.write(b"x")
        other = room.open()
        file.seek(0)
        assert file.read() == b"x"
    assert file.closed
    assert other.closed
