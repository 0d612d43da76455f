# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of parsing timestamps in the formats of Generalized Time and ISO 8601."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.timestamps import (
    parse_timestamp,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("20261201000000.0Z", (2026, 12, 1)),
        ("20261201083015Z", (2026, 12, 1, 8, 30, 15)),
        ("202612010830+0100", (2026, 12, 1, 7, 30)),
        ("2026120108-0130", (2026, 12, 1, 9, 30)),
        ("20261201083015,5+02", (2026, 12, 1, 6, 30, 15)),
        ("2026-12-01", (2026, 12, 1)),
        ("20261201", (2026, 12, 1)),
        (" 2026-12-01\n", (2026, 12, 1)),
        ("2026-12-01T08:30:15Z", (2026, 12, 1, 8, 30, 15)),
        ("2026-12-01 08:30", (2026, 12, 1, 8, 30)),
        ("2026-12-01T08:30:15.123+01:00", (2026, 12, 1, 7, 30, 15)),
    ],
)
def test_timestamps_are_parsed(text: str, fields: tuple[int, ...]) -> None:
    year, month, day, *time_of_day = fields
    hour, minute, second = (*time_of_day, 0, 0, 0)[:3]
    assert parse_timestamp(text) == datetime(
        year, month, day, hour, minute, second, tzinfo=timezone.utc
    )


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "soon",
            "01.12.2026",
            "2026-13-01",
            "2026-02-30",
            "2026",
            "202612",
            "20261201250000Z",
        ),
        *(
            "2026-12-01 x",
            "0000-01-01",
            "00010101000000+0100",
            "133500000000000000",
            "\u0662026-12-01",
        ),
    ],
)
def test_other_text_is_not_a_timestamp(text: str) -> None:
    assert parse_timestamp(text) is None


@given(st.text(st.sampled_from("0123456789-:TZ+. "), max_size=25))
def test_parsed_timestamps_are_in_utc(text: str) -> None:
    timestamp = parse_timestamp(text)
    assert timestamp is None or timestamp.utcoffset() == timedelta(0)
