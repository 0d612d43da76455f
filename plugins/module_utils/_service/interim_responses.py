# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A response class that skips interim responses (status codes 1xx)."""

from __future__ import annotations

import http.client

MAX_INTERIM_RESPONSES = 100
"""Maximum number of interim responses. The timeout for the response limits their duration."""


class FinalResponse(http.client.HTTPResponse):
    """A response that skips all interim responses before the final one.

    A client must be able to receive any number of them (RFC 9110, 15.2), but http.client skips only those with
    the status code 100. 101 is a final response, because it ends HTTP on the connection. `_read_status` is private to
    http.client, but the same in Python 3.9 to 3.14.
    """

    def _read_status(self) -> tuple[str, int, str]:
        for _number in range(MAX_INTERIM_RESPONSES + 1):
            version, status, reason = super()._read_status()  # type: ignore[misc]  # It is private.
            if not 100 <= status < 200 or status == 101:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.BadStatusLine("too many interim responses")
