# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of receipts: the current format, older and newer formats, and corrupted receipts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt import (
    Binding,
    Receipt,
    StateError,
    parse_receipt,
    render_receipt,
    strip_query,
    with_history,
)

RECEIPT = Receipt(
    binding=Binding(
        endpoint="https://x/contacts", profile="receptionist", header=("Name", "Tromsø")
    ),
    roster="ab" * 32,
    identities="cd" * 32,
    rows=2,
    accepted_at="2026-01-02T03:04:05Z",
    plan="0123456789abcdef",
    status=200,
    counts={"added": 2},
)
# The fields that all formats contain.
COMMON_FIELDS = {
    "endpoint": "https://x/contacts",
    "profile": "receptionist",
    "header": ["Name", "Tromsø"],
    "roster": "ab" * 32,
    "identities": "cd" * 32,
    "rows": 2,
    "accepted_at": "2026-01-02T03:04:05Z",
    "plan": "0123456789abcdef",
    "status": 200,
    "counts": {"added": 2},
}


def test_receipt_is_rendered_as_json() -> None:
    data = render_receipt(RECEIPT)
    assert data.endswith(b"\n}\n")
    assert "Tromsø".encode() in data
    assert json.loads(data) == {
        **COMMON_FIELDS,
        "format": 2,
        "needs": "0.1.0",
        "sequence": 1,
        "complete": True,
        "history": [],
        "checksum": "2fa04e479bf3fe697c1d0176feba475c55e4fe768e8ef010113c82f0d4501979",
    }


def test_rendered_receipt_can_be_parsed() -> None:
    receipt = with_history(RECEIPT, replace(RECEIPT, rows=1))
    assert parse_receipt(render_receipt(receipt), "receipt.json") == receipt


@pytest.mark.parametrize(
    ("needs", "version_hint"),
    [
        ("1.4.0", " to 1.4.0 or newer"),
        (None, ""),
        ("1.4\nRun this", ""),
        (3, ""),
    ],
)
def test_newer_format_is_rejected_with_the_required_version(
    needs: object, version_hint: str
) -> None:
    document = {**json.loads(render_receipt(RECEIPT)), "format": 3, "needs": needs}
    with pytest.raises(StateError) as caught:
        parse_receipt(json.dumps(document).encode(), "/state/receipt.json")
    assert str(caught.value) == (
        "Cannot use /state/receipt.json: its format 3 is newer than the supported format 2. "
        f"Update the collection frontdesk.contacts{version_hint}."
    )


def test_first_format_is_converted_to_the_current_format() -> None:
    document = {**COMMON_FIELDS, "format": 1, "history": [{"rows": 1}, {"rows": 0}]}
    receipt = parse_receipt(json.dumps(document).encode(), "receipt.json")
    assert receipt == replace(RECEIPT, sequence=3, history=({"rows": 1}, {"rows": 0}))
    data = render_receipt(with_history(RECEIPT, receipt))
    assert json.loads(data)["format"] == 2
    assert parse_receipt(data, "receipt.json").sequence == 4


@pytest.mark.parametrize("key", ["rows", "roster", "complete", "sequence", "endpoint"])
def test_modified_receipt_is_reported_as_corrupted(key: str) -> None:
    document = {**json.loads(render_receipt(RECEIPT)), key: "00"}
    with pytest.raises(StateError, match=r"it is corrupted \(wrong checksum\)"):
        parse_receipt(json.dumps(document).encode(), "receipt.json")


@pytest.mark.parametrize("number", [1, 0, 1.5])
def test_modified_format_number_is_reported_as_corrupted(number: float) -> None:
    document = {**json.loads(render_receipt(RECEIPT)), "format": number}
    with pytest.raises(StateError, match=r"it is corrupted \(wrong checksum\)"):
        parse_receipt(json.dumps(document).encode(), "receipt.json")


def test_whitespace_does_not_change_the_checksum() -> None:
    document = json.loads(render_receipt(RECEIPT))
    assert parse_receipt(json.dumps(document).encode(), "receipt.json") == RECEIPT


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "AB" * 32])
def test_receipt_with_an_invalid_file_checksum_is_reported_as_corrupted(name: str) -> None:
    data = render_receipt(replace(RECEIPT, roster=name))
    with pytest.raises(StateError, match=r"it is corrupted \(invalid checksum of a roster file\)"):
        parse_receipt(data, "receipt.json")


def test_sequence_defines_the_order_even_if_the_clock_jumps_back() -> None:
    later = replace(RECEIPT, accepted_at="2025-01-01T00:00:00Z")
    receipt = with_history(later, with_history(RECEIPT, RECEIPT))
    assert receipt.sequence == 3
    assert [summary["sequence"] for summary in receipt.history] == [2, 1]


_CORRUPTED = [
    (b"", "JSONDecodeError"),
    (b'{"format": 1', "JSONDecodeError"),
    (b"\xff", "UnicodeDecodeError"),
    (b"[]", "TypeError"),
    (b"null", "TypeError"),
    (b"{}", "KeyError"),
    (b'{"format": "1"}', "TypeError"),
    (b'{"format": 1}', "KeyError"),
]


@pytest.mark.parametrize(("data", "exception"), _CORRUPTED)
def test_corrupted_receipt_is_reported(data: bytes, exception: str) -> None:
    with pytest.raises(StateError) as caught:
        parse_receipt(data, "/state/receipt.json")
    assert str(caught.value) == (
        f"Cannot use /state/receipt.json: it is corrupted ({exception}). Restore it from a backup, "
        "or remove the state directory and run once with initial: true."
    )


@pytest.mark.parametrize("key", list(json.loads(render_receipt(RECEIPT))))
def test_receipt_with_a_missing_field_is_reported_as_corrupted(key: str) -> None:
    document = json.loads(render_receipt(RECEIPT))
    del document[key]
    with pytest.raises(StateError, match="it is corrupted"):
        parse_receipt(json.dumps(document).encode(), "receipt.json")


@pytest.mark.parametrize(("key", "value"), [("header", 1), ("history", None)])
def test_receipt_with_a_field_of_the_wrong_type_is_reported_as_corrupted(
    key: str, value: object
) -> None:
    document = {**json.loads(render_receipt(RECEIPT)), key: value}
    with pytest.raises(StateError, match="it is corrupted"):
        parse_receipt(json.dumps(document).encode(), "receipt.json")


def test_history_is_limited_and_starts_with_the_latest_receipt() -> None:
    assert with_history(RECEIPT, None) == RECEIPT
    receipt = replace(RECEIPT, rows=0)
    for number in range(1, 13):
        receipt = with_history(replace(RECEIPT, rows=number), receipt)
    assert [summary["rows"] for summary in receipt.history] == list(range(11, 1, -1))
    assert receipt.history[0] == {
        "roster": "ab" * 32,
        "rows": 11,
        "accepted_at": "2026-01-02T03:04:05Z",
        "plan": "0123456789abcdef",
        "status": 200,
        "endpoint": "https://x/contacts",
        "sequence": 12,
        "complete": True,
    }


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://x.no/contacts", "https://x.no/contacts"),
        ("https://x.no/contacts?key=secret#part", "https://x.no/contacts"),
        ("HTTPS://X.no:8443/Contacts", "https://x.no:8443/Contacts"),
        ("https://x.no", "https://x.no"),
    ],
)
def test_query_is_stripped_from_the_url(url: str, endpoint: str) -> None:
    assert strip_query(url) == endpoint
