# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Receipts: written, read, damaged, and of a newer format."""

from __future__ import annotations

import json

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.receipt import (
    Binding,
    Receipt,
    StateError,
    endpoint_of,
    parse_receipt,
    render_receipt,
    with_history,
)

RECEIPT = Receipt(
    binding=Binding("https://x/contacts", "receptionist", ("Name", "Tromsø")),
    roster="ab" * 32,
    identities="cd" * 32,
    rows=2,
    accepted_at="2026-01-02T03:04:05Z",
    plan="0123456789abcdef",
    status=200,
    counts={"added": 2},
)


def test_the_bytes_of_a_receipt() -> None:
    data = render_receipt(RECEIPT)
    assert data.endswith(b"\n}\n")
    assert "Tromsø".encode() in data
    assert json.loads(data) == {
        "format": 1,
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
        "history": [],
    }


def test_what_is_written_is_read() -> None:
    receipt = with_history(RECEIPT, RECEIPT._replace(rows=1))
    assert parse_receipt(render_receipt(receipt), "receipt.json") == receipt


def test_a_newer_format_is_refused_by_name() -> None:
    document = {**json.loads(render_receipt(RECEIPT)), "format": 2}
    with pytest.raises(StateError) as caught:
        parse_receipt(json.dumps(document).encode(), "/state/receipt.json")
    assert str(caught.value) == (
        "Cannot use /state/receipt.json: its format 2 is newer than 1. "
        "Update the collection frontdesk.contacts."
    )


_DAMAGED = [
    (b"", "JSONDecodeError"),
    (b'{"format": 1', "JSONDecodeError"),
    (b"\xff", "UnicodeDecodeError"),
    (b"[]", "TypeError"),
    (b"null", "TypeError"),
    (b"{}", "KeyError"),
    (b'{"format": "1"}', "TypeError"),
    (b'{"format": 1}', "KeyError"),
]


@pytest.mark.parametrize(("data", "kind"), _DAMAGED)
def test_a_damaged_receipt_is_told(data: bytes, kind: str) -> None:
    with pytest.raises(StateError) as caught:
        parse_receipt(data, "/state/receipt.json")
    assert str(caught.value) == (
        f"Cannot use /state/receipt.json: it is damaged ({kind}). Restore it from a backup, "
        "or remove the state directory and upload with initial: true."
    )


@pytest.mark.parametrize("key", list(json.loads(render_receipt(RECEIPT))))
def test_a_receipt_without_one_of_its_parts_is_damaged(key: str) -> None:
    document = json.loads(render_receipt(RECEIPT))
    del document[key]
    with pytest.raises(StateError, match="it is damaged"):
        parse_receipt(json.dumps(document).encode(), "receipt.json")


@pytest.mark.parametrize(("key", "value"), [("header", 1), ("history", None)])
def test_parts_of_another_kind_are_damage(key: str, value: object) -> None:
    document = {**json.loads(render_receipt(RECEIPT)), key: value}
    with pytest.raises(StateError, match="it is damaged"):
        parse_receipt(json.dumps(document).encode(), "receipt.json")


def test_history_is_short_and_has_the_latest_first() -> None:
    assert with_history(RECEIPT, None) == RECEIPT
    receipt = RECEIPT._replace(rows=0)
    for number in range(1, 13):
        receipt = with_history(RECEIPT._replace(rows=number), receipt)
    assert [past["rows"] for past in receipt.history] == list(range(11, 1, -1))
    assert receipt.history[0] == {
        "roster": "ab" * 32,
        "rows": 11,
        "accepted_at": "2026-01-02T03:04:05Z",
        "plan": "0123456789abcdef",
        "status": 200,
        "endpoint": "https://x/contacts",
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
def test_an_endpoint_is_named_without_its_query(url: str, endpoint: str) -> None:
    assert endpoint_of(url) == endpoint
