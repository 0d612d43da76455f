# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holding on to a file, whatever takes its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._files import (
    snapshot,
    write_atomically,
)


def test_a_snapshot_stays_what_it_was_and_is_read_independently(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"0123456789")
    with snapshot(path) as open_file:
        write_atomically(path, b"new")
        with open_file() as one, open_file() as other:
            assert one.read(4) == b"0123"
            assert other.read(2) == b"01"
            assert (one.tell(), other.tell()) == (4, 2)
            assert one.seek(-3, os.SEEK_END) == 7
            assert one.seek(1, os.SEEK_CUR) == 8
            assert one.read() == b"89"
            assert one.seek(3) == 3
            assert one.read(1) == b"3"
            assert one.readable()
            assert one.seekable()
            assert other.read() == b"23456789"
    with pytest.raises(OSError, match="Bad file descriptor"):
        open_file().read()
    with pytest.raises(FileNotFoundError), snapshot(tmp_path / "nowhere"):
        pass


def test_a_pipe_that_nobody_writes_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with snapshot(tmp_path / "pipe") as open_file, pytest.raises(OSError, match="Illegal seek"):
        open_file().read()
