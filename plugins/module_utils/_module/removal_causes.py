# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The causes of removals, which an export with the option ``baseline`` leaves next to the roster."""

from __future__ import annotations

from collections.abc import Mapping

from .._errors import InputError
from .._roster.causes_file import Baseline, load_causes
from .._roster.files import RosterFile
from .._roster.plan import NO_CAUSES
from .._roster.removal_cause import MissingContact, RemovalCause
from .._state.receipt import State
from .upload_options import UploadOptions


def find_baseline(state: State) -> Baseline | None:
    """Return what identifies the last accepted roster; None if there is none."""
    receipt = state.receipt
    return None if receipt is None else Baseline(receipt.roster, receipt.sequence)


def read_causes(
    options: UploadOptions, roster: RosterFile, state: State
) -> Mapping[MissingContact, RemovalCause]:
    """Read the causes for which contacts are missing from a roster; they are empty if there is no causes file.

    :param roster: roster to upload.
    :param state: the record of all uploads.
    :raises InputError: if another roster has been accepted since the export. The roster would undo the changes of the
        later one, so it must be exported again, unless it is the last accepted roster itself.
    """
    causes = load_causes(options.src, roster)
    if causes is None:
        return NO_CAUSES
    baseline = find_baseline(state)
    is_accepted = baseline is not None and baseline.roster == roster.sha256
    if causes.baseline != baseline and not is_accepted:
        raise InputError(
            f"Cannot upload {options.src}",
            "the last accepted roster is not the one with which it was compared when it was exported",
            "Export the roster again",
        )
    return causes.by_contact
