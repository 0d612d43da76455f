# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the retry policy."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import Retries
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.retry import (
    MAX_RETRY_AFTER,
    NOT_SENT,
    OUTCOME_UNKNOWN,
    PERMANENT,
    compute_retry_delay,
    is_outcome_unknown,
    is_safe_to_repeat,
    parse_retry_after,
)
from hypothesis import given
from hypothesis import strategies as st

NEVER_RETRIED = (
    PERMANENT,
    200,
    202,
    204,
    301,
    400,
    401,
    403,
    404,
    405,
    407,
    409,
    413,
    415,
    422,
    500,
    501,
)


@pytest.mark.parametrize(
    ("outcome", "methods"),
    [
        *((outcome, "POST PUT PATCH") for outcome in (NOT_SENT, 408, 425, 429, 503)),
        *((outcome, "PUT") for outcome in (OUTCOME_UNKNOWN, 502, 504)),
        *((outcome, "") for outcome in NEVER_RETRIED),
    ],
)
def test_retry_depends_on_the_outcome_and_the_method(outcome: int | str, methods: str) -> None:
    retried = [method for method in ("POST", "PUT", "PATCH") if is_safe_to_repeat(method, outcome)]
    assert retried == methods.split()


@pytest.mark.parametrize(
    ("outcome", "is_unknown"),
    [
        *(
            (outcome, True)
            for outcome in (
                OUTCOME_UNKNOWN,
                101,
                102,
                199,
                200,
                202,
                299,
                300,
                301,
                302,
                303,
                304,
                306,
                309,
            )
        ),
        *((outcome, True) for outcome in (399, 408, 500, 502, 503, 599, 600, 999)),
        *(
            (outcome, False)
            for outcome in (NOT_SENT, PERMANENT, 307, 308, 400, 401, 407, 409, 422, 429, 499)
        ),
    ],
)
def test_outcome_shows_whether_the_roster_might_have_been_accepted(
    outcome: int | str, is_unknown: bool
) -> None:
    assert is_outcome_unknown(outcome) is is_unknown


@pytest.mark.parametrize(
    ("limit", "interval", "attempt", "retry_after", "delay"),
    [
        (3, 2, 1, None, 2.0),
        (3, 2, 2, None, 4.0),
        (3, 2, 3, None, 8.0),
        (3, 2, 4, None, None),
        (0, 2, 1, None, None),
        (10, 5, 4, None, 40.0),
        (10, 5, 5, None, 60.0),
        (10, 60, 10, None, 60.0),
        (3, 0, 3, None, 0.0),
        # The service requested a delay. The longer of the two delays is used.
        (3, 2, 1, 1.0, 2.0),
        (3, 2, 1, 30.0, 30.0),
        (3, 2, 1, MAX_RETRY_AFTER, MAX_RETRY_AFTER),
        (3, 2, 1, MAX_RETRY_AFTER + 1, None),
        (3, 2, 4, 1.0, None),
    ],
)
def test_delay_before_a_retry_is_computed(
    limit: int, interval: int, attempt: int, retry_after: float | None, delay: float | None
) -> None:
    assert (
        compute_retry_delay(
            Retries(limit=limit, interval=interval), "POST", attempt, 503, retry_after
        )
        == delay
    )


def test_unknown_outcome_is_retried_with_put_but_not_with_post() -> None:
    assert (
        compute_retry_delay(Retries(limit=3, interval=2), "POST", 1, OUTCOME_UNKNOWN, None) is None
    )
    assert compute_retry_delay(Retries(limit=3, interval=2), "PUT", 1, OUTCOME_UNKNOWN, None) == 2.0


NOW = datetime(2026, 11, 24, 9, 0, 0, tzinfo=timezone(timedelta(0)))
DATE = "Tue, 24 Nov 2026 08:00:00 GMT"


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        (None, None, None),
        ("", None, None),
        ("120", None, 120.0),
        (" 0 ", None, 0.0),
        ("9" * 5000, None, 999_999_999.0),
        ("-1", None, None),
        ("1.5", None, None),
        ("soon", None, None),
        ("١٢", None, None),
        ("Tue, 24 Nov 2026 09:00:30 GMT", None, 30.0),
        ("Tue, 24 Nov 2026 08:59:00 GMT", None, 0.0),
        # Retry-After and Date are both based on the service's clock, which is one hour behind.
        ("Tue, 24 Nov 2026 08:00:30 GMT", DATE, 30.0),
        ("Tue, 24 Nov 2026 08:00:30 GMT", "nonsense", 0.0),
        # Obsolete date formats (RFC 9110, 5.6.7).
        ("Tuesday, 24-Nov-26 09:00:30 GMT", None, 30.0),
        ("Tue Nov 24 09:00:30 2026", None, 30.0),
        # An invalid date.
        ("Tue, 99 Nov 2026 09:00:30 GMT", None, None),
    ],
)
def test_retry_after_header_is_parsed(
    retry_after: str | None, date: str | None, seconds: float | None
) -> None:
    assert parse_retry_after(retry_after, date, NOW) == seconds


@given(st.text(), st.text())
def test_any_header_can_be_parsed(retry_after: str, date: str) -> None:
    seconds = parse_retry_after(retry_after, date, NOW)
    assert seconds is None or seconds >= 0


@given(st.integers(0, 10), st.integers(0, 60), st.integers(1, 12), st.floats(0, 1e9) | st.none())
def test_delay_is_never_longer_than_five_minutes(
    limit: int, interval: int, attempt: int, retry_after: float | None
) -> None:
    delay = compute_retry_delay(
        Retries(limit=limit, interval=interval), "PUT", attempt, 503, retry_after
    )
    assert (delay is None) or 0 <= delay <= timedelta(minutes=5).total_seconds()
