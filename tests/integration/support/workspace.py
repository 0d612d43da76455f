# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private directory tree in which one test runs Ansible."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Workspace:
    """Directories for a simulated user account, below one root directory.

    :ivar root: parent of all directories except the collections path.
    :ivar collections_path: collections path of Ansible.
    """

    root: Path
    collections_path: Path

    @classmethod
    def create(cls, root: Path, collections_path: Path) -> Workspace:
        """Create the directories of a workspace, and return the workspace."""
        workspace = cls(root, collections_path)
        for directory in (workspace.home, workspace.temp_dir):
            directory.mkdir(parents=True)
        return workspace

    @property
    def home(self) -> Path:
        """The home directory of the user."""
        return self.root / "home"

    @property
    def temp_dir(self) -> Path:
        """The directory for temporary files."""
        return self.root / "tmp"

    @property
    def state_dir(self) -> Path:
        """The path of the state directory, which does not exist initially."""
        return self.root / "state"

    @property
    def dest(self) -> Path:
        """The path of the roster, in an existing directory."""
        return self.root / "contacts.csv"

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment variables for a program in this workspace.

        Only PATH is inherited.

        :param extra: additional environment variables.
        """
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(self.home),
            "TMPDIR": str(self.temp_dir),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            **(extra or {}),
        }

    def make_python(self, name: str, environment: Mapping[str, str]) -> Path:
        """Create a Python interpreter that simulates another managed node, and return its path.

        :param name: name of the managed node.
        :param environment: additional environment variables of the interpreter.
        """
        path = self.home / f"python-of-{name}"
        path.touch(mode=0o700)
        exports = [f"export {variable}={value}\n" for variable, value in environment.items()]
        path.write_text(f'#!/bin/sh\n{"".join(exports)}exec {sys.executable} "$@"\n', "utf-8")
        return path

    def files(self) -> dict[str, bytes]:
        """Return the contents of all files except for Ansible's own files, by relative path."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not path.is_relative_to(self.home / ".ansible")
        }

    def files_containing(self, strings: Iterable[str]) -> list[str]:
        """Return the relative paths of all files that contain at least one of the strings."""
        encoded = [string.encode() for string in strings]
        return [
            str(path.relative_to(self.root))
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and any(string in path.read_bytes() for string in encoded)
        ]

    def is_private(self, name: str) -> bool:
        """Return whether a file, or a directory between it and the root, denies access to all other users.

        :param name: path of the file, relative to the root of the workspace.
        """
        path = self.root / name
        path_and_parents = [
            path,
            *(parent for parent in path.parents if parent.is_relative_to(self.root)),
        ]
        return any(not file_mode(part) & 0o077 for part in path_and_parents[:-1])


def file_mode(path: Path) -> int:
    """Return the permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)
