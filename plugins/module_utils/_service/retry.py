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

LONGEST_WAIT = 60.0
"""Seconds; waits are not doubled beyond it."""

LONGEST_ASKED = 300.0
"""Seconds that a service may ask to wait (Retry-After); with more the run ends, and the next one sends."""

# RFC 9110, 9.2.2: of the methods here, only a PUT that was taken twice does what one does.
_IDEMPOTENT = frozenset({"PUT"})

# Where the service says that it has not taken the request: 408, the request did not arrive in time
# (RFC 9110, 15.5.9); 425, it was not processed (RFC 8470, 5.2); 429, too many (RFC 6585, 4); 503, it
# cannot at the moment (RFC 9110, 15.6.4).
_NOT_TAKEN = frozenset({NOT_SENT, 408, 425, 429, 503})

# Where it may have been taken, and the next attempt may fare better: 502 and 504 are a gateway's.
_PERHAPS_TAKEN = frozenset({OUTCOME_UNKNOWN, 502, 504})


def is_safe_to_repeat(method: str, ended: int | str) -> bool:
    """Whether an upload may be sent again without harm, and with hope.

    :param ended: the HTTP status, or UNREACHED, LOST or HOPELESS.
    """
    return ended in _NOT_TAKEN or (method in _IDEMPOTENT and ended in _PERHAPS_TAKEN)


def outcome_is_unknown(ended: int | str) -> bool:
    """Whether the service may have the roster after an attempt.

    After a failure of its own it may, whatever that is called; after a success it may although its
    answer is not what it should be.

    :param ended: the HTTP status, or UNREACHED, LOST or HOPELESS.
    """
    return ended == OUTCOME_UNKNOWN or (
        isinstance(ended, int) and (200 <= ended < 300 or ended >= 500)
    )


def wait_before_next(
    retries: Retries, method: str, attempt: int, ended: int | str, asked: float | None
) -> float | None:
    """Seconds to wait before the next attempt; None when there must be none.

    :param attempt: number of the attempt that ended, from 1.
    :param ended: the HTTP status, or UNREACHED, LOST or HOPELESS.
    :param asked: seconds that the service asked to wait; None when it did not.
    """
    if attempt > retries.limit or not is_safe_to_repeat(method, ended):
        return None
    wait = min(retries.interval * 2.0 ** (attempt - 1), LONGEST_WAIT)
    if asked is None:
        return wait
    return None if asked > LONGEST_ASKED else max(wait, asked)


def seconds_asked(retry_after: str | None, date: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks to wait (RFC 9110, 10.2.3); None when it says nothing.

    :param date: the answer's Date header; a time is told by the service's clock, if it shows that.
    :param now: this host's time, for a service that does not.
    """
    text = (retry_after or "").strip()
    if re.fullmatch("[0-9]+", text):
        # No more digits than a number of seconds ever needs.
        return float(text[:9])
    moment = _moment(text)
    if moment is None:
        return None
    return max(0.0, (moment - (_moment(date or "") or now)).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
