# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A place for one test to work in, and what lies in it."""

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
    """Folders of a user who has nothing yet, in a folder of their own.

    :ivar root: holds all the others.
    :ivar collections: where Ansible finds the collection.
    """

    root: Path
    collections_path: Path

    @classmethod
    def create(cls, root: Path, collections_path: Path) -> Workspace:
        """Make the folders."""
        workspace = cls(root, collections_path)
        for folder in (workspace.home, workspace.temp_dir):
            folder.mkdir(parents=True)
        return workspace

    @property
    def home(self) -> Path:
        """The user's HOME."""
        return self.root / "home"

    @property
    def temp_dir(self) -> Path:
        """Where temporary files go."""
        return self.root / "tmp"

    @property
    def state_dir(self) -> Path:
        """The state directory; nobody has made it yet."""
        return self.root / "state"

    @property
    def dest(self) -> Path:
        """The roster's file; its folder is there."""
        return self.root / "contacts.csv"

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a program that runs here: nothing of the caller's but PATH."""
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(self.home),
            "TMPDIR": str(self.temp_dir),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            **(extra or {}),
        }

    def make_python(self, name: str, environment: Mapping[str, str]) -> Path:
        """A Python with an environment of its own: what makes a host another one, for modules."""
        path = self.home / f"python-of-{name}"
        path.touch(mode=0o700)
        exports = [f"export {variable}={value}\n" for variable, value in environment.items()]
        path.write_text(f'#!/bin/sh\n{"".join(exports)}exec {sys.executable} "$@"\n', "utf-8")
        return path

    def files(self) -> dict[str, bytes]:
        """Every file below, with its content; what Ansible needs for itself is left out."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not path.is_relative_to(self.home / ".ansible")
        }

    def files_containing(self, strings: Iterable[str]) -> list[str]:
        """The files anywhere below that hold one of the texts."""
        encoded = [string.encode() for string in strings]
        return [
            str(path.relative_to(self.root))
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and any(string in path.read_bytes() for string in encoded)
        ]

    def is_private(self, name: str) -> bool:
        """Whether nobody else can read a file: by its own mode, or by that of a folder above."""
        path = self.root / name
        path_and_parents = [
            path,
            *(parent for parent in path.parents if parent.is_relative_to(self.root)),
        ]
        return any(not file_mode(part) & 0o077 for part in path_and_parents[:-1])


def file_mode(path: Path) -> int:
    """A file's permissions."""
    return stat.S_IMODE(path.stat().st_mode)
