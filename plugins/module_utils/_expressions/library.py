# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place where jinja2 and phonenumbers are imported, so that a module can say clearly what is wrong with one.

Each is imported when its name here is first used: that takes as long as reading thousands of people, and whose columns
are names alone needs neither. So others import this file, and take `library.jinja2` from it where they need it.
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
    # The oldest release that has no Python 2 in it.
    "jinja2": Library("jinja2", "3.0"),
    # Of older releases none is tested. Only those need it who have phone numbers checked.
    "phonenumbers": Library("phonenumbers", "8.13.0"),
}
# What is imported of each, and the library with it. The sandbox is the one part of jinja2 that does not come by itself.
_MODULES = {"jinja2": "jinja2.sandbox", "phonenumbers": "phonenumbers"}


def __getattr__(name: str) -> Library | ModuleType | None:
    """A library as this Python has it, or its package; None in place of one that is missing."""
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
