# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The identifier of a plan, which an approval names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from .._state.receipt import State
from .upload_options import UploadOptions

_LENGTH = 16


def compute_plan_id(
    options: UploadOptions,
    state: State,
    *,
    known_identities: Sequence[str],
    rows: str,
    identities: str,
) -> str:
    """Return the identifier of the plan that replaces the known rosters with a new roster.

    It is the same in check mode, and on another host with the same state. It depends neither on the people left out nor
    on the limits. Because it depends on the sequence number of the receipt and on the plans of the unresolved uploads,
    the plan for the same change has another identifier when the change occurs again.

    :param state: the record of all uploads.
    :param known_identities: for each known roster, the SHA-256 checksum of the identities of its rows.
    :param rows: SHA-256 checksum of the CSV file of the new roster.
    :param identities: SHA-256 checksum of the identities of its rows.
    """
    receipt = state.receipt
    transition = {
        "baseline": None if receipt is None else [receipt.roster, receipt.sequence],
        "unresolved": [[each.roster, each.plan] for each in state.unresolved],
        # The same rows are another plan if they belong to other people, or if an identities file is lost.
        "known_identities": list(known_identities),
        "rows": rows,
        "identities": identities,
        "endpoint": options.bind(()).endpoint,
        "profile": options.profile,
        "key": options.key,
        "location_column": options.location_column,
        "missing": options.limits.missing,
    }
    document = json.dumps(transition, sort_keys=True).encode("ascii")
    return hashlib.sha256(document).hexdigest()[:_LENGTH]
