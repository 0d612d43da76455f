# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The causes for which contacts of a known roster are missing from a new roster."""

from __future__ import annotations

from typing import NamedTuple

DELETED, DISABLED, EXPIRED, NOT_STARTED = "deleted", "disabled", "expired", "not_started"
MOVED, LEFT_GROUP, EXCLUDED, HIDDEN = "moved", "left_group", "excluded", "hidden"
FILTERED, NO_VALID_ROW, NOT_CONFIGURED = "filtered", "no_valid_row", "not_configured"
OTHER_LOCATION, UNKNOWN = "other_location", "unknown"

_DESCRIPTIONS = {
    DELETED: "deleted or unreadable",
    DISABLED: "disabled",
    EXPIRED: "expired",
    NOT_STARTED: "not yet started",
    MOVED: "moved to {}",
    LEFT_GROUP: "no longer in the group",
    EXCLUDED: "excluded by {}",
    HIDDEN: "hidden from address lists",
    FILTERED: "filter not matched",
    NO_VALID_ROW: "no valid row ({})",
    NOT_CONFIGURED: "location not configured",
    OTHER_LOCATION: "assigned to another location",
    UNKNOWN: "unknown",
}

KINDS = tuple(_DESCRIPTIONS)
"""All kinds of causes."""


class MissingContact(NamedTuple):
    """A contact of a known roster that is missing from a new roster.

    :ivar identity: identity of the person.
    :ivar location: identifier of the location; empty for all locations.
    """

    identity: str
    location: str


class RemovalCause(NamedTuple):
    """The cause for which a contact is missing.

    :ivar kind: one of `KINDS`.
    :ivar detail: DN of the parent entry for `MOVED`, marked names of options for `EXCLUDED`, and the cause for
        `NO_VALID_ROW`; otherwise empty.
    """

    kind: str
    detail: str = ""

    def describe(self) -> str:
        """Return the cause as a phrase, as in ``moved to OU=Leavers,DC=corp,DC=example``."""
        return _DESCRIPTIONS[self.kind].format(self.detail)
