# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The retry policy, which decides whether and when an upload is sent again.

These functions have no side effects.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from .endpoint import Retries

NOT_SENT, OUTCOME_UNKNOWN, PERMANENT = "not sent", "outcome unknown", "permanent"
"""Outcomes of an attempt that received no usable response.

NOT_SENT: the attempt failed before any part of the roster was sent.
OUTCOME_UNKNOWN: the attempt failed later, so the service may have accepted the roster.
PERMANENT: the attempt failed for a reason that a retry cannot fix, such as an invalid certificate.
"""

MAX_DELAY = 60.0
"""Maximum delay in seconds between two attempts, unless the service requests a longer delay."""

MAX_RETRY_AFTER = 300.0
"""Maximum Retry-After delay in seconds. If the service requests a longer delay, there is no retry."""

# Of the supported methods, only PUT is idempotent (RFC 9110, 9.2.2).
_IDEMPOTENT = frozenset({"PUT"})

# Outcomes after which the service has normally not processed the request. Among them are 408 Request Timeout (RFC 9110,
# 15.5.9), 425 Too Early (RFC 8470, 5.2), 429 Too Many Requests (RFC 6585, 4) and 503 Service Unavailable (RFC 9110,
# 15.6.4).
_NOT_PROCESSED = frozenset({NOT_SENT, 408, 425, 429, 503})

# The service may have processed the request, and a retry may succeed. Gateways return 502 and 504.
_MAYBE_PROCESSED = frozenset({OUTCOME_UNKNOWN, 502, 504})


def is_safe_to_repeat(method: str, outcome: int | str) -> bool:
    """Return whether a retry may succeed and is considered harmless.

    :param method: the HTTP method.
    :param outcome: the status code, or NOT_SENT, OUTCOME_UNKNOWN or PERMANENT.
    """
    return outcome in _NOT_PROCESSED or (method in _IDEMPOTENT and outcome in _MAYBE_PROCESSED)


def is_outcome_unknown(outcome: int | str) -> bool:
    """Return whether the service may have accepted the roster in an attempt.

    :param outcome: the status code, or NOT_SENT, OUTCOME_UNKNOWN or PERMANENT.
    """
    if isinstance(outcome, int):
        return not is_definite_rejection(outcome)
    return outcome == OUTCOME_UNKNOWN


def is_definite_rejection(status: int) -> bool:
    """Return whether a status code means that the service has not accepted the roster.

    These are the client errors (RFC 9110, 15.5) except 408, which a gateway can return after it has forwarded the
    roster. With 307 and 308, the service requests the same upload at another address (RFC 9110, 15.4.8 and 15.4.9).
    After any other redirect, the roster may have been accepted: 303 refers to the result of an upload.
    """
    return (400 <= status < 500 and status != 408) or status in (307, 308)


def compute_retry_delay(
    retries: Retries, method: str, attempt: int, outcome: int | str, retry_after: float | None
) -> float | None:
    """Return the delay in seconds before the next attempt; None if there must be no further attempt.

    :param retries: the retry settings.
    :param method: the HTTP method.
    :param attempt: number of the last attempt, starting at 1.
    :param outcome: the status code, or NOT_SENT, OUTCOME_UNKNOWN or PERMANENT.
    :param retry_after: delay in seconds that the service requested; None if it did not request one.
    """
    if attempt > retries.limit or not is_safe_to_repeat(method, outcome):
        return None
    delay = min(retries.interval * 2.0 ** (attempt - 1), MAX_DELAY)
    if retry_after is None:
        return delay
    return None if retry_after > MAX_RETRY_AFTER else max(delay, retry_after)


def parse_retry_after(retry_after: str | None, date: str | None, now: datetime) -> float | None:
    """Parse a Retry-After header (RFC 9110, 10.2.3).

    :param retry_after: value of the header; None if it is missing.
    :param date: value of the Date header, which is the service's current time; None if it is
        missing.
    :param now: current time of this host, for responses without a valid Date header.
    :returns: the delay in seconds; None if the header is missing or invalid.
    """
    text = (retry_after or "").strip()
    if re.fullmatch("[0-9]+", text):
        # Only the first nine digits are used: they are more than enough for a delay in seconds.
        return float(text[:9])
    timestamp = _parse_http_date(text)
    if timestamp is None:
        return None
    return max(0.0, (timestamp - (_parse_http_date(date or "") or now)).total_seconds())


def _parse_http_date(text: str) -> datetime | None:
    try:
        timestamp = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=timezone.utc)
