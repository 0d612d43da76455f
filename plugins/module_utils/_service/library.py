# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place where requests is imported, and urllib3 below it, so that a module can say that it is missing."""

from __future__ import annotations

import traceback

REQUESTS_ERROR: str | None = None
"""Traceback of the failed import, for missing_required_lib; None when requests is there."""

try:
    import requests
    import requests.adapters
    import requests.auth
    import requests.utils
    import urllib3
except ImportError:
    REQUESTS_ERROR = traceback.format_exc()
    # The names are imported by others all the same.
    requests = urllib3 = None  # type: ignore[assignment]  # nobody uses them: the module ends first

__all__ = ["REQUESTS_ERROR", "requests", "urllib3"]
