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
class Place:
    """Folders of a user who has nothing yet, in a folder of their own.

    :ivar root: holds all the others.
    :ivar collections: where Ansible finds the collection.
    """

    root: Path
    collections: Path

    @classmethod
    def make(cls, root: Path, collections: Path) -> Place:
        """Make the folders."""
        place = cls(root, collections)
        for folder in (place.home, place.temporary):
            folder.mkdir(parents=True)
        return place

    @property
    def home(self) -> Path:
        """The user's HOME."""
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        """Where temporary files go."""
        return self.root / "tmp"

    @property
    def state(self) -> Path:
        """The state directory; nobody has made it yet."""
        return self.root / "state"

    @property
    def dest(self) -> Path:
        """The roster's file; its folder is there."""
        return self.root / "contacts.csv"

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a program that runs here: nothing of the caller's but PATH."""
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            **(more or {}),
        }

    def python(self, name: str, environment: Mapping[str, str]) -> Path:
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

    def holding(self, texts: Iterable[str]) -> list[str]:
        """The files anywhere below that hold one of the texts."""
        wanted = [text.encode() for text in texts]
        return [
            str(path.relative_to(self.root))
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and any(text in path.read_bytes() for text in wanted)
        ]

    def is_private(self, name: str) -> bool:
        """Whether nobody else can read a file: by its own mode, or by that of a folder above."""
        path = self.root / name
        chain = [path, *(above for above in path.parents if above.is_relative_to(self.root))]
        return any(not mode_of(part) & 0o077 for part in chain[:-1])


def mode_of(path: Path) -> int:
    """A file's permissions."""
    return stat.S_IMODE(path.stat().st_mode)
