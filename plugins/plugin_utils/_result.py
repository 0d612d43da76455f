# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a sync, contact_sync_result, derived from the results of the role's tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

from ..module_utils._text import make_printable

UNCHANGED, UPLOADED, PREVIEW = "unchanged", "uploaded", "preview"
EXPORTED, SKIPPED = "exported", "skipped"
STOPPED, FAILED = "stopped", "failed"

TaskResult = Mapping[str, Any]
"""The registered result of a task."""

_PLAN_KEYS = (
    *("id", "added", "changed", "moved", "removed", "removed_invalid", "removal_causes"),
    "unchanged",
)
"""The parts of the plan that the result contains."""


@dataclass(frozen=True)
class TaskResults:
    """The results of the role's tasks in this run; empty for a task that was not run.

    :ivar settings: result of contact_sync_settings.
    :ivar creation: result of creating the state directory.
    :ivar export: result of ad_contacts_export.
    :ivar upload: result of contact_upload.
    """

    settings: TaskResult = field(default_factory=dict)
    creation: TaskResult = field(default_factory=dict)
    export: TaskResult = field(default_factory=dict)
    upload: TaskResult = field(default_factory=dict)

    def until_failure(self) -> TaskResults:
        """Return the results up to the first failed task."""
        kept: dict[str, TaskResult] = {}
        for name, result in vars(self).items():
            kept[name] = result
            if _has_failed(result):
                break
        return TaskResults(**kept)


@dataclass(frozen=True)
class LocationCounts:
    """The number of contacts at one location, and the numbers of changes there."""

    location: str
    contacts: int
    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0


@dataclass(frozen=True)
class Failure:
    """The failure that ended a sync.

    :ivar kind: one of the kinds in the documentation of contact_sync_result.
    :ivar message: the error message.
    """

    kind: str
    message: str


@dataclass(frozen=True)
class SyncResult:
    """The result of a sync, without secrets or personal data.

    The fields are described in the documentation of the module contact_sync_result.
    """

    name: str
    verdict: str
    started: str
    duration: float
    server: str | None
    counts: tuple[LocationCounts, ...]
    plan: Mapping[str, Any] | None
    left_out: tuple[Mapping[str, Any], ...]
    contested: tuple[Mapping[str, Any], ...]
    overlaps: tuple[Mapping[str, Any], ...]
    service: Mapping[str, Any] | None
    receipt: Mapping[str, Any] | None
    warnings: tuple[str, ...]
    failure: Failure | None

    @property
    def contacts(self) -> int:
        """Number of contacts in the roster."""
        return sum(each.contacts for each in self.counts)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain lists and dictionaries."""
        return {
            **asdict(self),
            **{
                key: list(getattr(self, key))
                for key in ("left_out", "contested", "overlaps", "warnings")
            },
            "counts": [asdict(each) for each in self.counts],
        }


def make_result(tasks: TaskResults, host: str, now: datetime) -> SyncResult:
    """Combine the results of the tasks into the result of the sync.

    :param tasks: results of the tasks; results after the first failure are ignored.
    :param host: inventory name of the host, in case the settings could not be read.
    :param now: current time in UTC.
    """
    tasks = tasks.until_failure()
    started = tasks.settings.get("started") or format_time(now)
    failure = _find_failure(tasks)
    return SyncResult(
        name=tasks.settings.get("name") or host,
        verdict=_verdict(tasks, failure),
        started=started,
        duration=round((now - parse_time(started)).total_seconds(), 1),
        server=tasks.export.get("server"),
        counts=_location_counts(tasks),
        plan=_plan(tasks.upload),
        left_out=tuple(tasks.export.get("left_out_causes", ())),
        contested=tuple(tasks.export.get("contested", ())),
        overlaps=tuple(tasks.export.get("overlaps", ())),
        service=_service(tasks.upload),
        receipt=_receipt(tasks.upload),
        warnings=tuple(
            str(warning)
            for result in (tasks.export, tasks.upload)
            for warning in result.get("warnings", ())
        ),
        failure=failure,
    )


def format_time(time: datetime) -> str:
    """Format a time as in RFC 3339, in UTC and with milliseconds."""
    return time.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Parse the format of `format_time`."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _find_failure(tasks: TaskResults) -> Failure | None:
    for name, result in vars(tasks).items():
        if _has_failed(result):
            return Failure(
                result.get("kind") or _default_kind(name, result),
                make_printable(str(result.get("msg", ""))),
            )
    return None


def _has_failed(result: TaskResult) -> bool:
    return bool(result.get("failed") or result.get("unreachable"))


def _default_kind(task: str, result: TaskResult) -> str:
    """Return the kind of a failure whose task result does not contain a kind.

    ansible-core itself reports these failures: an invalid option, a failed built-in module, a crash, or an unreachable
    host.
    """
    if task == "creation":
        return "state"
    has_crashed = {"module_stdout", "exception", "unreachable"} & set(result)
    if has_crashed and task == "upload":
        return "service_unsure"
    return "directory" if has_crashed and task == "export" else "configuration"


def _verdict(tasks: TaskResults, failure: Failure | None) -> str:
    if failure is not None:
        return STOPPED if failure.kind == "guard" else FAILED
    is_preview = "staging_dir" in tasks.export
    if "plan" in tasks.upload:
        if not tasks.upload.get("uploaded"):
            return UNCHANGED
        # In check mode, the module reports an upload without a response from the service.
        return UPLOADED if tasks.upload.get("service") else PREVIEW
    if "counts" in tasks.export:
        return PREVIEW if is_preview else EXPORTED
    return SKIPPED


def _location_counts(tasks: TaskResults) -> tuple[LocationCounts, ...]:
    exported = tasks.export.get("counts", {}).get("by_location", {})
    planned = tasks.upload.get("plan", {}).get("by_location", {})
    counts = []
    for location in sorted({*exported, *planned}):
        plan = planned.get(location, {})
        changes = {kind: plan.get(kind, 0) for kind in ("added", "changed", "moved", "removed")}
        contacts = exported.get(location)
        if contacts is None:
            contacts = sum(plan.get(kind, 0) for kind in ("added", "changed", "moved", "unchanged"))
        counts.append(LocationCounts(location, contacts, **changes))
    return tuple(counts)


def _plan(upload: TaskResult) -> dict[str, Any] | None:
    plan = upload.get("plan")
    return {key: plan[key] for key in _PLAN_KEYS} if plan else None


def _service(upload: TaskResult) -> dict[str, Any] | None:
    service = upload.get("service")
    if not service:
        return None
    names = ("status", "confirmed", "message", "refused", "error_count", "causes")
    kept = {key: service[key] for key in names}
    return {
        **kept,
        "attempts": upload["attempts"],
        "counts": [{"name": name, "count": count} for name, count in service["counts"].items()],
    }


def _receipt(upload: TaskResult) -> dict[str, Any] | None:
    receipt = upload.get("receipt")
    return {"sequence": receipt["sequence"], "time": receipt["accepted_at"]} if receipt else None


def join_causes(left_out: Sequence[Mapping[str, Any]]) -> str:
    """Return the causes for which people were left out, for example ``2 (Email is empty), 1 (has no location)``."""
    return ", ".join(f"{each['count']} ({each['cause']})" for each in left_out)
