# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the states of accounts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account_state import (
    is_disabled,
    is_expired,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.timestamps import (
    to_filetime,
)

NOW = datetime(2026, 5, 17, 12, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("attribute", "text", "expected"),
    [
        ("useraccountcontrol", "514", True),
        ("useraccountcontrol", "512", False),
        # Some servers write the flags as a signed number.
        ("useraccountcontrol", "-2147483646", True),
        ("useraccountcontrol", "", False),
        ("useraccountcontrol", "true", False),
        ("nsaccountlock", "TRUE", True),
        ("nsaccountlock", "true", True),
        ("nsaccountlock", "false", False),
        ("nsaccountlock", "2", False),
        ("nsaccountlock", "", False),
    ],
)
def test_disabled_accounts_are_recognized(attribute: str, text: str, *, expected: bool) -> None:
    assert is_disabled(attribute, text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (str(to_filetime(NOW - SECOND)), True),
        (str(to_filetime(NOW)), False),
        (str(to_filetime(NOW + SECOND)), False),
        ("0", False),
        (str(2**63 - 1), False),
        ("", False),
        ("never", False),
    ],
)
def test_expired_accounts_are_recognized(text: str, *, expected: bool) -> None:
    assert is_expired(text, NOW) is expected
