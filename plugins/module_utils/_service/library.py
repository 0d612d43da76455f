# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place where requests is imported, so that a module can say clearly that it is missing."""

from __future__ import annotations

import traceback

REQUESTS_ERROR: str | None = None
"""Traceback of the failed import, for missing_required_lib; None when requests is there."""

try:
    import requests
    import requests.adapters
    import requests.auth
except ImportError:
    REQUESTS_ERROR = traceback.format_exc()
    # The name is imported by others all the same.
    requests = None  # type: ignore[assignment]  # nobody uses it: the module ends first

__all__ = ["REQUESTS_ERROR", "requests"]
