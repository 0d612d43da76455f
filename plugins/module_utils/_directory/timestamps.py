# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The day on which somebody starts, as directories hold it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

# Generalized time (RFC 4517, 3.3.13), which Active Directory writes, too, and ISO 8601's dates and times, which
# administrators write into attributes of text.
_TIMESTAMP = re.compile(
    r"(?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)"
    r"(?:[T ]?(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d))?)?(?:[.,]\d+)?"
    r" ?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)


def parse_timestamp(text: str) -> datetime | None:
    """The moment that a text tells; without an hour it is the beginning of that day, without a zone it is UTC.

    :returns: an aware moment; None when it tells none.
    """
    match = _TIMESTAMP.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, *time_of_day = (int(number or 0) for number in match.groups()[:6])
    try:
        midnight = datetime(year, month, day, tzinfo=timezone.utc)
        timestamp = midnight.replace(
            hour=time_of_day[0], minute=time_of_day[1], second=time_of_day[2]
        )
        return timestamp - _offset(match["zone"] or "")
    except (ValueError, OverflowError):
        return None


def _offset(zone: str) -> timedelta:
    # Of UTC, which is Z or nothing, no digits are left.
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if zone.startswith("-") else offset
