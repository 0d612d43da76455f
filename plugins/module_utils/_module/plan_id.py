# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The identifier of a plan, which an approval names."""

from __future__ import annotations

import hashlib
import json

from .._roster.files import RosterFile
from .._state.receipt import Binding, State
from .upload_options import UploadOptions

_LENGTH = 16


def compute_plan_id(
    options: UploadOptions, state: State, binding: Binding, roster: RosterFile
) -> str:
    """Return the identifier of the plan that replaces the known rosters with a new roster.

    It is the same in check mode, and on another host with the same state. It depends neither on the people left out nor
    on the limits. Because it depends on the sequence number of the receipt, the plan for the same change has another
    identifier after the next accepted upload.

    :param state: content of the state directory.
    :param binding: endpoint, profile and header of the new roster.
    :param roster: new roster.
    """
    receipt = state.receipt
    transition = {
        "baseline": None if receipt is None else [receipt.roster, receipt.sequence],
        "unresolved": [[each.roster, each.identities] for each in state.unresolved],
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
