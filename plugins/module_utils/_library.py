# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Libraries that come with no Ansible: which release of one is needed, and which one there is.

This is private to the collection: its interface may change in any release.
"""

from __future__ import annotations

import importlib
import re
import traceback
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class Library:
    """A library that a room of the collection imports, as this Python has it.

    :ivar name: what it is called in the package index, and most in Python too.
    :ivar minimum: the oldest release that will do, for instance ``2.9.1``.
    :ivar package: what was imported; None when that failed.
    :ivar failure: traceback of the import that failed; None when it did not.
    :ivar release: the release that was imported, of a library that does not tell it as others do.
    """

    name: str
    minimum: str
    package: ModuleType | None = None
    failure: str | None = None
    release: str | None = None

    @property
    def requirement(self) -> str:
        """What is needed, as pip writes it."""
        return f"{self.name} >= {self.minimum}"

    @property
    def version(self) -> str | None:
        """The release that was imported; None where the library does not tell."""
        return getattr(self.package, "__version__", self.release)

    @property
    def path(self) -> str | None:
        """The folder that it was imported from."""
        path = getattr(self.package, "__file__", None)
        return path.rpartition("/")[0] if path else None

    @property
    def is_too_old(self) -> bool:
        """Whether it is older than the oldest release that will do.

        A release that does not tell is not: all that are too old do.
        """
        return self.version is not None and _numbers(self.version) < _numbers(self.minimum)

    def load(self, reason: str = "", module: str = "") -> Any:
        """Import the library where it is used, and not with the file: of those that few need.

        :param reason: as in `LibraryError`.
        :param module: what it is called in Python, where that is not its name in the package index.
        :returns: its module.
        :raises LibraryError: when it is missing or too old.
        """
        try:
            library = replace(self, package=importlib.import_module(module or self.name))
        except ImportError:
            library = replace(self, failure=traceback.format_exc())
        library.require(reason)
        return library.package

    def require(self, reason: str = "") -> None:
        """Make sure that the library is there and will do.

        :param reason: as in `LibraryError`.
        :raises LibraryError: when it is not.
        """
        if self.failure is not None or self.is_too_old:
            raise LibraryError(self, reason)


class LibraryError(Exception):
    """A library that is needed is missing or too old; modules say it in ansible-core's words.

    :param reason: what needs it, for instance ``by phone_style of column 'SMS Phone'``; empty when the
        whole module does.
    """

    def __init__(self, library: Library, reason: str) -> None:
        self.library = library
        self.reason = reason
        super().__init__(library.requirement)


def _numbers(version: str) -> tuple[int, ...]:
    """The release's numbers; what follows them, such as rc4, and zeros at their end do not count."""
    release = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(number) for number in release.group().split(".")] if release else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
