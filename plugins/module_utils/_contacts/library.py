# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place where jinja2 and phonenumbers are imported, so that a module can say clearly what is wrong with one."""

from __future__ import annotations

import traceback

from .._library import Library

# The oldest release that has no Python 2 in it.
JINJA2 = Library("jinja2", "3.0")

# Of older releases none is tested. Only those need it who have phone numbers checked.
PHONENUMBERS = Library("phonenumbers", "8.13.0")

try:
    import jinja2
    import jinja2.environment
    import jinja2.nodes
    import jinja2.parser
    import jinja2.sandbox

    JINJA2 = JINJA2._replace(package=jinja2)
except ImportError:
    JINJA2 = JINJA2._replace(failure=traceback.format_exc())
    # The name is imported by others all the same.
    jinja2 = None  # type: ignore[assignment]  # nobody uses it: the module ends first

try:
    import phonenumbers

    PHONENUMBERS = PHONENUMBERS._replace(package=phonenumbers)
except ImportError:
    PHONENUMBERS = PHONENUMBERS._replace(failure=traceback.format_exc())
    # The same: who needs it asks first.
    phonenumbers = None  # type: ignore[assignment]  # `PHONENUMBERS.require` comes before every use

__all__ = ["JINJA2", "PHONENUMBERS", "jinja2", "phonenumbers"]
