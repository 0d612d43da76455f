# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The identifier of a plan, which an approval names."""

from __future__ import annotations

import hashlib
import json

from .._roster.files import RosterFile
from .._state.directory import KnownRosters
from .._state.receipt import Binding
from .upload_options import UploadOptions

_LENGTH = 16


def compute_plan_id(
    options: UploadOptions, known: KnownRosters, binding: Binding, roster: RosterFile
) -> str:
    """Return the identifier of the plan that replaces the known rosters with a new roster.

    It is the same in check mode, and on another host with the same state. It depends neither on the people left out nor
    on the limits. Because it depends on the sequence number of the receipt and on the plans of the unresolved uploads,
    the plan for the same change has another identifier when the change occurs again.

    :param known: the rosters in the state directory.
    :param binding: endpoint, profile and header of the new roster.
    :param roster: new roster.
    """
    receipt = known.state.receipt
    transition = {
        "baseline": None if receipt is None else [receipt.roster, receipt.sequence],
        "unresolved": [[each.roster, each.plan] for each in known.state.unresolved],
        # The same rows are another plan if they belong to other people, or if an identities file is lost.
        "known_identities": [stored.roster.identities_sha256 for stored in known.all],
        "rows": roster.sha256,
        "identities": roster.identities_sha256,
        "endpoint": binding.endpoint,
        "profile": binding.profile,
        "key": options.key,
        "location_column": options.location_column,
        "missing": options.limits.missing,
    }
    document = json.dumps(transition, sort_keys=True).encode("ascii")
    return hashlib.sha256(document).hexdigest()[:_LENGTH]
