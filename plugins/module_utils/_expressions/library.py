# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lazy import of jinja2 and phonenumbers.

Each library is imported when its name in this module is first accessed, because an import takes as long as reading
thousands of entries. Neither library is needed for a column that has no phone style and whose value is only an
attribute name. Other modules therefore import this module and access `library.jinja2` where they use it.
`Library.require` reports a missing library.
"""

from __future__ import annotations

import importlib
import traceback
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

from .._library import Library

if TYPE_CHECKING:
    import jinja2
    import phonenumbers

    JINJA2: Library
    PHONENUMBERS: Library


_LIBRARIES = {
    # The oldest release that works with current releases of MarkupSafe.
    "jinja2": Library("jinja2", "3.0"),
    # The oldest tested release.
    "phonenumbers": Library("phonenumbers", "8.13.0"),
}
# The module to import for each library. `import jinja2` does not import the sandbox, but importing the sandbox also
# imports jinja2.
_MODULES = {"jinja2": "jinja2.sandbox", "phonenumbers": "phonenumbers"}


def __getattr__(name: str) -> Library | ModuleType | None:
    """Import a library on first access.

    :returns: the `Library` for an uppercase name; the package, or None if it is missing, for a lowercase name.
    :raises AttributeError: if no library has this name.
    """
    if name.lower() not in _LIBRARIES:
        raise AttributeError(name)
    library = _LIBRARIES[name.lower()]
    try:
        importlib.import_module(_MODULES[library.name])
        library = replace(library, package=importlib.import_module(library.name))
    except ImportError:
        library = replace(library, failure=traceback.format_exc())
    globals().update({library.name: library.package, library.name.upper(): library})
    return library if name.isupper() else library.package


__all__ = ["JINJA2", "PHONENUMBERS", "jinja2", "phonenumbers"]
