# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The permissions of a state directory, which prevent other users from accessing its files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .receipt import StateError
from .receipt_file import RECEIPT_FILE

_PRIVATE_MODE = 0o700
_OTHER_USERS = 0o077
_MODE_REMEDY = (
    "Set its mode to 0700. In Kubernetes, set fsGroupChangePolicy to OnRootMismatch, and O(state_dir) to a"
    " subdirectory of the volume. For a CIFS share, use the mount options dir_mode=0700,file_mode=0600"
)
_PREVENTION = (
    "To preserve this mode in Kubernetes, set fsGroupChangePolicy to OnRootMismatch, and O(state_dir) to a subdirectory"
    " of the volume. In a systemd unit, set StateDirectoryMode to 0700"
)


def make_private(directory: Path, *, check_mode: bool) -> str:
    """Remove the access of other users to a state directory.

    Container platforms and service managers can restore the access each time they mount a volume or start a service. In
    check mode, the mode of the directory is not changed.

    :param directory: an existing directory of the user who runs the module.
    :returns: a warning if other users had access to the directory; otherwise, an empty string.
    :raises StateError: if other users would keep their access, or if the directory might not be dedicated to the sync.
    :raises OSError: if the directory cannot be read.
    """
    mode = stat.S_IMODE(directory.stat().st_mode)
    if not mode & _OTHER_USERS:
        return ""
    action = f"Cannot use the state directory {directory}"
    cause = f"other users can access it (mode {mode:04o})"
    if not _is_dedicated(directory, mode):
        raise StateError(
            action,
            f"{cause}, and it is not dedicated to the sync",
            "Set O(state_dir) to a dedicated directory with mode 0700, such as a new subdirectory",
        )
    problem = f"The state directory {directory} was accessible to other users (mode {mode:04o})."
    if check_mode:
        return f"{problem} A run without check mode sets its mode to 0700. {_PREVENTION}."
    _remove_access(directory, action)
    return f"{problem} Its mode was set to 0700. {_PREVENTION}."


def _remove_access(directory: Path, action: str) -> None:
    cause = "other users can access it, and its mode cannot be changed"
    try:
        directory.chmod(_PRIVATE_MODE)
        # Some file systems silently ignore mode changes.
        mode = stat.S_IMODE(directory.stat().st_mode)
    except OSError as error:
        raise StateError(action, f"{cause} ({error.strerror})", _MODE_REMEDY) from error
    if mode & _OTHER_USERS:
        raise StateError(action, f"{cause} (it is still {mode:04o})", _MODE_REMEDY)


def _is_dedicated(directory: Path, mode: int) -> bool:
    """Return whether a directory is used only by the sync, so that changing its mode affects no one else.

    A directory with the sticky bit is never considered dedicated. A directory without a receipt is considered dedicated
    if it contains only visible files, such as an exported roster, and perhaps lost+found. Home directories and system
    directories contain hidden files or other directories.
    """
    if mode & stat.S_ISVTX:
        # A directory in which all users can create files, such as /tmp.
        return False
    names = set(os.listdir(directory))
    return RECEIPT_FILE in names or all(
        stat.S_ISREG((directory / name).lstat().st_mode) and not name.startswith(".")
        for name in names - {"lost+found"}
    )
