# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records in a state directory: the receipt of the last accepted upload, and later uploads with an unknown outcome.

Together, they determine which contacts the service may have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from .._errors import FrontdeskError

RESTORE_REMEDY = (
    "Restore it from a backup and run once with O(force=true), because the backup might be older than the last"
    " upload; or remove the state directory and run once with O(initial=true)"
)

_HISTORY_LENGTH = 10


class StateError(FrontdeskError):
    """The state directory cannot be used."""


@dataclass(frozen=True)
class Binding:
    """The settings of an upload that determine which account receives it and how the account interprets it.

    :ivar endpoint: URL of the service without its query.
    :ivar profile: name of the profile.
    :ivar header: titles of the columns.
    """

    endpoint: str
    profile: str
    header: tuple[str, ...]


@dataclass(frozen=True)
class RosterSummary:
    """What a run reports about an unchanged roster, so that it does not need to read the rows.

    :ivar location_column: title of the column by which the contacts were counted.
    :ivar by_location: number of contacts at each location.
    :ivar row_identities: SHA-256 checksum of only the identities of the rows.
    :ivar has_configuration: whether the identities file contains the configuration of the export.
    """

    location_column: str
    by_location: Mapping[str, int]
    row_identities: str
    has_configuration: bool


@dataclass(frozen=True)
class PreviousRoster:
    """The roster that the service accepted before the last one.

    :ivar header: titles of the columns.
    :ivar roster: SHA-256 checksum of the CSV file.
    :ivar identities: SHA-256 checksum of the identities file; empty if there was none.
    :ivar rows: number of contacts.
    """

    header: tuple[str, ...]
    roster: str
    identities: str
    rows: int


@dataclass(frozen=True)
class Receipt:
    """The receipt of the last accepted upload.

    :ivar binding: settings of the upload.
    :ivar roster: SHA-256 checksum of the CSV file that the service is believed to have.
    :ivar identities: SHA-256 checksum of the identities file; empty if there was none.
    :ivar rows: number of contacts.
    :ivar accepted_at: time of the response in UTC (RFC 3339), according to this host's clock.
    :ivar plan: identifier of the plan.
    :ivar status: status code of the response.
    :ivar counts: counts from the response.
    :ivar missing: what the service was expected to do with contacts that are missing from the roster; None if this was
        not recorded.
    :ivar sequence: sequence number of the upload among the accepted uploads in the state directory.
    :ivar complete: whether the service accepted all rows of the upload. If not, the next run sends the roster again.
    :ivar history: summaries of earlier receipts, starting with the latest.
    :ivar previous: the roster that was accepted before this one; None if there is none.
    :ivar summary: summary of the roster; None if there is none, for example because the service did not accept all
        rows.
    """

    binding: Binding
    roster: str
    identities: str
    rows: int
    accepted_at: str
    plan: str
    status: int
    counts: Mapping[str, int]
    missing: str | None = None
    sequence: int = 1
    complete: bool = True
    history: tuple[dict[str, Any], ...] = ()
    previous: PreviousRoster | None = None
    summary: RosterSummary | None = None


@dataclass(frozen=True)
class UnresolvedUpload:
    """An upload after which it is unknown whether the service has the roster.

    If there are too many unresolved uploads, the records of the two earliest ones are replaced by a single record
    with the union of both rosters.

    :ivar binding: settings of the upload.
    :ivar roster: SHA-256 checksum of the CSV file.
    :ivar identities: SHA-256 checksum of the identities file; empty if there was none.
    :ivar rows: number of contacts.
    :ivar sent_at: time of the upload in UTC (RFC 3339), according to this host's clock.
    :ivar plan: identifier of the plan.
    :ivar missing: what the service was expected to do with contacts that are missing from the roster.
    :ivar approval: identifier of the plan that was approved for this upload; None if none was.
    """

    binding: Binding
    roster: str
    identities: str
    rows: int
    sent_at: str
    plan: str
    missing: str
    approval: str | None = None

    def is_repeated_by(self, other: UnresolvedUpload) -> bool:
        """Return whether another upload sends the same roster and identities with the same settings."""
        return (self.binding, self.roster, self.identities, self.missing) == (
            other.binding,
            other.roster,
            other.identities,
            other.missing,
        )


@dataclass(frozen=True)
class State:
    """The content of receipt.json.

    :ivar receipt: receipt of the last accepted upload; None if no upload was accepted.
    :ivar unresolved: later uploads with an unknown outcome, starting with the earliest.
    """

    receipt: Receipt | None = None
    unresolved: tuple[UnresolvedUpload, ...] = ()

    @property
    def latest(self) -> Receipt | UnresolvedUpload | None:
        """The last upload that the service accepted or may have accepted; None if there is none."""
        return self.unresolved[-1] if self.unresolved else self.receipt

    @property
    def is_settled(self) -> bool:
        """Whether the service is known to have exactly the roster of the receipt."""
        return self.receipt is not None and self.receipt.complete and not self.unresolved

    def is_older_than(self, days: int, now: datetime) -> bool:
        """Return whether the last accepted upload was made at least so many days ago, by the date in UTC.

        Counting whole dates makes the result independent of small differences in the time at which a job starts.

        :param now: current time in UTC.
        """
        if self.receipt is None:
            return False
        accepted = date.fromisoformat(self.receipt.accepted_at[: len("YYYY-MM-DD")])
        return (now.date() - accepted).days >= days

    @property
    def is_empty(self) -> bool:
        """Whether no upload is recorded."""
        return self.receipt is None and not self.unresolved

    def without_approvals(self) -> State:
        """Return the state in which no unresolved upload is approved."""
        unresolved = tuple(replace(upload, approval=None) for upload in self.unresolved)
        return replace(self, unresolved=unresolved)


def strip_query(url: str) -> str:
    """Return the part of a URL that identifies a service, with its host name in lowercase.

    The query is omitted, because it may contain a secret.
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, "", ""))


def with_history(receipt: Receipt, previous: Receipt | None) -> Receipt:
    """Return a receipt with the next sequence number, the previous receipt in its history, and the previous roster."""
    if previous is None:
        return receipt
    summary = {
        key: getattr(previous, key)
        for key in ("sequence", "roster", "rows", "accepted_at", "plan", "status", "complete")
    }
    summary["endpoint"] = previous.binding.endpoint
    return replace(
        receipt,
        sequence=previous.sequence + 1,
        previous=_find_previous(receipt, previous),
        history=(summary, *previous.history)[:_HISTORY_LENGTH],
    )


def _find_previous(receipt: Receipt, earlier: Receipt) -> PreviousRoster | None:
    """Return the last roster that differs from that of a receipt.

    :param earlier: receipt of the upload before.
    """
    if receipt.roster == earlier.roster:
        return earlier.previous
    return PreviousRoster(
        header=earlier.binding.header,
        roster=earlier.roster,
        identities=earlier.identities,
        rows=earlier.rows,
    )
