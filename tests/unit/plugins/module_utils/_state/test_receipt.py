# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of receipt.json: the current format, older and newer formats, and corrupted files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt import (
    Binding,
    PreviousRoster,
    Receipt,
    RosterSummary,
    State,
    StateError,
    UnresolvedUpload,
    strip_query,
    with_history,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt_file import (
    parse_state,
    render_state,
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
    previous=PreviousRoster(
        header=("Name", "Tromsø"), roster="34" * 32, identities="56" * 32, rows=1
    ),
    summary=RosterSummary(
        location_column="Location",
        by_location={"tromsø": 2},
        row_identities="12" * 32,
        has_configuration=True,
    ),
)
# The fields that all formats contain, except the history.
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
RENDERED_RECEIPT = {
    **COMMON_FIELDS,
    "missing": None,
    "sequence": 1,
    "complete": True,
    "history": [],
    "previous": {
        "header": ["Name", "Tromsø"],
        "roster": "34" * 32,
        "identities": "56" * 32,
        "rows": 1,
    },
    "summary": {
        "location_column": "Location",
        "by_location": {"tromsø": 2},
        "row_identities": "12" * 32,
        "has_configuration": True,
    },
}
UPLOAD = UnresolvedUpload(
    binding=RECEIPT.binding,
    roster="ef" * 32,
    identities="",
    rows=3,
    sent_at="2026-01-03T03:04:05Z",
    plan="fedcba9876543210",
    missing="keep",
)
RENDERED_UPLOAD = {
    **{field: COMMON_FIELDS[field] for field in ("endpoint", "profile", "header")},
    "roster": "ef" * 32,
    "identities": "",
    "rows": 3,
    "sent_at": "2026-01-03T03:04:05Z",
    "plan": "fedcba9876543210",
    "missing": "keep",
    "approval": None,
}
STATE = State(RECEIPT, (UPLOAD,))


def _with_checksum(document: Mapping[str, object]) -> bytes:
    """Return a document as JSON, with the checksum of its content."""
    content = {field: value for field, value in document.items() if field != "checksum"}
    checksum = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return json.dumps({**content, "checksum": checksum}).encode()


def test_a_state_is_rendered_as_json() -> None:
    data = render_state(STATE)
    assert data.endswith(b"\n}\n")
    assert "Tromsø".encode() in data
    assert json.loads(data) == {
        "format": 3,
        "needs": "0.1.0",
        "receipt": RENDERED_RECEIPT,
        "unresolved": [RENDERED_UPLOAD],
        "checksum": json.loads(_with_checksum(json.loads(data)))["checksum"],
    }


@pytest.mark.parametrize(
    "state",
    [
        STATE,
        State(with_history(RECEIPT, replace(RECEIPT, rows=1))),
        State(None, (UPLOAD, replace(UPLOAD, rows=4))),
        State(replace(RECEIPT, complete=False)),
    ],
)
def test_a_rendered_state_can_be_parsed(state: State) -> None:
    assert parse_state(render_state(state), "receipt.json") == state


@pytest.mark.parametrize(
    ("state", "is_settled"),
    [
        (State(RECEIPT), True),
        (STATE, False),
        (State(replace(RECEIPT, complete=False)), False),
        (State(None, (UPLOAD,)), False),
        (State(), False),
    ],
)
def test_a_state_is_settled_if_the_service_has_exactly_the_roster_of_the_receipt(
    state: State, is_settled: bool
) -> None:
    assert state.is_settled == is_settled


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
    document = {**json.loads(render_state(STATE)), "format": 4, "needs": needs}
    with pytest.raises(StateError) as caught:
        parse_state(json.dumps(document).encode(), "/state/receipt.json")
    assert str(caught.value) == (
        "Cannot use /state/receipt.json: its format 4 is newer than the supported format 3. "
        f"Update the collection frontdesk.contacts{version_hint}."
    )


def test_the_first_format_is_converted_to_the_current_format() -> None:
    document = {**COMMON_FIELDS, "format": 1, "history": [{"rows": 1}, {"rows": 0}]}
    state = parse_state(json.dumps(document).encode(), "receipt.json")
    receipt = replace(
        RECEIPT, sequence=3, history=({"rows": 1}, {"rows": 0}), previous=None, summary=None
    )
    assert state == State(receipt)
    data = render_state(State(with_history(RECEIPT, receipt)))
    assert json.loads(data)["format"] == 3
    assert parse_state(data, "receipt.json").receipt == with_history(RECEIPT, receipt)


@pytest.mark.parametrize("is_complete", [True, False])
def test_the_second_format_is_converted_to_the_current_format(is_complete: bool) -> None:
    document = {**RENDERED_RECEIPT, "complete": is_complete, "format": 2, "needs": "0.1.0"}
    del document["missing"]
    state = parse_state(_with_checksum(document), "receipt.json")
    assert state == State(replace(RECEIPT, complete=is_complete))
    assert state.is_settled == is_complete


@pytest.mark.parametrize("key", ["receipt", "unresolved", "needs"])
def test_a_modified_state_is_reported_as_corrupted(key: str) -> None:
    document = {**json.loads(render_state(STATE)), key: "00"}
    with pytest.raises(StateError, match=r"it is corrupted \(wrong checksum\)"):
        parse_state(json.dumps(document).encode(), "receipt.json")


@pytest.mark.parametrize("number", [2, 1, 0, 1.5])
def test_modified_format_number_is_reported_as_corrupted(number: float) -> None:
    document = {**json.loads(render_state(STATE)), "format": number}
    with pytest.raises(StateError, match=r"it is corrupted \(wrong checksum\)"):
        parse_state(json.dumps(document).encode(), "receipt.json")


def test_a_receipt_of_an_earlier_version_has_neither_a_summary_nor_a_previous_roster() -> None:
    new = ("previous", "summary")
    receipt = {key: value for key, value in RENDERED_RECEIPT.items() if key not in new}
    data = _with_checksum({"format": 3, "receipt": receipt, "unresolved": []})
    expected = replace(RECEIPT, previous=None, summary=None)
    assert parse_state(data, "receipt.json") == State(expected)


def test_the_previous_roster_is_the_last_one_that_differs() -> None:
    first = replace(RECEIPT, roster="01" * 32, identities="", rows=5, previous=None)
    second = with_history(replace(RECEIPT, previous=None), first)
    expected = PreviousRoster(RECEIPT.binding.header, "01" * 32, "", 5)
    assert second.previous == expected
    assert with_history(replace(second, rows=9), second).previous == expected


def test_whitespace_does_not_change_the_checksum() -> None:
    document = json.loads(render_state(STATE))
    assert parse_state(json.dumps(document).encode(), "receipt.json") == STATE


@pytest.mark.parametrize("is_unresolved", [True, False])
@pytest.mark.parametrize("name", ["../../etc/passwd", "", "AB" * 32])
def test_a_state_with_an_invalid_file_checksum_is_reported_as_corrupted(
    name: str, is_unresolved: bool
) -> None:
    state = State(RECEIPT, (replace(UPLOAD, roster=name),))
    data = render_state(state if is_unresolved else State(replace(RECEIPT, roster=name)))
    with pytest.raises(StateError, match=r"it is corrupted \(invalid checksum of a roster file\)"):
        parse_state(data, "receipt.json")


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
        parse_state(data, "/state/receipt.json")
    assert str(caught.value) == (
        f"Cannot use /state/receipt.json: it is corrupted ({exception}). Restore it from a backup and run"
        " once with force: true, because the backup might be older than the last upload; or remove the state directory"
        " and run once with initial: true."
    )


@pytest.mark.parametrize("key", list(json.loads(render_state(STATE))))
def test_a_state_with_a_missing_field_is_reported_as_corrupted(key: str) -> None:
    document = json.loads(render_state(STATE))
    del document[key]
    with pytest.raises(StateError, match="it is corrupted"):
        parse_state(json.dumps(document).encode(), "receipt.json")


@pytest.mark.parametrize("key", sorted({*RENDERED_RECEIPT} - {"previous", "summary"}))
def test_a_receipt_with_a_missing_field_is_reported_as_corrupted(key: str) -> None:
    document = json.loads(render_state(STATE))
    del document["receipt"][key]
    with pytest.raises(StateError, match=r"it is corrupted \(KeyError\)"):
        parse_state(_with_checksum(document), "receipt.json")


@pytest.mark.parametrize("key", list(RENDERED_UPLOAD))
def test_an_unresolved_upload_with_a_missing_field_is_reported_as_corrupted(key: str) -> None:
    document = json.loads(render_state(STATE))
    del document["unresolved"][0][key]
    with pytest.raises(StateError, match=r"it is corrupted \(KeyError\)"):
        parse_state(_with_checksum(document), "receipt.json")


@pytest.mark.parametrize(("key", "value"), [("header", 1), ("history", 1)])
def test_a_receipt_with_a_field_of_the_wrong_type_is_reported_as_corrupted(
    key: str, value: object
) -> None:
    document = {"format": 3, "receipt": {**RENDERED_RECEIPT, key: value}, "unresolved": []}
    with pytest.raises(StateError, match=r"it is corrupted \(TypeError\)"):
        parse_state(_with_checksum(document), "receipt.json")


@pytest.mark.parametrize(
    ("key", "value"), [("history", [5]), ("history", ["x"]), ("identities", None)]
)
def test_a_receipt_in_the_first_format_with_a_field_of_the_wrong_type_is_reported_as_corrupted(
    key: str, value: object
) -> None:
    document = {**COMMON_FIELDS, "history": [], "format": 1, key: value}
    with pytest.raises(StateError, match="it is corrupted"):
        parse_state(json.dumps(document).encode(), "receipt.json")


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
def test_the_endpoint_is_the_normalized_url_without_query_and_fragment(
    url: str, endpoint: str
) -> None:
    assert strip_query(url) == endpoint
