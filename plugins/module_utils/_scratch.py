# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private files without a name, for what memory shall not hold.

This is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, cast

from ._contacts.runs import Scratch

_BLOCK = 64 * 1024


@contextmanager
def scratch_files(folder: Path) -> Iterator[Scratch]:
    """Make room for what memory shall not hold: files (mode 0600) without a name where the system can.

    None of them outlives the process, however that ends, for none has a name once it is open.

    :param folder: where there must be room anyway; a temporary folder may well be memory.
    """
    files: list[IO[bytes]] = []

    def new_file() -> BinaryIO:
        file = tempfile.TemporaryFile(buffering=_BLOCK, dir=folder)  # noqa: SIM115  # closed below
        files.append(file)
        return cast(BinaryIO, file)

    try:
        yield Scratch(str(folder), new_file)
    finally:
        for file in files:
            _close(file)


def _close(file: IO[bytes]) -> None:
    # On a full disk the rest of what was to be written cannot be, and need not.
    with suppress(OSError):
        file.close()


@contextmanager
def kept_if_whole(scratch: Scratch) -> Iterator[Scratch]:
    """Make room within this room that is given back at once when what was to be set aside fails.

    What is read again from the beginning then takes no more of the disk than what was read once.
    """
    with ExitStack() as files:

        def new_file() -> BinaryIO:
            file = scratch.open()
            files.callback(_close, file)
            return file

        yield Scratch(scratch.place, new_file)
        files.pop_all()
