# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changes of a plan as a CSV file for people, with the old and the new value of each column."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Sequence
from typing import BinaryIO

from .._contacts.formulas import escape_formulas
from .._contacts.packing import pack, unpack
from .external_sort import ExternalSorter, SpillArea
from .plan import Change

FIXED_TITLES = ("kind", "identity", "location_before", "location_after", "cause")
"""Titles of the first columns. The other titles are those of the rosters, followed by "before" or "after"."""

_KIND, _IDENTITY, _LOCATIONS, _CELLS = 1, 2, 3, 6
"""Positions in a line of the sorter, which starts with the location at which the change is counted."""

_EMPTY = -1
"""Position of the empty field at the end of a line."""


class ChangeTable:
    """A table of changes, sorted by location, kind and identity.

    :param old_header: column titles of the old roster; empty if there is none.
    :param new_header: column titles of the new roster.
    :param spill: spill area for changes that do not fit in memory.
    """

    def __init__(
        self, old_header: Sequence[str], new_header: Sequence[str], spill: SpillArea
    ) -> None:
        self._old_header = old_header
        self._new_header = new_header
        self._sorter = ExternalSorter(spill)

    def add(self, key: str, change: Change) -> None:
        """Add a change, as an observer of `make_plan`."""
        if key != change.kind:
            # A removed contact can be received a second time, with the key REMOVED_INVALID.
            return
        before, after = change.before, change.after
        row = after or before
        fields = [
            change.location,
            change.kind,
            row.person_key[0] if row else "",
            change.old_location if before else "",
            change.location if after else "",
            change.cause,
            *(before.cells if before else [""] * len(self._old_header)),
            *(after.cells if after else [""] * len(self._new_header)),
        ]
        self._sorter.add(pack(fields))

    def write(self, file: BinaryIO, *, by_identity: bool) -> None:
        """Write the table as CSV (RFC 4180) in UTF-8, in which spreadsheets find no formulas.

        :param by_identity: whether the changes have identities.
        :raises OSError: if the file cannot be written.
        """
        # Identities might contain unpaired surrogates.
        text = codecs.getwriter("utf-8")(file, "backslashreplace")
        writer = csv.writer(text, lineterminator="\r\n")
        columns = self._columns()
        titles = [title for title, _before, _after in columns]
        names = [f"{title} {side}" for title in titles for side in ("before", "after")]
        writer.writerow(map(escape_formulas, [*FIXED_TITLES, *names]))
        positions = [
            _KIND,
            _IDENTITY if by_identity else _EMPTY,
            *range(_LOCATIONS, _CELLS),
            *(position for _title, *pair in columns for position in pair),
        ]
        for line in self._sorter:
            fields = [*unpack(line), ""]
            writer.writerow([escape_formulas(fields[position]) for position in positions])

    def _columns(self) -> list[tuple[str, int, int]]:
        """Return the title of each column of either roster, and the positions of its old and new cells in a line."""
        old = {title: _CELLS + index for index, title in enumerate(self._old_header)}
        start = _CELLS + len(self._old_header)
        new = {title: start + index for index, title in enumerate(self._new_header)}
        # The columns of the new roster come first.
        return [(title, old.get(title, _EMPTY), new.get(title, _EMPTY)) for title in {**new, **old}]
