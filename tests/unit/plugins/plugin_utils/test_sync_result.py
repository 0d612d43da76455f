# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the result of a sync, and of its text forms."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._report import (
    WIDTH,
    report_lines,
    summary,
)
from ansible_collections.frontdesk.contacts.plugins.plugin_utils._result import (
    SyncResult,
    TaskResults,
    format_time,
    make_result,
)

NOW = datetime(2026, 11, 30, 4, 0, 5, 320000, tzinfo=timezone.utc)
SETTINGS = {"name": "corp", "started": "2026-11-30T04:00:02.120Z", "dest": "/state/contacts.csv"}
EXPORT: dict[str, Any] = {
    "server": "ldaps://dc1",
    "roster": "/state/contacts.csv",
    "counts": {"by_location": {"oslo-hq": 93, "bergen": 54}, "left_out": 3},
    "left_out_causes": [
        {"cause": "Email is empty", "count": 2},
        {"cause": "no location", "count": 1},
    ],
    "contested": [
        {
            "location": "oslo-hq",
            "column": "SMS Phone",
            "value_count": 1,
            "count": 2,
            "left_out": 0,
            "new": 1,
        }
    ],
    "overlaps": [{"locations": ["bergen", "oslo-hq"], "count": 3}],
    "warnings": ["No entry has the attribute x."],
}
BY_LOCATION = {
    "bergen": {
        "added": 0,
        "changed": 1,
        "moved": 2,
        "removed": 0,
        "removed_invalid": 0,
        "unchanged": 51,
    },
    "oslo-hq": {
        "added": 2,
        "changed": 0,
        "moved": 0,
        "removed": 1,
        "removed_invalid": 0,
        "unchanged": 91,
    },
}
PLAN = {
    "id": "5a1f",
    "added": 2,
    "changed": 1,
    "moved": 2,
    "removed": 1,
    "removed_invalid": 0,
    "removal_causes": [{"cause": "disabled", "count": 1}],
    "unchanged": 142,
    "by_location": BY_LOCATION,
    "invalid": [],
}
SERVICE = {
    "status": 200,
    "confirmed": True,
    "message": "2 contacts were added",
    "refused": 0,
    "error_count": 0,
    "errors": [],
    "causes": [{"column": "Email", "cause": "is taken", "rows": 1, "locations": []}],
    "counts": {"added": 2},
}
UPLOAD: dict[str, Any] = {
    "uploaded": True,
    "plan": PLAN,
    "service": SERVICE,
    "attempts": 1,
    "receipt": {"sequence": 4, "accepted_at": "2026-11-30T04:00:05Z", "header": ["Name"]},
}
KEYS = {
    *("name", "verdict", "started", "duration", "server", "counts", "plan", "left_out"),
    *("contested", "overlaps", "service", "receipt", "warnings", "failure"),
}
GUARD = {
    **UPLOAD,
    "uploaded": False,
    "service": None,
    "failed": True,
    "kind": "guard",
    "msg": "Refused.",
}


def _result(**tasks: Any) -> SyncResult:
    return make_result(TaskResults(**{"settings": SETTINGS, **tasks}), "host", NOW)


def test_the_result_describes_the_export_and_the_upload() -> None:
    result = _result(export=EXPORT, upload=UPLOAD).to_dict()
    assert set(result) == KEYS
    assert json.loads(json.dumps(result)) == result
    assert result == {
        "name": "corp",
        "verdict": "uploaded",
        "started": "2026-11-30T04:00:02.120Z",
        "duration": 3.2,
        "server": "ldaps://dc1",
        "counts": [
            {
                "location": "bergen",
                "contacts": 54,
                "added": 0,
                "changed": 1,
                "moved": 2,
                "removed": 0,
            },
            {
                "location": "oslo-hq",
                "contacts": 93,
                "added": 2,
                "changed": 0,
                "moved": 0,
                "removed": 1,
            },
        ],
        "plan": {key: PLAN[key] for key in PLAN if key not in ("by_location", "invalid")},
        "left_out": EXPORT["left_out_causes"],
        "contested": EXPORT["contested"],
        "overlaps": EXPORT["overlaps"],
        "service": {
            "status": 200,
            "confirmed": True,
            "message": "2 contacts were added",
            "refused": 0,
            "error_count": 0,
            "causes": SERVICE["causes"],
            "attempts": 1,
            "counts": [{"name": "added", "count": 2}],
        },
        "receipt": {"sequence": 4, "time": "2026-11-30T04:00:05Z"},
        "warnings": ["No entry has the attribute x."],
        "failure": None,
    }


@pytest.mark.parametrize(
    ("tasks", "verdict"),
    [
        ({"export": EXPORT, "upload": UPLOAD}, "uploaded"),
        ({"upload": UPLOAD}, "uploaded"),
        ({"export": EXPORT, "upload": {**UPLOAD, "uploaded": False, "service": None}}, "unchanged"),
        (
            {"export": {**EXPORT, "staging_dir": "/staged"}, "upload": {**UPLOAD, "service": None}},
            "preview",
        ),
        ({"export": {**EXPORT, "staging_dir": "/staged"}}, "preview"),
        ({"export": EXPORT}, "exported"),
        ({}, "skipped"),
        ({"export": EXPORT, "upload": GUARD}, "stopped"),
        ({"export": {"failed": True, "kind": "directory", "msg": "x"}}, "failed"),
    ],
)
def test_the_verdict_depends_on_the_results_of_the_tasks(
    tasks: dict[str, Any], verdict: str
) -> None:
    assert _result(**tasks).verdict == verdict


@pytest.mark.parametrize(
    ("tasks", "kind"),
    [
        ({"settings": {"failed": True, "msg": "x", "kind": "state"}}, "state"),
        ({"upload": {"unreachable": True, "msg": "x"}}, "service_unsure"),
        ({"creation": {"failed": True, "msg": "x"}}, "state"),
        ({"export": {"failed": True, "msg": "x"}}, "configuration"),
        ({"export": {"failed": True, "msg": "x", "kind": "directory"}}, "directory"),
        ({"export": {"failed": True, "msg": "x", "exception": "Traceback"}}, "directory"),
        ({"upload": {"failed": True, "msg": "x", "module_stdout": ""}}, "service_unsure"),
        ({"upload": {"failed": True, "msg": "x", "kind": "service_auth"}}, "service_auth"),
    ],
)
def test_a_failure_has_the_kind_in_the_result_of_its_task_or_a_default_kind(
    tasks: dict[str, Any], kind: str
) -> None:
    result = _result(**tasks).to_dict()
    assert set(result) == KEYS
    assert result["failure"] == {"kind": kind, "message": "x"}


def test_results_after_a_failure_are_ignored() -> None:
    failed = {"failed": True, "kind": "configuration", "msg": "x", "started": SETTINGS["started"]}
    tasks = TaskResults(settings=failed, export=EXPORT, upload=UPLOAD)
    result = make_result(tasks, "host", NOW)
    assert (result.name, result.server, result.plan, result.counts) == ("host", None, None, ())


def test_a_missing_start_time_is_replaced() -> None:
    result = make_result(TaskResults(), "host", NOW)
    assert (result.started, result.duration, result.name) == (format_time(NOW), 0, "host")


LOCATIONS = ["  bergen 54 (1 changed 2 moved here)", "  oslo-hq 93 (+2 \N{MINUS SIGN}1)"]
LEFT_OUT = "Left out: 2 (Email is empty), 1 (no location)."
REPORTS: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"export": EXPORT, "upload": UPLOAD},
        [
            "Uploaded: the service accepted 147 contacts. 2 added, 1 changed, 2 moved, 1 removed (1",
            "  disabled), 142 unchanged.",
            *LOCATIONS,
            LEFT_OUT,
            "See /state/contacts.csv.ids for details.",
        ],
    ),
    (
        {"export": EXPORT, "upload": {**UPLOAD, "service": {**SERVICE, "confirmed": False}}},
        [
            "Uploaded: the service returned HTTP 200 for 147 contacts, but nothing in its response confirms",
            "  that it accepted the roster. 2 added, 1 changed, 2 moved, 1 removed (1 disabled), 142",
            "  unchanged.",
            *LOCATIONS,
            LEFT_OUT,
            "See /state/contacts.csv.ids for details.",
        ],
    ),
    (
        {"export": {**EXPORT, "staging_dir": "/staged"}, "upload": {**UPLOAD, "service": None}},
        [
            "Preview: 147 contacts would be uploaded. 2 added, 1 changed, 2 moved, 1 removed (1 disabled),",
            "  142 unchanged.",
            *LOCATIONS,
            LEFT_OUT,
            "To upload, run the same command without --check.",
        ],
    ),
    (
        {"export": {**EXPORT, "left_out_causes": []}, "upload": GUARD},
        [
            "Stopped: Refused.",
            *LOCATIONS,
            "Nothing was sent.",
        ],
    ),
    (
        {"settings": {"failed": True, "kind": "configuration", "msg": "Cannot x: y. Z."}},
        ["Failed: Cannot x: y. Z."],
    ),
    ({}, ["Nothing was done: tags excluded the export and the upload, or another host failed."]),
]


@pytest.mark.parametrize(("tasks", "lines"), REPORTS)
def test_the_report_describes_the_result(tasks: dict[str, Any], lines: list[str]) -> None:
    result = make_result(TaskResults(**{"settings": SETTINGS, **tasks}), "host", NOW)
    assert report_lines(result, "/state/contacts.csv") == lines
    assert max(map(len, lines)) <= WIDTH


def test_an_unchanged_location_has_no_parentheses() -> None:
    result = _result(
        export={**EXPORT, "counts": {"by_location": {"oslo-hq": 1}}, "left_out_causes": []}
    )
    assert report_lines(result, "x")[-1] == "  oslo-hq 1"


@pytest.mark.parametrize(
    ("tasks", "text"),
    [
        (
            {"export": EXPORT, "upload": UPLOAD},
            (
                "Contact sync corp: uploaded (147 contacts)\n"
                "2 added, 1 changed, 2 moved, 1 removed (1 disabled), 142 unchanged.\n"
                "Started 2026-11-30T04:00:02.120Z, took 3.2 s, read from ldaps://dc1, left out: 3"
            ),
        ),
        (
            {"export": {"failed": True, "kind": "directory", "msg": "Cannot connect:\nx."}},
            (
                "Contact sync corp: failed (0 contacts)\n"
                "directory: Cannot connect: x.\n"
                "Started 2026-11-30T04:00:02.120Z, took 3.2 s, nothing was read"
            ),
        ),
    ],
)
def test_the_summary_has_three_lines(tasks: dict[str, Any], text: str) -> None:
    assert summary(_result(**tasks)) == text
