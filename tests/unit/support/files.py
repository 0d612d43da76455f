# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""File properties that tests check."""

from __future__ import annotations

import stat
from pathlib import Path


def file_mode(path: Path | str) -> int:
    """Return the permission bits of a file."""
    return stat.S_IMODE(Path(path).stat().st_mode)
