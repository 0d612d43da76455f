# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be tried again, and when. Pure: it decides from facts and does nothing."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from .endpoint import Retries

NOT_SENT, OUTCOME_UNKNOWN, PERMANENT = "not sent", "outcome unknown", "permanent"
"""How an attempt without an answer ended: before anything of the roster was sent; after that; or in a way
that the next one would end in too, such as a certificate that does not verify."""

MAX_WAIT = 60.0
"""Seconds; waits are not doubled beyond it."""

MAX_RETRY_AFTER = 300.0
"""Seconds that a service may ask to wait (Retry-After); with more the run ends, and the next one sends."""

# RFC 9110, 9.2.2: of the methods here, only a PUT that was taken twice does what one does.
_IDEMPOTENT = frozenset({"PUT"})

# Where the service says that it has not taken the request: 408, the request did not arrive in time
# (RFC 9110, 15.5.9); 425, it was not processed (RFC 8470, 5.2); 429, too many (RFC 6585, 4); 503, it
# cannot at the moment (RFC 9110, 15.6.4).
_NOT_PROCESSED = frozenset({NOT_SENT, 408, 425, 429, 503})

# Where it may have been taken, and the next attempt may fare better: 502 and 504 are a gateway's.
_MAYBE_PROCESSED = frozenset({OUTCOME_UNKNOWN, 502, 504})


def is_safe_to_repeat(method: str, outcome: int | str) -> bool:
    """Whether an upload may be sent again without harm, and with hope.

    :param outcome: the HTTP status, or UNREACHED, LOST or HOPELESS.
    """
    return outcome in _NOT_PROCESSED or (method in _IDEMPOTENT and outcome in _MAYBE_PROCESSED)


def outcome_is_unknown(outcome: int | str) -> bool:
    """Whether the service may have the roster after an attempt.

    After a failure of its own it may, whatever that is called; after a success it may although its
    answer is not what it should be.

    :param outcome: the HTTP status, or UNREACHED, LOST or HOPELESS.
    """
    return outcome == OUTCOME_UNKNOWN or (
        isinstance(outcome, int) and (200 <= outcome < 300 or outcome >= 500)
    )


def compute_retry_delay(
    retries: Retries, method: str, attempt: int, outcome: int | str, retry_after: float | None
) -> float | None:
    """Seconds to wait before the next attempt; None when there must be none.

    :param attempt: number of the attempt that ended, from 1.
    :param outcome: the HTTP status, or UNREACHED, LOST or HOPELESS.
    :param retry_after: seconds that the service asked to wait; None when it did not.
    """
    if attempt > retries.limit or not is_safe_to_repeat(method, outcome):
        return None
    delay = min(retries.interval * 2.0 ** (attempt - 1), MAX_WAIT)
    if retry_after is None:
        return delay
    return None if retry_after > MAX_RETRY_AFTER else max(delay, retry_after)


def parse_retry_after(retry_after: str | None, date: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks to wait (RFC 9110, 10.2.3); None when it says nothing.

    :param date: the answer's Date header; a time is told by the service's clock, if it shows that.
    :param now: this host's time, for a service that does not.
    """
    text = (retry_after or "").strip()
    if re.fullmatch("[0-9]+", text):
        # No more digits than a number of seconds ever needs.
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
