# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The new baseline after a service accepts all or some of the rows of an upload."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager

from .._errors import FrontdeskError
from .._roster.external_sort import open_spill_area
from .._roster.files import RosterFile
from .._roster.merge import merge_accepted_rows
from .._state.directory import ACCEPTED_REMEDY
from .._state.receipt import StateError
from .upload_options import UploadOptions


@contextmanager
def partially_accepted_roster(
    options: UploadOptions, known: Sequence[RosterFile], new: RosterFile, refused: AbstractSet[int]
) -> Iterator[RosterFile]:
    """Provide the roster that the service is believed to have after an upload.

    :param known: rosters that the service may have had before the upload.
    :param new: roster that was uploaded.
    :param refused: numbers of the rejected rows of `new`, starting at 1.
    :returns: `new` if no row was rejected, otherwise a merged roster that is deleted at the end of the context.
    :raises StateError: if the merged roster cannot be written, or if a roster cannot be read again.
    """
    if not refused:
        yield new
        return
    with ExitStack() as stack:
        try:
            spill = stack.enter_context(open_spill_area(options.state_dir))
            roster = merge_accepted_rows(
                *(known, new, refused),
                key=options.key,
                location_column=options.location_column,
                spill=spill,
            )
        except (OSError, FrontdeskError) as error:
            cause = (
                error.message if isinstance(error, FrontdeskError) else error.strerror or str(error)
            )
            raise StateError(
                f"Cannot write to the state directory {options.state_dir}", cause, ACCEPTED_REMEDY
            ) from error
        yield roster
