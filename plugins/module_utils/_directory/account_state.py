# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""States of accounts, which filters can test: disabled and expired."""

from __future__ import annotations

from datetime import datetime

from .timestamps import to_filetime

DISABLING_ATTRIBUTES = ("useraccountcontrol", "nsaccountlock")
"""Attributes of disabled accounts: userAccountControl (MS-ADTS 2.2.16), and nsAccountLock in 389 Directory Server."""

EXPIRY_ATTRIBUTE = "accountexpires"
"""Attribute with the time when an account expires (MS-ADA1)."""

_ACCOUNTDISABLE = 0x2  # MS-ADTS 2.2.16


def is_disabled(attribute: str, text: str) -> bool:
    """Return whether a value means that an account is disabled.

    :param attribute: one of `DISABLING_ATTRIBUTES`.
    :param text: value of the attribute; empty if the account has none.
    """
    if attribute == "nsaccountlock":
        return text.lower() == "true"
    number = _parse_integer(text)
    return number is not None and bool(number & _ACCOUNTDISABLE)


def is_expired(text: str, now: datetime) -> bool:
    """Return whether an account has expired.

    :param text: value of `EXPIRY_ATTRIBUTE`, a FILETIME; 0 and 2^63-1 mean never (MS-ADTS 2.2.18, MS-ADA1). It is empty
        if the account has none.
    :param now: current time, with a time zone.
    """
    number = _parse_integer(text)
    return number is not None and 0 < number < to_filetime(now)


def _parse_integer(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
