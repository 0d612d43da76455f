# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a sync as text: the lines that the role prints, and the summary for an email or a chat message."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ..module_utils._roster.removal_cause import UNKNOWN
from ..module_utils._text import format_count, join_names
from ._result import (
    EXPORTED,
    PREVIEW,
    SKIPPED,
    STOPPED,
    UNCHANGED,
    UPLOADED,
    LocationCounts,
    SyncResult,
    join_causes,
)

WIDTH = 96
"""Maximum length of a wrapped line, so that it fits into 100 columns with Ansible's quotes and indentation."""

_MINUS = "\N{MINUS SIGN}"
_LAST_LINES = {
    PREVIEW: "To upload, run the same command without --check.",
    STOPPED: "Nothing was sent.",
}


def report_lines(result: SyncResult, dest: str) -> list[str]:
    """Return the lines that the role prints last: verdict, locations, causes of left-out people, and next step.

    :param dest: path of the roster; its identities file lists the people left out.
    """
    return [*_wrap(verdict_line(result)), *_details(result, dest)]


def _details(result: SyncResult, dest: str) -> Iterator[str]:
    for each in result.counts:
        yield f"  {location_line(each)}"
    if result.left_out:
        yield from _wrap(f"Left out: {join_causes(result.left_out)}.")
        if result.verdict != PREVIEW:
            # A path is not wrapped, so that it can be copied.
            yield f"See {dest}.ids for details."
    if result.verdict in _LAST_LINES:
        yield _LAST_LINES[result.verdict]


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def location_line(counts: LocationCounts) -> str:
    """Return the line of a location, for example ``oslo-hq 93 (+2 -1)``.

    The parentheses contain the numbers of added, removed, changed and moved contacts that are not 0.
    """
    changes = [
        f"+{counts.added}" if counts.added else "",
        f"{_MINUS}{counts.removed}" if counts.removed else "",
        f"{counts.changed} changed" if counts.changed else "",
        f"{counts.moved} moved here" if counts.moved else "",
    ]
    noted = " ".join(change for change in changes if change)
    return f"{counts.location} {counts.contacts}" + (f" ({noted})" if noted else "")


def verdict_line(result: SyncResult) -> str:
    """Return sentences that state what the sync did, or why it failed."""
    contacts = format_count(result.contacts, "contact")
    if result.failure is not None:
        return f"{'Stopped' if result.verdict == STOPPED else 'Failed'}: {result.failure.message}"
    if result.verdict == UPLOADED and result.service and not result.service["confirmed"]:
        return (
            f"Uploaded: the service returned HTTP {result.service['status']} for {contacts}, but nothing in"
            f" its response confirms that it accepted the roster. {_plan_text(result)}"
        )
    return {
        UNCHANGED: f"Unchanged: the service already has the same {contacts}, so nothing was uploaded.",
        UPLOADED: f"Uploaded: the service accepted {contacts}. {_plan_text(result)}",
        PREVIEW: f"Preview: {_preview_text(result, contacts)}",
        EXPORTED: f"Exported: {contacts}. Nothing was uploaded: tags excluded the upload, or another host failed.",
        SKIPPED: "Nothing was done: tags excluded the export and the upload, or another host failed.",
    }[result.verdict]


def _preview_text(result: SyncResult, contacts: str) -> str:
    if result.plan is None:
        return f"{contacts} would be exported. Tags excluded the upload, or another host failed."
    return f"{contacts} would be uploaded. {_plan_text(result)}"


def _plan_text(result: SyncResult) -> str:
    plan = result.plan or {}
    numbers = {
        kind: f"{plan.get(kind, 0)} {kind}"
        for kind in ("added", "changed", "moved", "removed", "unchanged")
    }
    causes = plan.get("removal_causes", ())
    if any(each["cause"] != UNKNOWN for each in causes):
        named = join_names([f"{each['count']} {each['cause']}" for each in causes])
        numbers["removed"] += f" ({named})"
    return ", ".join(numbers.values()) + "."


def summary(result: SyncResult) -> str:
    """Return three lines of text for an email or a chat message.

    They contain the name, the verdict and the number of contacts; then the failure, the plan or, if there is neither,
    the verdict in words; then the start time, the duration and the origin of the contacts.
    """
    if result.failure is not None:
        details = f"{result.failure.kind}: {result.failure.message}"
    elif result.plan is not None:
        details = _plan_text(result)
    else:
        details = verdict_line(result)
    left_out = sum(each["count"] for each in result.left_out)
    origin = (
        f"read from {result.server}, left out: {left_out}" if result.server else "nothing was read"
    )
    return "\n".join(
        (
            f"Contact sync {result.name}: {result.verdict} ({format_count(result.contacts, 'contact')})",
            " ".join(details.split()),
            f"Started {result.started}, took {result.duration:g} s, {origin}",
        )
    )
