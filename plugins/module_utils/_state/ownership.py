# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ownership checks that prevent other users from replacing a directory with personal data, or its lock file.

Only the user who runs the module and root may own or change the directories in the path of such a directory. In a
directory with the sticky bit, such as /tmp, other users may also create files.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .receipt import StateError

_MAX_LINKS = 40
"""Maximum number of symbolic links in a path, as in Linux."""

_STATE_DIR = "state_dir"


def check_owner(
    status: os.stat_result, action: str, subject: str, option: str = _STATE_DIR
) -> None:
    """Check that a file belongs to the user who runs the module.

    :param status: status of the file.
    :param action: the action in the error message.
    :param subject: name of the file in the error message.
    :param option: name of the option that sets the directory.
    :raises StateError: if the file belongs to another user.
    """
    if status.st_uid != os.geteuid():
        raise StateError(
            action,
            f"{subject} belongs to the user {_user_name(status.st_uid)}",
            f"Run as the user who owns it, or set O({option}) to another directory",
        )


def check_parents(directory: Path, action: str, option: str = _STATE_DIR) -> None:
    """Check that no other user can replace a directory.

    :param directory: the directory; neither it nor its parents need to exist.
    :param action: the action in the error message.
    :param option: name of the option that sets the directory.
    :raises StateError: if another user can replace a part of the path.
    :raises OSError: if the path cannot be resolved.
    """
    remedy = (
        f"Correct the owner or the mode, or set O({option}) to a directory whose parent directories can only be changed"
        " by this user and root"
    )
    with suppress(FileNotFoundError):
        for parent, name in _walk(directory):
            status = parent.stat()
            owners = [status.st_uid]
            if status.st_mode & stat.S_ISVTX:
                # In a directory with the sticky bit, such as /tmp, a file can be replaced only by its owner and by the
                # owner of the directory.
                owners.append((parent / name).lstat().st_uid)
            elif is_writable_by_others(status):
                raise StateError(
                    action,
                    f"other users can write to {parent} (mode {stat.S_IMODE(status.st_mode):04o})",
                    remedy,
                )
            for owner in owners:
                if owner not in (0, os.geteuid()):
                    raise StateError(
                        action,
                        f"the user {_user_name(owner)} can replace {parent / name}",
                        remedy,
                    )


def _walk(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield each directory in which the system looks up a part of a path, and the name of that part.

    :raises OSError: if a part cannot be read, or if the path contains too many symbolic links.
    """
    directory = Path("/")
    names = list(reversed(path.absolute().parts[1:]))
    links = 0
    while names:
        name = names.pop()
        yield directory, name
        if (directory / name).is_symlink():
            links += 1
            if links > _MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            target = Path(os.readlink(directory / name))
            directory = Path("/") if target.is_absolute() else directory
            names.extend(reversed(target.parts[target.is_absolute() :]))
        else:
            directory = directory.parent if name == ".." else directory / name


def is_writable_by_others(status: os.stat_result) -> bool:
    """Return whether users other than root and the user who runs the module can write to a file or directory.

    Members of the group with the ID 0 are treated like root.
    """
    mode = status.st_mode
    return bool(mode & stat.S_IWOTH) or bool(
        mode & stat.S_IWGRP and status.st_gid and _has_other_members(status.st_gid)
    )


def _has_other_members(group: int) -> bool:
    """Return whether a group has members other than root and the user who runs the module.

    On many systems, each user has a private group, which can write to all files of the user. In a
    Kubernetes pod, the group of a volume has no named members at all.
    """
    members = {user.pw_name for user in pwd.getpwall() if user.pw_gid == group}
    with suppress(KeyError):
        members |= set(grp.getgrgid(group).gr_mem)
    return bool(members - {_user_name(0), _user_name(os.geteuid())})


def _user_name(user: int) -> str:
    """Return the name of a user, or the user ID if the user has no name."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
