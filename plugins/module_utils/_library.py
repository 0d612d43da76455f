# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Python libraries: required and installed releases.

This file is private to the collection: its interface may change in any release.
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
    """A Python library that the collection requires, and the result of importing it.

    :ivar name: name in the package index, which is usually also the name of the Python module.
    :ivar minimum: oldest supported release, for example ``2.9.1``.
    :ivar package: the imported Python module; None if the library has not been imported.
    :ivar failure: traceback of the failed import; None if no import has failed.
    :ivar release: the installed release if the library has no ``__version__``; None otherwise.
    """

    name: str
    minimum: str
    package: ModuleType | None = None
    failure: str | None = None
    release: str | None = None

    @property
    def requirement(self) -> str:
        """The requirement in pip's notation."""
        return f"{self.name} >= {self.minimum}"

    @property
    def version(self) -> str | None:
        """The installed release; None if it is unknown."""
        return getattr(self.package, "__version__", self.release)

    @property
    def path(self) -> str | None:
        """The directory of the imported library; None if it is unknown."""
        path = getattr(self.package, "__file__", None)
        return path.rpartition("/")[0] if path else None

    @property
    def is_too_old(self) -> bool:
        """Whether the installed release is older than the oldest supported release.

        An unknown release is considered supported, because all unsupported releases report their
        version.
        """
        return self.version is not None and _numbers(self.version) < _numbers(self.minimum)

    def load(self, reason: str = "", module: str = "") -> Any:
        """Import the library on demand.

        Use this method for a library that only a few options require.

        :param reason: the feature that requires the library, as in `LibraryError`.
        :param module: name of the Python module, if it differs from the name in the package index.
        :returns: the imported Python module.
        :raises LibraryError: if the library is missing or too old.
        """
        try:
            library = replace(self, package=importlib.import_module(module or self.name))
        except ImportError:
            library = replace(self, failure=traceback.format_exc())
        library.require(reason)
        return library.package

    def require(self, reason: str = "") -> None:
        """Check that the import has not failed, and that the installed release is supported.

        :param reason: the feature that requires the library, as in `LibraryError`.
        :raises LibraryError: if the library is missing or too old.
        """
        if self.failure is not None or self.is_too_old:
            raise LibraryError(self, reason)


class LibraryError(Exception):
    """A required library is missing or too old.

    Modules report a missing library with ansible-core's message.

    :param library: the library.
    :param reason: the feature that requires it, for example
        ``by O(columns[].phone_style) of column 'SMS Phone'``, with the names of options marked as in the
        messages of `FrontdeskError`; empty if the module always requires it.
    """

    def __init__(self, library: Library, reason: str) -> None:
        self.library = library
        self.reason = reason
        super().__init__(library.requirement)


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numeric components of a release, without suffixes such as rc4 and without trailing zeros."""
    release = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(number) for number in release.group().split(".")] if release else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
