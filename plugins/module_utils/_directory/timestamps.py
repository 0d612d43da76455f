# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Timestamps in the formats used in directories."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

# Generalized Time (RFC 4517, 3.3.13; also used by Active Directory), and the usual forms of ISO 8601, because
# administrators write them into string attributes. Fractions are ignored.
_TIMESTAMP = re.compile(
    r"(?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)"
    r"(?:[T ]?(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d))?)?(?:[.,]\d+)?"
    r" ?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)


def parse_timestamp(text: str) -> datetime | None:
    """Parse a timestamp.

    The time defaults to the start of the day, and the time zone to UTC.

    :param text: a date, or a date and a time.
    :returns: a datetime in UTC; None if the text is not a timestamp.
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
        return timestamp - _parse_offset(match["zone"] or "")
    except (ValueError, OverflowError):
        return None


def to_filetime(moment: datetime) -> int:
    """Convert a time to a number of 100 ns intervals since 1601-01-01 UTC (MS-DTYP 2.3.3)."""
    elapsed = moment - datetime(1601, 1, 1, tzinfo=timezone.utc)
    return int(elapsed.total_seconds()) * 10_000_000


def _parse_offset(zone: str) -> timedelta:
    # If the zone is "Z" or empty (UTC), no digits remain.
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if zone.startswith("-") else offset
