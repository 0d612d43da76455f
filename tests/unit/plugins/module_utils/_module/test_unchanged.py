# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of uploads in which the roster equals the last accepted roster, so that only checksums are compared."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import FrontdeskError
from ansible_collections.frontdesk.contacts.plugins.module_utils._module import (
    upload,
    upload_source,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.configuration import (
    RosterConfiguration,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import ids_path
from ansible_collections.frontdesk.contacts.plugins.module_utils._state import directory
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt import State
from ansible_collections.frontdesk.contacts.plugins.module_utils._state.receipt_file import (
    render_state,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import ids_bytes
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import plain
from ansible_collections.frontdesk.contacts.tests.unit.support.upload_runs import (
    SECOND_ROW_REFUSED,
    A,
    B,
    C,
    Uploader,
    changed_and_uploaded,
    read_stored_state,
)

CONFIGURATION = RosterConfiguration(("bergen", "oslo"), {"columns": "1"})


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the rosters whose rows were read."""
    names: list[str] = []
    verify_roster = vars(directory)["verify_roster"]
    load_roster = vars(upload_source)["load_roster"]

    def observe_stored(*arguments: Any, **files: Any) -> Any:
        names.append("stored")
        return verify_roster(*arguments, **files)

    def observe_source(path: Any) -> Any:
        names.append("source")
        return load_roster(path)

    monkeypatch.setattr(directory, "verify_roster", observe_stored)
    monkeypatch.setattr(upload_source, "load_roster", observe_source)
    return names


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("configuration", [None, CONFIGURATION])
@pytest.mark.parametrize("byte_order_mark", [b"", b"\xef\xbb\xbf"])
def test_the_outcome_is_that_of_a_comparison(
    uploader: Uploader,
    reads: list[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    check_mode: bool,
    configuration: RosterConfiguration | None,
    byte_order_mark: bytes,
) -> None:
    uploader.write_roster(A, B, C, configuration=configuration)
    uploader.src.write_bytes(byte_order_mark + uploader.src.read_bytes())
    uploader.upload(initial=True)
    state_files = uploader.state_files()
    reads.clear()
    options: dict[str, Any] = {
        "check_mode": check_mode,
        "initial": True,
        "rebind": True,
        "approved_plan": "0" * 16,
    }
    outcome = uploader.upload(**options)
    assert reads == []
    monkeypatch.setattr(upload, "find_unchanged", lambda *_arguments: None)
    compared = uploader.upload(**options)
    assert reads != []
    assert len(outcome.warnings) == 3
    assert sorted(outcome.warnings) == sorted(compared.warnings)
    assert outcome.result(show_diff=True) == compared.result(show_diff=True)
    assert outcome.plan.summary()["unchanged"] == 3
    assert replace(outcome, warnings=()) == replace(compared, warnings=())
    assert uploader.state_files() == state_files
    assert len(uploader.sent_bodies) == 1


@pytest.mark.parametrize(
    ("options", "result"),
    [
        ({"force": True}, (True, True)),
        ({"profile": "other"}, (True, True)),
        ({"location_column": "Name"}, (False, False)),
        ({"key": ["Name"]}, None),
        ({"missing": "remove"}, None),
        ({"must_contain": [{"Name": "nobody"}]}, None),
    ],
)
def test_the_rosters_are_compared_if_an_option_affects_the_upload(
    uploader: Uploader,
    reads: list[str],
    options: dict[str, Any],
    result: tuple[bool, bool] | None,
) -> None:
    uploader.upload(initial=True)
    reads.clear()
    outcome = uploader.upload(**options)
    assert changed_and_uploaded(outcome) == (result or (False, False))
    assert (reads == []) == (result is None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": "https://other.example/c"}, "Refused to upload to https://other.example/c"),
        ({"checksum": "0" * 64}, "its SHA-256 checksum differs"),
        ({"key": ["Phone"]}, "it has no column 'Phone'"),
        ({"must_contain": [{"Phone": "1"}]}, "has no column 'Phone'"),
        ({"plan_dest": "contacts.csv"}, "Cannot write the plan to"),
    ],
)
def test_an_option_that_does_not_fit_is_an_error_even_if_nothing_has_changed(
    uploader: Uploader, options: dict[str, Any], message: str
) -> None:
    uploader.upload(initial=True)
    if "plan_dest" in options:
        options = {"plan_dest": str(uploader.src)}
    try:
        error = uploader.upload(**options).error
    except FrontdeskError as raised:
        error = raised
    assert message in str(error)


def test_the_plan_is_written_even_if_nothing_has_changed(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    plan_dest = uploader.src.parent / "plan"
    assert uploader.upload(plan_dest=str(plan_dest)).error is None
    assert json.loads((plan_dest / "plan.json").read_bytes())["unchanged"] == 3


def test_a_roster_that_the_service_refused_in_part_is_sent_again(
    uploader: Uploader, reads: list[str]
) -> None:
    uploader.next_responses = [plain("200 OK", SECOND_ROW_REFUSED)]
    uploader.upload(initial=True)
    assert read_stored_state(uploader).receipt is not None
    reads.clear()
    assert uploader.upload().uploaded
    assert reads != []


@pytest.mark.parametrize("suffix", ["csv", "ids"])
@pytest.mark.parametrize("content", [None, b"x"])
def test_a_missing_or_truncated_baseline_is_noticed(
    uploader: Uploader, suffix: str, content: bytes | None
) -> None:
    uploader.upload(initial=True)
    (path,) = uploader.state_dir.glob(f"*.{suffix}")
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    if suffix == "csv":
        with pytest.raises(FrontdeskError, match="it is missing or corrupted"):
            uploader.upload()
    else:
        warning, _by_key = uploader.upload(check_mode=True).warnings
        assert warning.startswith(f"{path} is missing or corrupted")


def test_rosters_without_identities_are_compared(uploader: Uploader, reads: list[str]) -> None:
    ids_path(uploader.src).unlink()
    uploader.upload(initial=True)
    reads.clear()
    assert changed_and_uploaded(uploader.upload()) == (False, False)
    assert reads != []


def test_contacts_are_counted_again_if_only_the_new_roster_has_locations(
    uploader: Uploader, reads: list[str]
) -> None:
    uploader.upload(initial=True, location_column="Site")
    data = uploader.src.read_bytes().replace(b"Location", b"Site")
    uploader.src.write_bytes(data)
    ids_path(uploader.src).write_bytes(ids_bytes(data, "abc"))
    assert uploader.upload(location_column="Site", max_changed_percent=100).uploaded
    reads.clear()
    outcome = uploader.upload(location_column="Site")
    assert set(outcome.plan.summary()["by_location"]) == {"bergen", "oslo"}  # type: ignore[call-overload]  # a dict
    assert reads != []


def test_leftovers_of_a_killed_run_are_removed_even_if_nothing_has_changed(
    uploader: Uploader,
) -> None:
    uploader.upload(initial=True)
    leftover = uploader.state_dir / f"{'0' * 64}.csv"
    leftover.write_bytes(b"x")
    uploader.upload(check_mode=True)
    assert leftover.exists()
    uploader.upload()
    assert not leftover.exists()


def test_requests_is_imported_only_to_compare_rosters(uploader: Uploader) -> None:
    uploader.upload(initial=True)
    program = textwrap.dedent(f"""
        import sys
        sys.path[:0] = {sys.path!r}
        from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload import upload
        from ansible_collections.frontdesk.contacts.plugins.module_utils._module import upload_options
        from ansible_collections.frontdesk.contacts.plugins.module_utils._module.upload_spec import (
            upload_spec,
        )
        from ansible_collections.frontdesk.contacts.tests.unit.support.module import complete_params
        options = complete_params(upload_spec(), **{uploader.options()!r})
        outcome = upload(upload_options.parse_upload_options(options), False)
        assert outcome.error is None and not outcome.changed
        print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
    """)
    completed = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert not {"requests", "urllib3", "ldap3", "jinja2"}.intersection(completed.stdout.split())


def _make_older(uploader: Uploader, accepted_at: str) -> None:
    """Change the time of the last upload in receipt.json."""
    state = read_stored_state(uploader)
    assert state.receipt is not None
    receipt = replace(state.receipt, accepted_at=accepted_at)
    (uploader.state_dir / "receipt.json").write_bytes(render_state(State(receipt)))


@pytest.mark.parametrize("check_mode", [False, True])
def test_an_unchanged_roster_is_sent_again_after_some_days(
    uploader: Uploader, check_mode: bool
) -> None:
    uploader.upload(initial=True)
    assert not uploader.upload(refresh_after=1).uploaded
    _make_older(uploader, "2026-01-01T23:59:59Z")
    assert not uploader.upload().uploaded
    outcome = uploader.upload(refresh_after=3650, check_mode=check_mode)
    assert changed_and_uploaded(outcome) == (False, False)
    outcome = uploader.upload(refresh_after=1, check_mode=check_mode)
    assert changed_and_uploaded(outcome) == (True, True)
    assert outcome.plan.is_empty
    if not check_mode:
        assert not uploader.upload(refresh_after=1).uploaded


@pytest.mark.parametrize(
    ("now", "is_older"),
    [
        ("2026-03-01T00:00:01", False),
        ("2026-03-02T23:59:59", False),
        ("2026-03-03T00:00:00", True),
        ("2026-04-01T00:00:00", True),
        # The clock was set back.
        ("2025-03-01T00:00:00", False),
    ],
)
def test_days_are_counted_by_the_date_in_utc(uploader: Uploader, now: str, is_older: bool) -> None:
    assert State().is_older_than(1, datetime.fromisoformat(now)) is False
    uploader.upload(initial=True)
    _make_older(uploader, "2026-03-01T22:00:00Z")
    state = read_stored_state(uploader)
    assert state.is_older_than(2, datetime.fromisoformat(now)) is is_older
