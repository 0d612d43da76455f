# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An HTTP response to an upload."""

from __future__ import annotations

from dataclasses import dataclass

from .response_body import ResponseBody


@dataclass(frozen=True)
class Response:
    """An HTTP response.

    :ivar status: status code (RFC 9110, 15).
    :ivar body: the body.
    :ivar content_type: value of the Content-Type header; empty if there is none.
    :ivar retry_after: delay in seconds that the service requested; None if it did not request one.
    :ivar location: value of the Location header; empty if there is none.
    :ivar firewall: FIREWALL or MAYBE_FIREWALL if the response comes, or may come, from a firewall or proxy in front of
        the service; otherwise empty.
    :ivar attempts: number of attempts.
    :ivar duration: time in seconds from the start of the first attempt to the end of the last one.
    :ivar is_roster_sent: whether any part of the roster was sent in this attempt. If not, the service cannot have
        accepted it.
    :ivar may_be_accepted: whether the service may have accepted the roster in an earlier attempt.
    """

    status: int
    body: ResponseBody
    content_type: str = ""
    retry_after: float | None = None
    location: str = ""
    firewall: str = ""
    attempts: int = 1
    duration: float = 0.0
    is_roster_sent: bool = True
    may_be_accepted: bool = False
