# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place where requests is imported, and urllib3 below it, so that a module can say what is wrong with it."""

from __future__ import annotations

import traceback
from dataclasses import replace

from .._library import Library

REQUESTS = Library("requests", "2.31.0")

try:
    import requests
    import requests.adapters
    import requests.auth
    import requests.utils
    import urllib3

    REQUESTS = replace(REQUESTS, package=requests)
except ImportError:
    REQUESTS = replace(REQUESTS, failure=traceback.format_exc())
    # The names are imported by others all the same.
    requests = urllib3 = None  # type: ignore[assignment]  # nobody uses them: the module ends first

__all__ = ["REQUESTS", "requests", "urllib3"]
