# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The status line and the headers of the final response, after all interim responses (status codes 1xx)."""

from __future__ import annotations

import http.client
from typing import Any

MAX_INTERIM_RESPONSES = 100
"""Maximum number of interim responses. The timeout for the response limits their duration."""


class _HeaderReader:
    """A reader of status lines and headers that requires them to be complete.

    For http.client, the headers also end where the connection ends, so that a response that was interrupted would look
    like a complete one with an empty body.

    :param file: the response.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self._is_started = False
        self.close = file.close

    def readline(self, limit: int) -> bytes:
        """Return a line of at most `limit` bytes; the first one is empty if there is no response at all.

        :raises http.client.IncompleteRead: if the connection ended within the status line or the headers.
        """
        line: bytes = self._file.readline(limit)
        is_cut = len(line) < limit and not line.endswith(b"\n")
        if is_cut and (self._is_started or line.startswith(b"HTTP/")):
            raise http.client.IncompleteRead(line)
        # An empty line ends the headers, and the next line starts another response.
        self._is_started = line.strip() != b""
        return line


class FinalResponse(http.client.HTTPResponse):
    """A response that skips all interim responses before the final one.

    A client must be able to receive any number of them (RFC 9110, 15.2), but http.client skips only those with
    the status code 100. 101 is a final response, because it ends HTTP on the connection. `_read_status` is private to
    http.client, but the same in Python 3.9 to 3.14.
    """

    def begin(self) -> None:
        """Read the status line and the headers.

        :raises http.client.HTTPException: if they are incomplete or invalid.
        """
        file = self.fp
        # The base class calls only the two methods of the reader here.
        reader: Any = _HeaderReader(file)
        self.fp = reader
        try:
            super().begin()
        finally:
            # After an error, the base class may have closed the response already.
            if self.fp is reader:
                self.fp = file

    def _read_status(self) -> tuple[str, int, str]:
        for _number in range(MAX_INTERIM_RESPONSES + 1):
            version, status, reason = super()._read_status()  # type: ignore[misc]  # It is private.
            if not 100 <= status < 200 or status == 101:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.BadStatusLine("too many interim responses")
