# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container with its own host name and file system, in which a directory of this host is mounted at another path."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.namespace import can_create_namespaces

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "--uts")
_VOLUME = Path("/volume")
# The arguments are the host name, the directory to mount, the mount point, and the command to run. The root directory
# is a new file system, because the directories of this host belong to an unmapped user if root does not run the tests.
_SCRIPT = """
set -e
name=$1 directory=$2 volume=$3 working_directory=$PWD
shift 3
hostname "$name"
mount -t tmpfs -o mode=755 root /mnt
for path in /*; do
  if [ -L "$path" ]; then
    cp -P "$path" /mnt/
  elif [ -d "$path" ] && [ "$path" != /mnt ]; then
    mkdir "/mnt$path"
    mount --rbind "$path" "/mnt$path"
  fi
done
mkdir "/mnt$volume"
mount --bind "$directory" "/mnt$volume"
mount -t tmpfs hidden "/mnt$directory"
exec chroot /mnt env --chdir="$working_directory" "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container that exists while a command runs in it.

    :ivar wrapper: program with its arguments that runs the command line that follows it in the container.
    :ivar volume: path of the mounted directory in the container, which does not have its path on this host.
    """

    wrapper: Sequence[str]
    volume: Path


def make_container(host_name: str, directory: Path) -> Container:
    """Return a container in which a directory of this host is mounted.

    If the current user cannot create namespaces, the directory is moved instead, and the host name is not used.
    """
    if can_create_namespaces():
        script = ("sh", "-c", _SCRIPT, "sh", host_name, str(directory), str(_VOLUME))
        return Container(wrapper=(*_UNSHARE, *script), volume=_VOLUME)
    return Container(wrapper=(), volume=directory.rename(directory.with_name("volume")))
