# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of parsing certificates and other data."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone

import pytest
import trustme
from ansible_collections.frontdesk.contacts.plugins.module_utils._certificate import (
    Certificate,
    parse_certificate,
)
from hypothesis import given
from hypothesis import strategies as st

BEGIN = datetime(2049, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
END = datetime(2050, 6, 1, tzinfo=timezone.utc)


def _to_der(issued: trustme.LeafCert) -> bytes:
    return ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())


DER = _to_der(
    trustme.CA(organization_name="Corp Ævar", organization_unit_name="Lab").issue_cert(
        *("dc1.corp.example", "*.corp.example", "127.0.0.1", "::1"),
        common_name="dc1.corp.example",
        not_before=BEGIN,
        not_after=END,
    )
)


def test_the_fields_of_a_certificate_are_parsed() -> None:
    certificate = parse_certificate(DER)
    assert certificate is not None
    assert certificate.issuer == "OU=Lab,O=Corp Ævar"
    assert certificate.subject.startswith("CN=dc1.corp.example,OU=")
    assert certificate.names == ["dc1.corp.example", "*.corp.example", "127.0.0.1", "::1"]
    # The first date is encoded with a two-digit year (UTCTime), the second with a four-digit year (GeneralizedTime).
    assert (certificate.not_before, certificate.not_after) == (BEGIN, END)


@pytest.mark.parametrize(
    ("remaining", "days"),
    [
        (timedelta(days=30), 30),
        (timedelta(days=30, seconds=-1), 29),
        (timedelta(), 0),
        (timedelta(seconds=-1), -1),
    ],
)
def test_the_result_contains_the_full_days_until_the_certificate_expires(
    remaining: timedelta, days: int
) -> None:
    certificate = Certificate(
        subject="CN=a", issuer="CN=b", names=["a"], not_before=BEGIN, not_after=END
    )
    result = certificate.result(END - remaining)
    assert result == {
        "subject": "CN=a",
        "issuer": "CN=b",
        "names": ["a"],
        "not_before": "2049-12-31T23:59:59+00:00",
        "not_after": "2050-06-01T00:00:00+00:00",
        "days_left": days,
    }


@given(st.integers(0, len(DER) - 1))
def test_a_truncated_certificate_is_not_parsed(size: int) -> None:
    assert parse_certificate(DER[:size]) is None


@given(st.integers(0, len(DER) - 1), st.integers(0, 255))
def test_a_corrupt_certificate_raises_no_error(offset: int, byte: int) -> None:
    changed = DER[:offset] + bytes([byte]) + DER[offset + 1 :]
    certificate = parse_certificate(changed)
    assert certificate is None or certificate.subject.isprintable()


@given(st.binary())
def test_other_data_is_not_parsed(data: bytes) -> None:
    assert parse_certificate(data) is None
