# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only file that imports requests and urllib3.

If one of them is missing, the failed import is recorded here, so that the module can report it.
"""

from __future__ import annotations

import traceback
from dataclasses import replace

from .._library import Library

# The release in Red Hat Enterprise Linux 9.
REQUESTS = Library("requests", "2.25.1")

try:
    import requests
    import requests.adapters
    import requests.auth
    import requests.utils
    import urllib3

    REQUESTS = replace(REQUESTS, package=requests)
except ImportError:
    REQUESTS = replace(REQUESTS, failure=traceback.format_exc())
    # Other files import these names even if a library is missing, but the module ends before it uses them.
    requests = urllib3 = None  # type: ignore[assignment]  # None instead of a module.

__all__ = ["REQUESTS", "requests", "urllib3"]
