# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files for what memory shall not hold."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._scratch import scratch_files


def test_what_is_set_aside_has_no_name_and_is_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with scratch_files(tmp_path) as scratch:
            assert scratch.place == str(tmp_path)
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
    with scratch_files(tmp_path / "nowhere") as scratch, pytest.raises(FileNotFoundError):
        scratch.open()
