# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place where jinja2 and phonenumbers are imported, so that a module can say clearly that one is missing."""

from __future__ import annotations

import traceback

JINJA2_ERROR: str | None = None
"""Traceback of the failed import, for missing_required_lib; None when Jinja is there."""

PHONENUMBERS_ERROR: str | None = None
"""The same for phonenumbers, which only those need who have phone numbers checked."""

try:
    import jinja2
    import jinja2.environment
    import jinja2.nodes
    import jinja2.parser
    import jinja2.sandbox
except ImportError:
    JINJA2_ERROR = traceback.format_exc()
    # The name is imported by others all the same.
    jinja2 = None  # type: ignore[assignment]  # nobody uses it: the module ends first

try:
    import phonenumbers
except ImportError:
    PHONENUMBERS_ERROR = traceback.format_exc()
    # The same: who needs it asks first.
    phonenumbers = None  # type: ignore[assignment]  # `require_phonenumbers` comes before every use

__all__ = ["JINJA2_ERROR", "PHONENUMBERS_ERROR", "jinja2", "phonenumbers"]
